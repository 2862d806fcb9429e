//! What the erasure of a person took away.

use std::ops::AddAssign;

/// How many of each kind of record were erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasureCounts {
    /// Comments.
    pub comments: u64,
    /// Verdicts on them: those that stood, and those that had stood before.
    pub verdicts: u64,
    /// Changes of verdicts that were kept for watchers.
    pub events: u64,
    /// Limits that counted the person.
    pub limits: u64,
    /// Authors of whom nothing is counted any more.
    pub histories: u64,
    /// Records of the audit about those comments: where they stood shows, and nothing else.
    pub acts: u64,
    /// Block and allow entries for the person.
    pub listed: u64,
    /// Outcomes that were learned from those comments.
    pub outcomes: u64,
    /// Replies in which the text of such a comment was quoted, and is not any more.
    pub quotes: u64,
}

impl ErasureCounts {
    /// Each count by its name.
    pub fn counts(&self) -> [(&'static str, u64); 9] {
        [
            ("comments", self.comments),
            ("verdicts", self.verdicts),
            ("events", self.events),
            ("limits", self.limits),
            ("histories", self.histories),
            ("acts", self.acts),
            ("listed", self.listed),
            ("outcomes", self.outcomes),
            ("quotes", self.quotes),
        ]
    }
}

impl AddAssign for ErasureCounts {
    fn add_assign(&mut self, more: Self) {
        self.comments += more.comments;
        self.verdicts += more.verdicts;
        self.events += more.events;
        self.limits += more.limits;
        self.histories += more.histories;
        self.acts += more.acts;
        self.listed += more.listed;
        self.outcomes += more.outcomes;
        self.quotes += more.quotes;
    }
}
