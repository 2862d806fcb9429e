//! Small sets of records that all servers of a store share. They are few, read as a whole and rarely changed.

use std::collections::BTreeMap;

use prost::Message;

use crate::pb;

/// The kind of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// API keys of hosts, moderators and operators.
    Keys,
    /// Times at which each API key was last used.
    KeyUses,
}

impl RecordKind {
    /// Returns the name of the kind in tables and Redis keys.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::KeyUses => "keys:used",
        }
    }
}

/// All records of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// Version, which increases with every change.
    pub version: u64,
    /// Records by name.
    pub all: BTreeMap<String, Vec<u8>>,
}

/// A change of records together with its audit record. Both are applied in one atomic step.
#[derive(Debug, Clone, Default)]
pub struct RecordsUpdate {
    /// Records to insert or replace, by name.
    pub put: Vec<(String, Vec<u8>)>,
    /// Names of records to remove.
    pub remove: Vec<String>,
    /// Version that the records must have, or `None` for any.
    pub version: Option<u64>,
    /// Encoded `AuditEvent`, which is added to the audit if a record was inserted, replaced or removed.
    pub act: Option<Vec<u8>>,
}

impl RecordsUpdate {
    /// Creates an update that inserts or replaces records.
    pub fn put(records: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { put: records.into_iter().collect(), ..Self::default() }
    }

    /// Creates an update that removes records.
    pub fn remove(names: impl IntoIterator<Item = String>) -> Self {
        Self { remove: names.into_iter().collect(), ..Self::default() }
    }

    /// Adds an audit event to the update.
    #[must_use]
    pub fn with_act(self, act: &pb::AuditEvent) -> Self {
        Self { act: Some(act.encode_to_vec()), ..self }
    }
}
