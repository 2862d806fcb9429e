//! Votes on near-duplicates: how many a comment has, and what was decided on one of them.

use crate::classify::Label;
use crate::facts::{DecidedDuplicate, DuplicateCounts, Facts};
use crate::policy::findings::Findings;
use crate::policy::rules::{CampaignRule, Policy};
use crate::policy::vote::{Force, Vote};
use crate::verdict::{Decision, Reason};

/// How much higher, in logits, a comment may score than the approved one with the same text and still be exempt.
const MAX_LOGIT_INCREASE: f64 = 1.0;

/// Returns the vote on a comment with too many near-duplicates, or `None` if it has few.
pub fn campaign_vote(policy: &Policy, facts: &Facts) -> Option<Vote> {
    let CampaignRule { here, elsewhere, decision } = policy.campaign;
    let DuplicateCounts { here: seen, elsewhere: seen_elsewhere } = facts.duplicates;
    let (rule, message) = if here > 0 && seen >= here {
        ("campaign.here", format!("{seen} near-duplicates were sent to this site recently"))
    } else if elsewhere > 0 && seen_elsewhere >= elsewhere {
        ("campaign.elsewhere", format!("{seen_elsewhere} near-duplicates were sent to other sites recently"))
    } else {
        return None;
    };
    let vote = Vote::new(decision, Reason::new("CAMPAIGN", message).with_rule(rule));
    Some(vote.hold_force(Force::UnlessDuplicateApproved))
}

/// Returns the vote on a comment if a near-duplicate of it was rejected within the last hour.
pub fn rejected_duplicate_vote(policy: &Policy, facts: &Facts) -> Option<Vote> {
    let duplicate = facts.decided_duplicate.as_ref().filter(|duplicate| duplicate.rejected)?;
    let decision = Some(policy.learning.on_rejected_duplicate).filter(|decision| *decision > Decision::Approve)?;
    let reason = Reason::new(
        "LIKE_REJECTED",
        format!("near-duplicate of {}, rejected{}", duplicate.comment_id, decided_by_suffix(duplicate)),
    );
    Some(Vote::new(decision, reason.with_rule("learning.alike_rejected")))
}

/// Returns the reason to exempt a comment from being held for its scores: the same text was approved within the last hour. The
/// comparison of texts ignores link targets, so the comment must have no links. Returns `None` if no such comment was
/// approved, or if this one has links or more evidence of spam or abuse.
pub fn approved_duplicate_reason(
    policy: &Policy,
    findings: &Findings,
    logits: &[(Label, f64)],
    facts: &Facts,
) -> Option<Reason> {
    let duplicate = facts.decided_duplicate.as_ref().filter(|duplicate| !duplicate.rejected)?;
    // Something besides the text may make the comment score worse than the approved one.
    let scores_worse = logits.iter().any(|(label, logit)| {
        let approved = match label {
            Label::Spam => duplicate.base_logits[0],
            Label::Toxicity => duplicate.base_logits[1],
            _ => return false,
        };
        approved.is_none_or(|approved| *logit > f64::from(approved) + MAX_LOGIT_INCREASE)
    });
    let applies =
        policy.learning.trust_approved_duplicate && findings.link_count == 0 && !findings.has_corroboration && !scores_worse;
    applies.then(|| {
        let reason = Reason::new(
            "LIKE_APPROVED",
            format!("same text as {}, approved{}", duplicate.comment_id, decided_by_suffix(duplicate)),
        );
        reason.with_rule("learning.alike_approved")
    })
}

/// Returns who made a decision, as the end of a sentence. Empty if that is not known.
fn decided_by_suffix(duplicate: &DecidedDuplicate) -> String {
    if duplicate.decided_by.is_empty() { String::new() } else { format!(" by {}", duplicate.decided_by) }
}
