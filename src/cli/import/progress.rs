//! The progress of an import, stored next to its input so that the next run resumes there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::cli::atomic_file::replace;
use crate::cli::failure::Failure;
use crate::files;

/// Number of comments after which the progress is written. Comments since then are sent again after a crash, which changes
/// nothing.
const WRITE_EVERY_COMMENTS: u64 = 1_000;
/// Time after which the progress is written if any comment was done since.
const WRITE_INTERVAL: Duration = Duration::from_millis(500);

/// The identity of an import. An import resumes only if all of it is unchanged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportIdentity {
    /// Size of the input, in bytes.
    pub size: u64,
    /// Time of the last change of the input, in nanoseconds since 1970.
    pub modified: u64,
    /// URL of the server.
    pub server: String,
    /// Site that the comments are imported for.
    pub site: String,
    /// Selection of comments and decisions.
    pub mode: String,
}

impl ImportIdentity {
    /// Returns the identity of the import of a file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn of_file(file: &Path, server: &str, site: &str, mode: &str) -> Result<Self, Failure> {
        let metadata =
            fs::metadata(file).map_err(|error| Failure::failed(format!("cannot read {}: {error}", file.display())))?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Ok(Self {
            size: metadata.len(),
            modified: modified.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or_default(),
            server: server.to_owned(),
            site: site.to_owned(),
            mode: mode.to_owned(),
        })
    }
}

/// The contents of a progress file.
#[derive(Debug, Serialize, Deserialize)]
struct ProgressFile {
    of: ImportIdentity,
    done: u64,
}

/// The progress of an import.
pub struct Progress {
    /// Progress file and identity of the import, or `None` if the progress is not stored.
    file: Option<(PathBuf, ImportIdentity)>,
    done: u64,
    written: u64,
    written_at: Instant,
}

impl Progress {
    /// Returns a progress that is not stored.
    pub fn in_memory() -> Self {
        Self { file: None, done: 0, written: 0, written_at: Instant::now() }
    }

    /// Opens a progress file and resumes there if it belongs to the same import.
    ///
    /// The result is `false` if the file belongs to another import, which starts from the beginning.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or written.
    pub fn open(file: &Path, identity: ImportIdentity) -> Result<(Self, bool), Failure> {
        let stored = match files::read(file, files::MAX_VALUE) {
            Ok(bytes) => Some(serde_json::from_slice::<ProgressFile>(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::failed(format!("cannot read the progress in {}: {error}", file.display()))),
        };
        let is_new = stored.is_none();
        let done = stored.flatten().filter(|stored| stored.of == identity).map(|stored| stored.done);
        let mut progress = Self { file: Some((file.to_owned(), identity)), done: done.unwrap_or(0), ..Self::in_memory() };
        // Report at once, not after an hour, that the folder cannot be written to.
        progress.write()?;
        Ok((progress, is_new || done.is_some()))
    }

    /// Returns the number of comments that are done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Counts one more comment as done.
    pub fn advance(&mut self) {
        self.done += 1;
    }

    /// Returns whether the progress should be written now.
    pub fn is_due(&self) -> bool {
        let unwritten = self.done - self.written;
        self.file.is_some()
            && (unwritten >= WRITE_EVERY_COMMENTS || unwritten > 0 && self.written_at.elapsed() >= WRITE_INTERVAL)
    }

    /// Writes the progress to its file, if it has one.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn write(&mut self) -> Result<(), Failure> {
        let Some((file, identity)) = &self.file else { return Ok(()) };
        let cannot = |error: &dyn std::fmt::Display| {
            let file = file.display();
            Failure::failed(format!(
                "cannot store the progress in {file}: {error}; name another file with --state, or give --no-state"
            ))
        };
        let contents = ProgressFile { of: identity.clone(), done: self.done };
        let json = serde_json::to_string(&contents).map_err(|error| cannot(&error))?;
        replace(file, &format!("{json}\n")).map_err(|error| cannot(&error))?;
        (self.written, self.written_at) = (self.done, Instant::now());
        Ok(())
    }

    /// Removes the progress file when all comments are done.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    pub fn finish(self) -> Result<(), Failure> {
        let Some((file, _)) = self.file else { return Ok(()) };
        let cannot = |error| {
            Failure::failed(format!("the import is done, but {} cannot be removed: {error}; remove it", file.display()))
        };
        fs::remove_file(&file).map_err(cannot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_import_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.progress");
        let same = ImportIdentity { size: 1, modified: 2, server: "s".into(), site: "b".into(), mode: "m".into() };
        let (mut progress, known) = Progress::open(&file, same.clone()).unwrap();
        assert_eq!((progress.done(), known), (0, true));
        progress.advance();
        progress.write().unwrap();
        assert_eq!(Progress::open(&file, same.clone()).unwrap().0.done(), 1);
        let (other, known) = Progress::open(&file, ImportIdentity { site: "c".into(), ..same.clone() }).unwrap();
        assert_eq!((other.done(), known), (0, false));
        fs::write(&file, "torn").unwrap();
        let (progress, known) = Progress::open(&file, same).unwrap();
        assert_eq!((progress.done(), known), (0, false));
        progress.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
