//! Histograms of latencies with buckets of bounded relative width (HdrHistogram), and their summaries.

use std::time::Duration;

use hdrhistogram::{Counter, Histogram};
use serde::Serialize;

/// The longest latency that is recorded, one hour in microseconds. Longer ones count as one hour.
const MAX_MICROS: u64 = 3_600_000_000;

/// A histogram of latencies with a fixed number of significant digits.
#[derive(Debug, Clone)]
pub struct LatencyHistogram<C: Counter>(Option<Histogram<C>>);

/// The mean and percentiles of a set of latencies, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LatencySummary {
    /// The arithmetic mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    #[serde(rename = "p99.9")]
    pub p999: f64,
    /// The maximum.
    pub max: f64,
}

/// The number of calls with a latency above the bound of the bucket before and up to the bound of this one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyBucket {
    /// Upper bound in milliseconds: 0.1, 0.2, 0.5, 1 and so on.
    pub at_most_ms: f64,
    /// Number of calls.
    pub calls: u64,
}

impl<C: Counter> LatencyHistogram<C> {
    /// Returns an empty histogram with this number of significant decimal digits, at most 5.
    pub fn new(digits: u8) -> Self {
        // The bounds are constant and valid, so this does not fail for up to 5 digits.
        Self(Histogram::new_with_bounds(1, MAX_MICROS, digits).ok())
    }

    /// Records a latency.
    pub fn record(&mut self, latency: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).clamp(1, MAX_MICROS));
        }
    }

    /// Returns the summary of the latencies, or `None` if there are none.
    pub fn summary(&self) -> Option<LatencySummary> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        // The upper bound of a bucket may exceed the maximum.
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

    /// Returns the buckets from the first to the last that holds a call.
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
            // An internal bucket that extends beyond the bound counts as below it.
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
