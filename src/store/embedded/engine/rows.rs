//! The rows of comments, past verdicts, authors and changes.

use rusqlite::{OptionalExtension, params};

use super::Database;
use crate::comment::{CommentId, Fingerprint};
use crate::error::Error;
use crate::facts::{AuthorCounts, PreviousDecision};
use crate::store::act::with_before;
use crate::store::clock::now_micros;
use crate::store::draft::{Draft, DraftVerdict, MAX_PAST_VERDICTS};
use crate::store::embedded::read;
use crate::store::embedded::signed::signed;
use crate::store::person::Person;
use crate::verdict::Decision;

/// The current state of a comment, without its long columns.
pub(super) struct CurrentRow {
    pub row: i64,
    pub fingerprint: Fingerprint,
    pub decision: i32,
    pub revision: u32,
    pub by_moderator: bool,
    pub author: Option<Person>,
    /// When the comment was sent according to the host, in microseconds since 1970; 0 if the host does not say.
    pub sent_at: u64,
    /// When the comment was received, in microseconds since 1970.
    pub received_at: u64,
}

impl Database {
    /// Returns the current state of a comment, or `None` if there is no such comment.
    pub(super) fn current_row(&self, site: i64, id: &CommentId) -> Result<Option<CurrentRow>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT rowid, fingerprint, decision, revision, by_moderator, author, sent_at, received_at \
             FROM comment WHERE site = ?1 AND id = ?2",
        )?;
        let current = select.query_row(params![site, id.as_str()], |row| {
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
        Ok(current.optional()?)
    }

    /// Returns whether a text is older than the current one: an earlier text sent again, or one that was sent before it.
    pub(super) fn is_outdated(&self, site: i64, draft: &Draft, current: &CurrentRow) -> Result<bool, Error> {
        let mut select = self
            .connection
            .prepare_cached("SELECT 1 FROM past WHERE site = ?1 AND id = ?2 AND fingerprint IN (?3, ?4) LIMIT 1")?;
        let before = select.exists(params![site, draft.id.as_str(), draft.fingerprint, draft.body_fingerprint])?;
        Ok(draft.is_outdated(before, current.sent_at, current.received_at))
    }

    /// Returns the current verdict of a comment, encoded.
    pub(super) fn verdict(&self, row: i64) -> Result<Vec<u8>, Error> {
        let mut select = self.connection.prepare_cached("SELECT verdict FROM comment WHERE rowid = ?1")?;
        Ok(select.query_row([row], |row| row.get(0))?)
    }

    /// Inserts a new comment with its verdict.
    pub(super) fn insert(&mut self, site: i64, draft: &Draft, verdict: &DraftVerdict, received_at: i64) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO comment (site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, \
             fingerprint, author, persons, event, verdict, comment, spot_check, sent_at) \
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?6, ?8, ?9, ?10, x'', ?11, ?12, ?13, ?14)",
        )?;
        insert.execute(params![
            site,
            draft.id.as_str(),
            verdict.decision.to_wire() as i32,
            verdict.revision,
            verdict.by_moderator,
            received_at,
            received_at - verdict.risk_lead,
            draft.fingerprint,
            draft.author.as_ref().map(Person::as_bytes),
            draft.persons_with(&[]),
            verdict.verdict,
            draft.comment,
            verdict.spot_check,
            signed(draft.sent_at),
        ])?;
        drop(insert);
        if let Some(act) = &draft.act {
            self.append_audit_row(site, act.clone())?;
        }
        self.update_author_counts(site, draft.author, None, Some(verdict.decision))
    }

    /// Replaces the text and the verdict of a comment after an edit.
    pub(super) fn edit(&mut self, site: i64, draft: &Draft, current: &CurrentRow, received_at: i64) -> Result<(), Error> {
        let verdict = &draft.verdict;
        self.archive_current(site, &draft.id, current.row)?;
        let mut select = self.connection.prepare_cached("SELECT persons FROM comment WHERE rowid = ?1")?;
        let persons = draft.persons_with(&select.query_row([current.row], |row| row.get::<_, Vec<u8>>(0))?);
        drop(select);
        let mut update = self.connection.prepare_cached(
            "UPDATE comment SET decision = ?2, before = decision, revision = ?3, by_moderator = ?4, received_at = ?5, \
             risk_at = ?6, changed_at = ?7, fingerprint = ?8, author = ?9, persons = ?10, event = x'', verdict = ?11, \
             comment = ?12, spot_check = ?13, sent_at = ?14 \
             WHERE rowid = ?1",
        )?;
        update.execute(params![
            current.row,
            verdict.decision.to_wire() as i32,
            verdict.revision,
            verdict.by_moderator,
            received_at,
            received_at - verdict.risk_lead,
            now_micros(),
            draft.fingerprint,
            draft.author.as_ref().map(Person::as_bytes),
            persons,
            verdict.verdict,
            draft.comment,
            verdict.spot_check,
            signed(draft.sent_at),
        ])?;
        drop(update);
        if let Some(act) = &draft.act {
            self.append_audit_row(site, with_before(act.clone(), current.decision))?;
        }
        self.update_author_counts(site, current.author, Some(current.decision()?), None)?;
        self.update_author_counts(site, draft.author, None, Some(verdict.decision))?;
        self.publish_change(site, &draft.id, verdict)
    }

    /// Replaces the verdict on the current text.
    pub(super) fn set_verdict(&self, row: i64, verdict: &DraftVerdict, event: &[u8]) -> Result<(), Error> {
        let mut update = self.connection.prepare_cached(
            "UPDATE comment SET decision = ?2, before = decision, revision = ?3, by_moderator = ?4, \
             risk_at = received_at - ?5, changed_at = ?6, event = ?7, verdict = ?8, spot_check = ?9 WHERE rowid = ?1",
        )?;
        let (decision, revision) = (verdict.decision.to_wire() as i32, verdict.revision);
        let now = now_micros();
        update.execute(params![
            row,
            decision,
            revision,
            verdict.by_moderator,
            verdict.risk_lead,
            now,
            event,
            verdict.verdict,
            verdict.spot_check
        ])?;
        Ok(())
    }

    /// Copies the current verdict to the comment's trail, and drops the oldest entries beyond [`MAX_PAST_VERDICTS`].
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

    /// Returns an author's history, or `None` if the author is unknown.
    pub(super) fn history(&self, site: i64, author: Option<Person>) -> Result<Option<AuthorCounts>, Error> {
        author.map(|author| read::history_of(&self.connection, site, author)).transpose()
    }

    /// Moves one comment of an author from one decision's count to another's. `None` on one side only adds or only removes it.
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
        // Counts that were forgotten after a long time without changes do not go below 0.
        let mut upsert = self.connection.prepare_cached(
            "INSERT INTO author VALUES (?1, ?2, max(0, ?3), max(0, ?4), max(0, ?5), ?6) ON CONFLICT DO UPDATE SET \
             approved = max(0, approved + ?3), held = max(0, held + ?4), rejected = max(0, rejected + ?5), changed_at = ?6",
        )?;
        upsert.execute(params![site, author.as_bytes(), approved, held, rejected, now_micros()])?;
        Ok(())
    }

    /// Publishes to watchers that a verdict has replaced another.
    pub(super) fn publish_change(&mut self, site: i64, id: &CommentId, verdict: &DraftVerdict) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached("INSERT INTO event (site, verdict, id) VALUES (?1, ?2, ?3)")?;
        self.event = Some(insert.insert(params![site, verdict.verdict, id.as_str()])?);
        Ok(())
    }
}

impl CurrentRow {
    /// Returns the current decision.
    pub fn decision(&self) -> Result<Decision, Error> {
        Decision::from_wire(self.decision).ok_or_else(|| Error::store(format!("a comment has the decision {}", self.decision)))
    }

    /// Returns the current decision as a fact for the decision on an edit.
    pub fn previous(&self) -> Result<PreviousDecision, Error> {
        Ok(PreviousDecision { decision: self.decision()?, by_moderator: self.by_moderator })
    }
}
