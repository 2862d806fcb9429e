//! Places for calls and streams, for which nobody waits: a caller gets one at once or is refused.
//!
//! What a caller may hold is in proportion to the places that are free: the dynamic threshold by which switches share
//! their memory between queues (A. K. Choudhury and E. L. Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet
//! Switches", IEEE/ACM Transactions on Networking 6, 1998). One caller alone gets most of them, several get equal shares,
//! and some stay free for the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many times the free places one caller may hold, and how many times all callers may for one site, in sixteenths.
const CALL_FACTORS: (usize, usize) = (32, 16);
/// The same of what is held for long.
const STREAM_FACTORS: (usize, usize) = (4, 8);

/// For how long a site counts as active after its last call.
const ACTIVE_PERIOD: Duration = Duration::from_secs(10);

/// A fixed number of places. Clones share them.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimiter(Arc<Mutex<LimiterState>>);

#[derive(Debug)]
struct LimiterState {
    free: usize,
    per_caller: usize,
    per_site: usize,
    /// The site of the latest call without a caller's name, and until when another site counts as active beside it.
    latest_site: Arc<str>,
    others_active_until: Instant,
    /// How many places each caller holds.
    callers: HashMap<Arc<str>, usize>,
    /// How many places all callers together hold for each site.
    sites: HashMap<Arc<str>, usize>,
}

/// A place that is taken. Given back when it is dropped.
#[derive(Debug)]
pub struct ConcurrencyPermit {
    places: ConcurrencyLimiter,
    caller: Arc<str>,
    site: Arc<str>,
}

impl ConcurrencyLimiter {
    /// Makes so many places for calls.
    pub fn new(total: usize) -> Self {
        Self::with_factors(total, CALL_FACTORS)
    }

    /// Makes so many places for streams, which are held for long: one caller gets a fifth of them at most.
    pub fn for_streams(total: usize) -> Self {
        Self::with_factors(total, STREAM_FACTORS)
    }

    fn with_factors(total: usize, (per_caller, per_site): (usize, usize)) -> Self {
        Self(Arc::new(Mutex::new(LimiterState {
            free: total,
            per_caller,
            per_site,
            latest_site: "".into(),
            others_active_until: Instant::now(),
            callers: HashMap::new(),
            sites: HashMap::new(),
        })))
    }

    /// Takes a place for a caller and one of its sites. A caller without a name is not told from others: then the site
    /// alone counts, and one that nobody else calls beside may have all places. Returns `None` if none is free, or the caller or
    /// the site holds its share.
    pub fn try_acquire(&self, caller: &Arc<str>, site: &str) -> Option<ConcurrencyPermit> {
        let mut state = self.0.lock().ok()?;
        let site = Arc::<str>::from(site);
        let by_caller = state.callers.get(caller).copied().unwrap_or(0);
        let by_site = state.sites.get(&site).copied().unwrap_or(0);
        let alone = caller.is_empty() && state.is_only_active_site(&site);
        let fits = |held: usize, factor: usize| held == 0 || 16 * held < state.free.saturating_mul(factor);
        if state.free == 0
            || !caller.is_empty() && !fits(by_caller, state.per_caller)
            || !alone && !site.is_empty() && !fits(by_site, state.per_site)
        {
            return None;
        }
        state.free -= 1;
        state.callers.insert(Arc::clone(caller), by_caller + 1);
        state.sites.insert(Arc::clone(&site), by_site + 1);
        drop(state);
        Some(ConcurrencyPermit { places: self.clone(), caller: Arc::clone(caller), site })
    }
}

impl LimiterState {
    /// Returns whether no other site was called for a while.
    fn is_only_active_site(&mut self, site: &Arc<str>) -> bool {
        let now = Instant::now();
        if self.latest_site != *site {
            let first = self.latest_site.is_empty();
            self.latest_site = Arc::clone(site);
            self.others_active_until = if first { now } else { now + ACTIVE_PERIOD };
        }
        now >= self.others_active_until
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        let Ok(mut state) = self.places.0.lock() else { return };
        state.free += 1;
        release(&mut state.callers, &self.caller);
        release(&mut state.sites, &self.site);
    }
}

/// Counts one less. A count of nothing is not kept, so that there are never more counts than places.
fn release<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    let left = counts.get_mut(key).map(|count| {
        *count -= 1;
        *count
    });
    if left == Some(0) {
        counts.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(places: &ConcurrencyLimiter, caller: &str, site: &str) -> Vec<ConcurrencyPermit> {
        let caller = caller.into();
        std::iter::from_fn(|| places.try_acquire(&caller, site)).collect()
    }

    #[test]
    fn one_site_gets_half_of_all_places_and_one_caller_two_thirds() {
        let places = ConcurrencyLimiter::new(120);
        let shop = all(&places, "host", "shop.example");
        assert_eq!(shop.len(), 60);
        let blog = all(&places, "host", "blog.example");
        assert_eq!(shop.len() + blog.len(), 80);
        // Nor do many callers get more for one site.
        let places = ConcurrencyLimiter::new(120);
        let held: Vec<ConcurrencyPermit> =
            (0..100).filter_map(|n| places.try_acquire(&n.to_string().into(), "shop.example")).collect();
        assert_eq!(held.len(), 60);
    }

    #[test]
    fn whoever_comes_next_still_finds_a_place() {
        let places = ConcurrencyLimiter::new(128);
        let mut held = Vec::new();
        for caller in ["a", "b", "c", "d"] {
            let theirs = all(&places, caller, &format!("{caller}.example"));
            assert!(!theirs.is_empty(), "{caller}");
            held.push(theirs);
        }
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_leaves_no_trace() {
        let places = ConcurrencyLimiter::new(2);
        for _ in 0..3 {
            let held = all(&places, "host", "blog.example");
            assert!(!held.is_empty());
        }
        let state = places.0.lock().unwrap();
        assert_eq!((state.free, state.callers.len(), state.sites.len()), (2, 0, 0));
    }

    #[test]
    fn callers_without_a_name_are_told_apart_by_their_sites() {
        let places = ConcurrencyLimiter::new(128);
        drop(places.try_acquire(&"".into(), "b.example"));
        let first = all(&places, "", "a.example");
        let second = all(&places, "", "b.example");
        assert_eq!((first.len(), second.len()), (64, 32));
    }

    #[test]
    fn one_site_without_keys_may_have_all_places_until_another_is_called() {
        let places = ConcurrencyLimiter::new(128);
        let mut first = all(&places, "", "a.example");
        assert_eq!(first.len(), 128);
        assert!(places.try_acquire(&"".into(), "b.example").is_none());
        first.truncate(100);
        assert!(places.try_acquire(&"".into(), "b.example").is_some());
        assert!(places.try_acquire(&"".into(), "a.example").is_none());
    }
}
