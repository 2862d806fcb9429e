//! Admits comments, records verdicts on them, and replaces verdicts.

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

/// What [`Database::admit`] found.
pub(in crate::store::embedded) enum AdmitResult {
    /// The comment is new and its verdict recorded; the tightest limit.
    Recorded(Option<LimitState>),
    /// The verdict that stands on this body.
    Repeated(Vec<u8>),
    /// Somebody must decide.
    Undecided { facts: Facts, verdict_id: String, revision: u32 },
}

/// Which verdict stands after [`Database::record`].
pub(in crate::store::embedded) enum RecordResult {
    /// The one given.
    New,
    /// One recorded before.
    Earlier(Vec<u8>),
}

impl Database {
    pub fn admit(&mut self, draft: &Draft, limits: &[AppliedLimit], trust: TrustRule) -> Result<AdmitResult, Error> {
        let site = self.site_id(&draft.site)?;
        let standing = self.current_row(site, &draft.id)?;
        if let Some(standing) = &standing
            && (draft.has_fingerprint(standing.fingerprint) || self.is_outdated(site, draft, standing)?)
        {
            return Ok(AdmitResult::Repeated(self.verdict(standing.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        if let Some(Reservation { verdict_id, revision, facts, .. }) =
            reservation.as_ref().filter(|reservation| reservation.fingerprint == draft.fingerprint)
        {
            return Ok(AdmitResult::Undecided {
                facts: facts_text::from_text(facts)?,
                verdict_id: verdict_id.clone(),
                revision: *revision,
            });
        }

        let weighing = self.limits.check(site, limits);
        self.limits.count(&weighing);
        let received_at = now_micros();
        let trusted = !trust.needs_history() || trust.accepts(self.history(site, draft.author)?);
        if standing.is_none() && trusted && !weighing.refused() {
            let facts = Facts { limits: weighing.states, ..Facts::default() };
            let mut ruling = draft.verdict.clone();
            ruling.add_rate_limit(facts.tightest());
            if reservation.is_some() {
                self.unreserve(site, &draft.id)?;
            }
            self.insert(site, draft, &ruling, received_at)?;
            return Ok(AdmitResult::Recorded(facts.tightest().copied()));
        }

        let facts = Facts {
            limits: weighing.states,
            author: self.history(site, draft.author)?,
            previous: standing.as_ref().map(CurrentRow::previous).transpose()?,
            // Counted by the process, for all its engines.
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        };
        let revision = standing.map_or(1, |standing| standing.revision.saturating_add(1));
        let verdict_id = draft.verdict.verdict_id.clone();
        self.reserve(site, draft, revision, received_at, &facts)?;
        Ok(AdmitResult::Undecided { facts, verdict_id, revision })
    }

    pub fn peek(&mut self, draft: &Draft, limits: &[AppliedLimit]) -> Result<Facts, Error> {
        // A site that was never heard of gets no number for being asked about.
        let site = read::site_id(&self.connection, &draft.site)?.unwrap_or(0);
        let standing = self.current_row(site, &draft.id)?.filter(|standing| !draft.has_fingerprint(standing.fingerprint));
        Ok(Facts {
            limits: self.limits.check(site, limits).states,
            author: self.history(site, draft.author)?,
            previous: standing.as_ref().map(CurrentRow::previous).transpose()?,
            duplicates: DuplicateCounts::default(),
            decided_duplicate: None,
            flood: FloodCounts::default(),
        })
    }

    pub fn record(&mut self, draft: &Draft) -> Result<RecordResult, Error> {
        let site = self.site_id(&draft.site)?;
        let standing = self.current_row(site, &draft.id)?;
        if let Some(standing) = &standing
            && standing.fingerprint == draft.fingerprint
        {
            return Ok(RecordResult::Earlier(self.verdict(standing.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        let mine = reservation.as_ref().filter(|reservation| reservation.fingerprint == draft.fingerprint);
        match (mine, &standing) {
            (Some(reservation), Some(standing)) => self.edit(site, draft, standing, reservation.received_at)?,
            (Some(reservation), None) => self.insert(site, draft, &draft.verdict, reservation.received_at)?,
            // The reservation was swept away, or the whole file: better kept late than not.
            (None, None) if reservation.is_none() => self.insert(site, draft, &draft.verdict, now_micros())?,
            // Edited meanwhile: the newer body decides what stands.
            (None, _) => return Ok(RecordResult::New),
        }
        self.unreserve(site, &draft.id)?;
        Ok(RecordResult::New)
    }

    pub fn replace(
        &mut self,
        site: &Site,
        id: &CommentId,
        expected: u32,
        ruling: &DraftVerdict,
        event: &[u8],
    ) -> Result<bool, Error> {
        let site = self.site_id(site)?;
        let Some(standing) = self.current_row(site, id)?.filter(|standing| standing.revision == expected) else {
            return Ok(false);
        };
        self.archive_current(site, id, standing.row)?;
        self.set_verdict(standing.row, ruling, event)?;
        self.update_author_counts(site, standing.author, Some(standing.decision()?), None)?;
        self.update_author_counts(site, standing.author, None, Some(ruling.decision))?;
        self.append_audit_row(site, event.to_vec())?;
        self.publish_change(site, id, ruling)?;
        Ok(true)
    }
}
