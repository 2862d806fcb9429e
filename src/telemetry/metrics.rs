//! What is counted and measured, by the names of the Prometheus conventions. `docs/operations.md` says what each tells.

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

/// Label values of which all are known. They are there from the start, with 0: an alert looks at how much a counter rose,
/// and one that begins with its first event has not risen.
const SHED_REASONS: [&str; 3] = ["concurrency", "streams", "quota"];
const REFUSED_REASONS: [&str; 3] = ["full", "handshake", "silent"];
const RELOAD_KINDS: [&str; 3] = ["policy", "model", "certificate"];
const AUTH_FAILURE_REASONS: [&str; 5] = ["missing", "unknown", "expired", "role", "site"];
const IGNORED_ADDRESS_REASONS: [&str; 2] = ["malformed", "not_public"];

/// Everything that is measured in this process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Everything that is measured.
pub struct Metrics {
    registry: Registry,
    sites: SiteLabels,
    addresses: IntCounterVec,
    build_info: IntGaugeVec,
    verdicts: IntCounterVec,
    not_recorded: IntCounterVec,
    calls: HistogramVec,
    stages: [Histogram; Stage::ALL.len()],
    /// Calls being worked on.
    pub calls_in_flight: IntGauge,
    /// Open connections.
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
        let stages =
            make.histograms("gatepost_stage_duration_seconds", "How long each part of the way of a comment takes.", &["stage"]);
        let metrics = Self {
            build_info: make.gauges("gatepost_build_info", "1, with what runs.", &["version", "model", "store"]),
            verdicts: make.counters(
                "gatepost_verdicts_total",
                "Verdicts given, by decision, the label that scored highest, and the first reason.",
                &["site", "decision", "label", "reason"],
            ),
            not_recorded: make.counters(
                "gatepost_verdicts_not_recorded_total",
                "Verdicts that were not recorded, because the store was away.",
                &["site"],
            ),
            calls: make.histograms("gatepost_call_duration_seconds", "How long calls take.", &["rpc", "code"]),
            stages: Stage::ALL.map(|stage| stages.with_label_values(&[stage.as_str()])),
            calls_in_flight: make.gauge("gatepost_calls_in_flight", "Calls being worked on."),
            connections: make.gauge("gatepost_connections", "Open connections."),
            shed: make.counters("gatepost_calls_shed_total", "Calls refused to keep the others fast.", &["why"]),
            connections_refused: make.counters(
                "gatepost_connections_refused_total",
                "Connections closed before their first call.",
                &["why"],
            ),
            store_up: make.gauge("gatepost_store_up", "1 while the store answers."),
            store_failures: make.counter("gatepost_store_failures_total", "Comments that the store failed."),
            limited: make.counters("gatepost_limited_total", "Comments over a limit, by who counted it.", &["source", "scope"]),
            queue_comments: make.gauges("gatepost_queue_comments", "Comments that wait for a moderator.", &["site"]),
            queue_oldest: make.gauges(
                "gatepost_queue_oldest_age_seconds",
                "How long the oldest of them has waited.",
                &["site"],
            ),
            reloads: make.counters(
                "gatepost_reloads_total",
                "Changed files that were read again, or refused.",
                &["what", "outcome"],
            ),
            certificate_expiry: make.gauge(
                "gatepost_certificate_expiry_timestamp_seconds",
                "When the server's certificate ends, in seconds since 1970.",
            ),
            auth_failures: make.counters("gatepost_auth_failures_total", "Calls that their key does not allow.", &["why"]),
            learned: make
                .counter("gatepost_outcomes_learned_total", "Outcomes folded into sites' corrections, again ones too."),
            learning: make
                .histograms("gatepost_learning_duration_seconds", "How long a run of outcomes takes to be folded.", &[])
                .with_label_values::<&str>(&[]),
            corrected: make.counters(
                "gatepost_verdicts_corrected_total",
                "Verdicts in which what the site has learned had a say that changed something.",
                &["site", "decision"],
            ),
            missed_low: make.shares(
                "gatepost_missed_low_ratio",
                "Lower end of the 95 % interval of the share of bad comments among those approved by the machine.",
            ),
            missed_high: make.shares(
                "gatepost_missed_high_ratio",
                "Upper end of the 95 % interval of the share of bad comments among those approved by the machine.",
            ),
            spot_checks: make.gauges("gatepost_spot_checks", "Decided spot checks that tell how much is missed.", &["site"]),
            outcomes: make.gauges("gatepost_outcomes", "Outcomes that a site's correction is made of.", &["site"]),
            correction_serves: make.gauges(
                "gatepost_correction_serves",
                "1 while a site's correction proves better than the base and serves.",
                &["site", "label"],
            ),
            sites: SiteLabels::default(),
            addresses: make.counters(
                "gatepost_addresses_ignored_total",
                "Clients' addresses that count for no limit: malformed, or not public.",
                &["why"],
            ),
            registry,
        };
        metrics.initialize_counters();
        metrics
    }

    /// Has every counter begin whose labels are known.
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

    /// What runs.
    pub fn set_build_info(&self, version: &str, model: &str, store: &str) {
        self.build_info.reset();
        self.build_info.with_label_values(&[version, model, store]).set(1);
    }

    /// A verdict was given.
    pub fn verdict(&self, site: &str, decision: &str, label: &str, reason: &str) {
        self.verdicts.with_label_values(&[&*self.site_label(site), decision, label, reason]).inc();
    }

    /// How many verdicts were given for a site, by decision. Nothing of sites that are not told apart.
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

    /// It was not recorded.
    pub fn not_recorded(&self, site: &str) {
        self.not_recorded.with_label_values(&[&*self.site_label(site)]).inc();
    }

    /// A comment was over a limit, which this server counted alone, or the store did.
    pub fn limited(&self, local: bool, scope: &str) {
        self.limited.with_label_values(&[if local { "local" } else { "store" }, scope]).inc();
    }

    /// A call ended.
    pub fn call(&self, rpc: &str, code: &str, took: Duration) {
        self.calls.with_label_values(&[rpc, code]).observe(took.as_secs_f64());
    }

    /// A part of the way of a comment began at that moment and ends now.
    pub fn stage(&self, stage: Stage, since: Instant) {
        if let Some(histogram) = Stage::ALL.iter().position(|known| *known == stage).and_then(|at| self.stages.get(at)) {
            histogram.observe(since.elapsed().as_secs_f64());
        }
    }

    /// A call was refused to keep the others fast: `concurrency`, `streams` or `quota`.
    pub fn shed(&self, why: &str) {
        self.shed.with_label_values(&[why]).inc();
    }

    /// A connection was closed before its first call: `full`, `handshake` or `silent`.
    pub fn connection_refused(&self, why: &str) {
        self.connections_refused.with_label_values(&[why]).inc();
    }

    /// Whether the store answers.
    pub fn store_up(&self, up: bool) {
        self.store_up.set(up.into());
    }

    /// The store failed a comment.
    pub fn store_failed(&self) {
        self.store_failures.inc();
    }

    /// A site's queue, as it is now.
    pub fn queue(&self, site: &str, comments: u64, oldest: Duration) {
        let site = self.site_label(site);
        self.queue_comments.with_label_values(&[&*site]).set(comments.try_into().unwrap_or(i64::MAX));
        self.queue_oldest.with_label_values(&[&*site]).set(oldest.as_secs().try_into().unwrap_or(i64::MAX));
    }

    /// A changed file was read again: `policy`, `model` or `certificate`.
    pub fn reloaded(&self, what: &str, done: bool) {
        self.reloads.with_label_values(&[what, if done { "done" } else { "refused" }]).inc();
    }

    /// When the server's certificate ends, in seconds since 1970.
    pub fn certificate_expires(&self, at: i64) {
        self.certificate_expiry.set(at);
    }

    /// A call was not allowed: `missing`, `unknown`, `expired`, `role` or `site`.
    pub fn not_allowed(&self, why: &str) {
        self.auth_failures.with_label_values(&[why]).inc();
    }

    /// So many outcomes were folded in so much time.
    pub fn learned(&self, outcomes: usize, took: Duration) {
        self.learned.inc_by(outcomes.try_into().unwrap_or(u64::MAX));
        self.learning.observe(took.as_secs_f64());
    }

    /// What a site has learned had a say in a verdict.
    pub fn corrected(&self, site: &str, decision: &str) {
        self.corrected.with_label_values(&[&*self.site_label(site), decision]).inc();
    }

    /// How many outcomes a site's correction is made of, and for which labels it serves.
    pub fn correction(&self, site: &str, outcomes: u32, serves: impl IntoIterator<Item = (&'static str, bool)>) {
        let site = self.site_label(site);
        self.outcomes.with_label_values(&[&*site]).set(outcomes.into());
        for (label, serves) in serves {
            self.correction_serves.with_label_values(&[&*site, label]).set(serves.into());
        }
    }

    /// How much of what the machine approved on a site was bad, by its spot checks.
    pub fn missed(&self, site: &str, (low, high): (f64, f64), checked: u32) {
        let site = self.site_label(site);
        self.missed_low.with_label_values(&[&*site]).set(low);
        self.missed_high.with_label_values(&[&*site]).set(high);
        self.spot_checks.with_label_values(&[&*site]).set(checked.into());
    }

    /// All of it, in Prometheus' text format.
    ///
    /// # Errors
    /// What the encoder says.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Returns the sites that are told apart.
    pub fn sites(&self) -> Vec<String> {
        self.sites.all()
    }

    /// Has these sites told apart from others whatever else is called: policies and keys name them.
    pub fn name_sites(&self, names: impl IntoIterator<Item = String>) {
        self.sites.name(names);
    }

    /// Counts a client's address that counts for no limit: `malformed` or `not_public`. Returns whether it is the first such
    /// of this process.
    pub fn ignored_address(&self, why: &str) -> bool {
        let counter = self.addresses.with_label_values(&[why]);
        counter.inc();
        counter.get() == 1
    }

    /// Returns the value of the label `site`. A site's counter of what was not recorded is there from the start.
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
        // Those that a policy or a key names are told apart all the same.
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
