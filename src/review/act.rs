//! What an act on a comment is: who does what, by which name, and why it may be refused.

use uuid::Uuid;

use crate::learning::DecisionMaker;
use crate::store::Claim;
use crate::verdict::{self, Decision, RemovablePart, Verdict};

/// What names a moderator's last act that was not taken back.
pub const LAST_ACT: &str = "last";

/// What a moderator wants done with a comment.
#[derive(Debug, Clone)]
pub struct ReviewAct {
    /// Who acts.
    pub moderator: String,
    /// Act only at this revision.
    pub expected_revision: Option<u32>,
    /// What to do.
    pub action: ReviewAction,
    /// What it is part of.
    pub act_id: String,
    /// From where: the key's id.
    pub source: String,
    /// Whose word it is.
    pub authority: DecisionMaker,
}

/// The two acts there are.
#[derive(Debug, Clone)]
pub enum ReviewAction {
    /// Decide.
    Decide {
        /// What becomes of the comment.
        decision: Decision,
        /// Why, as a code. Empty: not said.
        reason_code: String,
        /// For other moderators.
        note: String,
        /// For the author.
        author_message: String,
        /// What the host must leave out of an approved comment.
        publish_without: Vec<RemovablePart>,
    },
    /// Take back the last moderator's decision.
    Undo {
        /// Only if it was part of this act.
        of: Option<String>,
    },
}

/// Why an act on one comment did not happen. The others of the same call are not touched by it.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such comment.
    NotFound,
    /// The comment is at another revision than expected.
    Conflict(Box<Verdict>),
    /// Another moderator is at work on it.
    Claimed(Box<Verdict>, Claim),
    /// No moderator has decided it, so there is nothing to take back.
    NothingToUndo(Box<Verdict>),
}

/// A name for an act. It tells when it was given, so that nobody who looks for it looks further back.
pub fn new_act_id() -> String {
    Uuid::now_v7().to_string()
}

/// Whether an act may be named so.
pub fn is_act_id(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

/// Returns whether a moderator may go by this name.
pub fn is_moderator_name(name: &str) -> bool {
    !name.is_empty() && verdict::is_valid_actor_name(name)
}
