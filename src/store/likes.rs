//! Counts nearly the same comments that came to this process of late, on one site and on the others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::classify::Likeness;
use crate::comment::Site;
use crate::facts::Similar;

/// Counts are kept for this long and for as long again, so that what is counted is of the last one to two hours.
pub(super) const WINDOW: Duration = Duration::from_secs(3_600);
/// How many bands are remembered in a window; what comes beyond them is not counted.
const MOST: usize = 200_000;
/// How many sites are told apart per band: who has seen it on so many knows enough.
const SITES: usize = 8;

/// The counts of two windows.
pub(super) struct Likes {
    current: Counts,
    previous: Counts,
    since: Instant,
}

/// Per band how many comments came to which site.
type Counts = HashMap<u64, Vec<(Site, u32)>>;

impl Likes {
    pub fn new() -> Self {
        Self { current: HashMap::new(), previous: HashMap::new(), since: Instant::now() }
    }

    /// How many came that were nearly the same.
    pub fn similar(&mut self, site: &Site, likeness: &Likeness) -> Similar {
        self.turn();
        let mut most = Similar::default();
        for band in likeness.bands() {
            let mut found = Similar::default();
            let seen = [&self.current, &self.previous].into_iter().filter_map(|counts| counts.get(&band));
            for (of, count) in seen.flatten() {
                let place = if of == site { &mut found.here } else { &mut found.elsewhere };
                *place = place.saturating_add(*count);
            }
            most.here = most.here.max(found.here);
            most.elsewhere = most.elsewhere.max(found.elsewhere);
        }
        most
    }

    /// Counts one more.
    pub fn count(&mut self, site: &Site, likeness: &Likeness) {
        self.turn();
        for band in likeness.bands() {
            if self.current.len() >= MOST && !self.current.contains_key(&band) {
                continue;
            }
            let sites = self.current.entry(band).or_default();
            match sites.iter().position(|(of, _)| of == site) {
                Some(at) => sites[at].1 = sites[at].1.saturating_add(1),
                None if sites.len() < SITES => sites.push((site.clone(), 1)),
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
