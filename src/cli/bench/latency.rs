//! Latencies, kept in buckets of bounded relative width (HdrHistogram), and the figures that are told of them.

use std::time::Duration;

use hdrhistogram::{Counter, Histogram};
use serde::Serialize;

/// An hour in microseconds: longer ones count as that.
const MAX_MICROS: u64 = 3_600_000_000;

/// Latencies, exact to some digits.
#[derive(Debug, Clone)]
pub struct LatencyHistogram<C: Counter>(Option<Histogram<C>>);

/// What is told of many latencies, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LatencySummary {
    /// The arithmetic mean.
    pub mean: f64,
    /// Half of all are at most this.
    pub p50: f64,
    /// 90 % are.
    pub p90: f64,
    /// 99 % are.
    pub p99: f64,
    /// 99.9 % are.
    #[serde(rename = "p99.9")]
    pub p999: f64,
    /// All are.
    pub max: f64,
}

/// Latencies above the last step and not above this one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyBucket {
    /// In milliseconds: 0.1, 0.2, 0.5, 1 and so on.
    pub at_most_ms: f64,
    /// How many calls.
    pub calls: u64,
}

impl<C: Counter> LatencyHistogram<C> {
    /// None yet; each will be kept to so many decimal digits, at most 5.
    pub fn new(digits: u8) -> Self {
        // The bounds are fixed and valid.
        Self(Histogram::new_with_bounds(1, MAX_MICROS, digits).ok())
    }

    /// Keeps one.
    pub fn record(&mut self, latency: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).clamp(1, MAX_MICROS));
        }
    }

    /// What is told of them. `None`: there are none.
    pub fn summary(&self) -> Option<LatencySummary> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        // A bucket's upper end may lie above the longest that was kept.
        let at = |quantile| histogram.value_at_quantile(quantile).min(histogram.max()) as f64 / 1e3;
        Some(LatencySummary {
            mean: (histogram.mean()).round() / 1e3,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1e3,
        })
    }

    /// How many fell into each step, from the first to the last that holds any.
    pub fn buckets(&self) -> Vec<LatencyBucket> {
        let Some(histogram) = self.0.as_ref().filter(|histogram| !histogram.is_empty()) else { return Vec::new() };
        let (mut steps, mut above, mut left) = (Vec::new(), 0, histogram.len());
        let decades = std::iter::successors(Some(100_u64), |decade| Some(decade * 10));
        for at_most in decades.flat_map(|decade| [1, 2, 5].map(|step| step * decade)) {
            let calls = histogram.count_between(above, at_most);
            if calls > 0 || !steps.is_empty() {
                steps.push(LatencyBucket { at_most_ms: at_most as f64 / 1e3, calls });
            }
            left = left.saturating_sub(calls);
            if left == 0 || at_most > MAX_MICROS {
                break;
            }
            // A bucket that reaches over the step counts below it.
            above = histogram.next_non_equivalent(at_most);
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_what_was_kept() {
        let mut latencies = LatencyHistogram::<u64>::new(3);
        assert_eq!(latencies.summary(), None);
        for millis in 1..=1_000 {
            latencies.record(Duration::from_millis(millis));
        }
        let figures = latencies.summary().unwrap();
        for (got, expected) in [(figures.mean, 500.5), (figures.p50, 500.0), (figures.p99, 990.0), (figures.max, 1_000.0)] {
            assert!((got - expected).abs() < expected * 0.002, "{figures:?}");
        }
        let steps = latencies.buckets();
        assert_eq!(steps.iter().map(|step| step.calls).sum::<u64>(), 1_000);
        assert_eq!(steps.first(), Some(&LatencyBucket { at_most_ms: 1.0, calls: 1 }));
        let last = steps.last().unwrap();
        assert!(last.at_most_ms == 1_000.0 && (499..=501).contains(&last.calls), "{steps:?}");
    }

    #[test]
    fn no_latency_is_too_long_or_too_short() {
        let mut latencies = LatencyHistogram::<u32>::new(2);
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_secs(1_000_000));
        assert!(latencies.summary().unwrap().max <= 3_700_000.0);
    }
}
