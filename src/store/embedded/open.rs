//! Opens the database: the lock that keeps other processes out, settings that make commits durable, the schema.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::error::Error;
use crate::store::record;

/// A step from one version of the schema to the next.
type Step = fn(&Connection) -> Result<(), Error>;

/// All steps, from no schema at all. A new file takes them all too, so that there is only one way to the newest version.
const STEPS: [Step; 2] = [to_1, to_2];
/// How long to wait for an operator who writes into the file.
pub(super) const BUSY: Duration = Duration::from_secs(5);
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
    // An erased comment, or an earlier text of an edited one, does not lie about in the file.
    pragma(&connection, "secure_delete", "ON")?;
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
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let Some(missing) = usize::try_from(found).ok().and_then(|found| STEPS.get(found..)) else {
        let known = STEPS.len();
        let problem = format!("the database has schema {found}, and this Gatepost knows {known}: use a newer Gatepost");
        return Err(Error::store(problem));
    };
    for (version, step) in (found + 1..).zip(missing) {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        step(&transaction)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    do_chores(connection)
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

/// Does what is still to be done to the file as a whole. Outside a transaction.
pub(super) fn do_chores(connection: &Connection) -> Result<(), Error> {
    let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM chore WHERE name = 'wipe')")?;
    if select.query_row([], |row| row.get(0))? {
        connection.execute_batch("VACUUM; DELETE FROM chore WHERE name = 'wipe';")?;
    }
    Ok(())
}

/// Sets a pragma. Some answer with a row, some do not.
fn pragma(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    connection.query_row(&format!("PRAGMA {name} = {value}"), [], |_| Ok(())).optional()?;
    Ok(())
}
