//! Quotas: how many calls per second each key may make.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::keys::Caller;
use crate::limit::{Gcra, GcraOutcome};

/// Maximum number of keys whose quotas are tracked.
const MAX_TRACKED_KEYS: usize = 10_000;

/// Counts calls by key. Each server counts for itself.
pub(super) struct Quotas {
    gcra: Gcra,
    start: Instant,
    arrivals: Mutex<HashMap<Arc<str>, u64>>,
}

impl Quotas {
    /// Returns quotas of `quota` calls per second and key, or `None` if `quota` is 0, which means unlimited.
    pub fn new(quota: u32) -> Option<Self> {
        let gcra = Gcra::new(quota, Duration::from_secs(1), quota.max(1)).filter(|_| quota > 0)?;
        Some(Self { gcra, start: Instant::now(), arrivals: Mutex::default() })
    }

    /// Counts one more call or comment. Returns how long a caller over its quota must wait, or `None` if it is within it.
    pub fn count(&self, caller: &Caller) -> Option<Duration> {
        let caller = &caller.id;
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut arrivals = self.arrivals.lock().ok()?;
        match self.gcra.check(arrivals.get(caller).copied().unwrap_or(0), now) {
            GcraOutcome::Admitted { tat, .. } => {
                if arrivals.len() >= MAX_TRACKED_KEYS {
                    arrivals.retain(|_, tat| *tat > now);
                }
                arrivals.insert(Arc::clone(caller), tat);
                None
            }
            GcraOutcome::Refused { retry_after } => Some(retry_after),
        }
    }
}
