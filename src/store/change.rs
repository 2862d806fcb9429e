//! Changes of verdicts, and the events that report them to watchers.

use super::cursor::Cursor;
use super::outcomes::OutcomeUpdate;
use crate::pb;
use crate::verdict::Verdict;

/// A verdict that is to replace the current one.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Revision that the current verdict must have.
    pub expected_revision: u32,
    /// New verdict, with the next revision.
    pub verdict: &'a Verdict,
    /// Audit event of the act that led to the change.
    pub event: pb::AuditEvent,
    /// Update of the outcome log that goes with the change.
    pub outcome_update: OutcomeUpdate,
}

/// An event that reports a changed verdict to watchers.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeEvent {
    /// Verdict after the change.
    pub verdict: Verdict,
    /// Position of the change in the site's sequence of changes.
    pub cursor: Cursor,
}
