//! Reservations: comments that are counted and whose verdict is not recorded yet.

use rusqlite::{OptionalExtension, params};

use super::Database;
use crate::comment::{CommentId, Fingerprint};
use crate::error::Error;
use crate::facts::Facts;
use crate::store::draft::Draft;
use crate::store::facts as facts_text;

/// A comment that is counted and whose verdict is not recorded yet.
pub(super) struct Reservation {
    pub fingerprint: Fingerprint,
    pub verdict_id: String,
    pub revision: u32,
    pub received_at: i64,
    pub facts: String,
}

impl Database {
    /// Returns the reservation of a comment, or `None` if it has none.
    pub(super) fn reservation(&self, site: i64, id: &CommentId) -> Result<Option<Reservation>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT fingerprint, verdict_id, revision, received_at, facts FROM reservation WHERE site = ?1 AND id = ?2",
        )?;
        let reservation = select.query_row(params![site, id.as_str()], |row| {
            Ok(Reservation {
                fingerprint: row.get(0)?,
                verdict_id: row.get(1)?,
                revision: row.get(2)?,
                received_at: row.get(3)?,
                facts: row.get(4)?,
            })
        });
        Ok(reservation.optional()?)
    }

    /// Reserves a comment, in place of an earlier reservation if there is one.
    pub(super) fn reserve(
        &self,
        site: i64,
        draft: &Draft,
        revision: u32,
        received_at: i64,
        facts: &Facts,
    ) -> Result<(), Error> {
        let mut insert =
            self.connection.prepare_cached("INSERT OR REPLACE INTO reservation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        let (id, verdict_id, facts) = (draft.id.as_str(), &draft.verdict.verdict_id, facts_text::to_text(facts));
        insert.execute(params![site, id, draft.fingerprint, verdict_id, revision, received_at, facts])?;
        Ok(())
    }

    /// Removes the reservation of a comment.
    pub(super) fn unreserve(&self, site: i64, id: &CommentId) -> Result<(), Error> {
        let mut delete = self.connection.prepare_cached("DELETE FROM reservation WHERE site = ?1 AND id = ?2")?;
        delete.execute(params![site, id.as_str()])?;
        Ok(())
    }
}
