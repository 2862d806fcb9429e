//! Opens connections to the database: for durable writes, for reads, and for checkpoints.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::schema;
use crate::error::{BoxError, Error};

/// Time to wait for another program that is writing to the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Advice for errors about missing write permission.
pub(super) const NOT_WRITABLE_ADVICE: &str = "let the user that runs this write there, or choose another with --data-dir";
/// Advice for errors about a full disk.
pub(super) const NO_ROOM_ADVICE: &str = "free some space, or choose another with --data-dir";
/// Capacity of each connection's statement cache, more than the number of statements in use.
const MAX_CACHED_STATEMENTS: usize = 64;

/// Returns the connection for writing, on which a commit that has returned survives a power cut.
///
/// # Errors
/// Returns SQLite's error with the name of the file, and with advice if there is any.
pub(super) fn writable(path: &Path) -> Result<Connection, Error> {
    restrict_permissions(path);
    let connection = Connection::open(path).map_err(Error::from).and_then(|connection| {
        // SQLite also opens a file that it may not write to, and then fails on every write.
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

/// Restricts the database and its write-ahead log to their owner. SQLite gives the log the permissions of the database.
/// Failures, as in a read-only file system, are left for SQLite to report.
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

/// Returns a message that says why a file cannot be used, and what to do.
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
    // Checkpoints run in the background; the writer does one itself only when the log exceeds 64 MB. See `checkpoint`.
    pragma(connection, "wal_autocheckpoint", "16384")?;
    // The log shrinks back to this size after a burst.
    pragma(connection, "journal_size_limit", "67108864")?;
    // Overwrites deleted rows, so that erased comments and earlier texts do not stay in the file.
    pragma(connection, "secure_delete", "ON")
}

/// Returns a connection for checkpoints of a file that [`writable`] has prepared.
pub(super) fn for_checkpoints(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    pragma(&connection, "synchronous", "FULL")?;
    Ok(connection)
}

/// Returns a connection for reading a file that [`writable`] has prepared.
pub(super) fn readable(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    Ok(connection)
}

/// Sets a pragma. Some pragmas return a row, others do not.
fn pragma(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    connection.query_row(&format!("PRAGMA {name} = {value}"), [], |_| Ok(())).optional()?;
    Ok(())
}
