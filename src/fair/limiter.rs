//! Limits concurrent calls and streams without waiting: a caller gets a permit at once or is refused.
//!
//! The number of permits that a caller may hold is proportional to the number of free permits: the dynamic threshold by which
//! switches share their memory between queues (A. K. Choudhury and E. L. Hahne, "Dynamic Queue Length Thresholds for
//! Shared-Memory Packet Switches", IEEE/ACM Transactions on Networking 6, 1998). A single caller gets most of the permits,
//! several callers get equal shares, and some permits stay free for the next caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Limits for calls, in sixteenths of the free permits: for one caller, and for all callers together on one site.
const CALL_FACTORS: (usize, usize) = (32, 16);
/// Limits for streams, which are held for long, in sixteenths of the free permits: for one caller, and for all callers
/// together on one site.
const STREAM_FACTORS: (usize, usize) = (4, 8);

/// Time for which a site counts as active after its last call.
const ACTIVE_PERIOD: Duration = Duration::from_secs(10);

/// A fixed number of permits. Clones share them.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimiter(Arc<Mutex<LimiterState>>);

#[derive(Debug)]
struct LimiterState {
    free: usize,
    per_caller: usize,
    per_site: usize,
    /// Site of the latest call without a caller's name.
    latest_site: Arc<str>,
    /// Time until which another site counts as active too.
    others_active_until: Instant,
    /// Number of permits that each caller holds.
    callers: HashMap<Arc<str>, usize>,
    /// Number of permits that all callers together hold for each site.
    sites: HashMap<Arc<str>, usize>,
}

/// A permit, which is returned when it is dropped.
#[derive(Debug)]
pub struct ConcurrencyPermit {
    limiter: ConcurrencyLimiter,
    caller: Arc<str>,
    site: Arc<str>,
}

impl ConcurrencyLimiter {
    /// Creates a limiter with `total` permits for calls.
    pub fn new(total: usize) -> Self {
        Self::with_factors(total, CALL_FACTORS)
    }

    /// Creates a limiter with `total` permits for streams, which are held for long. One caller gets at most a fifth of them.
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

    /// Acquires a permit for a caller and one of its sites. Returns `None` if no permit is free, or if the caller or the site
    /// already holds its share.
    ///
    /// Callers without a name cannot be distinguished, so only the share of the site counts for them. A site may have all
    /// permits while no other site is active.
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
        Some(ConcurrencyPermit { limiter: self.clone(), caller: Arc::clone(caller), site })
    }
}

impl LimiterState {
    /// Records a call for a site and returns whether no other site is active.
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
        let Ok(mut state) = self.limiter.0.lock() else { return };
        state.free += 1;
        release(&mut state.callers, &self.caller);
        release(&mut state.sites, &self.site);
    }
}

/// Decrements a count and removes it at zero, so that there are never more counts than permits.
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

    fn all(limiter: &ConcurrencyLimiter, caller: &str, site: &str) -> Vec<ConcurrencyPermit> {
        let caller = caller.into();
        std::iter::from_fn(|| limiter.try_acquire(&caller, site)).collect()
    }

    #[test]
    fn one_site_gets_half_of_all_places_and_one_caller_two_thirds() {
        let limiter = ConcurrencyLimiter::new(120);
        let shop = all(&limiter, "host", "shop.example");
        assert_eq!(shop.len(), 60);
        let blog = all(&limiter, "host", "blog.example");
        assert_eq!(shop.len() + blog.len(), 80);
        // Many callers together get no more for one site.
        let limiter = ConcurrencyLimiter::new(120);
        let held: Vec<ConcurrencyPermit> =
            (0..100).filter_map(|n| limiter.try_acquire(&n.to_string().into(), "shop.example")).collect();
        assert_eq!(held.len(), 60);
    }

    #[test]
    fn whoever_comes_next_still_finds_a_place() {
        let limiter = ConcurrencyLimiter::new(128);
        let mut held = Vec::new();
        for caller in ["a", "b", "c", "d"] {
            let theirs = all(&limiter, caller, &format!("{caller}.example"));
            assert!(!theirs.is_empty(), "{caller}");
            held.push(theirs);
        }
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_leaves_no_trace() {
        let limiter = ConcurrencyLimiter::new(2);
        for _ in 0..3 {
            let held = all(&limiter, "host", "blog.example");
            assert!(!held.is_empty());
        }
        let state = limiter.0.lock().unwrap();
        assert_eq!((state.free, state.callers.len(), state.sites.len()), (2, 0, 0));
    }

    #[test]
    fn callers_without_a_name_are_told_apart_by_their_sites() {
        let limiter = ConcurrencyLimiter::new(128);
        drop(limiter.try_acquire(&"".into(), "b.example"));
        let first = all(&limiter, "", "a.example");
        let second = all(&limiter, "", "b.example");
        assert_eq!((first.len(), second.len()), (64, 32));
    }

    #[test]
    fn one_site_without_keys_may_have_all_places_until_another_is_called() {
        let limiter = ConcurrencyLimiter::new(128);
        let mut first = all(&limiter, "", "a.example");
        assert_eq!(first.len(), 128);
        assert!(limiter.try_acquire(&"".into(), "b.example").is_none());
        first.truncate(100);
        assert!(limiter.try_acquire(&"".into(), "b.example").is_some());
        assert!(limiter.try_acquire(&"".into(), "a.example").is_none());
    }
}
