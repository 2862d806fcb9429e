//! The outcome of the calls of each second, which shows a stall and the recovery from it.

use std::time::Duration;

use serde::Serialize;

use super::latency::LatencyHistogram;
use super::outcome::CallOutcome;

/// Counts of the calls that were due within one second, whenever they ended.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SecondReport {
    /// Number of the second in the measured time, from 0.
    pub second: usize,
    /// Number of calls that were due.
    pub due: u64,
    /// Number of calls that got a verdict.
    pub answered: u64,
    /// Number of calls that were sent and got no verdict.
    pub failed: u64,
    /// Number of calls that were not sent, because too many were in flight.
    pub not_sent: u64,
    /// Median latency of answered calls in milliseconds, or `None` if none was answered.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the latency in milliseconds, or `None` if no call was answered.
    pub p99_ms: Option<f64>,
    /// Maximum latency in milliseconds, or `None` if no call was answered.
    pub max_ms: Option<f64>,
}

/// The counts of each second so far.
#[derive(Debug)]
pub struct Timeline {
    seconds: Vec<SecondReport>,
    /// Histograms of the seconds whose calls may still end, with two significant digits.
    open: Vec<(usize, LatencyHistogram<u32>)>,
    /// Number of seconds after which the calls of a second have ended at the latest.
    open_for: usize,
}

impl Timeline {
    /// Returns an empty timeline for calls that take no longer than `timeout`.
    pub fn new(timeout: Duration) -> Self {
        let open_for = usize::try_from(timeout.as_secs()).unwrap_or(usize::MAX).saturating_add(2);
        Self { seconds: Vec::new(), open: Vec::new(), open_for }
    }

    /// Records a call that was due `due` after the start of the measured time.
    pub fn record(&mut self, due: Duration, latency: Duration, outcome: CallOutcome) {
        let place = usize::try_from(due.as_secs()).unwrap_or(usize::MAX);
        let open_for = self.open_for;
        while self.seconds.len() <= place {
            let second = self.seconds.len();
            self.seconds.push(SecondReport { second, ..SecondReport::default() });
            self.open.push((second, LatencyHistogram::new(2)));
            self.close_where(|open| open.saturating_add(open_for) < second);
        }
        let second = &mut self.seconds[place];
        second.due += 1;
        match outcome {
            CallOutcome::Answered => {
                second.answered += 1;
                if let Some((_, latencies)) = self.open.iter_mut().find(|(open, _)| *open == place) {
                    latencies.record(latency);
                }
            }
            CallOutcome::Failed => second.failed += 1,
            CallOutcome::NotSent => second.not_sent += 1,
        }
    }

    /// Returns the counts and latencies of all seconds.
    pub fn finish(mut self) -> Vec<SecondReport> {
        self.close_where(|_| true);
        self.seconds
    }

    /// Replaces the histograms of seconds that match by their summaries, so that a long run takes little memory.
    fn close_where(&mut self, over: impl Fn(usize) -> bool) {
        let seconds = &mut self.seconds;
        self.open.retain(|(second, latencies)| {
            if !over(*second) {
                return true;
            }
            let figures = latencies.summary();
            seconds[*second].p50_ms = figures.map(|figures| figures.p50);
            seconds[*second].p99_ms = figures.map(|figures| figures.p99);
            seconds[*second].max_ms = figures.map(|figures| figures.max);
            false
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_belongs_to_the_second_in_which_it_was_due() {
        let mut timeline = Timeline::new(Duration::from_secs(1));
        timeline.record(Duration::from_millis(1_900), Duration::from_millis(800), CallOutcome::Answered);
        timeline.record(Duration::from_millis(300), Duration::from_millis(2), CallOutcome::Answered);
        timeline.record(Duration::from_millis(400), Duration::from_millis(2), CallOutcome::Failed);
        timeline.record(Duration::from_millis(500), Duration::ZERO, CallOutcome::NotSent);
        let seconds = timeline.finish();
        assert_eq!((seconds[0].due, seconds[0].answered, seconds[0].failed, seconds[0].not_sent), (3, 1, 1, 1));
        assert_eq!((seconds[1].due, seconds[1].answered), (1, 1));
        assert!((790.0..=810.0).contains(&seconds[1].p99_ms.unwrap()));
    }

    #[test]
    fn a_long_run_keeps_few_latencies() {
        let mut timeline = Timeline::new(Duration::from_secs(1));
        for second in 0..5_000 {
            timeline.record(Duration::from_secs(second), Duration::from_millis(1), CallOutcome::Answered);
        }
        assert!(timeline.open.len() < 10);
        assert!(timeline.finish().iter().all(|second| second.p99_ms.is_some()));
    }
}
