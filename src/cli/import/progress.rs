//! How far an import has come, kept beside its input, so that the next run goes on there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::cli::atomic_file::replace;
use crate::cli::failure::Failure;
use crate::files;

/// After how many comments, or how long, it is written. What came after is sent again after a crash, which changes
/// nothing.
const WRITE_EVERY_COMMENTS: u64 = 1_000;
const WRITE_INTERVAL: Duration = Duration::from_millis(500);

/// What must be the same for an import to be the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportIdentity {
    /// Of the input, in bytes.
    pub size: u64,
    /// When the input was changed last, in nanoseconds since 1970.
    pub modified: u64,
    /// Where it goes.
    pub server: String,
    /// For which blog.
    pub site: String,
    /// What is taken, and how.
    pub mode: String,
}

impl ImportIdentity {
    /// Of a file.
    pub fn of_file(file: &Path, server: &str, site: &str, mode: &str) -> Result<Self, Failure> {
        let known = fs::metadata(file).map_err(|error| Failure::failed(format!("cannot read {}: {error}", file.display())))?;
        let modified = known.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Ok(Self {
            size: known.len(),
            modified: modified.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or_default(),
            server: server.to_owned(),
            site: site.to_owned(),
            mode: mode.to_owned(),
        })
    }
}

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct ProgressFile {
    of: ImportIdentity,
    done: u64,
}

/// How far it has come.
pub struct Progress {
    /// Absent: it is not kept.
    file: Option<(PathBuf, ImportIdentity)>,
    done: u64,
    written: u64,
    written_at: Instant,
}

impl Progress {
    /// Of an import whose progress is not kept.
    pub fn in_memory() -> Self {
        Self { file: None, done: 0, written: 0, written_at: Instant::now() }
    }

    /// Goes on where the file says, if it is about the same import. `false`: it is about another.
    ///
    /// # Errors
    /// The file cannot be read, or not be written.
    pub fn open(file: &Path, of: ImportIdentity) -> Result<(Self, bool), Failure> {
        let kept = match files::read(file, files::MAX_VALUE) {
            Ok(bytes) => Some(serde_json::from_slice::<ProgressFile>(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::failed(format!("cannot read the progress in {}: {error}", file.display()))),
        };
        let known = kept.is_none();
        let done = kept.flatten().filter(|kept| kept.of == of).map(|kept| kept.done);
        let mut progress = Self { file: Some((file.to_owned(), of)), done: done.unwrap_or(0), ..Self::in_memory() };
        // Now and not after an hour it shows that the folder cannot be written to.
        progress.write()?;
        Ok((progress, known || done.is_some()))
    }

    /// How many comments are behind it.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// One more is behind it.
    pub fn advance(&mut self) {
        self.done += 1;
    }

    /// Whether it is time to write.
    pub fn is_due(&self) -> bool {
        let unwritten = self.done - self.written;
        self.file.is_some()
            && (unwritten >= WRITE_EVERY_COMMENTS || unwritten > 0 && self.written_at.elapsed() >= WRITE_INTERVAL)
    }

    /// Writes it.
    pub fn write(&mut self) -> Result<(), Failure> {
        let Some((file, of)) = &self.file else { return Ok(()) };
        let cannot = |error: &dyn std::fmt::Display| {
            let file = file.display();
            Failure::failed(format!(
                "cannot keep the progress in {file}: {error}; name another place with --state, or give --no-state"
            ))
        };
        let kept = serde_json::to_string(&ProgressFile { of: of.clone(), done: self.done }).map_err(|error| cannot(&error))?;
        replace(file, &format!("{kept}\n")).map_err(|error| cannot(&error))?;
        (self.written, self.written_at) = (self.done, Instant::now());
        Ok(())
    }

    /// All is done: there is nothing to go on with.
    pub fn finish(self) -> Result<(), Failure> {
        let Some((file, _)) = self.file else { return Ok(()) };
        let cannot =
            |error| Failure::failed(format!("all is done, but {} cannot be removed: {error}; remove it", file.display()));
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
