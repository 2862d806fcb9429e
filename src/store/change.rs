//! A verdict put in the place of another, and the word of it to watchers.

use super::cursor::Cursor;
use super::outcomes::OutcomeUpdate;
use crate::pb;
use crate::verdict::Verdict;

/// A verdict to put in the place of the one that stands.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The revision it is meant to follow.
    pub expected_revision: u32,
    /// The new verdict, of the next revision.
    pub verdict: &'a Verdict,
    /// The act that led to it.
    pub event: pb::AuditEvent,
    /// What it teaches.
    pub outcome_update: OutcomeUpdate,
}

/// A verdict that took the place of another.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeEvent {
    /// The verdict after the change.
    pub verdict: Verdict,
    /// Where the change stands.
    pub cursor: Cursor,
}
