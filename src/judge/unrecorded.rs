//! Verdicts that are given while the store is unavailable.

use crate::policy::{Policy, StoreOutageAction};
use crate::verdict::{Decision, Reason, Verdict};

/// Marks a verdict as not recorded. A comment that would be held cannot enter the queue, so the policy says what becomes of
/// it. Returns `None` if the policy wants no verdict then.
pub fn mark_unrecorded(policy: &Policy, mut verdict: Verdict) -> Option<Verdict> {
    let mut message = "the store is unavailable, so this verdict is not recorded: send the comment again later";
    if verdict.decision == Decision::Hold {
        match policy.store_outage_action() {
            StoreOutageAction::Hold => {}
            StoreOutageAction::Unavailable => return None,
            StoreOutageAction::Approve => {
                verdict.decision = Decision::Approve;
                message = "it would be held, but the store is unavailable, and the policy approves such comments then";
            }
        }
    }
    verdict.reasons.push(Reason::new("NOT_RECORDED", message).with_rule("store.away"));
    verdict.not_recorded = true;
    Some(verdict)
}
