//! A cache of the sites' secrets, which every comment needs and which rarely change.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::lock::lock;
use super::secrets::Secrets;
use crate::comment::Site;
use crate::error::Error;

/// Maximum number of sites in the cache. Sites need no registration, so their number is otherwise unlimited.
const MAX_SITES: usize = 10_000;
/// Time after which cached secrets are read again, because another server may have changed them.
const MAX_AGE: Duration = Duration::from_secs(60);

/// An LRU cache of sites' secrets.
pub(super) struct SecretCache(Mutex<LruCache<Site, CachedSecrets>>);

/// A site's secrets as last read.
#[derive(Clone)]
pub(super) struct CachedSecrets {
    pub secrets: Secrets,
    /// Generation of the engine that they were read from.
    generation: u64,
    read: Instant,
}

impl Default for SecretCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MAX_SITES).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl SecretCache {
    /// Returns a site's cached secrets, or `None` if they are not cached.
    pub fn get(&self, site: &Site) -> Result<Option<CachedSecrets>, Error> {
        Ok(lock(&self.0)?.get(site).cloned())
    }

    /// Caches secrets that were just read from an engine of this generation.
    pub fn put(&self, site: &Site, secrets: Secrets, generation: u64) -> Result<(), Error> {
        lock(&self.0)?.put(site.clone(), CachedSecrets { secrets, generation, read: Instant::now() });
        Ok(())
    }

    /// Removes a site's secrets from the cache, so that they are read again.
    pub fn remove(&self, site: &Site) -> Result<(), Error> {
        lock(&self.0)?.pop(site);
        Ok(())
    }
}

impl CachedSecrets {
    /// Returns whether the secrets are still valid for an engine of this generation.
    pub fn is_fresh(&self, generation: u64) -> bool {
        self.generation == generation && self.read.elapsed() < MAX_AGE
    }
}
