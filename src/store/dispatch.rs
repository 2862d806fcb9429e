//! The store that callers see: sends each call to the engine that keeps the state, and does what all engines have in common.

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

/// Copies the embedded store of a data directory into a file, while a server may be running on it. The copy is what the
/// store was at one moment; a server that finds it as `gatepost.db` in its data directory goes on from there.
///
/// # Errors
/// [`Error::Store`], whose source says what is wrong: no database there, one of a newer Gatepost, a file that is there
/// already (unless `force`), no room. Nothing is left of a copy that failed.
pub fn snapshot(data_dir: &Path, file: &Path, force: bool) -> Result<Snapshot, Error> {
    embedded::write_snapshot(data_dir, file, force)
}

/// The state of all sites. Cheap to clone; clones share one engine.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    /// Every comment needs its site's secrets, which hardly ever change.
    secrets: Arc<SecretCache>,
    /// The limits as this process alone has counted them.
    local_limits: Arc<LocalLimits>,
    /// Nearly the same comments that came to this process.
    near_duplicates: Arc<NearDuplicateCounter>,
    /// Who is at work on what, where no other process shares the engine.
    claims: Arc<Claims>,
    /// Who is being erased.
    erasures: Arc<ErasureQueue>,
    /// Whether the disk works that the embedded engine writes to.
    disk: Arc<DiskBreaker>,
    /// The versions of what an engine keeps that only this process writes to.
    versions: Arc<Versions>,
}

/// Where the state is.
#[derive(Clone)]
enum Engine {
    Memory(Arc<Memory>),
    Embedded(Arc<Embedded>),
    Redis(Arc<Redis>),
}

impl Store {
    /// Opens the store that the settings name. A Redis that does not answer yet is waited for in the background: calls fail
    /// until it does.
    ///
    /// # Errors
    /// [`Error::Store`], whose source says what is wrong: an address that is not understood, a password that is refused, a
    /// directory that is in use by another process or was written by a newer Gatepost.
    pub async fn open(settings: &StoreSettings) -> Result<Self, Error> {
        let (local, likes, versions) =
            (Arc::<LocalLimits>::default(), Arc::<NearDuplicateCounter>::default(), Arc::<Versions>::default());
        let engine = match settings.url.as_deref() {
            None => Engine::Embedded(Arc::new(Embedded::open(settings, Arc::clone(&versions)).await?)),
            Some("memory:") => Engine::Memory(Arc::new(Memory::new(settings))),
            Some(url) if url.starts_with("redis") => {
                Engine::Redis(Redis::open(url, settings, Arc::clone(&local), Arc::clone(&likes)).await?)
            }
            Some(url) => return Err(settings::unknown_address(url)),
        };
        Ok(Self {
            engine,
            secrets: Arc::default(),
            disk: Arc::new(DiskBreaker::new(Arc::clone(&local))),
            local_limits: local,
            near_duplicates: likes,
            claims: Arc::default(),
            erasures: Arc::default(),
            versions,
        })
    }

    /// `embedded`, `memory` or `redis`.
    pub fn kind(&self) -> &'static str {
        match &self.engine {
            Engine::Memory(_) => "memory",
            Engine::Embedded(_) => "embedded",
            Engine::Redis(_) => "redis",
        }
    }

    /// Returns whether an engine that fails now may work later without a restart.
    pub fn can_recover(&self) -> bool {
        matches!(self.engine, Engine::Redis(_))
    }

    /// Succeeds when the engine does its work right now.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.ping(),
            Engine::Embedded(engine) => engine.ping().await,
            Engine::Redis(engine) => engine.ping().await,
        }
    }

    /// Finishes what is under way and lets go of the store. Later calls fail.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Embedded(engine) => engine.close().await,
            // Nothing is buffered here: a write that was answered is in Redis.
            Engine::Memory(_) | Engine::Redis(_) => {}
        }
    }
}
