//! Opens the database: the lock that keeps other processes out, settings that make commits durable, the schema.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::error::Error;

const SCHEMA: &str = include_str!("schema.sql");
/// The version of the schema that this program writes.
const VERSION: i64 = 1;
/// How long to wait for an operator who writes into the file.
const BUSY: Duration = Duration::from_secs(5);
/// More than all statements there are.
const STATEMENTS: usize = 64;

/// Creates the directory and locks it for as long as the file returned is open.
pub(super) fn lock(directory: &Path) -> Result<File, Error> {
    let failed = |what: &str, error| Error::store(format!("cannot {what} the data directory {}: {error}", directory.display()));
    fs::create_dir_all(directory).map_err(|error| failed("create", error))?;
    let path = directory.join("gatepost.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| failed("open", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::store(format!("the data directory {} is in use by another process", directory.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", error)),
    }
}

/// The connection for writing: a commit that returned survives a power cut.
pub(super) fn writable(path: &Path) -> Result<Connection, Error> {
    let connection =
        Connection::open(path).map_err(|error| Error::store(format!("cannot open {}: {error}", path.display())))?;
    connection.busy_timeout(BUSY)?;
    pragma(&connection, "journal_mode", "WAL")?;
    pragma(&connection, "synchronous", "FULL")?;
    // After a burst the log shrinks to this again.
    pragma(&connection, "journal_size_limit", "67108864")?;
    prepare(&connection)?;
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
    match connection.query_row("PRAGMA user_version", [], |row| row.get(0))? {
        0 => connection.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"))?,
        VERSION => {}
        newer => {
            let problem = format!("the database has schema {newer}, and this Gatepost knows {VERSION}: use a newer Gatepost");
            return Err(Error::store(problem));
        }
    }
    Ok(())
}

/// Sets a pragma. Some answer with a row, some do not.
fn pragma(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    connection.query_row(&format!("PRAGMA {name} = {value}"), [], |_| Ok(())).optional()?;
    Ok(())
}
