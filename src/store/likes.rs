//! Counts nearly the same comments that came of late, on one site and on the others: those that came to this process, and
//! those that other servers tell of.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::classify::{BANDS, Likeness};
use crate::comment::Site;
use crate::facts::Similar;

/// Counts are kept for this long and for as long again, so that what is counted is of the last one to two hours.
pub(super) const WINDOW: Duration = Duration::from_secs(3_600);
/// How many bands are remembered in a window; what comes beyond them is not counted.
const MOST: usize = 200_000;
/// How many sites are told apart per band: who has seen it on so many knows enough.
const SITES: usize = 8;
/// How much is kept for other servers that cannot be told just now.
pub(super) const UNTOLD: usize = 10_000;

/// The counts of two windows.
pub(super) struct Likes {
    current: Counts,
    previous: Counts,
    since: Instant,
    /// What other servers are still to be told, if there may be any.
    untold: Option<Vec<Sighting>>,
}

/// Per band how many comments came to which site, by its number.
type Counts = HashMap<u64, Vec<(u64, u32)>>;

/// A comment that came somewhere: a number for the site, and its bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub site: u64,
    pub bands: [u64; BANDS],
}

impl Likes {
    pub fn new() -> Self {
        Self { current: HashMap::new(), previous: HashMap::new(), since: Instant::now(), untold: None }
    }

    /// How many came that were nearly the same.
    pub fn similar(&mut self, site: &Site, likeness: &Likeness) -> Similar {
        self.turn();
        let site = number(site);
        let mut most = Similar::default();
        for band in likeness.bands() {
            let mut found = Similar::default();
            let seen = [&self.current, &self.previous].into_iter().filter_map(|counts| counts.get(&band));
            for (of, count) in seen.flatten() {
                let place = if *of == site { &mut found.here } else { &mut found.elsewhere };
                *place = place.saturating_add(*count);
            }
            most.here = most.here.max(found.here);
            most.elsewhere = most.elsewhere.max(found.elsewhere);
        }
        most
    }

    /// Counts one more.
    pub fn count(&mut self, site: &Site, likeness: &Likeness) {
        let sighting = Sighting { site: number(site), bands: likeness.bands() };
        if let Some(untold) = self.untold.as_mut().filter(|untold| untold.len() < UNTOLD) {
            untold.push(sighting);
        }
        self.see(sighting);
    }

    /// Takes what other servers are to be told, now and from now on.
    pub fn take_untold(&mut self) -> Vec<Sighting> {
        std::mem::take(self.untold.get_or_insert_default())
    }

    /// Counts one that may have come to another server.
    pub fn see(&mut self, Sighting { site, bands }: Sighting) {
        self.turn();
        for band in bands {
            if self.current.len() >= MOST && !self.current.contains_key(&band) {
                continue;
            }
            let sites = self.current.entry(band).or_default();
            match sites.iter().position(|(of, _)| *of == site) {
                Some(at) => sites[at].1 = sites[at].1.saturating_add(1),
                None if sites.len() < SITES => sites.push((site, 1)),
                None => {}
            }
        }
    }

    /// Begins a new window when this one is over.
    fn turn(&mut self) {
        let age = self.since.elapsed();
        if age >= WINDOW {
            let over = std::mem::take(&mut self.current);
            self.previous = if age < 2 * WINDOW { over } else { HashMap::new() };
            self.since = Instant::now();
        }
    }
}

/// A number that names a site on all servers.
fn number(site: &Site) -> u64 {
    let digest = Sha256::digest(site.as_str());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::Likes;
    use crate::classify::Likeness;
    use crate::comment::Site;
    use crate::facts::Similar;

    #[test]
    fn sites_are_told_apart() {
        let mut likes = Likes::new();
        let likeness = Likeness::of("one two three four five six seven eight nine ten").unwrap();
        let [a, b] = ["a.example", "b.example"].map(|name| Site::parse("site", name).unwrap());
        likes.count(&a, &likeness);
        likes.count(&a, &likeness);
        likes.count(&b, &likeness);
        assert_eq!(likes.similar(&a, &likeness), Similar { here: 2, elsewhere: 1 });
        assert_eq!(likes.similar(&b, &likeness), Similar { here: 1, elsewhere: 2 });
        let other = Likeness::of("nine ten eleven twelve thirteen fourteen fifteen sixteen").unwrap();
        assert_eq!(likes.similar(&a, &other), Similar::default());
    }
}
