//! The lines of a file: decompressed, read one by one in bounded memory, each parsed as JSON on its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::failure::Failure;

/// Maximum length of a line, in bytes. A comment with its post and parent is shorter. The content of a longer line is skipped.
const MAX_LINE: u64 = 8 * 1024 * 1024;

/// A line of a file.
pub struct Line {
    /// Number of the line, from 1.
    pub number: u64,
    /// Content of the line, or `None` if it is longer than [`MAX_LINE`].
    bytes: Option<Vec<u8>>,
}

/// The fields of a JSON object.
pub type Fields = Map<String, Value>;

/// A reader for the lines of a file.
pub struct Lines {
    reader: ContentReader,
    number: u64,
}

/// A reader for the decompressed content of a file.
pub type ContentReader = Box<dyn BufRead + Send>;

/// Opens a file of lines, as [`open_content`] does.
pub fn open(
    path: &Path,
    count: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
) -> Result<Lines, Failure> {
    Ok(Lines::new(open_content(path, count)?))
}

/// Opens a file, gzipped or not, or standard input for `-`.
///
/// `count` wraps the source before decompression and gets its size in bytes, which is `None` for standard input.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn open_content(
    path: &Path,
    count: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
) -> Result<ContentReader, Failure> {
    let cannot = |error: io::Error| Failure::failed(format!("cannot read {}: {error}", path.display()));
    let source = if path == Path::new("-") {
        count(Box::new(io::stdin()), None)
    } else {
        let file = File::open(path).map_err(cannot)?;
        let length = file.metadata().map_err(cannot)?.len();
        count(Box::new(file), Some(length))
    };
    let mut source = BufReader::with_capacity(64 * 1024, source);
    // Detected from the first bytes, because standard input has no name.
    let gzipped = source.fill_buf().map_err(cannot)?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzipped { Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(source))) } else { Box::new(source) })
}

impl Lines {
    /// Returns a reader that starts at the first line.
    pub fn new(reader: ContentReader) -> Self {
        Self { reader, number: 0 }
    }

    /// Returns the next line that is not blank, or `None` at the end of the file.
    ///
    /// # Errors
    /// Returns an error if reading or decompression fails.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            if self.reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let number = self.number;
            if bytes.len() as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line { number, bytes: None }));
            }
            if number == 1 && bytes.starts_with("\u{feff}".as_bytes()) {
                bytes.drain(..3);
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some(Line { number, bytes: Some(bytes) }));
            }
        }
    }
}

impl Line {
    /// Returns the size of the content, in bytes.
    pub fn memory(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }

    /// Parses the line as a JSON object and returns its fields.
    ///
    /// # Errors
    /// Returns a description of the problem if the line is too long or not a JSON object.
    pub fn fields(&self) -> Result<Fields, String> {
        into_object(self.parse_json()?)
    }

    /// Parses the line as JSON.
    ///
    /// # Errors
    /// Returns a description of the problem if the line is too long, or not JSON that fits `T`.
    pub fn parse_json<T: DeserializeOwned>(&self) -> Result<T, String> {
        let bytes = self.bytes.as_ref().ok_or_else(|| format!("is longer than {} MiB", MAX_LINE / 1024 / 1024))?;
        serde_json::from_slice(bytes).map_err(|error| {
            // The line number of the parser counts only within this line.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            format!("is not JSON: {message} at column {}", error.column())
        })
    }
}

/// Returns the fields of a JSON object.
///
/// # Errors
/// Returns an error if the value is not an object.
pub fn into_object(value: Value) -> Result<Fields, String> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err("is not a JSON object".to_owned()),
    }
}

/// Returns the failure to read a file to its end.
pub fn read_failure(file: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot read further in {}: {error}; is the file complete?", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_line_is_skipped_and_the_next_one_read() {
        let length = usize::try_from(MAX_LINE).unwrap() + 10;
        let mut lines = Lines::new(Box::new(io::Cursor::new(format!("{}\n{{\"text\":\"t\"}}", "x".repeat(length)))));
        assert!(lines.next().unwrap().unwrap().fields().is_err());
        let second = lines.next().unwrap().unwrap();
        assert_eq!(second.number, 2);
        assert!(second.fields().is_ok());
    }
}
