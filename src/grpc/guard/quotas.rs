//! Quotas: how many calls each key may make a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::keys::Caller;
use crate::limit::{Gcra, GcraOutcome};

/// How many keys' quotas are remembered.
const MAX_TRACKED_KEYS: usize = 10_000;

/// Counts calls by key, each server for itself.
pub(super) struct Quotas {
    gcra: Gcra,
    start: Instant,
    arrivals: Mutex<HashMap<Arc<str>, u64>>,
}

impl Quotas {
    /// Allows each key so many calls a second. Returns `None` if any number is allowed (0).
    pub fn new(quota: u32) -> Option<Self> {
        let gcra = Gcra::new(quota, Duration::from_secs(1), quota.max(1)).filter(|_| quota > 0)?;
        Some(Self { gcra, start: Instant::now(), arrivals: Mutex::default() })
    }

    /// Counts one more call or comment. Returns how long a caller must wait who is over the quota.
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
