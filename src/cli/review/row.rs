//! Comments in the memory of the screen: a short row in the list, and the details of the comments near the cursor.

use std::time::SystemTime;

use super::claims::Claim;
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::{Decision, MACHINE};

/// Maximum length of an excerpt, in characters. It is more than the widest list shows.
const EXCERPT_CHARS: usize = 160;

/// A comment in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentRow {
    pub id: String,
    /// Start of the text, on one line.
    pub excerpt: String,
    /// Label and value of the highest score.
    pub top_score: Option<(String, f64)>,
    pub received_at: Option<prost_types::Timestamp>,
    /// State of the decision, from the newest reply about the comment.
    pub state: DecisionState,
    /// Claim of a colleague, as last seen.
    pub claim: Option<Claim>,
    /// Why the last act on the comment failed, or empty.
    pub last_error: String,
    /// Whether the comment has left the list. The row stays only until the cursor leaves it.
    pub off_list: bool,
}

/// The state of the decision on a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionState {
    pub decision: Option<Decision>,
    pub revision: u32,
    pub verdict_id: String,
    pub decided_by: String,
    pub decided_at: Option<prost_types::Timestamp>,
    /// Whether this is a spot check: the comment was approved automatically, and a moderator is to check it.
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
    /// Returns whether the comment waits for a moderator: it is held or a spot check.
    pub fn is_pending(&self) -> bool {
        self.decision == Some(Decision::Hold) || self.spot_check
    }

    /// Describes who decided what and when.
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

/// Returns the past participle of a decision, e.g. "approved".
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
            // The id must stay exactly as the server knows it; it is escaped where it is drawn.
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
    /// Replaces the state by one from another reply, unless that has an older revision.
    pub fn update_state(&mut self, newer: &DecisionState) {
        if newer.revision >= self.state.revision {
            self.state = newer.clone();
        }
    }
}

/// The details of a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentDetails {
    pub response: pb::GetCommentResponse,
    pub state: DecisionState,
}

impl From<pb::GetCommentResponse> for CommentDetails {
    fn from(mut response: pb::GetCommentResponse) -> Self {
        if let Some(post) = response.comment.as_mut().and_then(|comment| comment.post.as_mut()) {
            // The text of the post may be long and is not shown.
            post.text = String::new();
        }
        let empty = Default::default();
        let state = response.verdict.as_ref().unwrap_or(&empty).into();
        Self { response, state }
    }
}

impl CommentDetails {
    /// Returns whether the details are at least as new as a state from the list.
    pub fn is_current(&self, listed: &DecisionState) -> bool {
        self.state.revision >= listed.revision && self.state.verdict_id == listed.verdict_id
    }
}
