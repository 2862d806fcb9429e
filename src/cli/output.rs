//! `--format`: prints records as a table, JSON, JSON lines, CSV or ids.

use std::marker::PhantomData;

use comfy_table::Table;

use super::failure::Failure;
use super::json::{self, JsonMessage};
use super::terminal::{TerminalOutput, Tone};
use crate::verdict::is_invisible;

/// The output format of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Table for people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON object per line
    Jsonl,
    /// Comma-separated values, with a header
    Csv,
    /// Comment ids, one per line
    Ids,
}

/// The option `--format`, for every command that prints records.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct FormatArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// A record that commands print.
pub trait Record: JsonMessage {
    /// Headings of the table.
    const HEADINGS: &'static [&'static str];
    /// Headings of the numeric columns.
    const NUMBERS: &'static [&'static str] = &[];
    /// Column names of the CSV.
    const FIELDS: &'static [&'static str];

    /// Returns the id of the comment.
    fn id(&self) -> &str;
    /// Returns the cells of the table, escaped for a terminal.
    fn cells(&self) -> Vec<(Tone, String)>;
    /// Returns the fields of the CSV.
    fn fields(&self) -> Vec<String>;
}

/// Maximum number of rows of a table. A longer list is printed in several tables, so that memory stays bounded.
const TABLE_ROWS: usize = 500;

/// A printer that prints records one after another in one format.
pub struct Printer<R> {
    format: Format,
    /// Rows that have not been printed yet.
    table: Option<Table>,
    printed: usize,
    record: PhantomData<R>,
}

impl<R: Record> Printer<R> {
    /// Returns a printer that has printed nothing yet.
    pub fn new(format: Format) -> Self {
        Self { format, table: None, printed: 0, record: PhantomData }
    }

    /// Prints a record, or adds it to the table.
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
                // Strings contain no raw line breaks, so this only indents.
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

    /// Prints the remaining rows or the end of the document. Without records, JSON is an empty list and CSV only a header.
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

/// Prints a single record. As JSON it is the object itself, not a list.
pub fn print_one<R: Record>(screen: &mut TerminalOutput, format: Format, record: &R) -> Result<(), Failure> {
    if format == Format::Json {
        screen.line(&json::write(record, true)?)?;
        return screen.flush();
    }
    let mut printer = Printer::new(format);
    printer.print(screen, record)?;
    printer.finish(screen)
}

/// Formats a line of CSV, quoted where necessary.
///
/// Fields are escaped so that they neither control a terminal, reverse the direction of text nor act as a formula in a
/// spreadsheet.
pub fn csv_line<T: AsRef<[u8]>>(fields: impl IntoIterator<Item = T>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let cannot = |error: &dyn std::fmt::Display| Failure::failed(format!("cannot write CSV: {error}"));
    let safe = fields.into_iter().map(|field| safe_cell(field.as_ref()));
    writer.write_record(safe).map_err(|error| cannot(&error))?;
    writer.into_inner().map_err(|error| cannot(&error))
}

/// Characters that start a formula in a spreadsheet (OWASP, "CSV injection").
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Escapes a field of CSV.
///
/// Invisible and control characters other than line breaks become escapes, `\r\n` becomes `\n`, and a field that a spreadsheet
/// would read as a formula gets a leading apostrophe.
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
