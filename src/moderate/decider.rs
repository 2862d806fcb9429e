//! Decides on an evaluated comment: tentatively, with the store's facts, or without the store.

use uuid::Uuid;

use super::local::LocalFacts;
use super::request::{Origin, Request};
use crate::error::{Error, StoreUnavailable};
use crate::facts::Facts;
use crate::judge::{Evaluation, mark_unrecorded};
use crate::policy::Policy;
use crate::store::{Admission, Store};
use crate::verdict::Verdict;

/// An evaluated comment with the facts that this server knows.
pub(super) struct Decider<'a> {
    pub request: &'a Request<'a>,
    pub evaluation: &'a Evaluation<'a>,
    pub local: &'a LocalFacts<'a>,
}

impl Decider<'_> {
    /// Decides as if the store had no facts about the comment.
    pub fn decide_tentatively(&self) -> Verdict {
        self.decide(self.evaluation.policy.neutral_facts(), Uuid::now_v7().to_string(), 1)
    }

    /// Decides with the store's facts. A decision that came with the comment from an archive stands.
    pub fn decide(&self, facts: Facts, id: String, revision: u32) -> Verdict {
        let mut facts = self.local.add_to(facts);
        if self.request.origin != Origin::Author {
            // The limits belong to another call: the author sent the same comment, and that call has not finished yet.
            facts.limits.clear();
        }
        let verdict = self.evaluation.verdict(&facts, self.request.now, id, revision);
        match self.request.origin.decided() {
            Some(decision) => verdict.with_imported_decision(decision),
            None => verdict,
        }
    }

    /// Decides after the store failed. `facts` are what `admit` returned before the failure. If they are `None`, this server's
    /// own limits count.
    ///
    /// # Errors
    /// Returns `error` if the policy wants no verdict without the store, or the comment is from an archive.
    pub fn decide_without_store(
        &self,
        store: &Store,
        admission: &Admission<'_>,
        facts: Option<Facts>,
        error: Error,
    ) -> Result<Verdict, Error> {
        if self.request.origin != Origin::Author || !matches!(error, Error::Store(_)) {
            return Err(error);
        }
        let local_limits = facts.is_none();
        let facts = facts.unwrap_or_else(|| store.local_facts(admission, !self.request.dry_run));
        self.evaluation.verdict_unrecorded(&self.local.add_to(facts), self.request.now, local_limits).ok_or(error)
    }
}

/// Returns a stored verdict as it is sent to the host. A verdict that has not reached the store's replicas may still be
/// lost, so it is marked as not recorded.
///
/// # Errors
/// Returns an error if the policy wants no verdict that is not recorded.
pub(super) fn as_answered(policy: &Policy, stored: Verdict) -> Result<Verdict, Error> {
    if stored.not_recorded { mark_unrecorded(policy, stored).ok_or(Error::store(StoreUnavailable)) } else { Ok(stored) }
}
