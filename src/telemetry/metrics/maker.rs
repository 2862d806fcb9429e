//! Creates metrics and registers them.

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// Upper bounds of the buckets of histograms, in seconds: from a verdict without any store to longer than any caller waits.
const HISTOGRAM_BUCKETS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// A factory that creates metrics and registers them. An invalid or duplicate name fails the tests and the first start.
pub(super) struct MetricRegistrar<'r>(pub &'r Registry);

impl MetricRegistrar<'_> {
    /// Registers a family of counters with these labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    /// Registers a counter.
    pub fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.registered(IntCounter::new(name, help))
    }

    /// Registers a family of gauges of shares (0 to 1), one for each site.
    pub fn shares(&self, name: &str, help: &str) -> GaugeVec {
        self.registered(GaugeVec::new(Opts::new(name, help), &["site"]))
    }

    /// Registers a family of gauges with these labels.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.registered(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// Registers a gauge.
    pub fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.registered(IntGauge::new(name, help))
    }

    /// Registers a family of histograms with these labels.
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
