//! Copies the database into a single file, even while a server is writing to it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::{connection, schema};
use crate::error::Error;
use crate::store::Snapshot;

/// Copies the database in a directory as it is at one moment. The copy gets its name once it is complete and on disk.
///
/// This uses `VACUUM INTO` and not SQLite's backup: it reads everything once despite concurrent writes, where a backup starts
/// again. And it copies rows instead of pages, so that the copy holds nothing of what was erased.
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
    let read_failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            Error::store(format!("no room for a copy of {} beside {}; free some", source.display(), file.display()))
        }
        // Without a server the file has no write-ahead log, and SQLite must create one even to read.
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
    match schema::version(&connection).map_err(read_failed)? {
        0 => return Err(Error::store(format!("{} is no database of Gatepost", source.display()))),
        version => schema::steps_after(version)?,
    };

    let copy = TemporaryCopy::beside(file).map_err(|error| cannot("write beside", file, &error))?;
    let target = copy.0.to_str().ok_or_else(|| Error::store(format!("the name {} is not UTF-8", file.display())))?;
    connection.execute("VACUUM INTO ?1", [target]).map_err(read_failed)?;
    let (comments, held) = count(&copy.0).map_err(read_failed)?;
    // The copy holds the sites' secrets and gets the same permissions as the database.
    let kept = fs::set_permissions(&copy.0, metadata.permissions()).and_then(|()| copy.keep(file));
    let bytes = kept.map_err(|error| cannot("write", file, &error))?;
    Ok(Snapshot { bytes, comments, held })
}

/// Returns an error if the copy would overwrite or damage another file.
fn refuse(directory: &Path, file: &Path, force: bool) -> Result<(), Error> {
    let refused = |problem: &str| Err(Error::store(format!("{} {problem}", file.display())));
    let id = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_server_file = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"gatepost."));
    if is_server_file && id(parent).is_some() && id(parent) == id(directory) {
        return refused("would be a file of the server itself; choose a place outside the data directory");
    }
    // SQLite would take that log for the copy's own.
    if with_suffix(file, "-wal").exists() {
        return refused(&format!(
            "has a log beside it, {}, so that it is in use or was not closed; choose another name",
            with_suffix(file, "-wal").display()
        ));
    }
    match fs::symlink_metadata(file) {
        Ok(metadata) if metadata.is_dir() => refused("is a directory; name a file in it"),
        Ok(_) if !force => refused("exists already; choose another name, or give --force to replace it"),
        _ => Ok(()),
    }
}

/// Counts the comments of a copy, and those of them that are held.
fn count(copy: &Path) -> rusqlite::Result<(u64, u64)> {
    let connection = Connection::open_with_flags(copy, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count = |of: &str| connection.query_row(&format!("SELECT count(*) FROM {of}"), [], |row| row.get::<_, i64>(0));
    // The index on held comments serves only queries with the literal number: 2 is HOLD.
    let (comments, held) = (count("comment")?, count("comment WHERE decision = 2")?);
    Ok((comments.unsigned_abs(), held.unsigned_abs()))
}

/// A copy that has not got its final name yet. Dropping it removes the file.
struct TemporaryCopy(PathBuf);

impl TemporaryCopy {
    /// Creates an empty file in the same directory, so that it can be renamed. Only its owner can read it.
    fn beside(file: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = with_suffix(file, &format!(".{}.new", std::process::id()));
        File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    /// Syncs the copy to disk and gives it its final name. Returns its length in bytes.
    fn keep(self, file: &Path) -> io::Result<u64> {
        let written = File::open(&self.0)?;
        written.sync_all()?;
        fs::rename(&self.0, file)?;
        // The new directory entry must survive a power cut, too.
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()?;
        Ok(written.metadata()?.len())
    }
}

impl Drop for TemporaryCopy {
    fn drop(&mut self) {
        // After `keep` there is no such file, and this fails.
        let _ = fs::remove_file(&self.0);
    }
}

/// Returns the path with a suffix added to its name.
fn with_suffix(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    PathBuf::from(name)
}
