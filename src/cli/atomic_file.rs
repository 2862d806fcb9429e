//! Small files that say how far a command has come: replaced as a whole.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Replaces the file: a reader, or a crash, finds the old text or the new one. It is not forced to disk, which would
/// cost a disk's rotation each time: after a power cut an older text only brings some things again.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, file))
}
