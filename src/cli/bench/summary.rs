//! Makes the report of a run from what was counted.

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

/// From when on this program, not the server, is what the figures show: so late are 1 % of the calls sent.
const MAX_SEND_DELAY_P99_MS: f64 = 10.0;

/// What a report is made of besides the counts.
pub struct RunInfo {
    /// When the measured time began.
    pub began: SystemTime,
    /// How long was measured.
    pub measured: Duration,
    /// It was stopped before its time.
    pub stopped_early: bool,
    /// The servers' addresses.
    pub servers: Vec<String>,
    /// Over how many connections calls went.
    pub connections: usize,
    /// Connections beside the load.
    pub beside: Vec<BackgroundReport>,
    /// What was noticed before it began.
    pub warnings: Vec<String>,
}

/// Sums up a run.
pub fn summarize(args: &BenchArgs, comments: &RequestSet, mut record: LoadRecorder, facts: RunInfo) -> BenchReport {
    let seconds = facts.measured.as_secs_f64();
    let per_second = |count: u64| (count as f64 / seconds.max(1e-3) * 10.0).round() / 10.0;
    let sent = record.answered + record.failed;
    let names = Decision::ALL.map(|decision| (decision.to_wire().as_str_name(), i32::from(decision.to_wire())));
    let decisions = names.into_iter().filter_map(|(name, place)| {
        let place = usize::try_from(place).ok()?;
        Some((name, *record.decisions.get(place)?))
    });
    let mut report = BenchReport {
        version: env!("CARGO_PKG_VERSION"),
        began_at: OffsetDateTime::from(facts.began).format(&Rfc3339).unwrap_or_default(),
        load: load(args, comments, facts.connections),
        seconds: (seconds * 1e3).round() / 1e3,
        stopped_early: facts.stopped_early,
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
        servers: facts
            .servers
            .into_iter()
            .zip(&record.servers)
            .map(|(url, answered)| ServerReport { url, answered: *answered })
            .collect(),
        beside: facts.beside,
        timeline: record.take_timeline().finish(),
        warnings: facts.warnings,
    };
    let warnings = warnings(&report, &record);
    report.warnings.extend(warnings);
    report
}

/// What makes the figures say something else than they seem to.
fn warnings(report: &BenchReport, record: &LoadRecorder) -> Vec<String> {
    let mut warnings = Vec::new();
    let closed = report.load.kind == "closed";
    if let Some(late) = report.sent_late_ms.filter(|late| !closed && late.p99 > MAX_SEND_DELAY_P99_MS) {
        warnings.push(format!(
            "this program was behind: 1 % of the calls were sent more than {:.0} ms late, which counts in their latency; \
             give it more processor, --threads, or a lower rate",
            late.p99
        ));
    }
    if record.due == 0 {
        warnings.push("no call was due in the measured time".to_owned());
    }
    if record.not_sent > 0 {
        warnings.push(format!(
            "{} calls were not sent, because {} were on their way already; --max-in-flight allows more",
            record.not_sent, report.load.max_in_flight
        ));
    }
    if record.over_limit > 0 {
        warnings.push(format!(
            "{} verdicts are those of comments over a rate limit: a policy for measuring raises the limits, or --dry-run \
             has none counted",
            record.over_limit
        ));
    }
    if record.not_recorded > 0 {
        warnings.push(format!("{} verdicts were not recorded: the store was away", record.not_recorded));
    }
    if closed {
        warnings.push(
            "callers that wait for their answers ask less of a slow server: this shows capacity, not what visitors feel; \
             for that give --rate a number"
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

/// What was asked of the servers.
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
