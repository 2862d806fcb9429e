//! In-memory counts of the rate limits. A restart loses them, which admits at most one more burst.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::facts::LimitState;
use crate::limit::{GcraOutcome, Scope};
use crate::store::entry::AppliedLimit;
use crate::store::person::Person;

impl Default for LimitCounts {
    fn default() -> Self {
        Self::new()
    }
}

/// The key of a count: the number of the site, the scope, and the person if the limit counts one.
type Key = (i64, Scope, Option<Person>);

/// Number of counts below which pruning is not worthwhile.
const MIN_PRUNE_SIZE: usize = 1_024;

/// The theoretical arrival times of all limits, measured on a monotonic clock.
pub(super) struct LimitCounts {
    arrivals: HashMap<Key, u64>,
    /// Keys changed by the current transaction, with their previous values.
    undo: Vec<(Key, Option<u64>)>,
    start: Instant,
    prune_at: usize,
}

/// The result of checking one comment against all its limits.
pub(super) struct LimitCheck {
    pub states: Vec<LimitState>,
    /// New arrival times if the comment is counted. Empty if any limit refused it.
    counts: Vec<(Key, u64)>,
}

impl LimitCheck {
    /// Returns whether any limit refused the comment.
    pub fn refused(&self) -> bool {
        self.states.iter().any(LimitState::is_exceeded)
    }
}

impl LimitCounts {
    /// Creates empty counts.
    pub fn new() -> Self {
        Self { arrivals: HashMap::new(), undo: Vec::new(), start: Instant::now(), prune_at: MIN_PRUNE_SIZE }
    }

    /// Checks a comment against limits without counting it.
    pub fn check(&self, site: i64, limits: &[AppliedLimit]) -> LimitCheck {
        let now = self.now();
        let (mut states, mut counts) = (Vec::with_capacity(limits.len()), Vec::with_capacity(limits.len()));
        for &(scope, person, gcra) in limits {
            let key = (site, scope, person);
            let (remaining, retry_after) = match gcra.check(self.arrivals.get(&key).copied().unwrap_or(0), now) {
                GcraOutcome::Admitted { tat, remaining } => {
                    counts.push((key, tat));
                    (remaining, Duration::ZERO)
                }
                GcraOutcome::Refused { retry_after } => (0, retry_after),
            };
            states.push(LimitState { scope, limit: gcra.burst(), remaining, retry_after });
        }
        let mut check = LimitCheck { states, counts };
        if check.refused() {
            // A refused comment is not counted, so the limits that would have admitted it have one more left.
            check.counts.clear();
            check.states.iter_mut().filter(|state| !state.is_exceeded()).for_each(|state| state.remaining += 1);
        }
        check
    }

    /// Counts a comment that was checked. Counts nothing if a limit refused it.
    pub fn count(&mut self, check: &LimitCheck) {
        for &(key, tat) in &check.counts {
            self.undo.push((key, self.arrivals.insert(key, tat)));
        }
    }

    /// Removes the counts of a person. Returns how many there were.
    pub fn forget(&mut self, site: i64, person: Person) -> u64 {
        let mut forgotten = 0;
        for scope in [Scope::Author, Scope::Client] {
            let key = (site, scope, Some(person));
            if let Some(tat) = self.arrivals.remove(&key) {
                self.undo.push((key, Some(tat)));
                forgotten += 1;
            }
        }
        forgotten
    }

    /// Keeps the counts of the current transaction, and prunes expired counts if there are many.
    pub fn commit(&mut self) {
        self.undo.clear();
        if self.arrivals.len() > self.prune_at {
            let now = self.now();
            self.arrivals.retain(|_, tat| *tat > now);
            self.prune_at = MIN_PRUNE_SIZE.max(self.arrivals.len() * 2);
        }
    }

    /// Undoes the counts of the current transaction.
    pub fn roll_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(tat) => self.arrivals.insert(key, tat),
                None => self.arrivals.remove(&key),
            };
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Gcra;

    fn hourly(burst: u32) -> Gcra {
        Gcra::new(1, Duration::from_secs(3600), burst).unwrap()
    }

    #[test]
    fn counts_of_a_failed_transaction_are_taken_back_in_order() {
        let mut limits = LimitCounts::new();
        let site = [(Scope::Site, None, hourly(3))];
        limits.count(&limits.check(1, &site));
        limits.commit();
        for _ in 0..2 {
            limits.count(&limits.check(1, &site));
        }
        assert!(limits.check(1, &site).refused());

        limits.roll_back();

        assert_eq!(limits.check(1, &site).states[0].remaining, 1);
    }

    #[test]
    fn lapsed_counts_are_pruned() {
        let mut limits = LimitCounts::new();
        let brief = Gcra::new(1, Duration::from_micros(1), 1).unwrap();
        for site in 0..10_000 {
            limits.count(&limits.check(site, &[(Scope::Site, None, brief)]));
            limits.commit();
        }
        assert!(limits.arrivals.len() < 5_000, "{}", limits.arrivals.len());
    }
}
