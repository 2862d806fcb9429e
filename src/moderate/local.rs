//! The facts about a comment that this server knows without the store's admission: floods, near-duplicates, and the
//! decisions on them.

use std::time::SystemTime;

use super::floods::FloodTracker;
use super::request::{Origin, Request};
use crate::classify::MinHash;
use crate::classify::site::fold::SiteModel;
use crate::comment::Comment;
use crate::facts::{DecidedDuplicate, DuplicateCounts, Facts};
use crate::policy::Policy;
use crate::store::{Persons, Store};

/// The facts about a comment that this server knows.
pub(super) struct LocalFacts<'a> {
    comment: &'a Comment,
    floods: &'a FloodTracker,
    /// The sender of the comment.
    pub persons: Persons,
    /// MinHash of the text. `None` if the policy does not look for near-duplicates, or the text is too short.
    pub min_hash: Option<MinHash>,
    /// Number of recent near-duplicates.
    pub similar: DuplicateCounts,
    decided_duplicate: Option<DecidedDuplicate>,
}

impl<'a> LocalFacts<'a> {
    /// Looks up the facts that the policy asks for.
    pub fn new(
        request: &Request<'a>,
        policy: &Policy,
        persons: Persons,
        floods: &'a FloodTracker,
        site_model: &SiteModel,
        store: &Store,
    ) -> Self {
        let comment = request.comment;
        let detects_duplicates =
            request.origin == Origin::Author && (policy.detects_campaigns() || policy.considers_decided_duplicates());
        let min_hash = detects_duplicates.then(|| MinHash::from_text(comment.text().as_str())).flatten();
        let mut similar = store.near_duplicate_counts(comment.site(), min_hash.as_ref());
        if request.dry_run {
            // A caller that tries out texts must not learn what other sites received.
            similar.elsewhere = 0;
        }
        let decided_duplicate = min_hash.and_then(|min_hash| decided_duplicate(site_model, request, &min_hash));
        Self { comment, floods, persons, min_hash, similar, decided_duplicate }
    }

    /// Adds these facts to those of the store.
    pub fn add_to(&self, facts: Facts) -> Facts {
        let facts = self.floods.add_flood_facts(self.comment.site(), &self.persons, facts);
        facts.with_local(self.similar, self.decided_duplicate.as_ref())
    }
}

/// Returns the decision within the last hour on another comment that is a near-duplicate.
fn decided_duplicate(site_model: &SiteModel, request: &Request<'_>, min_hash: &MinHash) -> Option<DecidedDuplicate> {
    let (comment, now) = (request.comment, request.now);
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    site_model.similar_decision(comment.id().as_str(), comment.text().as_str(), min_hash, now).map(|decided| DecidedDuplicate {
        comment_id: decided.comment_id.clone(),
        decided_by: decided.by.clone(),
        rejected: decided.rejected,
        base_logits: decided.base_logits,
    })
}
