//! Statistics of the queue, counted from the audit log.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use super::audit::event_time;
use super::desk::ReviewDesk;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::AuditRecord;
use crate::verdict::{Decision, IMPORT, MACHINE};

/// Number of records read at once.
const CHUNK_RECORDS: usize = 2_048;
/// Maximum number of records read.
const MAX_SCANNED: usize = 200_000;
/// Longest time span that is reported in hours. Longer ones are reported in days.
const MAX_HOURLY_SPAN: Duration = Duration::from_secs(48 * 3_600);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Maximum number of periods.
const MAX_PERIODS: usize = 400;

/// The moderators' decisions on one comment, as far as they are known while reading backwards.
struct CommentHistory {
    /// Number of undos whose decisions are still to be read.
    pending_undos: u32,
    /// The latest decision that was not undone.
    current: Option<Decision>,
    /// The decision before the earliest one that was not undone.
    machine: Option<Decision>,
    label: String,
    /// When the earliest decision that was not undone was made.
    decided_at: Option<SystemTime>,
}

impl ReviewDesk {
    /// Returns the statistics of a site since a time.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn stats(&self, site: &Site, since: SystemTime) -> Result<pb::GetQueueStatsResponse, Error> {
        let queue = self.store.queue(site).await?;
        let mut stats = QueueStats::new(since, SystemTime::now());
        let (mut from, mut scanned, mut cut_off) = (u64::MAX, 0, false);
        'all: loop {
            let page = self.store.audit(site, from, CHUNK_RECORDS, true).await?;
            for event in page.records.iter().map(AuditRecord::event) {
                from = event.number;
                if event_time(&event).is_some_and(|at| at < since) {
                    break 'all;
                }
                stats.count(event);
            }
            scanned += page.records.len();
            from = page.next.unwrap_or(from);
            if page.end {
                break;
            }
            if scanned >= MAX_SCANNED {
                cut_off = true;
                break;
            }
        }
        let response = stats.into_response();
        let missed = self.learning.current(site).await.miss_rate();
        Ok(pb::GetQueueStatsResponse {
            held: queue.comments,
            oldest: queue.oldest.map(Into::into),
            since: Some(since.into()),
            cut_off,
            missed: missed.map(|missed| pb::Missed { low: missed.low, high: missed.high, checked: missed.checked }),
            ..response
        })
    }
}

/// Collects statistics from audit events, newest first.
struct QueueStats {
    begin: SystemTime,
    step: Duration,
    periods: Vec<pb::PeriodStats>,
    moderators: BTreeMap<String, pb::ModeratorStats>,
    histories: HashMap<String, CommentHistory>,
    waits: Vec<f64>,
}

impl QueueStats {
    fn new(since: SystemTime, now: SystemTime) -> Self {
        let span = now.duration_since(since).unwrap_or_default();
        let step = if span <= MAX_HOURLY_SPAN { HOUR } else { DAY };
        let count = usize::try_from(span.as_secs() / step.as_secs()).unwrap_or(usize::MAX).saturating_add(1).min(MAX_PERIODS);
        // The last period contains the present. Over a longer span, all earlier events count for the first period.
        let begin = now - step * u32::try_from(count).unwrap_or(1);
        let begins = (0..count).scan(begin, |at, _| Some(std::mem::replace(at, *at + step)));
        let period = |begins: SystemTime| pb::PeriodStats { begins_at: Some(begins.into()), ..Default::default() };
        let periods = begins.map(period).collect();
        Self { begin, step, periods, moderators: BTreeMap::new(), histories: HashMap::new(), waits: Vec::new() }
    }

    fn period(&mut self, when: Option<SystemTime>) -> Option<&mut pb::PeriodStats> {
        let since = when?.duration_since(self.begin).unwrap_or_default();
        let index = usize::try_from(since.as_secs() / self.step.as_secs()).ok()?;
        let last = self.periods.len().checked_sub(1)?;
        self.periods.get_mut(index.min(last))
    }

    /// Counts one event. Events must come newest first.
    fn count(&mut self, event: pb::AuditEvent) {
        let (when, after, before) = (event_time(&event), Decision::from_wire(event.after), Decision::from_wire(event.before));
        let history =
            || CommentHistory { pending_undos: 0, current: None, machine: None, label: String::new(), decided_at: None };
        match event.act.as_str() {
            "UNDONE" => {
                self.moderator(&event.by).undone += 1;
                self.histories.entry(event.comment_id).or_insert_with(history).pending_undos += 1;
            }
            "DECIDED" => {
                let moderator = self.moderator(&event.by);
                match after {
                    Some(Decision::Approve) => moderator.approved += 1,
                    Some(Decision::Reject) => moderator.rejected += 1,
                    _ => moderator.held += 1,
                }
                if let Some(period) = self.period(when) {
                    period.decided += 1;
                }
                let history = self.histories.entry(event.comment_id).or_insert_with(history);
                if history.pending_undos > 0 {
                    history.pending_undos -= 1;
                    return;
                }
                history.current = history.current.or(after);
                history.machine = before;
                history.label = event.label;
                history.decided_at = when;
            }
            "CHECKED" | "EDITED" => {
                if event.by != IMPORT
                    && let Some(period) = self.period(when)
                {
                    match after {
                        Some(Decision::Hold) => period.held += 1,
                        Some(Decision::Reject) => period.rejected += 1,
                        _ => {}
                    }
                }
                let history = self.histories.get_mut(&event.comment_id).filter(|_| event.by == MACHINE);
                // Earlier decisions were on an earlier text.
                let decided = history.and_then(|history| history.decided_at.take()).zip(when);
                self.waits.extend(decided.and_then(|(decided, came)| Some(decided.duration_since(came).ok()?.as_secs_f64())));
            }
            _ => {}
        }
    }

    fn moderator(&mut self, name: &str) -> &mut pb::ModeratorStats {
        let empty = || pb::ModeratorStats { moderator: name.to_owned(), ..Default::default() };
        self.moderators.entry(name.to_owned()).or_insert_with(empty)
    }

    fn into_response(mut self) -> pb::GetQueueStatsResponse {
        let mut moderators: Vec<_> = self.moderators.into_values().collect();
        moderators.sort_by_key(|moderator| std::cmp::Reverse(moderator.approved + moderator.rejected + moderator.held));
        let mut labels: BTreeMap<String, pb::LabelStats> = BTreeMap::new();
        for history in self.histories.into_values() {
            let (Some(machine), Some(current)) = (history.machine, history.current) else { continue };
            let empty = || pb::LabelStats { label: history.label.clone(), ..Default::default() };
            let label = labels.entry(history.label.clone()).or_insert_with(empty);
            match (machine, current) {
                (Decision::Hold, Decision::Reject) => label.held_rejected += 1,
                (Decision::Hold, Decision::Approve) => label.held_approved += 1,
                (Decision::Reject, Decision::Approve) => label.rejected_approved += 1,
                (Decision::Approve, Decision::Reject) => label.approved_rejected += 1,
                _ => {}
            }
        }
        self.waits.sort_by(f64::total_cmp);
        pb::GetQueueStatsResponse {
            moderators,
            labels: labels.into_values().collect(),
            periods: self.periods,
            median_wait_seconds: self.waits.get(self.waits.len() / 2).copied().unwrap_or(0.0),
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(act: &str, by: &str, id: &str, before: Decision, after: Decision, seconds: u64) -> pb::AuditEvent {
        pb::AuditEvent {
            at: Some((SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into()),
            by: by.into(),
            act: act.into(),
            comment_id: id.into(),
            before: before.to_wire().into(),
            after: after.to_wire().into(),
            label: "spam".into(),
            ..Default::default()
        }
    }

    #[test]
    fn only_what_stands_counts_for_a_label_and_everything_for_a_moderator() {
        use Decision::{Approve, Hold, Reject};
        let begin = SystemTime::UNIX_EPOCH;
        let mut stats = QueueStats::new(begin, begin + Duration::from_secs(3_600));
        let mut acts = vec![
            event("CHECKED", MACHINE, "1", Approve, Hold, 10),
            event("DECIDED", "ada", "1", Hold, Reject, 40),
            event("UNDONE", "ada", "1", Reject, Hold, 50),
            event("DECIDED", "bob", "1", Hold, Approve, 70),
            event("DECIDED", "bob", "2", Approve, Reject, 80),
        ];
        acts.reverse();
        acts.into_iter().for_each(|act| stats.count(act));
        let response = stats.into_response();
        let label = &response.labels[0];
        assert_eq!((label.held_rejected, label.held_approved, label.approved_rejected), (0, 1, 1));
        let bob = &response.moderators[0];
        assert_eq!((bob.moderator.as_str(), bob.approved, bob.rejected, bob.undone), ("bob", 1, 1, 0));
        assert_eq!(response.moderators[1].undone, 1);
        assert!((response.median_wait_seconds - 60.0).abs() < 1e-9);
        assert_eq!(
            response.periods.iter().map(|period| (period.held, period.decided)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
            (1, 3)
        );
    }
}
