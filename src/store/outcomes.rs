//! A site's outcome log: numbered records in the order in which they were added, each with a name by which the record can be
//! removed again. The store does not interpret the records.

/// The state of an outcome log. Equal states mean the same log with the same records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeLogState {
    /// Id that distinguishes this log from an earlier one that was lost.
    pub log_id: String,
    /// Number of the newest record ever added.
    pub newest: u64,
    /// Number of records that were removed, replaced, dropped by age or erased.
    pub removed: u64,
    /// Number of the record after which learning starts.
    pub from: u64,
    /// Number of the last record to learn from, or `None` if there is no end.
    pub to: Option<u64>,
}

/// A change of an outcome log, made in the same atomic step as the act that causes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeUpdate {
    /// Name of a record to remove if it exists.
    pub removed: Option<String>,
    /// Name and content of a record to add. It replaces a record of the same name.
    pub added: Option<(String, Vec<u8>)>,
}

impl OutcomeUpdate {
    /// Returns whether the update changes nothing.
    pub fn is_empty(&self) -> bool {
        self.removed.is_none() && self.added.is_none()
    }
}

impl OutcomeLogState {
    /// Returns whether `later` is the same log with nothing but more records appended.
    pub fn is_extended_by(&self, later: &Self) -> bool {
        later.newest >= self.newest && Self { newest: self.newest, ..later.clone() } == *self
    }

    /// Returns whether learning uses the record of this number.
    pub fn includes(&self, number: u64) -> bool {
        number > self.from && self.to.is_none_or(|to| number <= to)
    }
}
