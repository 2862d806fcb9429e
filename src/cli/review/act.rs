//! Acts: decisions on comments and their undoing, with the progress of each.

use crate::verdict::Decision;

/// An act that the server has not fully confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAct {
    /// Number of the act on this screen.
    pub number: u64,
    /// Id of the act on the server, the same for all calls and retries of the act.
    pub id: String,
    pub kind: ActKind,
    /// Ids of the comments that have no result yet, each with the revision that the moderator saw.
    pub items: Vec<(String, u32)>,
    pub reason_code: String,
    pub note: String,
    /// Parts that the host must leave out of an approved comment, by their numbers on the wire.
    pub publish_without: Vec<i32>,
    /// Whether the act decides several comments at once, which are all claimed first.
    pub bulk: bool,
    /// Whether the act was sent since it was created or last failed.
    pub sent: bool,
    /// The comments for which the server has confirmed the act so far.
    pub completed: CompletedAct,
    /// Why the server refused the act for other comments.
    pub refusals: Vec<String>,
}

/// The kind of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActKind {
    Decide(Decision),
    Undo,
}

/// The confirmed part of an act.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletedAct {
    /// Ids of the comments, each with its revision after the act.
    pub items: Vec<(String, u32)>,
}
