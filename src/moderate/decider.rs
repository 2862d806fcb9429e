//! Decides on a scored comment: tentatively, with the facts of the store, or without the store.

use uuid::Uuid;

use super::local::LocalFacts;
use super::request::{Origin, Request};
use crate::error::{Error, StoreUnavailable};
use crate::facts::Facts;
use crate::judge::{Evaluation, mark_unrecorded};
use crate::policy::Policy;
use crate::store::{Admission, Store};
use crate::verdict::Verdict;

/// A scored comment with what this server knows of it.
pub(super) struct Decider<'a> {
    pub request: &'a Request<'a>,
    pub case: &'a Evaluation<'a>,
    pub local: &'a LocalFacts<'a>,
}

impl Decider<'_> {
    /// Decides as if the store knew nothing that bears on the comment.
    pub fn decide_tentatively(&self) -> Verdict {
        self.decide(self.case.policy.neutral_facts(), Uuid::now_v7().to_string(), 1)
    }

    /// Decides with the facts of the store. A decision that came with the comment from an archive stands.
    pub fn decide(&self, facts: Facts, id: String, revision: u32) -> Verdict {
        let mut facts = self.local.add_to(facts);
        if self.request.origin != Origin::Author {
            // They are another's: its author sent the same comment, and that call has not come to an end yet.
            facts.limits.clear();
        }
        let verdict = self.case.verdict(&facts, self.request.now, id, revision);
        match self.request.origin.decided() {
            Some(decision) => verdict.with_imported_decision(decision),
            None => verdict,
        }
    }

    /// Decides while the store is unavailable, which its log has said once. `facts` is what the store had found before; `None`
    /// if it found nothing, so that this server's own limits count.
    ///
    /// # Errors
    /// Returns `failed` if the policy wants no verdict without the store, or the comment is from an archive.
    pub fn decide_without_store(
        &self,
        store: &Store,
        admission: &Admission<'_>,
        facts: Option<Facts>,
        failed: Error,
    ) -> Result<Verdict, Error> {
        if self.request.origin != Origin::Author || !matches!(failed, Error::Store(_)) {
            return Err(failed);
        }
        let local_limits = facts.is_none();
        let facts = facts.unwrap_or_else(|| store.local_facts(admission, !self.request.dry_run));
        self.case.verdict_unrecorded(&self.local.add_to(facts), self.request.now, local_limits).ok_or(failed)
    }
}

/// Returns a stored verdict as the host gets it. One that the store's replicas lack may still be lost, so it is marked as not
/// recorded.
///
/// # Errors
/// Returns an error if the policy wants no verdict that is not recorded.
pub(super) fn as_answered(policy: &Policy, stored: Verdict) -> Result<Verdict, Error> {
    if stored.not_recorded { mark_unrecorded(policy, stored).ok_or(Error::store(StoreUnavailable)) } else { Ok(stored) }
}
