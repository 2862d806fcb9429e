//! The chore that must be done even after a crash, as the database notes it: to overwrite what was erased. See [`super::wipe`].

use rusqlite::Connection;

use crate::error::Error;

/// Has what was erased overwritten.
pub(super) fn request_wipe(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("INSERT OR IGNORE INTO chore VALUES ('wipe')")?.execute([])?;
    Ok(())
}

/// Returns whether there may be something that was erased and is not overwritten yet.
pub(super) fn is_wipe_due(connection: &Connection) -> Result<bool, Error> {
    let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM chore WHERE name = 'wipe')")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// Everything that was erased is overwritten.
pub(super) fn clear_wipe_request(connection: &Connection) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM chore WHERE name = 'wipe'")?.execute([])?;
    Ok(())
}
