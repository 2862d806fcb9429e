//! The report of a run. `docs/bench.md` explains every field.

use std::collections::BTreeMap;

use serde::Serialize;

use super::background::BackgroundReport;
use super::latency::{LatencyBucket, LatencySummary};
use super::record::FailureGroup;
use super::timeline::SecondReport;

/// The report of a run.
#[derive(Debug, Serialize)]
pub struct BenchReport {
    /// Version of this program.
    pub version: &'static str,
    /// Start of the measured time, in UTC (RFC 3339).
    pub began_at: String,
    /// The load that was asked for.
    pub load: LoadReport,
    /// Length of the measured time in seconds, without the warm-up.
    pub seconds: f64,
    /// Whether Ctrl-C ended the run early.
    pub stopped_early: bool,
    /// Number of calls by outcome.
    pub calls: CallCounts,
    /// Calls per second by outcome.
    pub per_second: CallRates,
    /// Time from due to answered, of calls with a verdict. `None` if there was none.
    pub latency_ms: Option<LatencySummary>,
    /// Histogram of the time from due to answered.
    pub latency_steps: Vec<LatencyBucket>,
    /// Time from due to failed, of calls without a verdict. `None` if there was none.
    pub failed_after_ms: Option<LatencySummary>,
    /// Time from due to sent, which this program adds to every latency. `None` if no call was sent.
    pub sent_late_ms: Option<LatencySummary>,
    /// Number of verdicts by decision.
    pub decisions: BTreeMap<&'static str, u64>,
    /// Number of verdicts with the reason `RATE_LIMIT`.
    pub over_limit: u64,
    /// Number of verdicts with `not_recorded`.
    pub not_recorded: u64,
    /// Failed calls by status code and reason, the most frequent first.
    pub failures: Vec<FailureGroup>,
    /// Number of retries and their effect.
    pub retries: RetryCounts,
    /// The servers and the number of their verdicts.
    pub servers: Vec<ServerReport>,
    /// Connections beside the load.
    pub beside: Vec<BackgroundReport>,
    /// Calls and latencies by the second in which calls were due.
    pub timeline: Vec<SecondReport>,
    /// Doubts about the figures.
    pub warnings: Vec<String>,
}

/// The load that was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct LoadReport {
    /// `open` if calls are due at fixed times, `closed` if each caller waits for its answer.
    #[serde(rename = "loop")]
    pub kind: &'static str,
    /// Calls per second, or `None` in a closed loop.
    pub rate: Option<f64>,
    /// Distribution of calls over time, or `None` in a closed loop.
    pub arrivals: Option<&'static str>,
    /// Number of callers, or `None` in an open loop.
    pub callers: Option<usize>,
    /// Number of connections that calls were spread over.
    pub connections: usize,
    /// Timeout of a call, in milliseconds.
    pub timeout_ms: f64,
    /// Length of the warm-up, in seconds.
    pub warmup_s: f64,
    /// Maximum number of calls in flight.
    pub max_in_flight: u32,
    /// Whether calls were dry runs.
    pub dry_run: bool,
    /// Whether calls that failed for a passing reason were retried.
    pub retry: bool,
    /// Number of different comments.
    pub comments: usize,
    /// Mean length of a request, in bytes.
    pub request_bytes: usize,
    /// Prefix of the ids of this run, or `None` if the comments kept their own.
    pub id_prefix: Option<String>,
}

/// The number of calls by outcome: `due` = `sent` + `not_sent`, `sent` = `answered` + `failed`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CallCounts {
    /// Calls that were due.
    pub due: u64,
    /// Calls that were sent.
    pub sent: u64,
    /// Calls that got a verdict in time.
    pub answered: u64,
    /// Calls that were sent and got no verdict in time.
    pub failed: u64,
    /// Calls that were not sent, because too many were in flight.
    pub not_sent: u64,
}

/// Calls per second over the measured time.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CallRates {
    /// Calls that were due, per second.
    pub due: f64,
    /// Calls that were sent, per second.
    pub sent: f64,
    /// Calls that got a verdict in time, per second: the goodput.
    pub answered: f64,
}

/// The number of retries and their effect.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RetryCounts {
    /// Attempts after the first one of each call.
    pub attempts: u64,
    /// Calls that got their verdict by a retry.
    pub answered: u64,
}

/// A server and the number of its verdicts.
#[derive(Debug, Clone, Serialize)]
pub struct ServerReport {
    /// URL of the server.
    pub url: String,
    /// Number of verdicts.
    pub answered: u64,
}
