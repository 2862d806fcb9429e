//! Admits comments, and records and replaces their verdicts.

use super::Database;
use super::reservations::Reservation;
use super::rows::CurrentRow;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{DuplicateCounts, Facts, FloodCounts, LimitState};
use crate::store::clock::now_micros;
use crate::store::draft::{Draft, DraftVerdict};
use crate::store::embedded::read;
use crate::store::entry::{AppliedLimit, TrustRule};
use crate::store::facts as facts_text;

/// The result of [`Database::admit`].
pub(in crate::store::embedded) enum AdmitResult {
    /// The comment is new and its verdict is recorded. Holds the tightest rate limit.
    Recorded(Option<LimitState>),
    /// The same text already has a verdict, which this holds, encoded.
    Repeated(Vec<u8>),
    /// A fact bears on the comment: the caller must decide again, with the facts.
    Undecided { facts: Facts, verdict_id: String, revision: u32 },
}

/// The result of [`Database::record`].
pub(in crate::store::embedded) enum RecordResult {
    /// The given verdict is current.
    New,
    /// An earlier verdict on the same text is current. Holds it, encoded.
    Earlier(Vec<u8>),
    /// A moderator decided on the earlier text in the meantime: the comment must be admitted again.
    Moved,
}

impl Database {
    /// Admits a comment: detects repeats and edits, counts it in its limits, and records the tentative verdict of a new
    /// comment if no fact bears on it.
    pub fn admit(&mut self, draft: &Draft, limits: &[AppliedLimit], trust: TrustRule) -> Result<AdmitResult, Error> {
        let site = self.site_id(&draft.site)?;
        let current = self.current_row(site, &draft.id)?;
        if let Some(current) = &current
            && (draft.has_fingerprint(current.fingerprint) || self.is_outdated(site, draft, current)?)
        {
            return Ok(AdmitResult::Repeated(self.verdict(current.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        let next_revision = current.as_ref().map_or(1, |current| current.revision.saturating_add(1));
        // After a moderator's decision on the earlier text the facts are outdated: the edit is admitted anew.
        if let Some(Reservation { verdict_id, revision, facts, .. }) = reservation
            .as_ref()
            .filter(|reservation| reservation.fingerprint == draft.fingerprint && reservation.revision == next_revision)
        {
            return Ok(AdmitResult::Undecided {
                facts: facts_text::from_text(facts)?,
                verdict_id: verdict_id.clone(),
                revision: *revision,
            });
        }

        let check = self.limits.check(site, limits);
        self.limits.count(&check);
        let received_at = now_micros();
        let trusted = !trust.needs_history() || trust.accepts(self.history(site, draft.author)?);
        if current.is_none() && trusted && !check.refused() {
            let facts = Facts { limits: check.states, ..Facts::default() };
            let mut verdict = draft.verdict.clone();
            verdict.add_rate_limit(facts.tightest());
            if reservation.is_some() {
                self.unreserve(site, &draft.id)?;
            }
            self.insert(site, draft, &verdict, received_at)?;
            return Ok(AdmitResult::Recorded(facts.tightest().copied()));
        }

        let facts = Facts {
            limits: check.states,
            author: self.history(site, draft.author)?,
            previous: current.as_ref().map(CurrentRow::previous).transpose()?,
            // The process counts near-duplicates itself, whichever engine it uses.
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        };
        let verdict_id = draft.verdict.verdict_id.clone();
        self.reserve(site, draft, next_revision, received_at, &facts)?;
        Ok(AdmitResult::Undecided { facts, verdict_id, revision: next_revision })
    }

    /// Returns the facts that [`admit`](Self::admit) would find now. Changes nothing.
    pub fn peek(&mut self, draft: &Draft, limits: &[AppliedLimit]) -> Result<Facts, Error> {
        // Id 0 belongs to no site: an unknown site is not created by a query.
        let site = read::site_id(&self.connection, &draft.site)?.unwrap_or(0);
        let current = self.current_row(site, &draft.id)?.filter(|current| !draft.has_fingerprint(current.fingerprint));
        Ok(Facts {
            limits: self.limits.check(site, limits).states,
            author: self.history(site, draft.author)?,
            previous: current.as_ref().map(CurrentRow::previous).transpose()?,
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        })
    }

    /// Records the verdict on an undecided comment, unless its text already has a verdict or was edited in the meantime.
    pub fn record(&mut self, draft: &Draft) -> Result<RecordResult, Error> {
        let site = self.site_id(&draft.site)?;
        let current = self.current_row(site, &draft.id)?;
        if let Some(current) = &current
            && current.fingerprint == draft.fingerprint
        {
            return Ok(RecordResult::Earlier(self.verdict(current.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        if reservation.as_ref().is_some_and(|reservation| reservation.fingerprint != draft.fingerprint) {
            // The comment was edited in the meantime; the newer text determines the current verdict.
            return Ok(RecordResult::New);
        }
        // Without a reservation, it has expired or the file was replaced: the comment is recorded all the same.
        let received_at = reservation.as_ref().map_or_else(now_micros, |reservation| reservation.received_at);
        match &current {
            None => self.insert(site, draft, &draft.verdict, received_at)?,
            Some(current) if draft.verdict.revision == current.revision.saturating_add(1) => {
                self.edit(site, draft, current, received_at)?;
            }
            // Every edit removes the reservation, a moderator's decision does not.
            Some(_) if reservation.is_some() => return Ok(RecordResult::Moved),
            Some(_) => return Ok(RecordResult::New),
        }
        self.unreserve(site, &draft.id)?;
        Ok(RecordResult::New)
    }

    /// Replaces the current verdict of a comment. Returns `false` if the comment is missing or its verdict is not of the
    /// expected revision.
    pub fn replace(
        &mut self,
        site: &Site,
        id: &CommentId,
        expected: u32,
        verdict: &DraftVerdict,
        event: &[u8],
    ) -> Result<bool, Error> {
        let site = self.site_id(site)?;
        let Some(current) = self.current_row(site, id)?.filter(|current| current.revision == expected) else {
            return Ok(false);
        };
        self.archive_current(site, id, current.row)?;
        self.set_verdict(current.row, verdict, event)?;
        self.update_author_counts(site, current.author, Some(current.decision()?), None)?;
        self.update_author_counts(site, current.author, None, Some(verdict.decision))?;
        self.append_audit_row(site, event.to_vec())?;
        self.publish_change(site, id, verdict)?;
        Ok(true)
    }
}
