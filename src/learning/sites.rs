//! A cache of the models of sites.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use lru::LruCache;

use crate::classify::site::fold::SiteModel;
use crate::comment::Site;
use crate::store::OutcomeLogState;

/// Maximum number of sites with outcomes in the cache: at most 305 KB each.
const MAX_TAUGHT_SITES: usize = 900;
/// Maximum number of sites without outcomes in the cache.
const MAX_UNTAUGHT_SITES: usize = 20_000;

/// The state of one site.
#[derive(Default)]
pub struct FollowedSite {
    pub model: ArcSwap<SiteModel>,
    /// For which labels the correction served at the last check.
    pub serves: Mutex<Option<[(&'static str, bool); 2]>>,
    /// The position up to which the log was read. The lock admits one reader at a time.
    pub position: tokio::sync::Mutex<LogPosition>,
    /// The version of the store's logs at the last read, if only this process changes them; 0 if there was none.
    pub version: AtomicU64,
    /// Time of the last read, in milliseconds since the start, from 1 on; 0 if there was none.
    pub last_read: AtomicU64,
    /// Time of the last comment, in the same unit.
    pub last_used: AtomicU64,
}

/// A position in a site's log.
#[derive(Default)]
pub struct LogPosition {
    pub head: OutcomeLogState,
    /// Time of the last check of the whole log for expired outcomes.
    pub swept: Option<Instant>,
}

/// The sites used most recently, in separate caches for those with and without outcomes.
pub struct SiteCache(Mutex<Caches>);

struct Caches {
    taught: LruCache<Site, Arc<FollowedSite>>,
    untaught: LruCache<Site, Arc<FollowedSite>>,
}

impl SiteCache {
    /// Creates an empty cache.
    pub fn new() -> Self {
        let cache = |capacity| LruCache::new(NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN));
        Self(Mutex::new(Caches { taught: cache(MAX_TAUGHT_SITES), untaught: cache(MAX_UNTAUGHT_SITES) }))
    }

    /// Returns the state of a site. It is empty if the site is not in the cache.
    pub fn get(&self, site: &Site) -> Arc<FollowedSite> {
        // The lock is poisoned by a panic elsewhere. Folding the log for every comment is slow but correct.
        let Ok(mut sites) = self.0.lock() else { return Arc::default() };
        if let Some(followed) = sites.taught.get(site) {
            return Arc::clone(followed);
        }
        if let Some(followed) = sites.untaught.get(site) {
            return Arc::clone(followed);
        }
        let followed = Arc::<FollowedSite>::default();
        sites.untaught.put(site.clone(), Arc::clone(&followed));
        followed
    }

    /// Moves a site to the cache of sites with outcomes, if it has any. The least recently used one is evicted.
    pub fn promote(&self, site: &Site, followed: &Arc<FollowedSite>) {
        if followed.model.load().correction().is_none() {
            return;
        }
        let Ok(mut sites) = self.0.lock() else { return };
        if sites.untaught.pop(site).is_some() {
            sites.taught.put(site.clone(), Arc::clone(followed));
        }
    }

    /// Returns the sites that had a comment at or after `since`, in milliseconds since the start.
    pub fn used_since(&self, since: u64) -> Vec<(Site, Arc<FollowedSite>)> {
        let Ok(sites) = self.0.lock() else { return Vec::new() };
        let both = sites.taught.iter().chain(sites.untaught.iter());
        let used = both.filter(|(_, followed)| followed.last_used.load(Ordering::Relaxed) >= since);
        used.map(|(site, followed)| (site.clone(), Arc::clone(followed))).collect()
    }
}
