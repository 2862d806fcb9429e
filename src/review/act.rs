//! Acts on comments, and the reasons for which they are refused.

use uuid::Uuid;

use crate::learning::DecisionMaker;
use crate::store::Claim;
use crate::verdict::{self, Decision, RemovablePart, Verdict};

/// Stands for a moderator's last act that was not undone.
pub const LAST_ACT: &str = "last";

/// An act of a moderator on a comment.
#[derive(Debug, Clone)]
pub struct ReviewAct {
    /// The moderator's name.
    pub moderator: String,
    /// The revision that the comment must have, or `None` for any.
    pub expected_revision: Option<u32>,
    /// The action.
    pub action: ReviewAction,
    /// The id of the act, which may cover many comments.
    pub act_id: String,
    /// The id of the key that was used.
    pub source: String,
    /// The role in which the decision is made.
    pub authority: DecisionMaker,
}

/// The actions on a comment.
#[derive(Debug, Clone)]
pub enum ReviewAction {
    /// Decides the comment.
    Decide {
        /// The new decision.
        decision: Decision,
        /// The reason, as a code, or empty.
        reason_code: String,
        /// A note for other moderators.
        note: String,
        /// A message for the author.
        author_message: String,
        /// The parts that the host must leave out of an approved comment.
        publish_without: Vec<RemovablePart>,
    },
    /// Undoes the last decision of a moderator.
    Undo {
        /// The act that the decision must be part of, or `None` for any.
        of: Option<String>,
    },
}

/// Why an act on a comment was refused. The other comments of the same call are not affected.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such comment.
    NotFound,
    /// The comment has another revision than expected.
    Conflict(Box<Verdict>),
    /// Another moderator has claimed the comment.
    Claimed(Box<Verdict>, Claim),
    /// There is no moderator's decision to undo.
    NothingToUndo(Box<Verdict>),
}

/// Returns a new id for an act. It is a UUIDv7, whose timestamp bounds the search for the act in the audit log.
pub fn new_act_id() -> String {
    Uuid::now_v7().to_string()
}

/// Returns whether a text is a valid id of an act.
pub fn is_act_id(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

/// Returns whether a text is a valid name of a moderator.
pub fn is_moderator_name(name: &str) -> bool {
    !name.is_empty() && verdict::is_valid_actor_name(name)
}
