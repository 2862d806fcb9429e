//! Counts recent near-duplicate comments on the same site and on other sites, as received by this process and as reported by
//! other servers.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::classify::{BANDS, MinHash};
use crate::comment::Site;
use crate::facts::DuplicateCounts;

/// Length of a counting window. The current and the previous window count, so the counts cover the last one to two hours.
pub(super) const WINDOW: Duration = Duration::from_secs(3_600);
/// Maximum number of entries in a window, one per band and site (about 20 MB).
const MAX_ENTRIES: usize = 200_000;
/// Maximum number of sites counted separately per band, which is enough to detect a campaign.
const MAX_SITES_PER_BAND: usize = 8;
/// Maximum number of comments counted per other site, so that one site alone cannot make a comment look like a campaign
/// elsewhere.
const MAX_PER_OTHER_SITE: u32 = 2;
/// Maximum number of sightings kept for other servers while they cannot be sent.
pub(super) const MAX_UNSENT: usize = 10_000;

/// A counter of near-duplicate comments. After a panic while it was locked, it stops counting and reports zeros.
#[derive(Default)]
pub(super) struct NearDuplicateCounter(Mutex<Windows>);

/// The counts of the current and the previous window.
struct Windows {
    current: Window,
    previous: Window,
    since: Instant,
    /// Sightings that are still to be sent to other servers, or `None` if this process does not share its sightings.
    unsent: Option<Vec<Sighting>>,
}

/// A received comment: the hash of its site and its MinHash bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub site: u64,
    pub bands: [u64; BANDS],
}

/// The counts of one window. When it is full, a site that has more than its share loses its own oldest band; for a site that
/// has less, the site with the most bands loses its oldest. A site that floods therefore evicts its own entries.
#[derive(Default)]
struct Window {
    /// For each band, the number of comments by site hash.
    counts: HashMap<u64, Vec<(u64, u32)>>,
    /// For each site hash, its bands in order of first occurrence.
    bands: HashMap<u64, VecDeque<u64>>,
    entries: usize,
}

impl Window {
    fn add(&mut self, Sighting { site, bands }: Sighting) {
        for band in bands {
            let known = self.counts.get_mut(&band).and_then(|sites| sites.iter_mut().find(|(of, _)| *of == site));
            if let Some((_, count)) = known {
                *count = count.saturating_add(1);
                continue;
            }
            if self.entries >= MAX_ENTRIES {
                self.evict_oldest(site);
            }
            let sites = self.counts.entry(band).or_default();
            if sites.len() >= MAX_SITES_PER_BAND {
                // The site with the fewest comments contributes least.
                let fewest = sites.iter().enumerate().min_by_key(|(_, (_, count))| *count).map(|(at, _)| at);
                // The band stays in that site's queue until it is evicted from there.
                let _ = fewest.map(|at| sites.swap_remove(at));
            }
            self.counts.entry(band).or_default().push((site, 1));
            self.bands.entry(site).or_default().push_back(band);
            self.entries += 1;
        }
    }

    fn evict_oldest(&mut self, site: u64) {
        let share = MAX_ENTRIES / self.bands.len().max(1);
        let own = self.bands.get(&site).map_or(0, VecDeque::len);
        let largest = || self.bands.iter().max_by_key(|(_, bands)| bands.len()).map(|(site, _)| *site);
        let from = if own > share { Some(site) } else { largest() };
        let Some((site, bands)) = from.and_then(|site| Some((site, self.bands.get_mut(&site)?))) else { return };
        if let Some(band) = bands.pop_front() {
            self.entries -= 1;
            if let Some(sites) = self.counts.get_mut(&band) {
                sites.retain(|(of, _)| *of != site);
                if sites.is_empty() {
                    self.counts.remove(&band);
                }
            }
        }
        if bands.is_empty() {
            self.bands.remove(&site);
        }
    }
}

impl NearDuplicateCounter {
    /// Returns the numbers of near-duplicates: all on the same site, and at most [`MAX_PER_OTHER_SITE`] per other site.
    pub fn similar(&self, site: &Site, min_hash: &MinHash) -> DuplicateCounts {
        self.0.lock().map_or_else(|_| DuplicateCounts::default(), |mut windows| windows.similar(site_hash(site), min_hash))
    }

    /// Counts a comment that this process received.
    pub fn count(&self, site: &Site, min_hash: &MinHash) {
        let Ok(mut windows) = self.0.lock() else { return };
        windows.count(Sighting { site: site_hash(site), bands: min_hash.bands() });
    }

    /// Takes the sightings that are to be sent to other servers. The first call starts collecting them.
    pub fn take_unsent(&self) -> Vec<Sighting> {
        self.0.lock().map_or_else(|_| Vec::new(), |mut windows| std::mem::take(windows.unsent.get_or_insert_default()))
    }

    /// Counts comments that another server received.
    pub fn add_remote(&self, sightings: impl IntoIterator<Item = Sighting>) {
        let Ok(mut windows) = self.0.lock() else { return };
        sightings.into_iter().for_each(|sighting| windows.add(sighting));
    }
}

impl Default for Windows {
    fn default() -> Self {
        Self { current: Window::default(), previous: Window::default(), since: Instant::now(), unsent: None }
    }
}

impl Windows {
    fn similar(&mut self, site: u64, min_hash: &MinHash) -> DuplicateCounts {
        self.rotate();
        let mut max = DuplicateCounts::default();
        for band in min_hash.bands() {
            let (mut here, mut others) = (0u32, HashMap::<u64, u32>::new());
            for (of, count) in
                [&self.current, &self.previous].into_iter().filter_map(|window| window.counts.get(&band)).flatten()
            {
                let seen = if *of == site { &mut here } else { others.entry(*of).or_default() };
                *seen = seen.saturating_add(*count);
            }
            max.here = max.here.max(here);
            max.elsewhere = max.elsewhere.max(others.values().map(|count| (*count).min(MAX_PER_OTHER_SITE)).sum());
        }
        max
    }

    /// Counts a comment that this process received, and queues it for the other servers.
    fn count(&mut self, sighting: Sighting) {
        if let Some(unsent) = self.unsent.as_mut().filter(|unsent| unsent.len() < MAX_UNSENT) {
            unsent.push(sighting);
        }
        self.add(sighting);
    }

    /// Counts a comment that this process or another server received.
    fn add(&mut self, sighting: Sighting) {
        self.rotate();
        self.current.add(sighting);
    }

    /// Starts a new window when the current one has ended.
    fn rotate(&mut self) {
        let age = self.since.elapsed();
        if age >= WINDOW {
            let ended = std::mem::take(&mut self.current);
            self.previous = if age < 2 * WINDOW { ended } else { Window::default() };
            self.since = Instant::now();
        }
    }
}

/// Returns a hash that identifies a site on all servers.
fn site_hash(site: &Site) -> u64 {
    let digest = Sha256::digest(site.as_str());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{MAX_ENTRIES, NearDuplicateCounter, Sighting, Window};
    use crate::classify::MinHash;
    use crate::comment::Site;
    use crate::facts::DuplicateCounts;

    #[test]
    fn sites_are_told_apart() {
        let counter = NearDuplicateCounter::default();
        let min_hash = MinHash::from_text("one two three four five six seven eight nine ten").unwrap();
        let [a, b] = ["a.example", "b.example"].map(|name| Site::parse("site", name).unwrap());
        counter.count(&a, &min_hash);
        counter.count(&a, &min_hash);
        counter.count(&b, &min_hash);
        assert_eq!(counter.similar(&a, &min_hash), DuplicateCounts { here: 2, elsewhere: 1 });
        assert_eq!(counter.similar(&b, &min_hash), DuplicateCounts { here: 1, elsewhere: 2 });
        let other = MinHash::from_text("nine ten eleven twelve thirteen fourteen fifteen sixteen").unwrap();
        assert_eq!(counter.similar(&a, &other), DuplicateCounts::default());
    }

    #[test]
    fn one_other_site_alone_makes_no_campaign() {
        let counter = NearDuplicateCounter::default();
        let min_hash = MinHash::from_text("one two three four five six seven eight nine ten").unwrap();
        let [a, b] = ["a.example", "b.example"].map(|name| Site::parse("site", name).unwrap());
        for _ in 0..50 {
            counter.count(&a, &min_hash);
        }
        assert_eq!(counter.similar(&b, &min_hash), DuplicateCounts { here: 0, elsewhere: 2 });
    }

    #[test]
    fn a_site_that_floods_forgets_its_own() {
        let mut window = Window::default();
        let bands = |n: u64| std::array::from_fn(|at| 4 * n + at as u64);
        window.add(Sighting { site: 1, bands: bands(0) });
        for n in 1..=u64::try_from(MAX_ENTRIES).unwrap() / 2 {
            window.add(Sighting { site: 2, bands: bands(n) });
        }
        assert_eq!((window.entries, window.counts.len()), (MAX_ENTRIES, MAX_ENTRIES));
        assert_eq!(window.counts[&0], [(1, 1)]);
        window.add(Sighting { site: 3, bands: bands(u64::MAX / 8) });
        assert_eq!(window.bands[&3].len(), 4);
        let kept: usize = window.bands.values().map(std::collections::VecDeque::len).sum();
        assert_eq!((kept, window.entries), (MAX_ENTRIES, MAX_ENTRIES));
    }
}
