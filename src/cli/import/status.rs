//! The status of a comment in the system that it was exported from.

use crate::verdict::Decision;

/// The status of a comment in an archive, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImportedStatus {
    /// The comment exists, with this decision.
    Decided(Decision),
    /// The comment was deleted.
    Deleted,
    /// The post of the comment was deleted.
    PostDeleted,
}

impl ImportedStatus {
    /// Status of a published comment.
    pub const APPROVED: Self = Self::Decided(Decision::Approve);
    /// Status of a comment that waits for a moderator.
    pub const HELD: Self = Self::Decided(Decision::Hold);
    /// Status of a comment that was rejected or is spam.
    pub const REJECTED: Self = Self::Decided(Decision::Reject);
}
