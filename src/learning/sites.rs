//! What this server knows of each site, for as many sites as fit into memory.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use lru::LruCache;

use crate::classify::site::fold::SiteModel;
use crate::comment::Site;
use crate::store::OutcomeLogState;

/// How many sites' learning is kept in memory: at most 305 KB each.
const MAX_TAUGHT_SITES: usize = 900;
/// And that of how many sites that have learned nothing is known.
const MAX_UNTAUGHT_SITES: usize = 20_000;

/// What is known of one site.
#[derive(Default)]
pub struct FollowedSite {
    pub model: ArcSwap<SiteModel>,
    /// For which labels the correction served when it was examined last.
    pub serves: Mutex<Option<[(&'static str, bool); 2]>>,
    /// Up to where its log was read. One reads at a time.
    pub position: tokio::sync::Mutex<LogPosition>,
    /// The version of all logs that it was read at, where only this process changes them; 0: never.
    pub version: AtomicU64,
    /// When the log was last asked, in milliseconds since the start, from 1 on; 0: never.
    pub last_read: AtomicU64,
    /// When a comment last came, counted in the same way.
    pub last_used: AtomicU64,
}

/// Up to where a site's log was read.
#[derive(Default)]
pub struct LogPosition {
    pub head: OutcomeLogState,
    /// When all of the log was last looked at for what is too old.
    pub swept: Option<Instant>,
}

/// The sites that were asked for last: those that have learned something, and the others.
pub struct SiteCache(Mutex<Caches>);

struct Caches {
    taught: LruCache<Site, Arc<FollowedSite>>,
    untaught: LruCache<Site, Arc<FollowedSite>>,
}

impl SiteCache {
    /// Creates a table of no sites.
    pub fn new() -> Self {
        let cache = |most| LruCache::new(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN));
        Self(Mutex::new(Caches { taught: cache(MAX_TAUGHT_SITES), untaught: cache(MAX_UNTAUGHT_SITES) }))
    }

    /// Returns what is known of a site: nothing, if nobody has asked for it of late.
    pub fn get(&self, site: &Site) -> Arc<FollowedSite> {
        // A panic elsewhere: everything is folded again for each comment, which is slow and right.
        let Ok(mut sites) = self.0.lock() else { return Arc::default() };
        if let Some(known) = sites.taught.get(site) {
            return Arc::clone(known);
        }
        if let Some(known) = sites.untaught.get(site) {
            return Arc::clone(known);
        }
        let known = Arc::<FollowedSite>::default();
        sites.untaught.put(site.clone(), Arc::clone(&known));
        known
    }

    /// Counts a site among those that have learned something, if it has. The one that was asked for longest ago makes room.
    pub fn promote(&self, site: &Site, known: &Arc<FollowedSite>) {
        if known.model.load().correction().is_none() {
            return;
        }
        let Ok(mut sites) = self.0.lock() else { return };
        if sites.untaught.pop(site).is_some() {
            sites.taught.put(site.clone(), Arc::clone(known));
        }
    }

    /// Returns the sites that a comment came to at this time or later, in milliseconds since the start.
    pub fn used_since(&self, since: u64) -> Vec<(Site, Arc<FollowedSite>)> {
        let Ok(sites) = self.0.lock() else { return Vec::new() };
        let both = sites.taught.iter().chain(sites.untaught.iter());
        let used = both.filter(|(_, known)| known.last_used.load(Ordering::Relaxed) >= since);
        used.map(|(site, known)| (site.clone(), Arc::clone(known))).collect()
    }
}
