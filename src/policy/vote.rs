//! Votes of single rules, and what overrides them.

use crate::verdict::{Decision, Reason};

/// A rule's vote for a decision at least this strict.
#[derive(Debug, Clone)]
pub struct Vote {
    /// The decision that the rule asks for.
    pub decision: Decision,
    /// Why the rule asks for it.
    pub reason: Reason,
    /// What overrides the vote.
    pub force: Force,
}

/// What overrides a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Nothing overrides it.
    Binding,
    /// An allowed author overrides it.
    Ordinary,
    /// An allowed author and a low spam score override it.
    UnlessSpamUnlikely,
    /// An allowed author and an approved near-duplicate override it.
    UnlessDuplicateApproved,
}

impl Vote {
    /// Returns a vote that an allowed author overrides.
    pub fn new(decision: Decision, reason: Reason) -> Self {
        Self { decision, reason, force: Force::Ordinary }
    }

    /// Returns a vote that always counts.
    pub fn binding(decision: Decision, reason: Reason) -> Self {
        Self { decision, reason, force: Force::Binding }
    }

    /// Returns the vote with another force if it asks for no more than holding.
    #[must_use]
    pub fn hold_force(self, force: Force) -> Self {
        let force = if self.decision == Decision::Hold { force } else { self.force };
        Self { force, ..self }
    }
}

/// The properties of a comment that override votes on it.
#[derive(Debug, Clone, Copy)]
pub struct Overrides {
    /// The author is allowed, by address, user id or role.
    pub allowed_author: bool,
    /// The spam score is so low that the comment's kind does not matter.
    pub spam_unlikely: bool,
    /// The same text was approved within the last hour, by a moderator or the host.
    pub duplicate_approved: bool,
}

impl Overrides {
    /// Returns whether a vote does not count.
    pub fn overrule(self, vote: &Vote) -> bool {
        match vote.force {
            Force::Binding => false,
            Force::Ordinary => self.allowed_author,
            Force::UnlessSpamUnlikely => self.allowed_author || self.spam_unlikely,
            Force::UnlessDuplicateApproved => self.allowed_author || self.duplicate_approved,
        }
    }
}
