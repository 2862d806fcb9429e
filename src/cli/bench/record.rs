//! The counts of a run, updated as calls end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use tonic::Code;

use super::latency::LatencyHistogram;
use super::outcome::{CallFailure, CallOutcome, CompletedCall};
use super::timeline::Timeline;

/// Maximum number of failure groups, so that a server that makes up reasons cannot exhaust the memory.
const MAX_FAILURE_GROUPS: usize = 50;

/// Failed calls with the same status code and reason.
#[derive(Debug, Clone, Serialize)]
pub struct FailureGroup {
    /// The gRPC status code, e.g. `UNAVAILABLE`.
    pub code: &'static str,
    /// The reason code of the server, e.g. `OVERLOADED`, or one of this program in lower case. It may be empty.
    pub reason: String,
    /// Number of calls.
    pub count: u64,
    /// Message of the first call.
    pub example: String,
}

/// Counts of the calls that were due in a period.
#[derive(Debug)]
pub struct LoadRecorder {
    from: Instant,
    until: Instant,
    /// Number of calls that were due.
    pub due: u64,
    /// Number of calls that got a verdict.
    pub answered: u64,
    /// Number of calls that were sent and got no verdict.
    pub failed: u64,
    /// Number of calls that were not sent, because too many were in flight.
    pub not_sent: u64,
    /// Number of verdicts by decision, indexed by its number on the wire. Unknown decisions count at index 0.
    pub decisions: [u64; 4],
    /// Number of verdicts with the reason `RATE_LIMIT`.
    pub over_limit: u64,
    /// Number of verdicts that the server could not record.
    pub not_recorded: u64,
    /// Number of attempts after the first.
    pub retries: u64,
    /// Number of calls that got their verdict by a retry.
    pub answered_by_retry: u64,
    /// Number of verdicts by server.
    pub servers: Vec<u64>,
    /// Times from due to answered.
    pub latencies: LatencyHistogram<u64>,
    /// Times from due to failed.
    pub failed_after: LatencyHistogram<u64>,
    /// Times from due to sent, which this program adds to the latency.
    pub send_delays: LatencyHistogram<u64>,
    failure_groups: BTreeMap<(i32, String), FailureGroup>,
    timeline: Timeline,
}

impl LoadRecorder {
    /// Returns an empty recorder for calls to `servers` servers that are due from `from` until before `until`.
    pub fn new(from: Instant, until: Instant, timeout: Duration, servers: usize) -> Self {
        Self {
            from,
            until,
            due: 0,
            answered: 0,
            failed: 0,
            not_sent: 0,
            decisions: [0; 4],
            over_limit: 0,
            not_recorded: 0,
            retries: 0,
            answered_by_retry: 0,
            servers: vec![0; servers],
            latencies: LatencyHistogram::new(3),
            failed_after: LatencyHistogram::new(3),
            send_delays: LatencyHistogram::new(3),
            failure_groups: BTreeMap::new(),
            timeline: Timeline::new(timeout),
        }
    }

    /// Returns the time from the start of the period until a call was due, or `None` if it was due outside the period.
    fn offset(&self, due: Instant) -> Option<Duration> {
        if due >= self.until { None } else { due.checked_duration_since(self.from) }
    }

    /// Records a call that was not sent, because too many were in flight.
    pub fn record_not_sent(&mut self, due: Instant) {
        let Some(place) = self.offset(due) else { return };
        self.due += 1;
        self.not_sent += 1;
        self.timeline.record(place, Duration::ZERO, CallOutcome::NotSent);
    }

    /// Records a call that has ended.
    pub fn record_call(&mut self, call: CompletedCall) {
        let Some(place) = self.offset(call.due) else { return };
        let latency = call.due.elapsed();
        self.due += 1;
        self.send_delays.record(call.sent.saturating_duration_since(call.due));
        self.retries += u64::from(call.attempts.saturating_sub(1));
        match call.result {
            Ok(verdict) => {
                self.answered += 1;
                self.answered_by_retry += u64::from(call.attempts > 1);
                self.over_limit += u64::from(verdict.is_over_limit());
                self.not_recorded += u64::from(verdict.not_recorded);
                let known = usize::try_from(verdict.decision).ok().filter(|decision| *decision < self.decisions.len());
                self.decisions[known.unwrap_or(0)] += 1;
                if let Some(answers) = self.servers.get_mut(call.server) {
                    *answers += 1;
                }
                self.latencies.record(latency);
                self.timeline.record(place, latency, CallOutcome::Answered);
            }
            Err(failure) => {
                self.failed += 1;
                self.failed_after.record(latency);
                self.count_failure(failure);
                self.timeline.record(place, latency, CallOutcome::Failed);
            }
        }
    }

    /// Records calls that were in flight when the run was aborted. They are in no second of the timeline, because it is not
    /// known here when they were due.
    pub fn record_abandoned(&mut self, calls: u64) {
        for _ in 0..calls {
            self.due += 1;
            self.failed += 1;
            self.count_failure(CallFailure {
                code: Code::Cancelled,
                reason: "abandoned".to_owned(),
                message: "stopped while it was in flight".to_owned(),
                retry_after: None,
            });
        }
    }

    /// Adds a failure to its group. Reasons beyond the maximum number of groups count as `others`.
    fn count_failure(&mut self, failure: CallFailure) {
        let mut key = (i32::from(failure.code), failure.reason);
        if self.failure_groups.len() >= MAX_FAILURE_GROUPS && !self.failure_groups.contains_key(&key) {
            key.1 = "others".to_owned();
        }
        let reason = key.1.clone();
        let kind = self.failure_groups.entry(key).or_insert_with(|| FailureGroup {
            code: code_name(failure.code),
            reason,
            count: 0,
            example: failure.message,
        });
        kind.count += 1;
    }

    /// Returns the groups of failures, the most frequent first.
    pub fn failure_groups_by_count(&self) -> Vec<FailureGroup> {
        let mut kinds: Vec<_> = self.failure_groups.values().cloned().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds
    }

    /// Takes the timeline and leaves an empty one.
    pub fn take_timeline(&mut self) -> Timeline {
        std::mem::replace(&mut self.timeline, Timeline::new(Duration::ZERO))
    }
}

/// Returns the name of a status code in the gRPC specification.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::{CountedReason, CountedVerdict};
    use super::*;

    fn call(due: Instant, attempts: u32, result: Result<CountedVerdict, CallFailure>) -> CompletedCall {
        CompletedCall { due, sent: due, attempts, server: 0, result }
    }

    #[test]
    fn what_was_due_adds_up_and_the_warm_up_does_not_count() {
        let from = Instant::now();
        let mut record = LoadRecorder::new(from, from + Duration::from_secs(1), Duration::from_secs(1), 1);
        let over = CountedReason { code: "RATE_LIMIT".into() };
        let verdict = CountedVerdict { decision: 2, reasons: vec![over], not_recorded: true };
        let failure = || CallFailure {
            code: Code::Unavailable,
            reason: "SHUTTING_DOWN".into(),
            message: "first".into(),
            retry_after: None,
        };
        record.record_call(call(from, 1, Ok(verdict.clone())));
        record.record_call(call(from, 3, Ok(verdict.clone())));
        record.record_call(call(from, 4, Err(failure())));
        record.record_not_sent(from);
        if let Some(before) = from.checked_sub(Duration::from_millis(1)) {
            record.record_call(call(before, 1, Ok(verdict)));
        }
        record.record_not_sent(from + Duration::from_secs(1));
        assert_eq!((record.due, record.answered, record.failed, record.not_sent), (4, 2, 1, 1));
        assert_eq!((record.decisions, record.not_recorded, record.servers.as_slice()), ([0, 0, 2, 0], 2, [2].as_slice()));
        assert_eq!((record.retries, record.answered_by_retry, record.over_limit), (5, 1, 2));
        let failures = record.failure_groups_by_count();
        assert_eq!((failures[0].code, failures[0].reason.as_str(), failures[0].count), ("UNAVAILABLE", "SHUTTING_DOWN", 1));
    }

    #[test]
    fn endless_reasons_do_not_fill_the_memory() {
        let from = Instant::now();
        let mut record = LoadRecorder::new(from, from + Duration::from_secs(9), Duration::from_secs(1), 1);
        for number in 0..1_000 {
            let reason = format!("R{number}");
            record.record_call(call(
                from,
                1,
                Err(CallFailure { code: Code::Internal, reason, message: String::new(), retry_after: None }),
            ));
        }
        assert!(record.failure_groups_by_count().len() <= MAX_FAILURE_GROUPS + 1);
        assert_eq!(record.failure_groups_by_count().iter().map(|kind| kind.count).sum::<u64>(), 1_000);
    }
}
