//! Comments: admitted, recorded, read back, listed and decided.

use super::{Engine, Store};
use crate::classify::MinHash;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{DuplicateCounts, Facts, History, LimitState};
use crate::store::change::Change;
use crate::store::entry::{Admission, AdmissionOutcome, QueueSummary, StoredComment};
use crate::store::page::{ListPage, ListQuery};
use crate::store::person::Person;
use crate::verdict::Verdict;

impl Store {
    /// How many comments came to this process of late that were nearly the same.
    pub fn count_similar(&self, site: &Site, likeness: Option<&MinHash>) -> DuplicateCounts {
        likeness.map_or_else(DuplicateCounts::default, |likeness| self.near_duplicates.similar(site, likeness))
    }

    /// Admits a comment, in one atomic step: tells a repeat from an edit from a new one, counts it in its limits,
    /// and records the tentative verdict unless a fact bears on it.
    pub async fn admit(&self, admission: &Admission<'_>) -> Result<AdmissionOutcome, Error> {
        let admitted = match &self.engine {
            Engine::Memory(engine) => engine.admit(admission),
            Engine::Embedded(engine) => {
                // A repeat is answered from what is there, also when nothing more can be written.
                self.disk
                    .with_timeout(engine.admit(admission), |admitted| !matches!(admitted, AdmissionOutcome::Repeated(_)))
                    .await
            }
            Engine::Redis(engine) => engine.admit(admission).await,
        };
        self.count_locally(admission, &admitted);
        admitted
    }

    /// Counts a comment in what this process alone keeps: its limits, for when the store is away, and its near duplicates.
    fn count_locally(&self, admission: &Admission<'_>, admitted: &Result<AdmissionOutcome, Error>) {
        if counts_in_limits(admitted) && !matches!(self.engine, Engine::Memory(_)) {
            self.local_limits.count(admission);
        }
        if is_first_sight(admitted)
            && let Some(likeness) = &admission.min_hash
        {
            self.near_duplicates.count(admission.comment.site(), likeness);
        }
    }

    /// What this process alone knows of a comment that the store cannot be asked about: its limits, as far as it has
    /// counted them itself. Counts the comment in them, if `count`.
    pub fn local_facts(&self, admission: &Admission<'_>, count: bool) -> Facts {
        self.local_limits.check(admission, count)
    }

    /// Tells what [`admit`](Self::admit) would find if the comment came now. Counts and writes nothing. `None`: the site's
    /// block and allow entries are others by now.
    pub async fn peek(&self, admission: &Admission<'_>) -> Result<Option<Facts>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.peek(admission).map(Some),
            Engine::Embedded(engine) => self.disk.with_timeout(engine.peek(admission), |_| false).await.map(Some),
            Engine::Redis(engine) => engine.peek(admission).await,
        }
    }

    /// Records the verdict on an undecided comment and returns the one that stands: an earlier one on the same body
    /// if there is one. If the comment was edited meanwhile the verdict is returned but not kept.
    pub async fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.record(admission, verdict),
            Engine::Embedded(engine) => self.disk.with_timeout(engine.record(admission, verdict), |_| true).await,
            Engine::Redis(engine) => engine.record(admission, verdict).await,
        }
    }

    /// Everything known of a comment.
    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<StoredComment>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.get(site, id),
            Engine::Embedded(engine) => engine.get(site, id).await,
            Engine::Redis(engine) => engine.get(site, id).await,
        }
    }

    /// How many comments of an author stand approved, held and rejected.
    pub async fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.history(site, author),
            Engine::Embedded(engine) => engine.history(site, author).await,
            Engine::Redis(engine) => engine.history(site, author).await,
        }
    }

    /// One page of a site's comments. A long search may end a page early: the last page is the one without `next`.
    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.list(site, query),
            Engine::Embedded(engine) => engine.list(site, query).await,
            Engine::Redis(engine) => engine.list(site, query).await,
        }
    }

    /// A site's queue.
    pub async fn queue(&self, site: &Site) -> Result<QueueSummary, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.queue(site),
            Engine::Embedded(engine) => engine.queue(site).await,
            Engine::Redis(engine) => engine.queue(site).await,
        }
    }

    /// Puts another verdict in the place of the one that stands, if that is still at the expected revision.
    /// `false`: it is not, or the comment is gone.
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

/// Returns whether a comment came for the first time. A repeat was counted when it first came, an edit is no other comment, and
/// what the store did not take is sent again.
fn is_first_sight(admitted: &Result<AdmissionOutcome, Error>) -> bool {
    match admitted {
        Ok(AdmissionOutcome::Recorded(_)) => true,
        Ok(AdmissionOutcome::Undecided { facts, .. }) => facts.previous.is_none(),
        Ok(AdmissionOutcome::Repeated(_) | AdmissionOutcome::ListsChanged) | Err(_) => false,
    }
}

/// Returns whether the store has counted a comment in its limits.
fn counts_in_limits(admitted: &Result<AdmissionOutcome, Error>) -> bool {
    match admitted {
        Ok(AdmissionOutcome::Recorded(_)) => true,
        Ok(AdmissionOutcome::Undecided { facts, .. }) => !facts.limits.iter().any(LimitState::is_exceeded),
        Ok(AdmissionOutcome::Repeated(_) | AdmissionOutcome::ListsChanged) | Err(_) => false,
    }
}
