//! Counts of the records that the erasure of a person removed.

use std::ops::AddAssign;

/// Numbers of erased records by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasureCounts {
    /// Comments of the person.
    pub comments: u64,
    /// Current and past verdicts on those comments.
    pub verdicts: u64,
    /// Change events of those comments that were kept for watchers.
    pub events: u64,
    /// Rate limits that counted the person.
    pub limits: u64,
    /// Author histories that were removed.
    pub histories: u64,
    /// Audit records about the person whose content was erased. Their position in the hash chain remains.
    pub acts: u64,
    /// Block and allow entries for the person.
    pub listed: u64,
    /// Records of the outcome log that came from the person's comments.
    pub outcomes: u64,
    /// Replies from which a quotation of such a comment was removed.
    pub quotes: u64,
}

impl ErasureCounts {
    /// Returns each count with its name.
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
