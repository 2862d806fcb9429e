//! A circuit breaker: while a store is unavailable, calls fail immediately and one task per circuit probes it.
//!
//! A circuit covers a whole server. In a cluster, where some masters can be unavailable while others work, it covers a
//! sixteenth of the slots. A circuit opens after a few consecutive failures and closes when a probe succeeds. Probes are
//! sent at random intervals, because many servers would otherwise probe in step.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Number of consecutive failures that open a circuit.
const FAILURES_TO_OPEN: u32 = 3;
/// Minimum and maximum interval between probes.
const PROBE_INTERVAL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(500));
/// Number of circuits with failures above which those that are not open are forgotten.
const MAX_CIRCUITS: usize = 10_000;

/// The circuits of a store. Clones share their state.
#[derive(Clone, Default)]
pub(super) struct Breaker {
    circuits: Arc<Mutex<HashMap<String, Circuit>>>,
    /// Number of circuits in the map. While it is 0, calls skip the lock.
    troubled: Arc<AtomicUsize>,
}

/// The state of a circuit that has failures.
#[derive(Default)]
struct Circuit {
    failures: u32,
    /// Time at which the circuit opened, or `None` while it is closed.
    open: Option<Instant>,
}

/// The effect of a reported failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FailureEffect {
    /// No change: there were too few failures, or the circuit was open already.
    Nothing,
    /// The circuit opened. The caller must probe the store and [`close`](Breaker::close) the circuit when it is back.
    Opened,
}

impl Breaker {
    /// Returns whether a circuit is open, so that calls must fail.
    pub fn is_open(&self, circuit: &str) -> bool {
        self.troubled.load(Ordering::Relaxed) > 0 && self.circuits().get(circuit).is_some_and(|circuit| circuit.open.is_some())
    }

    /// Reports a successful call.
    pub fn succeeded(&self, circuit: &str) {
        if self.troubled.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut circuits = self.circuits();
        // A call that was in flight when the circuit opened must not close it: only a probe does.
        if circuits.get(circuit).is_some_and(|circuit| circuit.open.is_none()) {
            circuits.remove(circuit);
            self.update_count(&circuits);
        }
    }

    /// Reports a failed call.
    pub fn failed(&self, circuit: &str) -> FailureEffect {
        let mut circuits = self.circuits();
        if circuits.len() >= MAX_CIRCUITS && !circuits.contains_key(circuit) {
            // Failures of circuits that are not open are cheap to count again.
            circuits.retain(|_, circuit| circuit.open.is_some());
        }
        let state = circuits.entry(circuit.to_owned()).or_default();
        state.failures += 1;
        let opens = state.open.is_none() && state.failures >= FAILURES_TO_OPEN;
        if opens {
            state.open = Some(Instant::now());
        }
        self.update_count(&circuits);
        if opens { FailureEffect::Opened } else { FailureEffect::Nothing }
    }

    /// Closes a circuit after a successful probe. Returns how long it was open.
    pub fn close(&self, circuit: &str) -> Duration {
        let mut circuits = self.circuits();
        let closed = circuits.remove(circuit);
        self.update_count(&circuits);
        closed.and_then(|circuit| circuit.open).map_or(Duration::ZERO, |open| open.elapsed())
    }

    fn update_count(&self, circuits: &HashMap<String, Circuit>) {
        self.troubled.store(circuits.len(), Ordering::Relaxed);
    }

    fn circuits(&self) -> MutexGuard<'_, HashMap<String, Circuit>> {
        // Every change of the map is a single operation, so that it stays consistent after a panic.
        self.circuits.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Returns the delay before the next probe, chosen at random from [`PROBE_INTERVAL`].
pub(super) fn probe_interval() -> Duration {
    let (min, max) = PROBE_INTERVAL;
    // Without a random number servers may probe in step, which is acceptable.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    min + (max - min).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Breaker, FailureEffect, PROBE_INTERVAL, probe_interval};

    #[test]
    fn failures_in_a_row_open_a_circuit_and_a_success_between_them_does_not() {
        let breaker = Breaker::default();
        for outcome in [false, false, true, false, false] {
            if outcome {
                breaker.succeeded("a");
            } else {
                assert_eq!(breaker.failed("a"), FailureEffect::Nothing);
            }
        }
        assert!(!breaker.is_open("a"));
        assert_eq!(breaker.failed("a"), FailureEffect::Opened);
        assert!(breaker.is_open("a") && !breaker.is_open("b"));
        assert_eq!(breaker.failed("a"), FailureEffect::Nothing, "one task probes");
        breaker.succeeded("a");
        assert!(breaker.is_open("a"), "a straggler closes nothing");
    }

    #[test]
    fn a_probe_that_succeeds_closes_it() {
        let breaker = Breaker::default();
        (0..3).for_each(|_| _ = breaker.failed("a"));
        breaker.close("a");
        assert!(!breaker.is_open("a"));
        assert_eq!(breaker.failed("a"), FailureEffect::Nothing, "it counts from the start");
    }

    #[test]
    fn probes_do_not_come_in_step() {
        let intervals: Vec<_> = (0..50).map(|_| probe_interval()).collect();
        assert!(intervals.iter().all(|interval| (PROBE_INTERVAL.0..=PROBE_INTERVAL.1).contains(interval)));
        assert!(intervals.windows(2).any(|two| two[0] != two[1]));
    }
}
