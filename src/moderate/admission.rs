//! Builds the request that admits a comment to the store: whom to count it for, and what to record if no fact changes the
//! verdict.

use super::decider::Decider;
use super::request::Origin;
use crate::comment::Comment;
use crate::limit::{Gcra, Scope};
use crate::policy::Policy;
use crate::store::{Admission, TrustRule};
use crate::verdict::{Decision, Verdict};

/// Returns the admission of a comment with its tentative verdict. `lists_version` is the version of the site's block and
/// allow entries on which the verdict is based.
pub(super) fn admission<'a>(decider: &Decider<'a>, tentative: &'a Verdict, lists_version: Option<u64>) -> Admission<'a> {
    let Decider { request, evaluation, local } = *decider;
    let policy = evaluation.policy;
    Admission {
        comment: request.comment,
        limits: limits(policy, request.origin),
        tentative,
        trust: trust(policy, request.comment, request.origin, tentative.decision),
        persons: local.persons,
        min_hash: local.min_hash,
        // A campaign known to this process is already part of the tentative verdict.
        campaign_threshold: Some(policy.campaign_threshold())
            .filter(|campaign| local.similar.here < *campaign)
            .unwrap_or_default(),
        list_version: lists_version,
    }
}

/// Returns the limits that count the comment. No limit counts a comment from an archive.
fn limits(policy: &Policy, origin: Origin) -> Vec<(Scope, Gcra)> {
    if origin == Origin::Author { policy.limits().collect() } else { Vec::new() }
}

/// Returns which history of its author lets the tentative decision stand.
fn trust(policy: &Policy, comment: &Comment, origin: Origin, tentative: Decision) -> TrustRule {
    let min_approved = match policy.approved_before_trust() {
        // A decision from an archive stands, whoever the author is.
        _ if origin.decided().is_some() => 0,
        // The visitor cannot be distinguished from someone else who enters the same address.
        1.. if !comment.author_is_distinguishable() => u32::MAX,
        min_approved => min_approved,
    };
    // An unverified e-mail address counts neither for nor against its owner.
    let is_authenticated = comment.author_is_authenticated();
    let max_rejected = if origin == Origin::Author && is_authenticated { policy.rejected_hold() } else { 0 };
    // Earlier approvals can only help a comment that is not approved anyway.
    let eased =
        is_authenticated && origin.decided().is_none() && policy.weighs_author_history() && tentative > Decision::Approve;
    TrustRule { min_approved, max_rejected, eased_by: u32::from(eased) }
}
