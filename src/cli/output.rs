//! `--format`: the same records as a table, JSON, JSON lines, CSV or bare ids.

use std::marker::PhantomData;

use comfy_table::Table;

use super::failure::Failure;
use super::json::{self, JsonMessage};
use super::terminal::{TerminalOutput, Tone};
use crate::verdict::is_invisible;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated, with a header
    Csv,
    /// Comment ids, one a line
    Ids,
}

/// The option, for every command that prints data.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FormatArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Something that commands print.
pub trait Record: JsonMessage {
    /// Headings of the table.
    const HEADINGS: &'static [&'static str];
    /// Those of them with numbers.
    const NUMBERS: &'static [&'static str] = &[];
    /// Header of the CSV.
    const FIELDS: &'static [&'static str];

    /// The comment's id.
    fn id(&self) -> &str;
    /// Cells of the table; safe to show.
    fn cells(&self) -> Vec<(Tone, String)>;
    /// Fields of the CSV.
    fn fields(&self) -> Vec<String>;
}

/// A longer table is printed in parts, so that memory stays bounded however long the list is.
const TABLE_ROWS: usize = 500;

/// Prints records one after another in one format.
pub struct Printer<R> {
    format: Format,
    /// The table, as far as it was not printed yet.
    table: Option<Table>,
    printed: usize,
    record: PhantomData<R>,
}

impl<R: Record> Printer<R> {
    /// Nothing printed yet.
    pub fn new(format: Format) -> Self {
        Self { format, table: None, printed: 0, record: PhantomData }
    }

    /// Prints a record, or keeps it for the table.
    pub fn print(&mut self, screen: &mut TerminalOutput, record: &R) -> Result<(), Failure> {
        let first = self.printed == 0;
        self.printed += 1;
        match self.format {
            Format::Table => {
                let table = self.table.get_or_insert_with(|| screen.new_table(R::HEADINGS, R::NUMBERS));
                table.add_row(screen.row(record.cells()));
                if table.row_count() >= TABLE_ROWS {
                    self.print_table(screen)?;
                }
                Ok(())
            }
            Format::Json => {
                screen.write(if first { b"[\n  " } else { b",\n  " })?;
                // Strings hold no raw line ends, so that this only indents.
                screen.write(json::write(record, true)?.replace('\n', "\n  ").as_bytes())
            }
            Format::Jsonl => screen.line(&json::write(record, false)?),
            Format::Csv => {
                if first {
                    screen.write(&csv_line(R::FIELDS.iter())?)?;
                }
                screen.write(&csv_line(record.fields())?)
            }
            Format::Ids => screen.line(record.id()),
        }
    }

    /// Ends what is open: an empty list is a list, too.
    pub fn finish(mut self, screen: &mut TerminalOutput) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.print_table(screen)?,
            Format::Json if self.printed == 0 => screen.line("[]")?,
            Format::Json => screen.line("\n]")?,
            Format::Csv if self.printed == 0 => screen.write(&csv_line(R::FIELDS.iter())?)?,
            Format::Csv | Format::Jsonl | Format::Ids => {}
        }
        screen.flush()
    }

    fn print_table(&mut self, screen: &mut TerminalOutput) -> Result<(), Failure> {
        match self.table.take() {
            Some(table) => screen.table(&table),
            None => Ok(()),
        }
    }
}

/// Prints a single record; JSON is then the object itself.
pub fn print_one<R: Record>(screen: &mut TerminalOutput, format: Format, record: &R) -> Result<(), Failure> {
    if format == Format::Json {
        screen.line(&json::write(record, true)?)?;
        return screen.flush();
    }
    let mut printer = Printer::new(format);
    printer.print(screen, record)?;
    printer.finish(screen)
}

/// A line of CSV, quoted where need be.
///
/// What would steer a terminal, turn text around or be computed by a spreadsheet is written so that it does not.
pub fn csv_line<T: AsRef<[u8]>>(fields: impl IntoIterator<Item = T>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let cannot = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot write CSV: {error}"));
    let safe = fields.into_iter().map(|field| safe_cell(field.as_ref()));
    writer.write_record(safe).map_err(|error| cannot(&error))?;
    writer.into_inner().map_err(|error| cannot(&error))
}

/// What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection").
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Returns a field of CSV: invisible and control characters other than line ends as escapes, a line end as `\n` however it
/// was written, and a quotation mark before what a spreadsheet would take for a formula.
fn safe_cell(field: &[u8]) -> String {
    let field = String::from_utf8_lossy(field).replace("\r\n", "\n");
    let mut written = String::with_capacity(field.len());
    if field.trim_start().starts_with(FORMULA) && field.parse::<f64>().is_err() {
        written.push('\'');
    }
    for c in field.chars() {
        if c != '\n' && (c.is_control() || is_invisible(c)) {
            written.extend(c.escape_unicode());
        } else {
            written.push(c);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_neither_steers_a_terminal_nor_is_computed() {
        assert_eq!(safe_cell("=cmd|'/C calc'!A0".as_bytes()), "'=cmd|'/C calc'!A0");
        assert_eq!(safe_cell("\u{1b}[2J\u{202e}gnp.exe".as_bytes()), "\\u{1b}[2J\\u{202e}gnp.exe");
        assert_eq!(safe_cell(b"-0.25"), "-0.25");
        assert_eq!(safe_cell("two\nlines, jürgen".as_bytes()), "two\nlines, jürgen");
        assert_eq!(safe_cell(b"two\r\nlines"), "two\nlines");
        assert_eq!(safe_cell(b"fine\rgone\tfar\x0b\x08"), "fine\\u{d}gone\\u{9}far\\u{b}\\u{8}");
        assert_eq!(safe_cell(b"\t=1+1"), "'\\u{9}=1+1");
        assert_eq!(safe_cell("\n＝1+1".as_bytes()), "'\n＝1+1");
    }

    #[test]
    fn a_line_of_csv_holds_no_control_character_but_line_ends() {
        let every: String = (0..=0x9f).filter_map(char::from_u32).collect();
        let line = String::from_utf8(csv_line([every.as_str(), "two\r\nlines"]).unwrap()).unwrap();
        assert!(!line.chars().any(|c| c.is_control() && c != '\n'), "{line:?}");
        let mut read = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
        assert_eq!(&read.records().next().unwrap().unwrap()[1], "two\nlines");
    }
}
