//! Versions of data in engines that only this process writes to. A reader that caches data reads it again when its version
//! has increased. The engine increases a version as part of the commit, even if the caller has gone in the meantime.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lru::LruCache;

use crate::comment::Site;

/// Maximum number of sites with a version of their own. The sites that changed longest ago share one.
const MAX_SITES: usize = 10_000;

/// The versions of a store that only this process writes to.
#[derive(Default)]
pub(super) struct Versions {
    /// Number of changes of the [`Records`](super::Records).
    pub records: AtomicU64,
    /// Versions of the sites' block and allow entries.
    pub lists: SiteVersions,
    /// Versions of the sites' outcome logs.
    pub outcomes: SiteVersions,
}

/// A version per site.
pub(super) struct SiteVersions(Mutex<State>);

struct State {
    newest: u64,
    /// Version of all sites that have none of their own.
    others: u64,
    sites: LruCache<Site, u64>,
}

impl Default for SiteVersions {
    fn default() -> Self {
        let sites = LruCache::new(NonZeroUsize::new(MAX_SITES).unwrap_or(NonZeroUsize::MIN));
        Self(Mutex::new(State { newest: 1, others: 1, sites }))
    }
}

impl Versions {
    /// Returns the version of the records, starting at 1.
    pub fn records_version(&self) -> u64 {
        self.records.load(Ordering::Relaxed) + 1
    }
}

impl SiteVersions {
    /// Returns the version of a site, starting at 1.
    pub fn get(&self, site: &Site) -> u64 {
        // After a panic, return a version that differs from every earlier one, so that everything is read again.
        let Ok(mut state) = self.0.lock() else { return u64::MAX };
        let State { others, sites, .. } = &mut *state;
        // Eviction depends on the last change, so a read must not refresh the entry.
        sites.peek(site).copied().unwrap_or(*others)
    }

    /// Increases the version of a site.
    pub fn bump(&self, site: &Site) {
        let Ok(mut state) = self.0.lock() else { return };
        state.newest += 1;
        let newest = state.newest;
        if let Some((other, version)) = state.sites.push(site.clone(), newest)
            && other != *site
        {
            // Readers of the evicted site, and of sites that share the version, read once more.
            state.others = state.others.max(version);
        }
    }

    /// Increases the versions of all sites.
    pub fn bump_all(&self) {
        let Ok(mut state) = self.0.lock() else { return };
        state.newest += 1;
        state.others = state.newest;
        state.sites.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(number: usize) -> Site {
        Site::parse("site", &format!("{number}.example")).unwrap()
    }

    #[test]
    fn a_change_of_one_site_is_none_of_another() {
        let versions = SiteVersions::default();
        let before = [versions.get(&site(1)), versions.get(&site(2))];
        versions.bump(&site(1));
        assert_ne!(versions.get(&site(1)), before[0]);
        assert_eq!(versions.get(&site(2)), before[1]);
        versions.bump_all();
        assert_ne!(versions.get(&site(2)), before[1]);
    }

    #[test]
    fn a_site_that_is_not_remembered_has_no_version_that_it_had_before() {
        let versions = SiteVersions::default();
        let unknown = versions.get(&site(1));
        versions.bump(&site(1));
        let raised = versions.get(&site(1));
        for other in 2..=MAX_SITES + 2 {
            versions.bump(&site(other));
        }
        // The version from before the change must not come back: a reader would conclude that nothing changed.
        assert!(versions.get(&site(1)) >= raised && versions.get(&site(1)) != unknown);
        versions.bump(&site(1));
        assert!(versions.get(&site(1)) > raised);
    }
}
