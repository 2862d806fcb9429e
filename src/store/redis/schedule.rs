//! The schedule of index upkeep for each site.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::comment::Site;

/// Maximum interval between two upkeeps of a site. The first upkeep is due at the site's first comment on this server.
const MAX_INTERVAL: Duration = Duration::from_secs(3600);
/// Maximum number of a site's comments between two upkeeps.
const MAX_COMMENTS_BETWEEN: u32 = 512;
/// Maximum number of sites remembered.
const MAX_SITES: usize = 10_000;

/// The state of the sites that received comments most recently.
pub(super) struct UpkeepSchedule(Mutex<LruCache<Site, SiteUpkeep>>);

/// The last upkeep of a site, and what happened since.
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
    /// Counts a comment. Returns the number of the site's upkeep if one is due, starting at 0, or `None`.
    pub fn turn(&self, site: &Site) -> Option<u64> {
        let mut sites = self.0.lock().ok()?;
        if let Some(upkeep) = sites.get_mut(site) {
            upkeep.comments += 1;
            if upkeep.comments < MAX_COMMENTS_BETWEEN && upkeep.last.elapsed() < MAX_INTERVAL {
                return None;
            }
            *upkeep = SiteUpkeep { last: Instant::now(), comments: 0, turn: upkeep.turn + 1 };
            return Some(upkeep.turn);
        }
        sites.put(site.clone(), SiteUpkeep { last: Instant::now(), comments: 0, turn: 0 });
        Some(0)
    }
}
