//! Opens the database: the lock that keeps other processes out, settings that make commits durable, the schema.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::error::{Cause, Error};
use crate::store::record;

/// A step from one version of the schema to the next.
pub(super) type Step = fn(&Connection) -> Result<(), Error>;

/// All steps, from no schema at all. A new file takes them all too, so that there is only one way to the newest version.
const STEPS: [Step; 8] = [to_1, to_2, to_3, to_4, to_5, to_6, to_7, to_8];
/// How long to wait for an operator who writes into the file.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// What to do where nothing can be written.
const WRITABLE: &str = "let the user that runs this write there, or choose another with --data-dir";
/// What to do where nothing more can be written.
const ROOM: &str = "free some space, or choose another with --data-dir";
/// More than all statements there are.
const STATEMENTS: usize = 64;

/// Creates the directory and locks it for as long as the file returned is open.
pub(super) fn lock(directory: &Path) -> Result<File, Error> {
    let failed = |what: &str, error: io::Error| {
        let problem = match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                "a file is in its place; choose another with --data-dir".to_owned()
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => format!("{error}; {WRITABLE}"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("{error}; {ROOM}"),
            _ => error.to_string(),
        };
        Error::store(format!("cannot {what} the data directory {}: {problem}", directory.display()))
    };
    // Only for its owner: it holds the sites' secrets. A directory that is there keeps the permissions that it was given.
    let created = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    created.map_err(|error| failed("create", error))?;
    let path = directory.join("gatepost.lock");
    let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|error| failed("write to", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::store(format!("the data directory {} is in use by another process", directory.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", error)),
    }
}

/// The connection for writing: a commit that returned survives a power cut.
///
/// # Errors
/// Whatever SQLite says, with the file's name and what to do, where anything can be done.
pub(super) fn writable(path: &Path) -> Result<Connection, Error> {
    keep_private(path);
    let connection = Connection::open(path).map_err(Error::from).and_then(|connection| {
        // SQLite opens a file that it may not write to all the same, and then fails on every comment.
        if connection.is_readonly("main")? {
            return Err(Error::store(format!("the file is read-only; {WRITABLE}")));
        }
        make_durable(&connection)?;
        prepare(&connection)?;
        Ok(connection)
    });
    connection.map_err(|error| match error {
        Error::Store(cause) => Error::store(explained(path, &cause)),
        other => other,
    })
}

/// Lets nobody but the owner read the database and its log. SQLite gives the log the permissions of the database. What cannot be
/// changed, as in a read-only file system, is left for SQLite to report.
fn keep_private(path: &Path) {
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
fn explained(path: &Path, cause: &Cause) -> String {
    let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    let advice = match code {
        Some(ErrorCode::DiskFull) => ROOM,
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => WRITABLE,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "put a copy that `gatepost export --snapshot` made in its place, and remove the files that end in -wal and -shm"
        }
        _ => return format!("cannot use {}: {cause}", path.display()),
    };
    format!("cannot use {}: {cause}; {advice}", path.display())
}

fn make_durable(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY)?;
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
    connection.busy_timeout(BUSY)?;
    pragma(&connection, "synchronous", "FULL")?;
    Ok(connection)
}

/// The connection for reading a file that [`writable`] has prepared.
pub(super) fn readable(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let found = version(connection)?;
    let missing = steps_after(found)?;
    for (version, step) in (found + 1..).zip(missing) {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        step(&transaction)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    // Before version 2 nothing was overwritten when it was deleted, so that free pages may hold it. Nobody waits yet.
    if found == 1 {
        connection.execute_batch("VACUUM")?;
        wipe_is_done(connection)?;
    }
    Ok(())
}

/// The version of the schema. 0: none.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The steps that are still to be taken from a version.
///
/// # Errors
/// A newer Gatepost made it.
pub(super) fn steps_after(version: i64) -> Result<&'static [Step], Error> {
    usize::try_from(version).ok().and_then(|version| STEPS.get(version..)).ok_or_else(|| {
        let known = STEPS.len();
        Error::store(format!("the database has schema {version}, and this Gatepost knows {known}: use a newer Gatepost"))
    })
}

fn to_1(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_1.sql"))?)
}

fn to_2(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(include_str!("schema_2.sql"))?;
    let mut select = connection.prepare("SELECT number, verdict FROM event")?;
    let mut update = connection.prepare("UPDATE event SET id = ?2 WHERE number = ?1")?;
    let mut events = select.query([])?;
    while let Some(event) = events.next()? {
        let verdict = record::verdict(&event.get::<_, Vec<u8>>(1)?)?;
        update.execute(params![event.get::<_, i64>(0)?, verdict.comment_id])?;
    }
    Ok(())
}

fn to_3(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_3.sql"))?)
}

fn to_4(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_4.sql"))?)
}

fn to_5(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_5.sql"))?)
}

fn to_6(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_6.sql"))?)
}

fn to_7(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_7.sql"))?)
}

fn to_8(connection: &Connection) -> Result<(), Error> {
    Ok(connection.execute_batch(include_str!("schema_8.sql"))?)
}

/// Has what was erased overwritten; see [`super::wipe`].
pub(super) fn ask_for_wipe(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("INSERT OR IGNORE INTO chore VALUES ('wipe')")?.execute([])?;
    Ok(())
}

/// Returns whether there may be something that was erased and is not overwritten yet.
pub(super) fn is_wipe_due(connection: &Connection) -> Result<bool, Error> {
    let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM chore WHERE name = 'wipe')")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// Everything that was erased is overwritten.
pub(super) fn wipe_is_done(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM chore WHERE name = 'wipe'")?.execute([])?;
    Ok(())
}

/// Sets a pragma. Some answer with a row, some do not.
fn pragma(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    connection.query_row(&format!("PRAGMA {name} = {value}"), [], |_| Ok(())).optional()?;
    Ok(())
}
