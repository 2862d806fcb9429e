//! Opens the database: for writing, with settings that make commits durable, for reading, and for moving the log.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::schema;
use crate::error::{BoxError, Error};

/// How long to wait for an operator who writes into the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What to do where nothing can be written.
pub(super) const NOT_WRITABLE_ADVICE: &str = "let the user that runs this write there, or choose another with --data-dir";
/// What to do where nothing more can be written.
pub(super) const NO_ROOM_ADVICE: &str = "free some space, or choose another with --data-dir";
/// More than all statements there are.
const MAX_CACHED_STATEMENTS: usize = 64;

/// The connection for writing: a commit that returned survives a power cut.
///
/// # Errors
/// Whatever SQLite says, with the file's name and what to do, where anything can be done.
pub(super) fn writable(path: &Path) -> Result<Connection, Error> {
    restrict_permissions(path);
    let connection = Connection::open(path).map_err(Error::from).and_then(|connection| {
        // SQLite opens a file that it may not write to all the same, and then fails on every comment.
        if connection.is_readonly("main")? {
            return Err(Error::store(format!("the file is read-only; {NOT_WRITABLE_ADVICE}")));
        }
        make_durable(&connection)?;
        connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
        schema::prepare(&connection)?;
        Ok(connection)
    });
    connection.map_err(|error| match error {
        Error::Store(cause) => Error::store(explain(path, &cause)),
        other => other,
    })
}

/// Lets nobody but the owner read the database and its log. SQLite gives the log the permissions of the database. What cannot be
/// changed, as in a read-only file system, is left for SQLite to report.
fn restrict_permissions(path: &Path) {
    let _ = File::options().create(true).truncate(false).write(true).mode(0o600).open(path);
    let log = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    for file in [path.to_owned(), log("-wal"), log("-shm")] {
        let open_to_others = fs::metadata(&file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
        if open_to_others {
            let _ = fs::set_permissions(&file, Permissions::from_mode(0o600));
        }
    }
}

/// Why a file cannot be used, and what to do.
fn explain(path: &Path, cause: &BoxError) -> String {
    let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    let advice = match code {
        Some(ErrorCode::DiskFull) => NO_ROOM_ADVICE,
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => NOT_WRITABLE_ADVICE,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "put a copy that `gatepost export --snapshot` made in its place, and remove the files that end in -wal and -shm"
        }
        _ => return format!("cannot use {}: {cause}", path.display()),
    };
    format!("cannot use {}: {cause}; {advice}", path.display())
}

fn make_durable(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    pragma(connection, "journal_mode", "WAL")?;
    pragma(connection, "synchronous", "FULL")?;
    // The writer moves the log itself only when it has grown to 64 MB; see `checkpoint`.
    pragma(connection, "wal_autocheckpoint", "16384")?;
    // After a burst the log shrinks to this again.
    pragma(connection, "journal_size_limit", "67108864")?;
    // An erased comment, or an earlier text of an edited one, does not lie about in the file.
    pragma(connection, "secure_delete", "ON")
}

/// A connection for moving the log of a file that [`writable`] has prepared.
pub(super) fn for_checkpoints(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    pragma(&connection, "synchronous", "FULL")?;
    Ok(connection)
}

/// The connection for reading a file that [`writable`] has prepared.
pub(super) fn readable(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    Ok(connection)
}

/// Sets a pragma. Some answer with a row, some do not.
fn pragma(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    connection.query_row(&format!("PRAGMA {name} = {value}"), [], |_| Ok(())).optional()?;
    Ok(())
}
