//! The limits' counts, in memory: lost with the process, which admits at worst one more burst.

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

/// Whose count it is. The number is the site's.
type Key = (i64, Scope, Option<Person>);

/// Pruning is not worth while below so many counts.
const MIN_PRUNE_SIZE: usize = 1_024;

/// The theoretical arrival times of all limits, on a clock that nobody sets.
pub(super) struct LimitCounts {
    arrivals: HashMap<Key, u64>,
    /// What the transaction under way has changed, and what was there before.
    undo: Vec<(Key, Option<u64>)>,
    start: Instant,
    prune_at: usize,
}

/// What all limits say to one comment.
pub(super) struct LimitCheck {
    pub states: Vec<LimitState>,
    /// What to remember if it is counted. Empty if any limit refused.
    counts: Vec<(Key, u64)>,
}

impl LimitCheck {
    pub fn refused(&self) -> bool {
        self.states.iter().any(LimitState::is_exceeded)
    }
}

impl LimitCounts {
    pub fn new() -> Self {
        Self { arrivals: HashMap::new(), undo: Vec::new(), start: Instant::now(), prune_at: MIN_PRUNE_SIZE }
    }

    /// Asks all limits. Counts nothing.
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
        let mut weighing = LimitCheck { states, counts };
        if weighing.refused() {
            // Nobody counts it, so those that would have admitted it have one more left.
            weighing.counts.clear();
            weighing.states.iter_mut().filter(|state| !state.is_exceeded()).for_each(|state| state.remaining += 1);
        }
        weighing
    }

    /// Counts a comment that all limits admitted.
    pub fn count(&mut self, weighing: &LimitCheck) {
        for &(key, tat) in &weighing.counts {
            self.undo.push((key, self.arrivals.insert(key, tat)));
        }
    }

    /// Forgets what was counted for a person. Tells how many limits that were.
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

    /// The transaction is on disk: its counts stay.
    pub fn commit(&mut self) {
        self.undo.clear();
        if self.arrivals.len() > self.prune_at {
            let now = self.now();
            self.arrivals.retain(|_, tat| *tat > now);
            self.prune_at = MIN_PRUNE_SIZE.max(self.arrivals.len() * 2);
        }
    }

    /// The transaction failed: its counts go.
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
