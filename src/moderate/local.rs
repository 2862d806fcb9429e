//! What this server knows of a comment besides what the store finds: floods, nearly the same comments, and what was decided on
//! them.

use std::time::SystemTime;

use super::floods::FloodTracker;
use super::request::{Origin, Request};
use crate::classify::MinHash;
use crate::classify::site::fold::SiteModel;
use crate::comment::Comment;
use crate::facts::{DecidedDuplicate, DuplicateCounts, Facts};
use crate::policy::Policy;
use crate::store::{Persons, Store};

/// What this server knows of a comment.
pub(super) struct LocalFacts<'a> {
    comment: &'a Comment,
    floods: &'a FloodTracker,
    /// Who sent the comment.
    pub persons: Persons,
    /// What nearly the same comments share with it. `None` if the policy does not look for any.
    pub likeness: Option<MinHash>,
    /// How many nearly the same comments came of late.
    pub similar: DuplicateCounts,
    decided_alike: Option<DecidedDuplicate>,
}

impl<'a> LocalFacts<'a> {
    /// Looks up what the policy asks for.
    pub fn new(
        request: &Request<'a>,
        policy: &Policy,
        persons: Persons,
        floods: &'a FloodTracker,
        learned: &SiteModel,
        store: &Store,
    ) -> Self {
        let comment = request.comment;
        let looks = request.origin == Origin::Author && (policy.detects_campaigns() || policy.considers_decided_duplicates());
        let likeness = looks.then(|| MinHash::from_text(comment.text().as_str())).flatten();
        let mut similar = store.count_similar(comment.site(), likeness.as_ref());
        if request.dry_run {
            // Whoever may try texts out must not find out what came to other sites.
            similar.elsewhere = 0;
        }
        let decided_alike = likeness.and_then(|likeness| decided_alike(learned, request, &likeness));
        Self { comment, floods, persons, likeness, similar, decided_alike }
    }

    /// Adds what this server knows to the facts of the store.
    pub fn add_to(&self, facts: Facts) -> Facts {
        let facts = self.floods.add_flood_facts(self.comment.site(), &self.persons, facts);
        facts.with_local(self.similar, self.decided_alike.as_ref())
    }
}

/// Returns what was decided within the hour on another comment that is nearly the same.
fn decided_alike(learned: &SiteModel, request: &Request<'_>, likeness: &MinHash) -> Option<DecidedDuplicate> {
    let (comment, now) = (request.comment, request.now);
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    learned.similar_decision(comment.id().as_str(), comment.text().as_str(), likeness, now).map(|decided| DecidedDuplicate {
        comment_id: decided.comment_id.clone(),
        decided_by: decided.by.clone(),
        rejected: decided.rejected,
        base_logits: decided.base_logits,
    })
}
