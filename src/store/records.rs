//! Small things that all servers of a store share whole: few, read often, seldom changed.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::{Engine, Store};
use crate::error::Error;

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

impl Store {
    /// The version of all records of a kind. `None`: nothing was ever written there, or it was lost.
    pub async fn records_version(&self, space: Space) -> Result<Option<u64>, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Ok(Some(self.version.load(Ordering::Relaxed))),
            Engine::Redis(engine) => engine.records_version(space).await,
        }
    }

    /// All records of a kind.
    pub async fn records(&self, space: Space) -> Result<Records, Error> {
        // Before the records: what changes meanwhile is read again.
        let version = self.version.load(Ordering::Relaxed);
        match &self.engine {
            Engine::Memory(engine) => Ok(Records { version, all: engine.records(space)? }),
            Engine::Embedded(engine) => Ok(Records { version, all: engine.records(space).await? }),
            Engine::Redis(engine) => engine.records(space).await,
        }
    }

    /// Puts records in the place of those of the same names.
    pub async fn put_records(&self, space: Space, records: &[(String, Vec<u8>)]) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.put_records(space, records)?,
            Engine::Embedded(engine) => engine.put_records(space, records).await?,
            Engine::Redis(engine) => engine.put_records(space, records).await?,
        }
        self.version.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Removes a record. Tells whether it was there.
    pub async fn remove_record(&self, space: Space, name: &str) -> Result<bool, Error> {
        let removed = match &self.engine {
            Engine::Memory(engine) => engine.remove_record(space, name),
            Engine::Embedded(engine) => engine.remove_record(space, name).await,
            Engine::Redis(engine) => engine.remove_record(space, name).await,
        };
        self.version.fetch_add(1, Ordering::Relaxed);
        removed
    }
}
