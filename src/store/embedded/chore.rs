//! The database's note that erased data must still be overwritten, which survives a crash. See [`super::wipe`].

use rusqlite::Connection;

use crate::error::Error;

/// Notes that erased data must be overwritten.
pub(super) fn request_wipe(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("INSERT OR IGNORE INTO chore VALUES ('wipe')")?.execute([])?;
    Ok(())
}

/// Returns whether erased data may still have to be overwritten.
pub(super) fn is_wipe_due(connection: &Connection) -> Result<bool, Error> {
    let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM chore WHERE name = 'wipe')")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// Notes that all erased data is overwritten.
pub(super) fn clear_wipe_request(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM chore WHERE name = 'wipe'")?.execute([])?;
    Ok(())
}
