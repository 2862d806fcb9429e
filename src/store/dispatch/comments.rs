//! Comments: admission, recording, reading, listing and decisions.

use super::{Engine, Store};
use crate::classify::MinHash;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{AuthorCounts, DuplicateCounts, Facts, LimitState};
use crate::store::change::Change;
use crate::store::entry::{Admission, AdmissionOutcome, QueueSummary, StoredComment};
use crate::store::page::{ListPage, ListQuery};
use crate::store::person::Person;
use crate::verdict::Verdict;

impl Store {
    /// Returns the numbers of recent near-duplicates that this process knows of, or zeros if `min_hash` is `None`.
    pub fn near_duplicate_counts(&self, site: &Site, min_hash: Option<&MinHash>) -> DuplicateCounts {
        min_hash.map_or_else(DuplicateCounts::default, |min_hash| self.near_duplicates.similar(site, min_hash))
    }

    /// Admits a comment in one atomic step: determines whether it is new, an edit or a repeat, counts it in its rate limits,
    /// and records the tentative verdict unless a fact requires another decision.
    pub async fn admit(&self, admission: &Admission<'_>) -> Result<AdmissionOutcome, Error> {
        let admitted = match &self.engine {
            Engine::Memory(engine) => engine.admit(admission),
            Engine::Embedded(engine) => {
                // A repeat needs no write, so it succeeds even if the disk is full.
                self.disk
                    .with_timeout(engine.admit(admission), |admitted| !matches!(admitted, AdmissionOutcome::Repeated(_)))
                    .await
            }
            Engine::Redis(engine) => engine.admit(admission).await,
        };
        self.count_locally(admission, &admitted);
        admitted
    }

    /// Counts a comment in the process-local rate limits and near-duplicate counts.
    fn count_locally(&self, admission: &Admission<'_>, admitted: &Result<AdmissionOutcome, Error>) {
        if counts_in_limits(admission, admitted) && !matches!(self.engine, Engine::Memory(_)) {
            self.local_limits.count(admission);
        }
        if is_first_sight(admission, admitted)
            && let Some(min_hash) = &admission.min_hash
        {
            self.near_duplicates.count(admission.comment.site(), min_hash);
        }
    }

    /// Returns the facts that this process knows by itself while the store is unavailable: the process-local rate limits.
    /// Counts the comment in them if `count` is set.
    pub fn local_facts(&self, admission: &Admission<'_>, count: bool) -> Facts {
        self.local_limits.check(admission, count)
    }

    /// Returns the facts that [`admit`](Self::admit) would find now, without counting or writing anything. Returns `None` if
    /// the site's block and allow entries changed in the meantime.
    pub async fn peek(&self, admission: &Admission<'_>) -> Result<Option<Facts>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.peek(admission).map(Some),
            Engine::Embedded(engine) => self.disk.with_timeout(engine.peek(admission), |_| false).await.map(Some),
            Engine::Redis(engine) => engine.peek(admission).await,
        }
    }

    /// Records the verdict on an undecided comment and returns the resulting verdict. If one was recorded for the same text
    /// already, that one is returned. If the comment was edited meanwhile, `verdict` is returned but not stored. Returns `None`
    /// if a moderator decided on the earlier text of an edit in the meantime: then it must be admitted again.
    pub async fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Option<Verdict>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.record(admission, verdict),
            Engine::Embedded(engine) => self.disk.with_timeout(engine.record(admission, verdict), |_| true).await,
            Engine::Redis(engine) => engine.record(admission, verdict).await,
        }
    }

    /// Returns a comment with its verdicts, or `None` if the store does not have it.
    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<StoredComment>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.get(site, id),
            Engine::Embedded(engine) => engine.get(site, id).await,
            Engine::Redis(engine) => engine.get(site, id).await,
        }
    }

    /// Returns the numbers of an author's approved, held and rejected comments.
    pub async fn history(&self, site: &Site, author: &Person) -> Result<AuthorCounts, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.history(site, author),
            Engine::Embedded(engine) => engine.history(site, author).await,
            Engine::Redis(engine) => engine.history(site, author).await,
        }
    }

    /// Returns a page of a site's comments. A page may contain fewer comments than requested although more follow; the last
    /// page is the one without `next`.
    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.list(site, query),
            Engine::Embedded(engine) => engine.list(site, query).await,
            Engine::Redis(engine) => engine.list(site, query).await,
        }
    }

    /// Returns a summary of a site's queue.
    pub async fn queue(&self, site: &Site) -> Result<QueueSummary, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.queue(site),
            Engine::Embedded(engine) => engine.queue(site).await,
            Engine::Redis(engine) => engine.queue(site).await,
        }
    }

    /// Replaces the current verdict if it still has the expected revision. Returns `false` if it has another revision or the
    /// comment is gone.
    pub async fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        match &self.engine {
            Engine::Memory(engine) => {
                let replaced = engine.replace(site, id, change);
                if !change.outcome_update.is_empty() {
                    self.versions.outcomes.bump(site);
                }
                replaced
            }
            Engine::Embedded(engine) => self.disk.observe(engine.replace(site, id, change).await, |replaced| *replaced),
            Engine::Redis(engine) => engine.replace(site, id, change).await,
        }
    }
}

/// Returns whether a comment is new and must be counted as a possible near-duplicate. Repeats were counted before, edits are
/// not new comments, and comments that the store did not accept will be sent again.
fn is_first_sight(admission: &Admission<'_>, admitted: &Result<AdmissionOutcome, Error>) -> bool {
    match admitted {
        Ok(AdmissionOutcome::Recorded(_)) => true,
        Ok(AdmissionOutcome::Undecided { facts, verdict_id, .. }) => {
            is_reserved_by(admission, verdict_id) && facts.previous.is_none()
        }
        Ok(AdmissionOutcome::Repeated(_) | AdmissionOutcome::ListsChanged) | Err(_) => false,
    }
}

/// Returns whether the store counted a comment in its rate limits.
fn counts_in_limits(admission: &Admission<'_>, admitted: &Result<AdmissionOutcome, Error>) -> bool {
    match admitted {
        Ok(AdmissionOutcome::Recorded(_)) => true,
        Ok(AdmissionOutcome::Undecided { facts, verdict_id, .. }) => {
            is_reserved_by(admission, verdict_id) && !facts.limits.iter().any(LimitState::is_exceeded)
        }
        Ok(AdmissionOutcome::Repeated(_) | AdmissionOutcome::ListsChanged) | Err(_) => false,
    }
}

/// Returns whether this admission made the reservation. One that an earlier call made has that call's verdict id, and was counted
/// then.
fn is_reserved_by(admission: &Admission<'_>, verdict_id: &str) -> bool {
    admission.tentative.id == verdict_id
}
