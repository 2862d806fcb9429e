//! A site's log of outcomes in memory.

use std::collections::BTreeMap;

use crate::store::outcomes::{OutcomeLogState, OutcomeUpdate};

/// Records by number, with their names.
#[derive(Default)]
pub(super) struct OutcomeLog {
    pub head: OutcomeLogState,
    pub records: BTreeMap<u64, (String, Vec<u8>)>,
}

impl OutcomeLog {
    /// Returns whether nothing was ever taught.
    pub fn is_empty(&self) -> bool {
        self.head.newest == 0
    }

    /// Takes a record back, and adds one.
    pub fn update(&mut self, teaching: &OutcomeUpdate) {
        let added = teaching.added.as_ref().map(|(name, _)| name);
        for name in teaching.removed.iter().chain(added) {
            let before = self.records.len();
            self.records.retain(|_, (known, _)| known != name);
            self.head.removed += u64::from(self.records.len() < before);
        }
        if let Some(added) = &teaching.added {
            self.head.newest += 1;
            self.records.insert(self.head.newest, added.clone());
        }
    }
}
