//! The rows of comments, of what stood on them, of their authors and of changes.

use rusqlite::{OptionalExtension, params};

use super::Database;
use crate::comment::{CommentId, Fingerprint};
use crate::error::Error;
use crate::facts::{History, Previous};
use crate::store::act::with_before;
use crate::store::clock::now_micros;
use crate::store::draft::{Draft, DraftVerdict, MAX_PAST_VERDICTS};
use crate::store::embedded::read;
use crate::store::embedded::signed::signed;
use crate::store::person::Person;
use crate::verdict::Decision;

/// What stands on a comment, without its long columns.
pub(super) struct CurrentRow {
    pub row: i64,
    pub fingerprint: Fingerprint,
    pub decision: i32,
    pub revision: u32,
    pub by_moderator: bool,
    pub author: Option<Person>,
    /// When the host says that it was sent. 0: it does not say.
    pub sent_at: u64,
    /// When it came.
    pub received_at: u64,
}

impl Database {
    pub(super) fn current_row(&self, site: i64, id: &CommentId) -> Result<Option<CurrentRow>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT rowid, fingerprint, decision, revision, by_moderator, author, sent_at, received_at \
             FROM comment WHERE site = ?1 AND id = ?2",
        )?;
        let standing = select.query_row(params![site, id.as_str()], |row| {
            Ok(CurrentRow {
                row: row.get(0)?,
                fingerprint: row.get(1)?,
                decision: row.get(2)?,
                revision: row.get(3)?,
                by_moderator: row.get(4)?,
                author: row.get::<_, Option<[u8; 16]>>(5)?.map(Person::from_bytes),
                sent_at: row.get::<_, i64>(6)?.unsigned_abs(),
                received_at: row.get::<_, i64>(7)?.unsigned_abs(),
            })
        });
        Ok(standing.optional()?)
    }

    /// Returns whether a text comes after another that was sent later.
    pub(super) fn is_outdated(&self, site: i64, draft: &Draft, standing: &CurrentRow) -> Result<bool, Error> {
        let mut select = self
            .connection
            .prepare_cached("SELECT 1 FROM past WHERE site = ?1 AND id = ?2 AND fingerprint IN (?3, ?4) LIMIT 1")?;
        let before = select.exists(params![site, draft.id.as_str(), draft.fingerprint, draft.body_fingerprint])?;
        Ok(draft.is_outdated(before, standing.sent_at, standing.received_at))
    }

    pub(super) fn verdict(&self, row: i64) -> Result<Vec<u8>, Error> {
        let mut select = self.connection.prepare_cached("SELECT verdict FROM comment WHERE rowid = ?1")?;
        Ok(select.query_row([row], |row| row.get(0))?)
    }

    pub(super) fn insert(&mut self, site: i64, draft: &Draft, ruling: &DraftVerdict, received_at: i64) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO comment (site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, \
             fingerprint, author, persons, event, verdict, comment, spot_check, sent_at) \
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?6, ?8, ?9, ?10, x'', ?11, ?12, ?13, ?14)",
        )?;
        insert.execute(params![
            site,
            draft.id.as_str(),
            ruling.decision.to_wire() as i32,
            ruling.revision,
            ruling.by_moderator,
            received_at,
            received_at - ruling.risk_lead,
            draft.fingerprint,
            draft.author.as_ref().map(Person::as_bytes),
            draft.persons_with(&[]),
            ruling.verdict,
            draft.comment,
            ruling.spot_check,
            signed(draft.sent_at),
        ])?;
        drop(insert);
        if let Some(act) = &draft.act {
            self.append_audit_row(site, act.clone())?;
        }
        self.update_author_counts(site, draft.author, None, Some(ruling.decision))
    }

    /// Puts an edited body and its verdict in the place of what stands.
    pub(super) fn edit(&mut self, site: i64, draft: &Draft, standing: &CurrentRow, received_at: i64) -> Result<(), Error> {
        let ruling = &draft.verdict;
        self.archive_current(site, &draft.id, standing.row)?;
        let mut select = self.connection.prepare_cached("SELECT persons FROM comment WHERE rowid = ?1")?;
        let persons = draft.persons_with(&select.query_row([standing.row], |row| row.get::<_, Vec<u8>>(0))?);
        drop(select);
        let mut update = self.connection.prepare_cached(
            "UPDATE comment SET decision = ?2, before = decision, revision = ?3, by_moderator = ?4, received_at = ?5, \
             risk_at = ?6, changed_at = ?7, fingerprint = ?8, author = ?9, persons = ?10, event = x'', verdict = ?11, \
             comment = ?12, spot_check = ?13, sent_at = ?14 \
             WHERE rowid = ?1",
        )?;
        update.execute(params![
            standing.row,
            ruling.decision.to_wire() as i32,
            ruling.revision,
            ruling.by_moderator,
            received_at,
            received_at - ruling.risk_lead,
            now_micros(),
            draft.fingerprint,
            draft.author.as_ref().map(Person::as_bytes),
            persons,
            ruling.verdict,
            draft.comment,
            ruling.spot_check,
            signed(draft.sent_at),
        ])?;
        drop(update);
        if let Some(act) = &draft.act {
            self.append_audit_row(site, with_before(act.clone(), standing.decision))?;
        }
        self.update_author_counts(site, standing.author, Some(standing.decision()?), None)?;
        self.update_author_counts(site, draft.author, None, Some(ruling.decision))?;
        self.publish_change(site, &draft.id, ruling)
    }

    /// Puts another verdict on the text that stands.
    pub(super) fn set_verdict(&self, row: i64, ruling: &DraftVerdict, event: &[u8]) -> Result<(), Error> {
        let mut update = self.connection.prepare_cached(
            "UPDATE comment SET decision = ?2, before = decision, revision = ?3, by_moderator = ?4, \
             risk_at = received_at - ?5, changed_at = ?6, event = ?7, verdict = ?8, spot_check = ?9 WHERE rowid = ?1",
        )?;
        let (decision, revision) = (ruling.decision.to_wire() as i32, ruling.revision);
        let now = now_micros();
        update.execute(params![
            row,
            decision,
            revision,
            ruling.by_moderator,
            ruling.risk_lead,
            now,
            event,
            ruling.verdict,
            ruling.spot_check
        ])?;
        Ok(())
    }

    /// Adds what stands to the comment's trail.
    pub(super) fn archive_current(&self, site: i64, id: &CommentId, row: i64) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO past (site, id, number, before, event, verdict, fingerprint) \
             SELECT site, id, 1 + (SELECT coalesce(max(number), 0) FROM past WHERE site = ?2 AND id = ?3), \
             before, event, verdict, fingerprint FROM comment WHERE rowid = ?1",
        )?;
        insert.execute(params![row, site, id.as_str()])?;
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM past WHERE site = ?1 AND id = ?2 \
             AND number <= (SELECT max(number) FROM past WHERE site = ?1 AND id = ?2) - ?3",
        )?;
        delete.execute(params![site, id.as_str(), signed(MAX_PAST_VERDICTS)])?;
        Ok(())
    }

    pub(super) fn history(&self, site: i64, author: Option<Person>) -> Result<Option<History>, Error> {
        author.map(|author| read::history_of(&self.connection, site, author)).transpose()
    }

    /// Counts one comment less or more for its author.
    pub(super) fn update_author_counts(
        &self,
        site: i64,
        author: Option<Person>,
        from: Option<Decision>,
        to: Option<Decision>,
    ) -> Result<(), Error> {
        let Some(author) = author else { return Ok(()) };
        let step = |decision| i32::from(to == Some(decision)) - i32::from(from == Some(decision));
        let [approved, held, rejected] = Decision::ALL.map(step);
        // A count that was forgotten, since nothing moved for long, does not fall below none.
        let mut upsert = self.connection.prepare_cached(
            "INSERT INTO author VALUES (?1, ?2, max(0, ?3), max(0, ?4), max(0, ?5), ?6) ON CONFLICT DO UPDATE SET \
             approved = max(0, approved + ?3), held = max(0, held + ?4), rejected = max(0, rejected + ?5), changed_at = ?6",
        )?;
        upsert.execute(params![site, author.as_bytes(), approved, held, rejected, now_micros()])?;
        Ok(())
    }

    /// Tells watchers of a verdict that took the place of another.
    pub(super) fn publish_change(&mut self, site: i64, id: &CommentId, ruling: &DraftVerdict) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached("INSERT INTO event (site, verdict, id) VALUES (?1, ?2, ?3)")?;
        self.event = Some(insert.insert(params![site, ruling.verdict, id.as_str()])?);
        Ok(())
    }
}

impl CurrentRow {
    pub fn decision(&self) -> Result<Decision, Error> {
        Decision::from_wire(self.decision).ok_or_else(|| Error::store(format!("a comment has the decision {}", self.decision)))
    }

    pub fn previous(&self) -> Result<Previous, Error> {
        Ok(Previous { decision: self.decision()?, by_moderator: self.by_moderator })
    }
}
