//! Versions of what a process keeps in memory and writes alone: whoever has read something reads it again when its version
//! has risen. They rise after the commit and with it, whether or not the caller who asked for it is still there.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lru::LruCache;

use crate::comment::Site;

/// How many sites have a version of their own; those that changed longest ago share one.
const MAX_SITES: usize = 10_000;

/// The versions of a store that only this process writes to.
#[derive(Default)]
pub(super) struct Versions {
    /// Of the small things that all sites share.
    pub records: AtomicU64,
    /// Of each site's block and allow entries.
    pub lists: SiteVersions,
    /// Of each site's log of outcomes.
    pub outcomes: SiteVersions,
}

/// A version for each site.
pub(super) struct SiteVersions(Mutex<State>);

struct State {
    newest: u64,
    /// The version of all sites that have none of their own.
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
    /// Returns the version of the records. From 1 on.
    pub fn records_version(&self) -> u64 {
        self.records.load(Ordering::Relaxed) + 1
    }
}

impl SiteVersions {
    /// Returns the version of a site. From 1 on.
    pub fn get(&self, site: &Site) -> u64 {
        // A panic elsewhere: a version that is never the one before has everything read again.
        let Ok(mut state) = self.0.lock() else { return u64::MAX };
        let State { others, sites, .. } = &mut *state;
        // Looking is no use of it: what changed last is what is kept.
        sites.peek(site).copied().unwrap_or(*others)
    }

    /// Raises the version of a site.
    pub fn bump(&self, site: &Site) {
        let Ok(mut state) = self.0.lock() else { return };
        state.newest += 1;
        let newest = state.newest;
        if let Some((other, version)) = state.sites.push(site.clone(), newest)
            && other != *site
        {
            // Whoever knows that site, or one that shares the version, reads once more.
            state.others = state.others.max(version);
        }
    }

    /// Raises the versions of all sites.
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
        // One that was known before the change must be read again; the same version would say that nothing changed.
        assert!(versions.get(&site(1)) >= raised && versions.get(&site(1)) != unknown);
        versions.bump(&site(1));
        assert!(versions.get(&site(1)) > raised);
    }
}
