//! Verdicts that are given while the store is away.

use crate::policy::{Policy, StoreOutageAction};
use crate::verdict::{Decision, Reason, Verdict};

/// Marks a verdict as not recorded. A comment that would be held needs a queue to be held in; what becomes of it the
/// policy says. `None`: it has no verdict.
pub fn mark_unrecorded(policy: &Policy, mut verdict: Verdict) -> Option<Verdict> {
    let mut message = "the store is away, so that this is not written down for good: send the comment again later";
    if verdict.decision == Decision::Hold {
        match policy.away() {
            StoreOutageAction::Hold => {}
            StoreOutageAction::Unavailable => return None,
            StoreOutageAction::Approve => {
                verdict.decision = Decision::Approve;
                message = "it would be held, but the store is away, and the policy approves such comments then";
            }
        }
    }
    verdict.reasons.push(Reason::new("NOT_RECORDED", message).with_rule("store.away"));
    verdict.not_recorded = true;
    Some(verdict)
}
