//! What became of a comment in the system that it was exported from.

use crate::verdict::Decision;

/// What was decided on a comment, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImportedStatus {
    /// It stands.
    Decided(Decision),
    /// It was thrown away.
    Deleted,
    /// Its post was thrown away.
    PostDeleted,
}

impl ImportedStatus {
    /// Published.
    pub const APPROVED: Self = Self::Decided(Decision::Approve);
    /// Kept back for a moderator.
    pub const HELD: Self = Self::Decided(Decision::Hold);
    /// Refused, or spam.
    pub const REJECTED: Self = Self::Decided(Decision::Reject);
}
