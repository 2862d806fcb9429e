//! What the store must know to admit a comment: whom to count it for, and what to record if nothing speaks against it.

use super::decider::Decider;
use super::request::Origin;
use crate::comment::Comment;
use crate::limit::{Gcra, Scope};
use crate::policy::Policy;
use crate::store::{Admission, TrustRule};
use crate::verdict::{Decision, Verdict};

/// Makes the admission of a comment with its tentative verdict. `lists_version` is the version of the site's entries that the
/// verdict is based on.
pub(super) fn admission<'a>(decider: &Decider<'a>, tentative: &'a Verdict, lists_version: Option<u64>) -> Admission<'a> {
    let Decider { request, case, local } = *decider;
    let policy = case.policy;
    Admission {
        comment: request.comment,
        limits: limits(policy, request.origin),
        tentative,
        trust: trust(policy, request.comment, request.origin, tentative.decision),
        persons: local.persons,
        min_hash: local.likeness,
        // A campaign that this process knows of is in the tentative verdict already.
        campaign_threshold: Some(policy.campaign_threshold())
            .filter(|campaign| local.similar.here < *campaign)
            .unwrap_or_default(),
        list_version: lists_version,
    }
}

/// Returns the limits that the comment counts in. A comment from an archive counts in none.
fn limits(policy: &Policy, origin: Origin) -> Vec<(Scope, Gcra)> {
    if origin == Origin::Author { policy.limits().collect() } else { Vec::new() }
}

/// Returns which history of its author lets the tentative decision stand.
fn trust(policy: &Policy, comment: &Comment, origin: Origin, tentative: Decision) -> TrustRule {
    let min_approved = match policy.approved_before_trust() {
        // What was decided elsewhere stands whoever wrote it.
        _ if origin.decided().is_some() => 0,
        // Nothing tells this visitor from somebody else who types the same address.
        1.. if !comment.author_is_distinguishable() => u32::MAX,
        needed => needed,
    };
    // What somebody typed as an e-mail address neither speaks for nor against its owner.
    let certain = comment.author_is_authenticated();
    let max_rejected = if origin == Origin::Author && certain { policy.rejected_hold() } else { 0 };
    // What was approved before may only help where something speaks against the comment.
    let eased = certain && origin.decided().is_none() && policy.weighs_author_history() && tentative > Decision::Approve;
    TrustRule { min_approved, max_rejected, eased_by: u32::from(eased) }
}
