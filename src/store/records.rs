//! Small things that all servers of a store share whole: few, read often, seldom changed.

use std::collections::BTreeMap;

/// Which kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// The keys of hosts, moderators and operators.
    Keys,
    /// When each key was last used.
    KeyUses,
}

impl Space {
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
