//! Reads the page numbers in a write-ahead log, as its format is specified (<https://sqlite.org/fileformat2.html#walformat>).

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The valid frames of a write-ahead log.
pub(super) struct WalFrames {
    pub sequence: u32,
    pub pages: BTreeSet<u32>,
}

impl WalFrames {
    /// Reads the headers of a log. Returns `None` if it is missing or empty.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        const HEAD: usize = 32;
        const FRAME: usize = 24;
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut head = [0; HEAD];
        match file.read_exact_at(&mut head, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let (size, sequence, salts) = (number(&head, 8), number(&head, 12), &head[16..24]);
        let (mut pages, mut frame, mut at) = (BTreeSet::new(), [0; FRAME], HEAD as u64);
        loop {
            match file.read_exact_at(&mut frame, at) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                read => read?,
            }
            if frame[8..16] != *salts {
                break;
            }
            pages.insert(number(&frame, 0));
            at += FRAME as u64 + u64::from(size);
        }
        Ok(Some(Self { sequence, pages }))
    }
}

/// Returns the big-endian number at an offset.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
