//! A circuit breaker: while a store is away nobody waits for it, and one task per circuit asks whether it is back.
//!
//! A circuit is all there is of one server; in a cluster it is a sixteenth of the slots, as part of the masters can be away.
//! It opens after a few failures in a row and closes with the first probe that succeeds. Probes come at random intervals, so
//! that many servers do not ask in step.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// So many failures in a row open a circuit.
const FAILURES_TO_OPEN: u32 = 3;
/// The bounds of the interval between probes.
const PROBE_INTERVAL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(500));
/// How many circuits with failures are remembered.
const MAX_CIRCUITS: usize = 10_000;

/// All circuits of a store. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Breaker {
    circuits: Arc<Mutex<HashMap<String, Circuit>>>,
    /// How many there are in the map, so that a store without trouble pays one look.
    troubled: Arc<AtomicUsize>,
}

/// A circuit with failures.
#[derive(Default)]
struct Circuit {
    failures: u32,
    /// Since when nobody is let through.
    open: Option<Instant>,
}

/// What a failure led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FailureEffect {
    /// Nothing yet, or the circuit was open already.
    Nothing,
    /// The circuit opened: somebody must probe, and [`close`](Breaker::close) it.
    Opened,
}

impl Breaker {
    /// Whether calls are turned away.
    pub fn is_open(&self, circuit: &str) -> bool {
        self.troubled.load(Ordering::Relaxed) > 0 && self.circuits().get(circuit).is_some_and(|circuit| circuit.open.is_some())
    }

    /// A call succeeded.
    pub fn succeeded(&self, circuit: &str) {
        if self.troubled.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut circuits = self.circuits();
        // One that was under way when the circuit opened does not close it: the probe does.
        if circuits.get(circuit).is_some_and(|circuit| circuit.open.is_none()) {
            circuits.remove(circuit);
            self.count(&circuits);
        }
    }

    /// A call failed.
    pub fn failed(&self, circuit: &str) -> FailureEffect {
        let mut circuits = self.circuits();
        if circuits.len() >= MAX_CIRCUITS && !circuits.contains_key(circuit) {
            // What has not opened can be learned again.
            circuits.retain(|_, circuit| circuit.open.is_some());
        }
        let state = circuits.entry(circuit.to_owned()).or_default();
        state.failures += 1;
        let opens = state.open.is_none() && state.failures >= FAILURES_TO_OPEN;
        if opens {
            state.open = Some(Instant::now());
        }
        self.count(&circuits);
        if opens { FailureEffect::Opened } else { FailureEffect::Nothing }
    }

    /// A probe succeeded: everybody is let through again. Returns how long nobody was.
    pub fn close(&self, circuit: &str) -> Duration {
        let mut circuits = self.circuits();
        let closed = circuits.remove(circuit);
        self.count(&circuits);
        closed.and_then(|circuit| circuit.open).map_or(Duration::ZERO, |open| open.elapsed())
    }

    fn count(&self, circuits: &HashMap<String, Circuit>) {
        self.troubled.store(circuits.len(), Ordering::Relaxed);
    }

    fn circuits(&self) -> MutexGuard<'_, HashMap<String, Circuit>> {
        // Each change of the map is one step, so that a panic elsewhere leaves it whole.
        self.circuits.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// How long to wait before the next probe: at random between the bounds.
pub(super) fn probe_interval() -> Duration {
    let (least, most) = PROBE_INTERVAL;
    // Without randomness they come in step, which is no reason not to probe.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    least + (most - least).mul_f64(f64::from(random) / f64::from(u32::MAX))
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
