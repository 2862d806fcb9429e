//! The server's metrics, named by the Prometheus conventions. `docs/operations.md` explains each.

mod maker;
mod sites;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};

use super::stage::Stage;
use maker::MetricRegistrar;
use sites::SiteLabels;

/// Values of the label `why` of `gatepost_calls_shed_total`.
///
/// Counters whose label values are all known start at 0: alerts use the increase of a counter, and one that appears with its
/// first event has not increased.
const SHED_REASONS: [&str; 3] = ["concurrency", "streams", "quota"];
/// Values of the label `why` of `gatepost_connections_refused_total`.
const REFUSED_REASONS: [&str; 3] = ["full", "handshake", "silent"];
/// Values of the label `what` of `gatepost_reloads_total`.
const RELOAD_KINDS: [&str; 3] = ["policy", "model", "certificate"];
/// Values of the label `why` of `gatepost_auth_failures_total`.
const AUTH_FAILURE_REASONS: [&str; 5] = ["missing", "unknown", "expired", "role", "site"];
/// Values of the label `why` of `gatepost_addresses_ignored_total`.
const IGNORED_ADDRESS_REASONS: [&str; 2] = ["malformed", "not_public"];

/// The metrics of this process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The metrics of a process.
pub struct Metrics {
    registry: Registry,
    sites: SiteLabels,
    addresses: IntCounterVec,
    build_info: IntGaugeVec,
    verdicts: IntCounterVec,
    not_recorded: IntCounterVec,
    calls: HistogramVec,
    stages: [Histogram; Stage::ALL.len()],
    /// The number of calls in progress.
    pub calls_in_flight: IntGauge,
    /// The number of open connections.
    pub connections: IntGauge,
    shed: IntCounterVec,
    connections_refused: IntCounterVec,
    store_up: IntGauge,
    store_failures: IntCounter,
    limited: IntCounterVec,
    queue_comments: IntGaugeVec,
    queue_oldest: IntGaugeVec,
    reloads: IntCounterVec,
    certificate_expiry: IntGauge,
    auth_failures: IntCounterVec,
    learned: IntCounter,
    learning: Histogram,
    corrected: IntCounterVec,
    outcomes: IntGaugeVec,
    correction_serves: IntGaugeVec,
    missed_low: GaugeVec,
    missed_high: GaugeVec,
    spot_checks: IntGaugeVec,
}

impl Metrics {
    fn new() -> Self {
        let registry = Registry::new();
        let make = MetricRegistrar(&registry);
        let stages = make.histograms(
            "gatepost_stage_duration_seconds",
            "Duration of the stages of one comment, in seconds.",
            &["stage"],
        );
        let metrics = Self {
            build_info: make.gauges(
                "gatepost_build_info",
                "1 for the version, model and store that run.",
                &["version", "model", "store"],
            ),
            verdicts: make.counters(
                "gatepost_verdicts_total",
                "Verdicts, by decision, the label with the highest score, and the first reason.",
                &["site", "decision", "label", "reason"],
            ),
            not_recorded: make.counters(
                "gatepost_verdicts_not_recorded_total",
                "Verdicts that were not recorded because the store was unavailable.",
                &["site"],
            ),
            calls: make.histograms(
                "gatepost_call_duration_seconds",
                "Time from the arrival of a call to its response, in seconds.",
                &["rpc", "code"],
            ),
            stages: Stage::ALL.map(|stage| stages.with_label_values(&[stage.as_str()])),
            calls_in_flight: make.gauge("gatepost_calls_in_flight", "Calls in progress."),
            connections: make.gauge("gatepost_connections", "Open connections."),
            shed: make.counters("gatepost_calls_shed_total", "Calls refused to limit the load.", &["why"]),
            connections_refused: make.counters(
                "gatepost_connections_refused_total",
                "Connections closed before their first call.",
                &["why"],
            ),
            store_up: make.gauge("gatepost_store_up", "1 if the store answers, else 0."),
            store_failures: make.counter("gatepost_store_failures_total", "Comments for which the store failed."),
            limited: make.counters(
                "gatepost_limited_total",
                "Comments over a limit, by where it was counted.",
                &["source", "scope"],
            ),
            queue_comments: make.gauges("gatepost_queue_comments", "Held comments that wait for a moderator.", &["site"]),
            queue_oldest: make.gauges(
                "gatepost_queue_oldest_age_seconds",
                "Waiting time of the oldest held comment, in seconds.",
                &["site"],
            ),
            reloads: make.counters("gatepost_reloads_total", "Reloads of changed files, by outcome.", &["what", "outcome"]),
            certificate_expiry: make.gauge(
                "gatepost_certificate_expiry_timestamp_seconds",
                "Time at which the server's certificate expires, in seconds since 1970; 0 without TLS.",
            ),
            auth_failures: make.counters("gatepost_auth_failures_total", "Calls refused because of their key.", &["why"]),
            learned: make.counter("gatepost_outcomes_learned_total", "Outcomes learned, including repeated ones."),
            learning: make
                .histograms("gatepost_learning_duration_seconds", "Duration of one run of learning, in seconds.", &[])
                .with_label_values::<&str>(&[]),
            corrected: make.counters(
                "gatepost_verdicts_corrected_total",
                "Verdicts that a site's correction influenced.",
                &["site", "decision"],
            ),
            missed_low: make.shares(
                "gatepost_missed_low_ratio",
                "Lower end of the 95 % interval of the share of bad comments among those that the machine approved.",
            ),
            missed_high: make.shares(
                "gatepost_missed_high_ratio",
                "Upper end of the 95 % interval of the share of bad comments among those that the machine approved.",
            ),
            spot_checks: make.gauges(
                "gatepost_spot_checks",
                "Decided spot checks from which the missed share is estimated.",
                &["site"],
            ),
            outcomes: make.gauges("gatepost_outcomes", "Outcomes in a site's correction.", &["site"]),
            correction_serves: make.gauges(
                "gatepost_correction_serves",
                "1 if a site's correction does better than the base and is used, else 0.",
                &["site", "label"],
            ),
            sites: SiteLabels::default(),
            addresses: make.counters(
                "gatepost_addresses_ignored_total",
                "Client addresses that count for no limit: malformed or not public.",
                &["why"],
            ),
            registry,
        };
        metrics.initialize_counters();
        metrics
    }

    /// Creates all counters whose label values are known, with value 0.
    fn initialize_counters(&self) {
        for (counter, values) in [
            (&self.shed, &SHED_REASONS[..]),
            (&self.connections_refused, &REFUSED_REASONS),
            (&self.auth_failures, &AUTH_FAILURE_REASONS),
            (&self.addresses, &IGNORED_ADDRESS_REASONS),
        ] {
            for value in values {
                counter.with_label_values(&[value]);
            }
        }
        for what in RELOAD_KINDS {
            for outcome in ["done", "refused"] {
                self.reloads.with_label_values(&[what, outcome]);
            }
        }
    }

    /// Records the version, the model and the store of this server.
    pub fn set_build_info(&self, version: &str, model: &str, store: &str) {
        self.build_info.reset();
        self.build_info.with_label_values(&[version, model, store]).set(1);
    }

    /// Counts a verdict.
    pub fn verdict(&self, site: &str, decision: &str, label: &str, reason: &str) {
        self.verdicts.with_label_values(&[&*self.site_label(site), decision, label, reason]).inc();
    }

    /// Returns the number of verdicts given for a site, by decision. Returns nothing for sites counted as `other`.
    pub fn verdicts_of(&self, site: &str) -> HashMap<String, u64> {
        let mut all = HashMap::new();
        for family in self.registry.gather().iter().filter(|family| family.name() == "gatepost_verdicts_total") {
            for metric in family.get_metric() {
                let label =
                    |name: &str| metric.get_label().iter().find(|label| label.name() == name).map(|label| label.value());
                if let (Some(known), Some(decision)) = (label("site"), label("decision"))
                    && known == site
                {
                    *all.entry(decision.to_owned()).or_default() += metric.get_counter().get_value() as u64;
                }
            }
        }
        all
    }

    /// Counts a verdict that the store did not record.
    pub fn not_recorded(&self, site: &str) {
        self.not_recorded.with_label_values(&[&*self.site_label(site)]).inc();
    }

    /// Counts a comment over a limit. `local` says whether this server counted the limit by itself rather than in the store.
    pub fn limited(&self, local: bool, scope: &str) {
        self.limited.with_label_values(&[if local { "local" } else { "store" }, scope]).inc();
    }

    /// Records the duration of a call that has ended.
    pub fn call(&self, rpc: &str, code: &str, took: Duration) {
        self.calls.with_label_values(&[rpc, code]).observe(took.as_secs_f64());
    }

    /// Records the duration of a stage that began at `since` and ends now.
    pub fn stage(&self, stage: Stage, since: Instant) {
        if let Some(histogram) = Stage::ALL.iter().position(|known| *known == stage).and_then(|at| self.stages.get(at)) {
            histogram.observe(since.elapsed().as_secs_f64());
        }
    }

    /// Counts a call that was refused to limit the load: `concurrency`, `streams` or `quota`.
    pub fn shed(&self, why: &str) {
        self.shed.with_label_values(&[why]).inc();
    }

    /// Counts a connection that was closed before its first call: `full`, `handshake` or `silent`.
    pub fn connection_refused(&self, why: &str) {
        self.connections_refused.with_label_values(&[why]).inc();
    }

    /// Records whether the store answers.
    pub fn store_up(&self, up: bool) {
        self.store_up.set(up.into());
    }

    /// Counts a comment for which the store failed.
    pub fn store_failed(&self) {
        self.store_failures.inc();
    }

    /// Records the length of a site's queue and the waiting time of its oldest comment.
    pub fn queue(&self, site: &str, comments: u64, oldest: Duration) {
        let site = self.site_label(site);
        self.queue_comments.with_label_values(&[&*site]).set(comments.try_into().unwrap_or(i64::MAX));
        self.queue_oldest.with_label_values(&[&*site]).set(oldest.as_secs().try_into().unwrap_or(i64::MAX));
    }

    /// Counts an attempt to reload a changed file: `policy`, `model` or `certificate`.
    pub fn reloaded(&self, what: &str, done: bool) {
        self.reloads.with_label_values(&[what, if done { "done" } else { "refused" }]).inc();
    }

    /// Records when the server's certificate expires, in seconds since 1970.
    pub fn certificate_expires(&self, at: i64) {
        self.certificate_expiry.set(at);
    }

    /// Counts a call that was not authorized: `missing`, `unknown`, `expired`, `role` or `site`.
    pub fn not_allowed(&self, why: &str) {
        self.auth_failures.with_label_values(&[why]).inc();
    }

    /// Records a run of learning: the number of outcomes and the time it took.
    pub fn learned(&self, outcomes: usize, took: Duration) {
        self.learned.inc_by(outcomes.try_into().unwrap_or(u64::MAX));
        self.learning.observe(took.as_secs_f64());
    }

    /// Counts a verdict that a site's correction influenced.
    pub fn corrected(&self, site: &str, decision: &str) {
        self.corrected.with_label_values(&[&*self.site_label(site), decision]).inc();
    }

    /// Records the number of outcomes in a site's correction, and whether it is used for each label.
    pub fn correction(&self, site: &str, outcomes: u32, serves: impl IntoIterator<Item = (&'static str, bool)>) {
        let site = self.site_label(site);
        self.outcomes.with_label_values(&[&*site]).set(outcomes.into());
        for (label, serves) in serves {
            self.correction_serves.with_label_values(&[&*site, label]).set(serves.into());
        }
    }

    /// Records the interval of the share of bad comments among those that the machine approved on a site, and the number of
    /// spot checks behind it.
    pub fn missed(&self, site: &str, (low, high): (f64, f64), checked: u32) {
        let site = self.site_label(site);
        self.missed_low.with_label_values(&[&*site]).set(low);
        self.missed_high.with_label_values(&[&*site]).set(high);
        self.spot_checks.with_label_values(&[&*site]).set(checked.into());
    }

    /// Returns all metrics in the Prometheus text format.
    ///
    /// # Errors
    /// Returns an error if the encoder fails.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Returns the sites that have label values of their own.
    pub fn sites(&self) -> Vec<String> {
        self.sites.all()
    }

    /// Gives these sites label values of their own, whatever other sites are called. Policies and keys name them.
    pub fn name_sites(&self, names: impl IntoIterator<Item = String>) {
        self.sites.name(names);
    }

    /// Counts a client address that counts for no limit: `malformed` or `not_public`. Returns whether it is the first one of
    /// this process.
    pub fn ignored_address(&self, why: &str) -> bool {
        let counter = self.addresses.with_label_values(&[why]);
        counter.inc();
        counter.get() == 1
    }

    /// Returns the value of the label `site`. Creates the counter of verdicts that were not recorded for a new site, so that it
    /// starts at 0.
    fn site_label<'s>(&self, site: &'s str) -> Cow<'s, str> {
        self.sites.label(site, |new| drop(self.not_recorded.with_label_values(&[new])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_beyond_a_hundred_share_a_name() {
        let metrics = Metrics::new();
        for n in 0..300 {
            metrics.verdict(&format!("{n}.example"), "hold", "spam", "SPAM");
        }
        let text = metrics.text().unwrap();
        assert_eq!(
            text.lines().filter(|line| line.starts_with("gatepost_verdicts_total{")).count(),
            sites::MAX_UNNAMED_SITES + 1
        );
        assert!(text.contains("site=\"other\"} 200"), "{text}");
        // Sites that a policy or a key names have label values of their own nevertheless.
        metrics.name_sites(["299.example".to_owned()]);
        metrics.verdict("299.example", "hold", "spam", "SPAM");
        assert!(metrics.text().unwrap().contains("site=\"299.example\"} 1"));
    }

    #[test]
    fn each_part_of_the_way_is_measured() {
        let metrics = Metrics::new();
        let start = Instant::now();
        for stage in Stage::ALL {
            metrics.stage(stage, start);
        }
        let text = metrics.text().unwrap();
        for stage in Stage::ALL {
            let line = format!("gatepost_stage_duration_seconds_count{{stage=\"{}\"}} 1", stage.as_str());
            assert!(text.contains(&line), "{line} in {text}");
        }
    }

    #[test]
    fn counters_whose_labels_are_known_begin_at_nought() {
        let metrics = Metrics::new();
        metrics.verdict("blog.example", "approve", "spam", "");
        let text = metrics.text().unwrap();
        for name in [
            "gatepost_calls_shed_total{why=\"quota\"}",
            "gatepost_connections_refused_total{why=\"handshake\"}",
            "gatepost_auth_failures_total{why=\"expired\"}",
            "gatepost_addresses_ignored_total{why=\"malformed\"}",
            "gatepost_reloads_total{outcome=\"refused\",what=\"policy\"}",
            "gatepost_verdicts_not_recorded_total{site=\"blog.example\"}",
        ] {
            assert!(text.contains(&format!("{name} 0\n")), "{name} is not in {text}");
        }
    }
}
