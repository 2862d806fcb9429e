//! Standard output and standard error: colours and table borders only on a terminal, and no failure for a closed pipe.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table};

use super::failure::Failure;
use crate::verdict::Decision;

/// Minimum width of a terminal to which tables are fitted, in columns. In narrower ones the cells would be unreadable, so
/// tables extend over the edge.
const MIN_WIDTH: u16 = 40;

/// Buffered standard output.
pub struct TerminalOutput {
    out: BufWriter<Stdout>,
    terminal: bool,
    colour: bool,
}

/// The meaning of a text, which determines its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Less important text.
    Faint,
    /// A heading.
    Strong,
    /// Good: approved or successful.
    Good,
    /// Needs attention.
    Warning,
    /// Bad: rejected or failed.
    Bad,
}

impl From<Option<Decision>> for Tone {
    fn from(decision: Option<Decision>) -> Self {
        match decision {
            Some(Decision::Approve) => Self::Good,
            Some(Decision::Hold) => Self::Warning,
            Some(Decision::Reject) => Self::Bad,
            None => Self::Plain,
        }
    }
}

impl TerminalOutput {
    /// Returns standard output, with colours if it is a terminal that wants them.
    pub fn new() -> Self {
        let terminal = io::stdout().is_terminal();
        Self { out: BufWriter::new(io::stdout()), terminal, colour: terminal && wants_colour() }
    }

    /// Returns whether standard output is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(|error| Failure::stdout(&error))
    }

    /// Writes a line.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.write(line.as_bytes())?;
        self.write(b"\n")
    }

    /// Writes a table.
    pub fn table(&mut self, table: &Table) -> Result<(), Failure> {
        for line in table.lines() {
            // Without borders the last column is padded too, which is useless in a pipe.
            self.line(if self.terminal { &line } else { line.trim_end() })?;
        }
        Ok(())
    }

    /// Flushes the buffer.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| Failure::stdout(&error))
    }

    /// Returns a text in the colour of its tone, or unchanged if colours are off.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Faint => "2",
            Tone::Strong => "1",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Returns an empty table with headings. Columns whose heading is in `right` are aligned to the right.
    pub fn new_table(&self, headings: &[&str], right: &[&str]) -> Table {
        let mut table = Table::new();
        if self.terminal {
            table.load_style(UTF8_FULL_CONDENSED);
            // Some terminals report a width of 0.
            let fits = table.width().is_some_and(|width| width >= MIN_WIDTH);
            table.set_content_arrangement(if fits { ContentArrangement::Dynamic } else { ContentArrangement::Disabled });
        } else {
            table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        }
        table.set_truncation_indicator("…");
        if !headings.is_empty() {
            table.set_header(headings.iter().map(|heading| self.cell(Tone::Strong, heading)));
        }
        for (index, heading) in headings.iter().enumerate() {
            if right.contains(heading)
                && let Some(column) = table.column_mut(index)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
            // Ids are copied, so they are never truncated.
            if *heading == "id"
                && let Some(column) = table.column_mut(index)
            {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        if !self.terminal
            && let Some(column) = table.column_mut(0)
        {
            // Plain text starts at the left margin.
            column.set_padding((0, 1));
        }
        table
    }

    /// Returns a cell in the colour of its tone.
    pub fn cell(&self, tone: Tone, text: &str) -> Cell {
        let cell = Cell::new(text);
        if !self.colour {
            return cell;
        }
        match tone {
            Tone::Plain => cell,
            Tone::Faint => cell.fg(Color::DarkGrey),
            Tone::Strong => cell.add_attribute(comfy_table::Attribute::Bold),
            Tone::Good => cell.fg(Color::Green),
            Tone::Warning => cell.fg(Color::Yellow),
            Tone::Bad => cell.fg(Color::Red),
        }
    }

    /// Returns a row that occupies one line on a terminal, however long its texts are.
    pub fn row(&self, cells: Vec<(Tone, String)>) -> Row {
        let mut row = Row::from(cells.into_iter().map(|(tone, text)| self.cell(tone, &text)).collect::<Vec<_>>());
        row.max_height(1);
        row
    }
}

/// Returns whether the environment allows colours on a terminal: <https://no-color.org>.
pub fn wants_colour() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !no_color && !dumb
}

/// Prints a line on standard error. A failure to do so is ignored, because it cannot be reported.
pub fn log_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
