//! What a run came to, as it is printed and kept. `docs/bench.md` explains every field.

use std::collections::BTreeMap;

use serde::Serialize;

use super::background::BackgroundReport;
use super::latency::{LatencyBucket, LatencySummary};
use super::record::FailureGroup;
use super::timeline::SecondReport;

/// A run.
#[derive(Debug, Serialize)]
pub struct BenchReport {
    /// Of this program.
    pub version: &'static str,
    /// When the measured time began, in UTC.
    pub began_at: String,
    /// What was asked of the servers.
    pub load: LoadReport,
    /// How long was measured, without the warm-up.
    pub seconds: f64,
    /// It was stopped before its time.
    pub stopped_early: bool,
    /// What became of the calls.
    pub calls: CallCounts,
    /// The same a second.
    pub per_second: CallRates,
    /// From the moment a call was due until its verdict. Absent: there was none.
    pub latency_ms: Option<LatencySummary>,
    /// The same in steps.
    pub latency_steps: Vec<LatencyBucket>,
    /// The same figures of calls that failed.
    pub failed_after_ms: Option<LatencySummary>,
    /// From the moment a call was due until it was sent: what this program itself adds to every latency.
    pub sent_late_ms: Option<LatencySummary>,
    /// Verdicts by decision.
    pub decisions: BTreeMap<&'static str, u64>,
    /// Verdicts in which a rate limit had a say.
    pub over_limit: u64,
    /// Verdicts with `not_recorded`.
    pub not_recorded: u64,
    /// Why calls failed, the most frequent first.
    pub failures: Vec<FailureGroup>,
    /// What asking again did.
    pub retries: RetryCounts,
    /// Who answered.
    pub servers: Vec<ServerReport>,
    /// Connections beside the load.
    pub beside: Vec<BackgroundReport>,
    /// What became of the calls of each second.
    pub timeline: Vec<SecondReport>,
    /// What should be known before the figures are believed.
    pub warnings: Vec<String>,
}

/// What was asked of the servers.
#[derive(Debug, Clone, Serialize)]
pub struct LoadReport {
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
pub struct CallCounts {
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
pub struct CallRates {
    /// That were due.
    pub due: f64,
    /// That were sent.
    pub sent: f64,
    /// That got a verdict in time: the goodput.
    pub answered: f64,
}

/// What asking again did.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RetryCounts {
    /// How often calls were sent again.
    pub attempts: u64,
    /// How many calls got their verdict that way.
    pub answered: u64,
}

/// A server.
#[derive(Debug, Clone, Serialize)]
pub struct ServerReport {
    /// Where it is.
    pub url: String,
    /// How many verdicts it gave.
    pub answered: u64,
}
