//! Repair of text that is not quite UTF-8, so that one invalid byte does not end an import.

use std::io::{self, BufRead, Read};
use std::str;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::lines::ContentReader;

/// Replacement for invalid bytes.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The number of replacements that were read so far. Clones share one counter.
#[derive(Debug, Clone, Default)]
pub struct RepairCounter(Arc<AtomicU64>);

impl RepairCounter {
    /// Returns the number of replacements.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A reader that replaces invalid UTF-8 with U+FFFD, as [`String::from_utf8_lossy`] does. It validates no byte twice.
pub struct Utf8Repair {
    content: ContentReader,
    /// Number of bytes at the front of the buffer of `content` that are known to be UTF-8.
    valid: usize,
    /// A character that was split between two buffers, or a replacement.
    pending: Vec<u8>,
    /// Number of bytes of `pending` that have been read.
    at: usize,
    /// Whether `pending` is a replacement, which is counted once it has been read.
    replacing: bool,
    repairs: RepairCounter,
}

impl Utf8Repair {
    /// Returns a reader of `content` that counts replacements in `repairs`.
    pub fn new(content: ContentReader, repairs: RepairCounter) -> Self {
        Self { content, valid: 0, pending: Vec::with_capacity(4), at: 0, replacing: false, repairs }
    }

    /// Validates the next bytes of the content. Afterwards some bytes are ready, or the content has ended.
    fn advance(&mut self) -> io::Result<()> {
        let ready = self.content.fill_buf()?;
        match str::from_utf8(ready) {
            Ok(_) => self.valid = ready.len(),
            Err(error) if error.valid_up_to() > 0 => self.valid = error.valid_up_to(),
            Err(error) => match error.error_len() {
                Some(length) => {
                    self.content.consume(length);
                    self.replace();
                }
                None => self.join()?,
            },
        }
        Ok(())
    }

    /// Assembles a character of which only the beginning is in the buffer.
    fn join(&mut self) -> io::Result<()> {
        loop {
            let ready = self.content.fill_buf()?;
            let Some(next) = ready.first().copied() else {
                // The content ends within the character.
                self.replace();
                return Ok(());
            };
            self.pending.push(next);
            match str::from_utf8(&self.pending) {
                Ok(_) => {
                    self.content.consume(1);
                    return Ok(());
                }
                Err(error) if error.error_len().is_none() => self.content.consume(1),
                // The byte starts the next character and remains in the buffer.
                Err(_) => {
                    self.replace();
                    return Ok(());
                }
            }
        }
    }

    fn replace(&mut self) {
        self.pending.clear();
        self.pending.extend_from_slice(REPLACEMENT);
        self.replacing = true;
    }
}

impl Read for Utf8Repair {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Utf8Repair {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.pending.is_empty() && self.valid == 0 {
            self.advance()?;
        }
        if !self.pending.is_empty() {
            return Ok(&self.pending[self.at..]);
        }
        Ok(&self.content.fill_buf()?[..self.valid])
    }

    fn consume(&mut self, count: usize) {
        if self.pending.is_empty() {
            self.valid = self.valid.saturating_sub(count);
            self.content.consume(count);
            return;
        }
        self.at += count;
        if self.at >= self.pending.len() {
            self.repairs.0.fetch_add(u64::from(std::mem::take(&mut self.replacing)), Ordering::Relaxed);
            self.pending.clear();
            self.at = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn repaired(bytes: &[u8], buffer: usize) -> (String, u64) {
        let repairs = RepairCounter::default();
        let content = BufReader::with_capacity(buffer, io::Cursor::new(bytes.to_vec()));
        let mut text = Vec::new();
        Utf8Repair::new(Box::new(content), repairs.clone()).read_to_end(&mut text).unwrap();
        (String::from_utf8(text).unwrap(), repairs.count())
    }

    #[test]
    fn wrong_bytes_are_replaced_and_counted() {
        for buffer in 1..6 {
            assert_eq!(repaired("naïve 🫖".as_bytes(), buffer), ("naïve 🫖".into(), 0));
            assert_eq!(repaired(b"na\xefve", buffer), ("na\u{fffd}ve".into(), 1));
            assert_eq!(repaired(b"a\xf0\x9f\xab", buffer), ("a\u{fffd}".into(), 1), "cut off at the end");
            assert_eq!(repaired(b"\xff\xfe\xe2\x82z", buffer), ("\u{fffd}\u{fffd}\u{fffd}z".into(), 3));
        }
    }

    proptest! {
        #[test]
        fn repairing_a_stream_is_repairing_the_whole(
            pieces in proptest::collection::vec(prop_oneof![
                any::<char>().prop_map(|c| c.to_string().into_bytes()),
                any::<u8>().prop_map(|byte| vec![byte]),
            ], 0..60),
            buffer in 1..9_usize,
        ) {
            let bytes = pieces.concat();
            prop_assert_eq!(repaired(&bytes, buffer).0, String::from_utf8_lossy(&bytes));
        }
    }
}
