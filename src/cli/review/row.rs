//! A comment as the screen keeps it: short in the list, whole only where it is looked at.

use std::time::SystemTime;

use super::claims::Claim;
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::{Decision, MACHINE};

/// How much of a text the list keeps, in characters: more than the widest list shows.
const EXCERPT_CHARS: usize = 160;

/// A comment in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentRow {
    pub id: String,
    /// The start of its text, on one line.
    pub excerpt: String,
    /// The highest score, of which label.
    pub top_score: Option<(String, f64)>,
    pub received_at: Option<prost_types::Timestamp>,
    /// As of the newest answer that spoke of it.
    pub state: DecisionState,
    /// Who was seen to be at work on it.
    pub claim: Option<Claim>,
    /// Why the last act on it did not happen.
    pub last_error: String,
    /// It is on the list no more, and stays only until the cursor leaves it.
    pub off_list: bool,
}

/// How a comment stands.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionState {
    pub decision: Option<Decision>,
    pub revision: u32,
    pub verdict_id: String,
    pub decided_by: String,
    pub decided_at: Option<prost_types::Timestamp>,
    /// The machine approved it, and a moderator is to look at it all the same.
    pub spot_check: bool,
}

impl From<&pb::Verdict> for DecisionState {
    fn from(verdict: &pb::Verdict) -> Self {
        Self {
            decision: verdict_view::decision(verdict),
            revision: verdict.revision,
            verdict_id: verdict.verdict_id.clone(),
            decided_by: text::escape_line(&verdict.decided_by, 128),
            decided_at: verdict.decided_at,
            spot_check: verdict_view::is_spot_check(verdict),
        }
    }
}

impl DecisionState {
    /// Returns whether it waits for a moderator: it is held, or a spot check.
    pub fn is_pending(&self) -> bool {
        self.decision == Some(Decision::Hold) || self.spot_check
    }

    /// Who decided what and when, in words.
    pub fn describe(&self, now: SystemTime) -> String {
        let done = past_participle(self.decision);
        let ago = verdict_view::format_age(self.decided_at.as_ref(), now);
        if self.decided_by.eq_ignore_ascii_case(MACHINE) {
            format!("the text changed {ago} ago, and the machine {done} it")
        } else {
            format!("{} {done} it {ago} ago", self.decided_by)
        }
    }
}

/// What a decision did to a comment.
pub fn past_participle(decision: Option<Decision>) -> &'static str {
    match decision {
        Some(Decision::Approve) => "approved",
        Some(Decision::Hold) => "held",
        Some(Decision::Reject) => "rejected",
        None => "decided",
    }
}

impl From<&pb::ModeratedComment> for CommentRow {
    fn from(moderated: &pb::ModeratedComment) -> Self {
        let empty = Default::default();
        let comment = moderated.comment.as_ref().unwrap_or(&empty);
        let empty = Default::default();
        let verdict = moderated.verdict.as_ref().unwrap_or(&empty);
        Self {
            // What the server would not know again if it were changed: sanitised where it is drawn.
            id: comment.comment_id.clone(),
            excerpt: text::escape_line(&comment.body, EXCERPT_CHARS),
            top_score: verdict_view::top_score(verdict).map(|(label, score)| (text::escape_line(label, 40), score)),
            received_at: moderated.received_at,
            state: verdict.into(),
            claim: moderated.claim.as_ref().and_then(Claim::from_wire),
            last_error: String::new(),
            off_list: false,
        }
    }
}

impl CommentRow {
    /// Takes over what another answer says, unless this one knows better already.
    pub fn update_state(&mut self, newer: &DecisionState) {
        if newer.revision >= self.state.revision {
            self.state = newer.clone();
        }
    }
}

/// Everything known of the comment that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentDetails {
    pub response: pb::GetCommentResponse,
    pub state: DecisionState,
}

impl From<pb::GetCommentResponse> for CommentDetails {
    fn from(mut known: pb::GetCommentResponse) -> Self {
        if let Some(post) = known.comment.as_mut().and_then(|comment| comment.post.as_mut()) {
            // Long, and not shown.
            post.text = String::new();
        }
        let empty = Default::default();
        let standing = known.verdict.as_ref().unwrap_or(&empty).into();
        Self { response: known, state: standing }
    }
}

impl CommentDetails {
    /// Returns whether this is at least as new as what the list says.
    pub fn is_current(&self, standing: &DecisionState) -> bool {
        self.state.revision >= standing.revision && self.state.verdict_id == standing.verdict_id
    }
}
