//! Remembers the sites' secrets, which every comment needs and which hardly ever change.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::lock::lock;
use super::secrets::Secrets;
use crate::comment::Site;
use crate::error::Error;

/// How many sites' secrets are remembered. Sites need no registration, so their number has no bound of its own.
const MAX_SITES: usize = 10_000;
/// For how long they are taken for what they are without asking: another server may have changed them.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The secrets of those sites that were asked for last.
pub(super) struct SecretCache(Mutex<LruCache<Site, CachedSecrets>>);

/// A site's secrets as they were read last.
#[derive(Clone)]
pub(super) struct CachedSecrets {
    pub secrets: Secrets,
    /// The generation of the engine that they were read from.
    generation: u64,
    read: Instant,
}

impl Default for SecretCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MAX_SITES).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl SecretCache {
    /// Returns a site's secrets, or `None` if they are not remembered.
    pub fn get(&self, site: &Site) -> Result<Option<CachedSecrets>, Error> {
        Ok(lock(&self.0)?.get(site).cloned())
    }

    /// Remembers secrets that were just read from this generation of the engine.
    pub fn put(&self, site: &Site, secrets: Secrets, generation: u64) -> Result<(), Error> {
        lock(&self.0)?.put(site.clone(), CachedSecrets { secrets, generation, read: Instant::now() });
        Ok(())
    }

    /// Forgets a site's secrets, so that they are read anew.
    pub fn remove(&self, site: &Site) -> Result<(), Error> {
        lock(&self.0)?.pop(site);
        Ok(())
    }
}

impl CachedSecrets {
    /// Returns whether they need not be read anew from an engine of this generation.
    pub fn is_fresh(&self, generation: u64) -> bool {
        self.generation == generation && self.read.elapsed() < MAX_AGE
    }
}
