//! The small sets of records that all servers share.

use super::{Engine, Store};
use crate::error::Error;
use crate::store::records::{RecordKind, Records, RecordsUpdate};

impl Store {
    /// Returns the version of the records of a kind. Returns `None` if none were ever written or Redis lost them.
    pub async fn records_version(&self, kind: RecordKind) -> Result<Option<u64>, Error> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Ok(Some(self.versions.records_version())),
            Engine::Redis(engine) => engine.records_version(kind).await,
        }
    }

    /// Returns all records of a kind.
    pub async fn records(&self, kind: RecordKind) -> Result<Records, Error> {
        // Read the version before the records, so that records that change meanwhile are read again.
        let version = self.versions.records_version();
        match &self.engine {
            Engine::Memory(engine) => Ok(Records { version, all: engine.records(kind)? }),
            Engine::Embedded(engine) => Ok(Records { version, all: engine.records(kind).await? }),
            Engine::Redis(engine) => engine.records(kind).await,
        }
    }

    /// Changes records and adds the audit record of the update to the server's audit
    /// ([`Site::server`](crate::comment::Site::server)). Returns the number of removed records, or `None` if the records do not
    /// have the version that the update requires.
    pub async fn update_records(&self, kind: RecordKind, update: RecordsUpdate) -> Result<Option<usize>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.update_records(kind, &update, &self.versions),
            Engine::Embedded(engine) => engine.update_records(kind, update).await,
            Engine::Redis(engine) => engine.update_records(kind, &update).await,
        }
    }
}
