//! When each site's indexes are to be looked after.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::comment::Site;

/// How long after its last turn a site is looked after again. Its first turn is when this server first hears of it.
const MAX_INTERVAL: Duration = Duration::from_secs(3600);
/// After how many of its comments a site is looked after again, if that is sooner.
const MAX_COMMENTS_BETWEEN: u32 = 512;
/// How many sites are remembered.
const MAX_SITES: usize = 10_000;

/// The sites that were looked after, those to which a comment came last.
pub(super) struct UpkeepSchedule(Mutex<LruCache<Site, SiteUpkeep>>);

/// When a site was looked after, and what came since.
struct SiteUpkeep {
    last: Instant,
    comments: u32,
    turn: u64,
}

impl Default for UpkeepSchedule {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MAX_SITES).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl UpkeepSchedule {
    /// Counts a comment. Returns which turn it is to look after its site, or `None` if it is not time.
    pub fn turn(&self, site: &Site) -> Option<u64> {
        let mut sites = self.0.lock().ok()?;
        if let Some(kept) = sites.get_mut(site) {
            kept.comments += 1;
            if kept.comments < MAX_COMMENTS_BETWEEN && kept.last.elapsed() < MAX_INTERVAL {
                return None;
            }
            *kept = SiteUpkeep { last: Instant::now(), comments: 0, turn: kept.turn + 1 };
            return Some(kept.turn);
        }
        sites.put(site.clone(), SiteUpkeep { last: Instant::now(), comments: 0, turn: 0 });
        Some(0)
    }
}
