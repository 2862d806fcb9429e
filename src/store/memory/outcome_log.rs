//! A site's outcome log in memory.

use std::collections::BTreeMap;

use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};

/// A site's outcome log: records by number, each with its name.
#[derive(Default)]
pub(super) struct OutcomeLog {
    pub head: OutcomeLogState,
    pub records: BTreeMap<u64, (String, Vec<u8>)>,
}

impl OutcomeLog {
    /// Returns whether no outcome was ever added.
    pub fn is_empty(&self) -> bool {
        self.head.newest == 0
    }

    /// Removes records by name, and adds one.
    pub fn update(&mut self, outcome_update: &OutcomeUpdate) {
        let added = outcome_update.added.as_ref().map(|(name, _)| name);
        for name in outcome_update.removed.iter().chain(added) {
            let before = self.records.len();
            self.records.retain(|_, (known, _)| known != name);
            self.head.removed += u64::from(self.records.len() < before);
        }
        if let Some(added) = &outcome_update.added {
            self.head.newest += 1;
            self.records.insert(self.head.newest, added.clone());
        }
    }
}
