//! The schema of the database, and its migrations.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::chore;
use crate::error::Error;
use crate::store::row::decode_verdict;

/// A migration from one version of the schema to the next.
pub(super) type Step = fn(&Connection) -> Result<(), Error>;

/// All migrations, from an empty file on. A new file takes them all too, so that there is only one path to the newest version.
const STEPS: [Step; 8] = [to_1, to_2, to_3, to_4, to_5, to_6, to_7, to_8];

/// Migrates a database to the newest version.
pub(super) fn prepare(connection: &Connection) -> Result<(), Error> {
    let found = version(connection)?;
    let missing = steps_after(found)?;
    for (version, step) in (found + 1..).zip(missing) {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        step(&transaction)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    // Version 1 did not overwrite deleted rows, so free pages may still hold them. No request waits for this at startup.
    if found == 1 {
        connection.execute_batch("VACUUM")?;
        chore::clear_wipe_request(connection)?;
    }
    Ok(())
}

/// Returns the version of the schema; 0 if there is none.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Returns the migrations that a database of this version still needs.
///
/// # Errors
/// Returns an error if a newer Gatepost has made the database.
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
        let verdict = decode_verdict(&event.get::<_, Vec<u8>>(1)?)?;
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
