//! A cache of the entries of the sites with the most recent comments.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use lru::LruCache;
use prost::Message;

use super::entry::storage_key;
use super::listed::SiteLists;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::{Records, RecordsUpdate, Store};

/// Maximum number of sites whose entries are cached.
const MAX_CACHED_SITES: usize = 10_000;

/// A cache of the entries of all sites. Cheap to clone.
#[derive(Clone)]
pub struct ListCache {
    store: Store,
    cached: Arc<Mutex<LruCache<Site, Arc<SiteLists>>>>,
}

impl ListCache {
    /// Creates a cache of the entries in a store.
    pub fn new(store: Store) -> Self {
        let cached = LruCache::new(NonZeroUsize::new(MAX_CACHED_SITES).unwrap_or(NonZeroUsize::MIN));
        Self { store, cached: Arc::new(Mutex::new(cached)) }
    }

    /// Returns a site's entries. If the store is unavailable, returns the entries as they were read last, and the error.
    pub async fn get(&self, site: &Site, now: SystemTime) -> (Arc<SiteLists>, Option<Error>) {
        let known = self.cached(site);
        let current = self.store.list_version(site);
        let is_current = |known: &SiteLists| {
            !known.is_outdated() && (current.is_none() || current == known.version) && known.is_in_force(now)
        };
        if let Some(known) = known.as_ref().filter(|known| is_current(known)) {
            return (Arc::clone(known), None);
        }
        match self.read(site, now, known.as_deref()).await {
            Ok(listed) => (self.insert(site, listed), None),
            Err(error) => (known.unwrap_or_default(), Some(error)),
        }
    }

    /// Marks a site's entries as changed by another server, so that the next comment reads them again.
    pub fn mark_outdated(&self, site: &Site) {
        let Ok(mut cached) = self.cached.lock() else { return };
        if let Some(listed) = cached.get(site) {
            listed.mark_outdated();
        }
    }

    async fn read(&self, site: &Site, now: SystemTime, known: Option<&SiteLists>) -> Result<SiteLists, Error> {
        let mut records = self.store.list_entries(site).await?;
        if let Some(lost) = known.filter(|known| records.version == 0 && known.version != Some(0) && !known.all.is_empty()) {
            // The store came back empty. Those who were blocked stay blocked.
            tracing::warn!(
                site = site.as_str(),
                entries = lost.all.len(),
                "the store has lost block and allow entries; writing them again"
            );
            let again = lost.all.iter().map(|entry| (storage_key(entry), entry.encode_to_vec()));
            self.store.update_list_entries(site, RecordsUpdate::put(again)).await?;
            records = self.store.list_entries(site).await?;
        }
        let Records { version, all } = records;
        let mut entries = Vec::with_capacity(all.len());
        for (_, bytes) in all {
            match pb::ListEntry::decode(&*bytes) {
                Ok(entry) => entries.push(entry),
                // The log does not name the entry: its key contains its value, which may be a person's id.
                Err(error) => tracing::error!(site = site.as_str(), %error, "a block or allow entry cannot be read"),
            }
        }
        Ok(SiteLists::compile(entries, version, now))
    }

    fn cached(&self, site: &Site) -> Option<Arc<SiteLists>> {
        self.cached.lock().ok().and_then(|mut cached| cached.get(site).cloned())
    }

    fn insert(&self, site: &Site, listed: SiteLists) -> Arc<SiteLists> {
        let listed = Arc::new(listed);
        if let Ok(mut cached) = self.cached.lock() {
            cached.put(site.clone(), Arc::clone(&listed));
        }
        listed
    }

    /// Returns a site's entries as the store has them now. Reads them only if their version differs from the cached one. Writes
    /// them again if the store has lost them.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub(super) async fn read_current(&self, site: &Site, now: SystemTime) -> Result<Arc<SiteLists>, Error> {
        let known = self.cached(site);
        if let Some(known) = known.as_ref().filter(|known| known.is_in_force(now)) {
            let version = self.store.current_list_version(site).await?;
            if known.version == Some(version) && version != 0 {
                return Ok(Arc::clone(known));
            }
        }
        let listed = self.read(site, now, known.as_deref()).await?;
        Ok(self.insert(site, listed))
    }
}
