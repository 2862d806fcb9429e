//! A site's log of outcomes as it is kept: records by number, in the order in which they were taught, each also found by the
//! name of the act that taught it, so that it can be taken back. What is in a record is not the store's business.

/// Which state of a log this is. Two that are equal are of the same log with the same records in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeLogState {
    /// Tells this log from one that was lost.
    pub log_id: String,
    /// The number of the newest record that there ever was.
    pub newest: u64,
    /// How many were taken back, replaced, forgotten or erased.
    pub removed: u64,
    /// Learning begins behind this number,
    pub from: u64,
    /// and ends with this one. `None`: it goes on.
    pub to: Option<u64>,
}

/// What an act does to a log, in the step that does the act.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeUpdate {
    /// The record of that name is taken back, if it is there,
    pub removed: Option<String>,
    /// and this one is added, in the place of one of the same name.
    pub added: Option<(String, Vec<u8>)>,
}

impl OutcomeUpdate {
    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.removed.is_none() && self.added.is_none()
    }
}

impl OutcomeLogState {
    /// Whether a log in the state `later` is this one with records behind it, and nothing else.
    pub fn is_extended_by(&self, later: &Self) -> bool {
        later.newest >= self.newest && Self { newest: self.newest, ..later.clone() } == *self
    }

    /// Whether learning looks at the record of this number.
    pub fn includes(&self, number: u64) -> bool {
        number > self.from && self.to.is_none_or(|to| number <= to)
    }
}
