//! Atomic replacement of the small files that store a command's progress.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Replaces the contents of a file atomically.
///
/// A concurrent reader, or a restart after a crash, finds either the old or the new text. The file is not synced to disk,
/// because that would slow down every update: older text after a power failure only repeats some work.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = PathBuf::from(temporary);
    fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, file))
}
