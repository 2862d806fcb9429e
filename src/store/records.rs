//! Small things that all servers of a store share whole: few, read often, seldom changed.

use std::collections::BTreeMap;

use prost::Message;

use crate::pb;

/// Which kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// The keys of hosts, moderators and operators.
    Keys,
    /// When each key was last used.
    KeyUses,
}

impl RecordKind {
    /// Its name in tables and keys.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::KeyUses => "keys:used",
        }
    }
}

/// All things of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// Rises with every change.
    pub version: u64,
    /// By their names.
    pub all: BTreeMap<String, Vec<u8>>,
}

/// A change of records, and the act that it is: both happen in one step, or neither.
#[derive(Debug, Clone, Default)]
pub struct RecordsUpdate {
    /// Records to put in the place of those of the same names.
    pub put: Vec<(String, Vec<u8>)>,
    /// Names of records to remove.
    pub remove: Vec<String>,
    /// The version that the records must have. `None`: any.
    pub version: Option<u64>,
    /// An encoded AuditEvent, which is added to the audit if anything was put or removed.
    pub act: Option<Vec<u8>>,
}

impl RecordsUpdate {
    /// Puts records in the place of those of the same names.
    pub fn put(records: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { put: records.into_iter().collect(), ..Self::default() }
    }

    /// Removes records.
    pub fn remove(names: impl IntoIterator<Item = String>) -> Self {
        Self { remove: names.into_iter().collect(), ..Self::default() }
    }

    /// Records the act in the audit.
    #[must_use]
    pub fn with_act(self, act: &pb::AuditEvent) -> Self {
        Self { act: Some(act.encode_to_vec()), ..self }
    }
}
