//! Counts nearly the same comments that came of late, on one site and on the others: those that came to this process, and
//! those that other servers tell of.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::classify::{BANDS, MinHash};
use crate::comment::Site;
use crate::facts::DuplicateCounts;

/// Counts are kept for this long and for as long again, so that what is counted is of the last one to two hours.
pub(super) const WINDOW: Duration = Duration::from_secs(3_600);
/// How many places there are in a window, each for a band that came to a site: some 20 MB.
const MAX_PLACES: usize = 200_000;
/// How many sites are told apart per band: who has seen it on so many knows enough.
const MAX_SITES_PER_BAND: usize = 8;
/// How many comments of one other site count: one site alone must not make a campaign of anything elsewhere.
const MAX_PER_OTHER_SITE: u32 = 2;
/// How much is kept for other servers that cannot be told just now.
pub(super) const MAX_UNSENT: usize = 10_000;

/// Counts nearly the same comments. A counter that a panic left in doubt counts no more, and says that there are none.
#[derive(Default)]
pub(super) struct NearDuplicateCounter(Mutex<Windows>);

/// The counts of two windows.
struct Windows {
    current: Window,
    previous: Window,
    since: Instant,
    /// What other servers are still to be told, if there may be any.
    unsent: Option<Vec<Sighting>>,
}

/// A comment that came somewhere: a number for the site, and its bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub site: u64,
    pub bands: [u64; BANDS],
}

/// What came in one window. When it is full, a site that has more than its share makes room with its own oldest band, and
/// one that has less with the oldest of the site that has most: whoever floods forgets his own.
#[derive(Default)]
struct Window {
    /// Per band how many comments came to which site, by its number.
    counts: HashMap<u64, Vec<(u64, u32)>>,
    /// Per site its bands, in the order in which they first came.
    bands: HashMap<u64, VecDeque<u64>>,
    places: usize,
}

impl Window {
    fn add(&mut self, Sighting { site, bands }: Sighting) {
        for band in bands {
            let known = self.counts.get_mut(&band).and_then(|sites| sites.iter_mut().find(|(of, _)| *of == site));
            if let Some((_, count)) = known {
                *count = count.saturating_add(1);
                continue;
            }
            if self.places >= MAX_PLACES {
                self.make_room(site);
            }
            let sites = self.counts.entry(band).or_default();
            if sites.len() >= MAX_SITES_PER_BAND {
                // Of sites that are known by now the one with the fewest says least.
                let fewest = sites.iter().enumerate().min_by_key(|(_, (_, count))| *count).map(|(at, _)| at);
                // The band stays in that site's line until its turn comes.
                let _ = fewest.map(|at| sites.swap_remove(at));
            }
            self.counts.entry(band).or_default().push((site, 1));
            self.bands.entry(site).or_default().push_back(band);
            self.places += 1;
        }
    }

    fn make_room(&mut self, site: u64) {
        let share = MAX_PLACES / self.bands.len().max(1);
        let own = self.bands.get(&site).map_or(0, VecDeque::len);
        let largest = || self.bands.iter().max_by_key(|(_, bands)| bands.len()).map(|(site, _)| *site);
        let from = if own > share { Some(site) } else { largest() };
        let Some((site, bands)) = from.and_then(|site| Some((site, self.bands.get_mut(&site)?))) else { return };
        if let Some(band) = bands.pop_front() {
            self.places -= 1;
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
    /// Returns how many came that were nearly the same: all on the same site, and of each other site so many at most.
    pub fn similar(&self, site: &Site, likeness: &MinHash) -> DuplicateCounts {
        self.0.lock().map_or_else(|_| DuplicateCounts::default(), |mut windows| windows.similar(site_hash(site), likeness))
    }

    /// Counts one more.
    pub fn count(&self, site: &Site, likeness: &MinHash) {
        let Ok(mut windows) = self.0.lock() else { return };
        windows.count(Sighting { site: site_hash(site), bands: likeness.bands() });
    }

    /// Takes what other servers are to be told, now and from now on.
    pub fn take_unsent(&self) -> Vec<Sighting> {
        self.0.lock().map_or_else(|_| Vec::new(), |mut windows| std::mem::take(windows.unsent.get_or_insert_default()))
    }

    /// Counts those that came to another server.
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
    fn similar(&mut self, site: u64, likeness: &MinHash) -> DuplicateCounts {
        self.rotate();
        let mut most = DuplicateCounts::default();
        for band in likeness.bands() {
            let (mut here, mut others) = (0u32, HashMap::<u64, u32>::new());
            for (of, count) in
                [&self.current, &self.previous].into_iter().filter_map(|window| window.counts.get(&band)).flatten()
            {
                let seen = if *of == site { &mut here } else { others.entry(*of).or_default() };
                *seen = seen.saturating_add(*count);
            }
            most.here = most.here.max(here);
            most.elsewhere = most.elsewhere.max(others.values().map(|count| (*count).min(MAX_PER_OTHER_SITE)).sum());
        }
        most
    }

    /// Counts one that came to this process, and notes it for the other servers.
    fn count(&mut self, sighting: Sighting) {
        if let Some(untold) = self.unsent.as_mut().filter(|untold| untold.len() < MAX_UNSENT) {
            untold.push(sighting);
        }
        self.add(sighting);
    }

    /// Counts one that may have come to another server.
    fn add(&mut self, sighting: Sighting) {
        self.rotate();
        self.current.add(sighting);
    }

    /// Begins a new window when this one is over.
    fn rotate(&mut self) {
        let age = self.since.elapsed();
        if age >= WINDOW {
            let over = std::mem::take(&mut self.current);
            self.previous = if age < 2 * WINDOW { over } else { Window::default() };
            self.since = Instant::now();
        }
    }
}

/// A number that names a site on all servers.
fn site_hash(site: &Site) -> u64 {
    let digest = Sha256::digest(site.as_str());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{MAX_PLACES, NearDuplicateCounter, Sighting, Window};
    use crate::classify::MinHash;
    use crate::comment::Site;
    use crate::facts::DuplicateCounts;

    #[test]
    fn sites_are_told_apart() {
        let likes = NearDuplicateCounter::default();
        let likeness = MinHash::from_text("one two three four five six seven eight nine ten").unwrap();
        let [a, b] = ["a.example", "b.example"].map(|name| Site::parse("site", name).unwrap());
        likes.count(&a, &likeness);
        likes.count(&a, &likeness);
        likes.count(&b, &likeness);
        assert_eq!(likes.similar(&a, &likeness), DuplicateCounts { here: 2, elsewhere: 1 });
        assert_eq!(likes.similar(&b, &likeness), DuplicateCounts { here: 1, elsewhere: 2 });
        let other = MinHash::from_text("nine ten eleven twelve thirteen fourteen fifteen sixteen").unwrap();
        assert_eq!(likes.similar(&a, &other), DuplicateCounts::default());
    }

    #[test]
    fn one_other_site_alone_makes_no_campaign() {
        let likes = NearDuplicateCounter::default();
        let likeness = MinHash::from_text("one two three four five six seven eight nine ten").unwrap();
        let [a, b] = ["a.example", "b.example"].map(|name| Site::parse("site", name).unwrap());
        for _ in 0..50 {
            likes.count(&a, &likeness);
        }
        assert_eq!(likes.similar(&b, &likeness), DuplicateCounts { here: 0, elsewhere: 2 });
    }

    #[test]
    fn a_site_that_floods_forgets_its_own() {
        let mut window = Window::default();
        let bands = |n: u64| std::array::from_fn(|at| 4 * n + at as u64);
        window.add(Sighting { site: 1, bands: bands(0) });
        for n in 1..=u64::try_from(MAX_PLACES).unwrap() / 2 {
            window.add(Sighting { site: 2, bands: bands(n) });
        }
        assert_eq!((window.places, window.counts.len()), (MAX_PLACES, MAX_PLACES));
        assert_eq!(window.counts[&0], [(1, 1)]);
        window.add(Sighting { site: 3, bands: bands(u64::MAX / 8) });
        assert_eq!(window.bands[&3].len(), 4);
        let kept: usize = window.bands.values().map(std::collections::VecDeque::len).sum();
        assert_eq!((kept, window.places), (MAX_PLACES, MAX_PLACES));
    }
}
