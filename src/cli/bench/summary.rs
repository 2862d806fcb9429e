//! Builds the report of a run from its counts.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::args::BenchArgs;
use super::background::BackgroundReport;
use super::comments::RequestSet;
use super::record::LoadRecorder;
use super::report::{BenchReport, CallCounts, CallRates, LoadReport, RetryCounts, ServerReport};
use super::schedule::Rate;
use crate::verdict::Decision;

/// Delay before sending, at the 99th percentile and in milliseconds, above which the report warns that the figures show this
/// program and not the server.
const MAX_SEND_DELAY_P99_MS: f64 = 10.0;

/// The parts of a report that are not counts of calls.
pub struct RunInfo {
    /// Start of the measured time.
    pub began: SystemTime,
    /// Length of the measured time.
    pub measured: Duration,
    /// Whether Ctrl-C ended the run early.
    pub stopped_early: bool,
    /// URLs of the servers.
    pub servers: Vec<String>,
    /// Number of connections that calls were spread over.
    pub connections: usize,
    /// Outcome of the connections beside the load.
    pub background: Vec<BackgroundReport>,
    /// Warnings from before the load.
    pub warnings: Vec<String>,
}

/// Returns the report of a run.
pub fn summarize(args: &BenchArgs, comments: &RequestSet, mut record: LoadRecorder, run_info: RunInfo) -> BenchReport {
    let seconds = run_info.measured.as_secs_f64();
    let per_second = |count: u64| (count as f64 / seconds.max(1e-3) * 10.0).round() / 10.0;
    let sent = record.answered + record.failed;
    let names = Decision::ALL.map(|decision| (decision.to_wire().as_str_name(), i32::from(decision.to_wire())));
    let decisions = names.into_iter().filter_map(|(name, place)| {
        let place = usize::try_from(place).ok()?;
        Some((name, *record.decisions.get(place)?))
    });
    let mut report = BenchReport {
        version: env!("CARGO_PKG_VERSION"),
        began_at: OffsetDateTime::from(run_info.began).format(&Rfc3339).unwrap_or_default(),
        load: load(args, comments, run_info.connections),
        seconds: (seconds * 1e3).round() / 1e3,
        stopped_early: run_info.stopped_early,
        calls: CallCounts {
            due: record.due,
            sent,
            answered: record.answered,
            failed: record.failed,
            not_sent: record.not_sent,
        },
        per_second: CallRates { due: per_second(record.due), sent: per_second(sent), answered: per_second(record.answered) },
        latency_ms: record.latencies.summary(),
        latency_steps: record.latencies.buckets(),
        failed_after_ms: record.failed_after.summary(),
        sent_late_ms: record.send_delays.summary(),
        decisions: decisions.collect(),
        over_limit: record.over_limit,
        not_recorded: record.not_recorded,
        failures: record.failure_groups_by_count(),
        retries: RetryCounts { attempts: record.retries, answered: record.answered_by_retry },
        servers: run_info
            .servers
            .into_iter()
            .zip(&record.servers)
            .map(|(url, answered)| ServerReport { url, answered: *answered })
            .collect(),
        beside: run_info.background,
        timeline: record.take_timeline().finish(),
        warnings: run_info.warnings,
    };
    let warnings = warnings(&report, &record);
    report.warnings.extend(warnings);
    report
}

/// Returns warnings about figures that may mislead.
fn warnings(report: &BenchReport, record: &LoadRecorder) -> Vec<String> {
    let mut warnings = Vec::new();
    let closed = report.load.kind == "closed";
    if let Some(late) = report.sent_late_ms.filter(|late| !closed && late.p99 > MAX_SEND_DELAY_P99_MS) {
        warnings.push(format!(
            "this program was behind schedule: 1 % of the calls were sent more than {:.0} ms late, which counts in their \
             latency; give it more CPU, more --threads, or a lower rate",
            late.p99
        ));
    }
    if record.due == 0 {
        warnings.push("no call was due in the measured time".to_owned());
    }
    if record.not_sent > 0 {
        warnings.push(format!(
            "{} calls were not sent, because {} were in flight already; --max-in-flight allows more",
            record.not_sent, report.load.max_in_flight
        ));
    }
    if record.over_limit > 0 {
        warnings.push(format!(
            "{} verdicts are of comments over a rate limit; measure with a policy that raises the limits, or with \
             --dry-run, which counts nothing",
            record.over_limit
        ));
    }
    if record.not_recorded > 0 {
        warnings.push(format!("{} verdicts were not recorded: the store was unavailable", record.not_recorded));
    }
    if closed {
        warnings.push(
            "callers that wait for their answers put less load on a slow server: this shows capacity, not the latency for \
             visitors; for that, give --rate a number"
                .to_owned(),
        );
    }
    for beside in report.beside.iter().filter(|beside| beside.opened < beside.wanted) {
        let why = beside.problem.as_deref().unwrap_or("unknown");
        let (kind, opened, wanted) = (beside.kind.as_str(), beside.opened, beside.wanted);
        warnings.push(format!("{kind}: only {opened} of {wanted} connections could be opened: {why}"));
    }
    warnings
}

/// Returns the load that was asked for.
fn load(args: &BenchArgs, comments: &RequestSet, connections: usize) -> LoadReport {
    let (kind, rate, arrivals, callers) = match args.rate {
        Rate::PerSecond(rate) => ("open", Some(rate), Some(args.arrivals.as_str()), None),
        Rate::Max => ("closed", None, None, Some(args.callers())),
    };
    LoadReport {
        kind,
        rate,
        arrivals,
        callers,
        connections,
        timeout_ms: args.timeout.as_secs_f64() * 1e3,
        warmup_s: args.warmup.as_secs_f64(),
        max_in_flight: args.max_in_flight,
        dry_run: args.dry_run,
        retry: args.retry,
        comments: comments.len(),
        request_bytes: comments.mean_bytes(),
        id_prefix: (!args.keep_ids).then(|| comments.run().to_owned()),
    }
}
