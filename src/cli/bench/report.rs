//! What a run came to, as it is printed and kept. `docs/bench.md` explains every field.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::BenchArgs;
use super::beside::Beside;
use super::comments::Comments;
use super::figures::{Figures, Step};
use super::plan::Rate;
use super::record::{Failures, Record};
use super::timeline::Second;
use crate::verdict::Decision;

/// From when on this program, not the server, is what the figures show: so late are 1 % of the calls sent.
const TOO_LATE_MS: f64 = 10.0;

/// A run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of this program.
    pub version: &'static str,
    /// When the measured time began, in UTC.
    pub began_at: String,
    /// What was asked of the servers.
    pub load: Load,
    /// How long was measured, without the warm-up.
    pub seconds: f64,
    /// It was stopped before its time.
    pub stopped_early: bool,
    /// What became of the calls.
    pub calls: Calls,
    /// The same a second.
    pub per_second: PerSecond,
    /// From the moment a call was due until its verdict. Absent: there was none.
    pub latency_ms: Option<Figures>,
    /// The same in steps.
    pub latency_steps: Vec<Step>,
    /// The same figures of calls that failed.
    pub failed_after_ms: Option<Figures>,
    /// From the moment a call was due until it was sent: what this program itself adds to every latency.
    pub sent_late_ms: Option<Figures>,
    /// Verdicts by decision.
    pub decisions: BTreeMap<&'static str, u64>,
    /// Verdicts in which a rate limit had a say.
    pub over_limit: u64,
    /// Verdicts with `not_recorded`.
    pub not_recorded: u64,
    /// Why calls failed, the most frequent first.
    pub failures: Vec<Failures>,
    /// What asking again did.
    pub retries: Retries,
    /// Who answered.
    pub servers: Vec<Server>,
    /// Connections beside the load.
    pub beside: Vec<Beside>,
    /// What became of the calls of each second.
    pub timeline: Vec<Second>,
    /// What should be known before the figures are believed.
    pub warnings: Vec<String>,
}

/// What was asked of the servers.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// `open`: calls at fixed times. `closed`: each caller waits for its answer.
    #[serde(rename = "loop")]
    pub kind: &'static str,
    /// Calls a second. Absent in a closed loop.
    pub rate: Option<f64>,
    /// How they are spread over time. Absent in a closed loop.
    pub arrivals: Option<&'static str>,
    /// How many callers. Absent in an open loop.
    pub callers: Option<usize>,
    /// Over how many connections.
    pub connections: usize,
    /// After how long an answer is of no use any more.
    pub timeout_ms: f64,
    /// How long calls were made before the first was counted.
    pub warmup_s: f64,
    /// How many calls might be on their way at once.
    pub max_in_flight: u32,
    /// The servers counted nothing.
    pub dry_run: bool,
    /// What may pass was asked again.
    pub retry: bool,
    /// How many different comments were sent.
    pub comments: usize,
    /// The mean length of a request, in bytes.
    pub request_bytes: usize,
    /// What the ids of this run begin with. Absent: the comments kept theirs.
    pub id_prefix: Option<String>,
}

/// What became of the calls: `due` = `sent` + `not_sent`, `sent` = `answered` + `failed`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Calls {
    /// So many were to be made.
    pub due: u64,
    /// So many were made.
    pub sent: u64,
    /// So many got a verdict in time.
    pub answered: u64,
    /// So many got none.
    pub failed: u64,
    /// For so many this program had no room: too many were on their way.
    pub not_sent: u64,
}

/// Calls a second over the measured time.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PerSecond {
    /// That were due.
    pub due: f64,
    /// That were sent.
    pub sent: f64,
    /// That got a verdict in time: the goodput.
    pub answered: f64,
}

/// What asking again did.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Retries {
    /// How often calls were sent again.
    pub attempts: u64,
    /// How many calls got their verdict that way.
    pub answered: u64,
}

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// Where it is.
    pub url: String,
    /// How many verdicts it gave.
    pub answered: u64,
}

/// What a report is made of besides the counts.
pub struct Facts {
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
    pub beside: Vec<Beside>,
    /// What was noticed before it began.
    pub warnings: Vec<String>,
}

impl Report {
    /// Of what was counted.
    pub fn of(args: &BenchArgs, comments: &Comments, mut record: Record, facts: Facts) -> Self {
        let seconds = facts.measured.as_secs_f64();
        let per_second = |count: u64| (count as f64 / seconds.max(1e-3) * 10.0).round() / 10.0;
        let sent = record.answered + record.failed;
        let names = Decision::ALL.map(|decision| (decision.to_wire().as_str_name(), i32::from(decision.to_wire())));
        let decisions = names.into_iter().filter_map(|(name, place)| {
            let place = usize::try_from(place).ok()?;
            Some((name, *record.decisions.get(place)?))
        });
        let mut report = Self {
            version: env!("CARGO_PKG_VERSION"),
            began_at: OffsetDateTime::from(facts.began).format(&Rfc3339).unwrap_or_default(),
            load: Load::of(args, comments, facts.connections),
            seconds: (seconds * 1e3).round() / 1e3,
            stopped_early: facts.stopped_early,
            calls: Calls { due: record.due, sent, answered: record.answered, failed: record.failed, not_sent: record.not_sent },
            per_second: PerSecond {
                due: per_second(record.due),
                sent: per_second(sent),
                answered: per_second(record.answered),
            },
            latency_ms: record.latencies.figures(),
            latency_steps: record.latencies.steps(),
            failed_after_ms: record.failed_after.figures(),
            sent_late_ms: record.late.figures(),
            decisions: decisions.collect(),
            over_limit: record.over_limit,
            not_recorded: record.not_recorded,
            failures: record.failures(),
            retries: Retries { attempts: record.retries, answered: record.rescued },
            servers: facts
                .servers
                .into_iter()
                .zip(&record.servers)
                .map(|(url, answered)| Server { url, answered: *answered })
                .collect(),
            beside: facts.beside,
            timeline: record.take_timeline().finish(),
            warnings: facts.warnings,
        };
        report.warn(&record);
        report
    }

    /// What makes the figures say something else than they seem to.
    fn warn(&mut self, record: &Record) {
        let closed = self.load.kind == "closed";
        if let Some(late) = self.sent_late_ms.filter(|late| !closed && late.p99 > TOO_LATE_MS) {
            self.warnings.push(format!(
                "this program was behind: 1 % of the calls were sent more than {:.0} ms late, which counts in their latency; \
                 give it more processor, --threads, or a lower rate",
                late.p99
            ));
        }
        if record.due == 0 {
            self.warnings.push("no call was due in the measured time".to_owned());
        }
        if record.not_sent > 0 {
            self.warnings.push(format!(
                "{} calls were not sent, because {} were on their way already; --max-in-flight allows more",
                record.not_sent, self.load.max_in_flight
            ));
        }
        if record.over_limit > 0 {
            self.warnings.push(format!(
                "{} verdicts are those of comments over a rate limit: a policy for measuring raises the limits, or --dry-run \
                 has none counted",
                record.over_limit
            ));
        }
        if record.not_recorded > 0 {
            self.warnings.push(format!("{} verdicts were not recorded: the store was away", record.not_recorded));
        }
        if closed {
            self.warnings.push(
                "callers that wait for their answers ask less of a slow server: this shows capacity, not what visitors feel; \
                 for that give --rate a number"
                    .to_owned(),
            );
        }
        for beside in self.beside.iter().filter(|beside| beside.opened < beside.wanted) {
            let why = beside.problem.as_deref().unwrap_or("unknown");
            let (kind, opened, wanted) = (beside.kind.as_str(), beside.opened, beside.wanted);
            self.warnings.push(format!("{kind}: only {opened} of {wanted} connections could be opened: {why}"));
        }
    }
}

impl Load {
    fn of(args: &BenchArgs, comments: &Comments, connections: usize) -> Self {
        let (kind, rate, arrivals, callers) = match args.rate {
            Rate::PerSecond(rate) => ("open", Some(rate), Some(args.arrivals.as_str()), None),
            Rate::Max => ("closed", None, None, Some(args.callers())),
        };
        Self {
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
}
