//! Copies the database into one file of its own, while a server may be writing to it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::{connection, schema};
use crate::error::Error;
use crate::store::Snapshot;

/// Copies what the database in the directory holds at one moment. The copy is whole when it gets its name, and on disk.
///
/// `VACUUM INTO` rather than SQLite's backup: it reads once whatever is written meanwhile, where a backup begins anew, and
/// it takes over rows, not pages, so that nothing of what was erased gets into the copy.
pub(in crate::store) fn write_snapshot(directory: &Path, file: &Path, force: bool) -> Result<Snapshot, Error> {
    let source = directory.join("gatepost.db");
    let metadata = fs::metadata(&source).map_err(|error| {
        Error::store(format!(
            "cannot find the database {}: {error}; name the data directory of `gatepost serve` with --data-dir (a server \
             with --store keeps its state elsewhere)",
            source.display()
        ))
    })?;
    refuse(directory, file, force)?;
    let cannot = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
        Error::store(format!("cannot {what} {}: {error}", path.display()))
    };
    let unread = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            Error::store(format!("no room for a copy of {} beside {}; free some", source.display(), file.display()))
        }
        // Without a server the file has no log beside it, and SQLite must make one even to read.
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => Error::store(format!(
            "cannot copy {}: {error}; let the user that runs this write in that directory, or do it while a server runs on it",
            source.display()
        )),
        _ => cannot("copy", &source, &error),
    };
    let connection = connection::readable(&source).map_err(|error| match error {
        Error::Store(cause) => cannot("open", &source, &cause),
        other => other,
    })?;
    match schema::version(&connection).map_err(unread)? {
        0 => return Err(Error::store(format!("{} is no database of Gatepost", source.display()))),
        version => schema::steps_after(version)?,
    };

    let copy = TemporaryCopy::beside(file).map_err(|error| cannot("write beside", file, &error))?;
    let target = copy.0.to_str().ok_or_else(|| Error::store(format!("the name {} is not UTF-8", file.display())))?;
    connection.execute("VACUUM INTO ?1", [target]).map_err(unread)?;
    let (comments, held) = count(&copy.0).map_err(unread)?;
    // It holds the sites' secrets: who may not read the one may not read the other.
    let kept = fs::set_permissions(&copy.0, metadata.permissions()).and_then(|()| copy.keep(file));
    let bytes = kept.map_err(|error| cannot("write", file, &error))?;
    Ok(Snapshot { bytes, comments, held })
}

/// Refuses a place where the copy would do harm.
fn refuse(directory: &Path, file: &Path, force: bool) -> Result<(), Error> {
    let refused = |problem: &str| Err(Error::store(format!("{} {problem}", file.display())));
    let id = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"gatepost."));
    if own && id(parent).is_some() && id(parent) == id(directory) {
        return refused("would be a file of the server itself; choose a place outside the data directory");
    }
    // SQLite would take the log for that of the copy.
    if with_suffix(file, "-wal").exists() {
        return refused(&format!(
            "has a log beside it, {}, so that it is in use or was not closed; choose another name",
            with_suffix(file, "-wal").display()
        ));
    }
    match fs::symlink_metadata(file) {
        Ok(found) if found.is_dir() => refused("is a directory; name a file in it"),
        Ok(_) if !force => refused("exists already; choose another name, or give --force to replace it"),
        _ => Ok(()),
    }
}

/// How many comments a copy has, and how many of them are held.
fn count(copy: &Path) -> rusqlite::Result<(u64, u64)> {
    let connection = Connection::open_with_flags(copy, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count = |of: &str| connection.query_row(&format!("SELECT count(*) FROM {of}"), [], |row| row.get::<_, i64>(0));
    // An index serves the second only when the query says the number itself: 2 is HOLD.
    let (comments, held) = (count("comment")?, count("comment WHERE decision = 2")?);
    Ok((comments.unsigned_abs(), held.unsigned_abs()))
}

/// A copy that has no name yet. Removed when dropped.
struct TemporaryCopy(PathBuf);

impl TemporaryCopy {
    /// An empty file in the same directory, so that it can be renamed, and which only its owner can read.
    fn beside(file: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = with_suffix(file, &format!(".{}.new", std::process::id()));
        File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    /// Forces it to disk and gives it its name. Returns its length in bytes.
    fn keep(self, file: &Path) -> io::Result<u64> {
        let written = File::open(&self.0)?;
        written.sync_all()?;
        fs::rename(&self.0, file)?;
        // The name too must survive a power cut.
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()?;
        Ok(written.metadata()?.len())
    }
}

impl Drop for TemporaryCopy {
    fn drop(&mut self) {
        // Nothing is there any more when it was kept.
        let _ = fs::remove_file(&self.0);
    }
}

/// The name with an ending added.
fn with_suffix(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    PathBuf::from(name)
}
