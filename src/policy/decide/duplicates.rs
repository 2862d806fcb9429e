//! What near-duplicates of a comment ask for: how many there are, and what was decided on one.

use crate::classify::Label;
use crate::facts::{DecidedDuplicate, DuplicateCounts, Facts};
use crate::policy::findings::Findings;
use crate::policy::rules::{CampaignRule, Policy};
use crate::policy::vote::{Force, Vote};
use crate::verdict::{Decision, Reason};

/// By how much, in logits, a comment may look worse than one that was approved and still be taken for the same.
const MAX_LOGIT_INCREASE: f64 = 1.0;

/// Returns the vote on a comment of which there are too many near-duplicates.
pub fn campaign_vote(policy: &Policy, facts: &Facts) -> Option<Vote> {
    let CampaignRule { here, elsewhere, decision } = policy.campaign;
    let DuplicateCounts { here: seen, elsewhere: seen_elsewhere } = facts.duplicates;
    let (rule, message) = if here > 0 && seen >= here {
        ("campaign.here", format!("{seen} comments came here of late that are nearly the same"))
    } else if elsewhere > 0 && seen_elsewhere >= elsewhere {
        ("campaign.elsewhere", format!("{seen_elsewhere} comments came to other sites of late that are nearly the same"))
    } else {
        return None;
    };
    let vote = Vote::new(decision, Reason::new("CAMPAIGN", message).with_rule(rule));
    Some(vote.hold_force(Force::UnlessDuplicateApproved))
}

/// Returns the vote on a comment of which a near-duplicate was rejected within the hour.
pub fn rejected_duplicate_vote(policy: &Policy, facts: &Facts) -> Option<Vote> {
    let alike = facts.decided_duplicate.as_ref().filter(|alike| alike.rejected)?;
    let decision = Some(policy.learning.on_rejected_duplicate).filter(|decision| *decision > Decision::Approve)?;
    let reason = Reason::new("LIKE_REJECTED", format!("like {}, rejected{}", alike.comment_id, decided_by_suffix(alike)));
    Some(Vote::new(decision, reason.with_rule("learning.alike_rejected")))
}

/// Returns why a comment is not held for what its words are like: a near-duplicate was approved within the hour. Where links
/// lead makes no difference to what is a near-duplicate, so that the comment must have none.
pub fn approved_duplicate_reason(
    policy: &Policy,
    findings: &Findings,
    logits: &[(Label, f64)],
    facts: &Facts,
) -> Option<Reason> {
    let alike = facts.decided_duplicate.as_ref().filter(|alike| !alike.rejected)?;
    // Nearly the same text with something worse put in is not what was approved.
    let worse = logits.iter().any(|(label, logit)| {
        let approved = match label {
            Label::Spam => alike.base_logits[0],
            Label::Toxicity => alike.base_logits[1],
            _ => return false,
        };
        approved.is_none_or(|approved| *logit > f64::from(approved) + MAX_LOGIT_INCREASE)
    });
    let lets_pass =
        policy.learning.trust_approved_duplicate && findings.link_count == 0 && !findings.has_corroboration && !worse;
    lets_pass.then(|| {
        let reason = Reason::new("LIKE_APPROVED", format!("like {}, approved{}", alike.comment_id, decided_by_suffix(alike)));
        reason.with_rule("learning.alike_approved")
    })
}

/// Returns who decided, as the end of a sentence.
fn decided_by_suffix(alike: &DecidedDuplicate) -> String {
    if alike.decided_by.is_empty() { String::new() } else { format!(" by {}", alike.decided_by) }
}
