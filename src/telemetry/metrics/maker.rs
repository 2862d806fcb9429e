//! Makes metrics and registers them.

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// Bounds of histograms, in seconds: from what a verdict takes without any store to what nobody waits for.
const HISTOGRAM_BUCKETS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Makes metrics and registers each. A name that is wrong or taken is found by the tests, and by the first start.
pub(super) struct MetricRegistrar<'r>(pub &'r Registry);

impl MetricRegistrar<'_> {
    /// Registers counters by labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    /// Registers a counter.
    pub fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.registered(IntCounter::new(name, help))
    }

    /// Registers shares by site.
    pub fn shares(&self, name: &str, help: &str) -> GaugeVec {
        self.registered(GaugeVec::new(Opts::new(name, help), &["site"]))
    }

    /// Registers gauges by labels.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.registered(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// Registers a gauge.
    pub fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.registered(IntGauge::new(name, help))
    }

    /// Registers histograms by labels.
    pub fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        self.registered(HistogramVec::new(HistogramOpts::new(name, help).buckets(HISTOGRAM_BUCKETS.to_vec()), labels))
    }

    #[allow(clippy::panic, reason = "all names are compiled in; a wrong one fails the first test that starts a server")]
    fn registered<M: prometheus::core::Collector + Clone + 'static>(&self, made: prometheus::Result<M>) -> M {
        match made.and_then(|metric| self.0.register(Box::new(metric.clone())).map(|()| metric)) {
            Ok(metric) => metric,
            Err(error) => panic!("{error}"),
        }
    }
}
