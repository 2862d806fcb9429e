//! The store's interface: passes each call to the configured engine and does what is common to all engines.

mod audit;
mod claims;
mod comments;
mod erasure;
mod list_entries;
mod outcomes;
mod quotes;
mod records;
mod secrets;
mod watch;

use std::path::Path;
use std::sync::Arc;

use super::claims::Claims;
use super::disk_breaker::DiskBreaker;
use super::embedded::{self, Embedded};
use super::erasures::ErasureQueue;
use super::local_limits::LocalLimits;
use super::memory::Memory;
use super::near_duplicates::NearDuplicateCounter;
use super::redis::Redis;
use super::secret_cache::SecretCache;
use super::settings::{self, StoreSettings};
use super::snapshot::Snapshot;
use super::versions::Versions;
use crate::error::Error;

pub use watch::Watcher;

/// Copies the embedded store of a data directory into a file, even while a server uses it. The copy is a consistent snapshot;
/// a server continues from it if it is placed in the server's data directory as `gatepost.db`.
///
/// # Errors
/// Returns [`Error::Store`], whose source states the cause: there is no database, the database was written by a newer
/// Gatepost, the file exists already (unless `force` is set), or there is not enough space. A failed copy is removed.
pub fn snapshot(data_dir: &Path, file: &Path, force: bool) -> Result<Snapshot, Error> {
    embedded::write_snapshot(data_dir, file, force)
}

/// The store of all sites' state. Cheap to clone; clones share one engine.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    /// Cached secrets of sites.
    secrets: Arc<SecretCache>,
    /// Rate limits as counted by this process alone.
    local_limits: Arc<LocalLimits>,
    /// Counts of near-duplicate comments.
    near_duplicates: Arc<NearDuplicateCounter>,
    /// Claims, for engines that only this process uses.
    claims: Arc<Claims>,
    /// Queue of erasures.
    erasures: Arc<ErasureQueue>,
    /// State of the disk that the embedded engine writes to.
    disk: Arc<DiskBreaker>,
    /// Versions of data, for engines that only this process writes to.
    versions: Arc<Versions>,
}

/// The engine that keeps the state.
#[derive(Clone)]
enum Engine {
    Memory(Arc<Memory>),
    Embedded(Arc<Embedded>),
    Redis(Arc<Redis>),
}

impl Store {
    /// Opens the store that the settings name. If Redis does not answer yet, a background task keeps connecting and calls fail
    /// until it succeeds.
    ///
    /// # Errors
    /// Returns [`Error::Store`], whose source states the cause: an invalid address, a rejected password, or a directory that
    /// another process uses or that a newer Gatepost wrote.
    pub async fn open(settings: &StoreSettings) -> Result<Self, Error> {
        let (local_limits, near_duplicates, versions) =
            (Arc::<LocalLimits>::default(), Arc::<NearDuplicateCounter>::default(), Arc::<Versions>::default());
        let engine = match settings.url.as_deref() {
            None => Engine::Embedded(Arc::new(Embedded::open(settings, Arc::clone(&versions)).await?)),
            Some("memory:") => Engine::Memory(Arc::new(Memory::new(settings))),
            Some(url) if url.starts_with("redis") => {
                Engine::Redis(Redis::open(url, settings, Arc::clone(&local_limits), Arc::clone(&near_duplicates)).await?)
            }
            Some(url) => return Err(settings::unknown_address(url)),
        };
        Ok(Self {
            engine,
            secrets: Arc::default(),
            disk: Arc::new(DiskBreaker::new(Arc::clone(&local_limits))),
            local_limits,
            near_duplicates,
            claims: Arc::default(),
            erasures: Arc::default(),
            versions,
        })
    }

    /// Returns the name of the engine: `embedded`, `memory` or `redis`.
    pub fn kind(&self) -> &'static str {
        match &self.engine {
            Engine::Memory(_) => "memory",
            Engine::Embedded(_) => "embedded",
            Engine::Redis(_) => "redis",
        }
    }

    /// Returns whether a failing engine can recover without a restart.
    pub fn can_recover(&self) -> bool {
        matches!(self.engine, Engine::Redis(_))
    }

    /// Checks that the engine works.
    ///
    /// # Errors
    /// Returns an error if the engine fails or does not answer.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.ping(),
            Engine::Embedded(engine) => engine.ping().await,
            Engine::Redis(engine) => engine.ping().await,
        }
    }

    /// Finishes pending work and closes the embedded engine. Later calls to it fail.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Embedded(engine) => engine.close().await,
            // There is nothing to flush: Redis has every write that was acknowledged.
            Engine::Memory(_) | Engine::Redis(_) => {}
        }
    }
}
