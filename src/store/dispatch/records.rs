//! The small things that all servers share: read whole, and changed by amendments.

use super::{Engine, Store};
use crate::error::Error;
use crate::store::records::{RecordKind, Records, RecordsUpdate};

impl Store {
    /// The version of all records of a kind. `None`: nothing was ever written there, or it was lost.
    pub async fn records_version(&self, space: RecordKind) -> Result<Option<u64>, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Ok(Some(self.versions.records_version())),
            Engine::Redis(engine) => engine.records_version(space).await,
        }
    }

    /// All records of a kind.
    pub async fn records(&self, space: RecordKind) -> Result<Records, Error> {
        // Before the records: what changes meanwhile is read again.
        let version = self.versions.records_version();
        match &self.engine {
            Engine::Memory(engine) => Ok(Records { version, all: engine.records(space)? }),
            Engine::Embedded(engine) => Ok(Records { version, all: engine.records(space).await? }),
            Engine::Redis(engine) => engine.records(space).await,
        }
    }

    /// Changes records, and adds the act to the server's audit ([`Site::server`](crate::comment::Site::server)). Returns how
    /// many were removed, or `None` if the records have another version than the amendment is for.
    pub async fn update_records(&self, space: RecordKind, amendment: RecordsUpdate) -> Result<Option<usize>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.update_records(space, &amendment, &self.versions),
            Engine::Embedded(engine) => engine.update_records(space, amendment).await,
            Engine::Redis(engine) => engine.update_records(space, &amendment).await,
        }
    }
}
