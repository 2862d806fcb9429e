//! Builds responses for moderators: comments, results of acts, and reasons for refusals.

use crate::pb;
use crate::review::{ClaimRefusal, Refusal, too_many_claims};
use crate::store::{Claim, StoredComment};
use crate::verdict::Verdict;

/// A refused act on a comment: the current verdict, a code and a message.
pub type RefusedAct = (Option<Verdict>, &'static str, String);

pub fn refused_act(refusal: Refusal, id: &str) -> RefusedAct {
    match refusal {
        Refusal::NotFound => (None, "NOT_FOUND", format!("there is no comment {id:?} on this site")),
        Refusal::Conflict(current) => {
            let message = format!(
                "it was decided in the meantime: {} by {} at revision {}; look again and decide with that revision",
                current.decision.as_str(),
                current.decided_by,
                current.revision
            );
            (Some(*current), "CONFLICT", message)
        }
        Refusal::Claimed(current, claim) => (Some(*current), "CLAIMED", claim_message(&claim)),
        Refusal::NothingToUndo(current) => {
            (Some(*current), "NOTHING_TO_UNDO", "no moderator's decision on its current text is left to undo".to_owned())
        }
    }
}

/// Returns a message that says who has claimed a comment.
fn claim_message(claim: &Claim) -> String {
    let until = humantime::format_rfc3339_seconds(claim.until);
    format!("{} is at work on it until {until}; take another, or come back then", claim.moderator)
}

pub fn claim_error(refusal: ClaimRefusal, id: &str) -> pb::ItemError {
    let (reason, message) = match refusal {
        ClaimRefusal::NotFound => ("NOT_FOUND", format!("there is no comment {id:?} on this site")),
        ClaimRefusal::NotHeld(current) => {
            let message = format!("it was decided already: {} by {}", current.decision.as_str(), current.decided_by);
            ("NOT_HELD", message)
        }
        ClaimRefusal::Claimed(claim) => ("CLAIMED", claim_message(&claim)),
        ClaimRefusal::Full => ("TOO_MANY_CLAIMS", format!("the moderator {}", too_many_claims())),
    };
    pb::ItemError { comment_id: id.to_owned(), reason: reason.to_owned(), message }
}

pub fn answer_full_error(id: &str) -> pb::ItemError {
    let message = "the answer is full, and the comment was not claimed; ask for it in another call".to_owned();
    pb::ItemError { comment_id: id.to_owned(), reason: "ANSWER_FULL".to_owned(), message }
}

pub fn threshold_message((label, hold, reject): (&'static str, Option<f64>, Option<f64>)) -> pb::Threshold {
    pb::Threshold { label: label.to_owned(), hold, reject }
}

impl From<Claim> for pb::Claim {
    fn from(claim: Claim) -> Self {
        Self { moderator: claim.moderator, until: Some(claim.until.into()) }
    }
}

pub fn review_result(comment_id: String, outcome: Result<Verdict, RefusedAct>) -> pb::ReviewResult {
    match outcome {
        Ok(verdict) => pb::ReviewResult { comment_id, verdict: Some(verdict.into()), error: None },
        Err((verdict, reason, message)) => pb::ReviewResult {
            verdict: verdict.map(Into::into),
            error: Some(pb::ItemError { comment_id: comment_id.clone(), reason: reason.to_owned(), message }),
            comment_id,
        },
    }
}

/// Returns a comment as moderators see it.
pub fn moderated_comment(stored: StoredComment, claim: Option<Claim>) -> pb::ModeratedComment {
    pb::ModeratedComment {
        comment: Some(stored.comment),
        verdict: Some(stored.verdict.into()),
        received_at: Some(stored.received_at.into()),
        claim: claim.map(Into::into),
    }
}
