//! An act: a decision on comments, or the undoing of one, and how far it has come.

use crate::verdict::Decision;

/// Something done to comments, on its way to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAct {
    pub number: u64,
    /// Its name on the server: the same however many calls it takes.
    pub id: String,
    pub kind: ActKind,
    /// Each with the revision that was looked at.
    pub items: Vec<(String, u32)>,
    pub reason_code: String,
    pub note: String,
    /// What the host must leave out of an approved comment.
    pub publish_without: Vec<i32>,
    /// Several at once: they are claimed first, all together.
    pub bulk: bool,
    pub sent: bool,
    /// What came of it so far.
    pub completed: CompletedAct,
    pub refusals: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActKind {
    Decide(Decision),
    Undo,
}

/// An act that happened: comments, each with its revision since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletedAct {
    pub items: Vec<(String, u32)>,
}
