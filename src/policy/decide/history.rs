//! Votes and evidence from the author's history and from the comment's own history.

use crate::classify::{Label, log_odds};
use crate::facts::{AuthorCounts, Facts};
use crate::policy::findings::Findings;
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::verdict::{Decision, Reason};

/// Maximum weight of an author's approved comments as evidence against spam, in logits.
const MAX_KNOWN_AUTHOR_LOGITS: f64 = 3.0;
/// Number of approved comments that it takes to outweigh one rejected comment.
const APPROVED_PER_REJECTED: u32 = 5;

/// Returns the approved comments of the same author as evidence against spam. Returns `None` if the spam score does not hold
/// the comment anyway, if the author is not certain, or if the rejected comments outweigh the approved ones.
pub fn known_author_evidence(policy: &Policy, findings: &Findings, logits: &[(Label, f64)], facts: &Facts) -> Option<Reason> {
    let spam = logits.iter().find(|(label, _)| *label == Label::Spam).map(|(_, logit)| logit + findings.evidence_logits())?;
    let hold = policy.threshold(Label::Spam).hold.map(log_odds)?;
    let holds = spam >= hold;
    let AuthorCounts { approved, rejected, .. } =
        facts.author.filter(|_| holds && findings.author_is_certain && policy.weighs_author_history())?;
    if approved == 0 || rejected.saturating_mul(APPROVED_PER_REJECTED) > approved {
        return None;
    }
    let doublings = f64::from(approved).log2() + 1.0;
    let logits = (policy.evidence.known_author * doublings).min(MAX_KNOWN_AUTHOR_LOGITS);
    let message = format!("{approved} comments by this author are approved on this site");
    Some(Reason::new("KNOWN_AUTHOR", message).with_label(Label::Spam.as_str(), -logits).with_rule("evidence.known_author"))
}

/// Returns the vote on an author with too few approved comments.
pub fn new_author_vote(policy: &Policy, findings: &Findings, facts: &Facts) -> Option<Vote> {
    let needed = policy.approved_before_trust;
    let approved = facts.author.filter(|_| findings.author_is_distinct).map_or(0, |author| author.approved);
    (approved < needed).then(|| {
        let message = format!("{approved} comments by this author have been approved so far; {needed} are needed");
        Vote::new(Decision::Hold, Reason::new("FIRST_COMMENT", message).with_rule("authors.approved_before_trust"))
    })
}

/// Returns the vote on an author with many rejected comments, and at least as many rejected as approved.
pub fn rejected_author_vote(policy: &Policy, findings: &Findings, facts: &Facts) -> Option<Vote> {
    let AuthorCounts { approved, rejected, .. } =
        facts.author.filter(|_| findings.author_is_certain && policy.rejected_hold > 0)?;
    (rejected >= policy.rejected_hold && rejected >= approved).then(|| {
        let message = format!("{rejected} comments by this author were rejected and {approved} approved");
        Vote::new(Decision::Hold, Reason::new("AUTHOR_REJECTED", message).with_rule("authors.rejected_hold"))
    })
}

/// Returns the vote that holds an edit of a comment that a moderator rejected. The machine never overrides a person.
pub fn edit_after_rejection_vote(facts: &Facts) -> Option<Vote> {
    let previous = facts.previous?;
    (previous.by_moderator && previous.decision == Decision::Reject).then(|| {
        let reason = Reason::new("EDITED_AFTER_REJECTION", "a moderator rejected an earlier text of this comment");
        Vote::binding(Decision::Hold, reason)
    })
}
