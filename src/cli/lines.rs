//! The lines of a file: unzipped, read one by one in bounded memory, each parsed as JSON on its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::failure::Failure;

/// Longest line: more than a comment with its post and parent has. A longer one is skipped, not kept.
const MAX_LINE: u64 = 8 * 1024 * 1024;

/// A line as it stands in the file.
pub struct Line {
    /// From 1.
    pub number: u64,
    /// Absent: it is longer than [`MAX_LINE`].
    bytes: Option<Vec<u8>>,
}

/// What a line holds.
pub type Fields = Map<String, Value>;

/// Reads lines.
pub struct Lines {
    reader: ContentReader,
    number: u64,
}

/// What a file holds, unzipped.
pub type ContentReader = Box<dyn BufRead + Send>;

/// Opens a file of lines as [`open_content`] does.
pub fn open(
    path: &Path,
    count: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
) -> Result<Lines, Failure> {
    Ok(Lines::new(open_content(path, count)?))
}

/// Opens a file, gzipped or not, or standard input for `-`, and counts the bytes read from it through `count`.
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
    // By its first bytes, not by its name: standard input has none.
    let gzipped = source.fill_buf().map_err(cannot)?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzipped { Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(source))) } else { Box::new(source) })
}

impl Lines {
    /// From the first line on.
    pub fn new(reader: ContentReader) -> Self {
        Self { reader, number: 0 }
    }

    /// The next line that is not blank. `None`: there are no more.
    ///
    /// # Errors
    /// What the file system or the decompressor says.
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
    /// How much memory it takes.
    pub fn memory(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }

    /// The line's fields, as they are named there.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn fields(&self) -> Result<Fields, String> {
        into_object(self.parse_json()?)
    }

    /// The line's JSON, understood as whatever the caller makes of it.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse_json<T: DeserializeOwned>(&self) -> Result<T, String> {
        let bytes = self.bytes.as_ref().ok_or_else(|| format!("is longer than {} MiB", MAX_LINE / 1024 / 1024))?;
        serde_json::from_slice(bytes).map_err(|error| {
            // The parser counts lines too, but it sees only this one.
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            format!("is no JSON: {words} at column {}", error.column())
        })
    }
}

/// Returns the fields of a value.
///
/// # Errors
/// It has none.
pub fn into_object(value: Value) -> Result<Fields, String> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err("is no JSON object".to_owned()),
    }
}

/// Reading broke off in the middle.
pub fn read_failure(file: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot read on in {}: {error}; is the file whole?", file.display()))
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
