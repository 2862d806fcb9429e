//! Chooses spot checks: approved comments that a moderator reviews as well.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use lru::LruCache;

use super::request::Request;
use crate::comment::Site;
use crate::verdict::{Decision, Reason, SPOT_CHECK, Verdict};

/// Maximum number of spot checks per site and day on this server.
pub const MAX_PER_DAY: u32 = 20;
/// Maximum number of sites whose daily count is tracked.
const MAX_TRACKED_SITES: usize = 10_000;
/// Length of a day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The number of spot checks of the present day, by site.
pub struct SpotCheckSampler(Mutex<LruCache<Site, DailyCount>>);

/// The number of spot checks of a site on one day.
#[derive(Debug, Clone, Copy, Default)]
struct DailyCount {
    /// Number of the day since 1970.
    day: u64,
    /// Number of spot checks chosen.
    chosen: u32,
    /// Number of comments drawn since the last spot check that were passed over because of the daily maximum.
    passed_over: u32,
}

impl Default for SpotCheckSampler {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MAX_TRACKED_SITES).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl SpotCheckSampler {
    /// Decides at random whether an approved comment becomes a spot check: `share` is the probability, `draw` a random
    /// number in `0..1`. Returns the reason that marks it, whose weight is the number of approved comments that it
    /// represents. Nothing is counted here, because the comment may have been recorded before.
    pub fn choose(&self, site: &Site, share: f64, draw: f64, now: SystemTime) -> Option<Reason> {
        if draw >= share {
            return None;
        }
        let today = self.0.lock().ok()?.peek(site).copied().unwrap_or_default().for_day(day_number(now));
        if today.chosen >= MAX_PER_DAY {
            return None;
        }
        // The next spot check also represents the comments that were passed over.
        let weight = f64::from(1 + today.passed_over) / share;
        let message = format!("a spot check: approved by the machine, and one of about {weight:.0} that a moderator reviews");
        Some(Reason { weight, ..Reason::new(SPOT_CHECK, message).with_rule("review.spot_checks") })
    }

    /// Counts an approved comment that was drawn and is now recorded, as a spot check or as passed over because of the
    /// daily maximum.
    pub fn count(&self, site: &Site, is_spot_check: bool, now: SystemTime) {
        let Ok(mut sites) = self.0.lock() else { return };
        let today = sites.get_or_insert_mut(site.clone(), DailyCount::default);
        *today = today.for_day(day_number(now));
        if is_spot_check {
            (today.chosen, today.passed_over) = (today.chosen + 1, 0);
        } else {
            today.passed_over = today.passed_over.saturating_add(1);
        }
    }
}

/// The draw for one comment, which decides whether it becomes a spot check if it is approved. The comment is published in
/// any case.
pub struct SpotCheckDraw<'a> {
    spots: &'a SpotCheckSampler,
    site: &'a Site,
    /// The probability that an approved comment is chosen.
    share: f64,
    /// A random number in `0..1`.
    number: f64,
    now: SystemTime,
}

impl SpotCheckSampler {
    /// Draws for one comment; `share` is the probability that it is chosen. Only live comments can be chosen.
    pub fn draw<'a>(&'a self, request: &Request<'a>, share: f64) -> SpotCheckDraw<'a> {
        let number = if request.is_live() { random() } else { 1.0 };
        SpotCheckDraw { spots: self, site: request.comment.site(), share, number, now: request.now }
    }
}

impl SpotCheckDraw<'_> {
    /// Marks an approved comment as a spot check if it was drawn.
    pub fn mark(&self, verdict: Verdict) -> Verdict {
        let approved = verdict.decision == Decision::Approve;
        match approved.then(|| self.spots.choose(self.site, self.share, self.number, self.now)).flatten() {
            Some(reason) => verdict.with_reason(reason),
            None => verdict,
        }
    }

    /// Marks the verdict that replaces a tentative one. A comment is drawn once: if the tentative verdict was an approval,
    /// the approval is marked exactly if that one was; otherwise the comment may be chosen now.
    pub fn mark_again(&self, verdict: Verdict, tentative: &Verdict) -> Verdict {
        match tentative.reasons.iter().find(|reason| reason.code == SPOT_CHECK) {
            Some(reason) if verdict.decision == Decision::Approve => verdict.with_reason(reason.clone()),
            _ if tentative.decision != Decision::Approve => self.mark(verdict),
            _ => verdict,
        }
    }

    /// Counts a comment that is now recorded, if it was approved and drawn.
    pub fn count(&self, recorded: &Verdict) {
        if self.number < self.share && recorded.decision == Decision::Approve {
            self.spots.count(self.site, recorded.is_spot_check(), self.now);
        }
    }
}

impl DailyCount {
    /// Returns the count for a day. On a new day no spot check has been chosen yet.
    fn for_day(self, day: u64) -> Self {
        if self.day == day { self } else { Self { day, chosen: 0, ..self } }
    }
}

/// Returns the number of a day since 1970.
fn day_number(now: SystemTime) -> u64 {
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / DAY.as_secs()
}

/// Returns a random number in `0..1`.
fn random() -> f64 {
    // The last 62 bits of a version 7 UUID are random.
    f64::from(uuid::Uuid::now_v7().as_u128() as u32) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_bound_and_what_was_passed_over_is_spoken_for() {
        let (spots, site) = (SpotCheckSampler::default(), Site::parse("site", "blog.example").unwrap());
        let today = SystemTime::UNIX_EPOCH + DAY * 20_000;
        let take = |now| {
            let reason = spots.choose(&site, 0.5, 0.1, now);
            spots.count(&site, reason.is_some(), now);
            reason
        };
        assert_eq!((0..100).filter_map(|_| take(today)).count(), MAX_PER_DAY as usize);
        assert_eq!(spots.choose(&site, 0.5, 0.7, today + DAY), None, "not drawn");
        let next = take(today + DAY).unwrap();
        assert!((next.weight - 162.0).abs() < 1e-9, "81 at one half: {next:?}");
        assert!((take(today + DAY).unwrap().weight - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_recorded_takes_nothing_from_the_day() {
        let (spots, site) = (SpotCheckSampler::default(), Site::parse("site", "blog.example").unwrap());
        let today = SystemTime::UNIX_EPOCH + DAY * 20_000;
        assert!((0..100).all(|_| spots.choose(&site, 1.0, 0.0, today).is_some()));
    }

    #[test]
    fn the_share_is_kept_and_none_is_none() {
        let (spots, site) = (SpotCheckSampler::default(), Site::parse("site", "blog.example").unwrap());
        assert_eq!(spots.choose(&site, 0.0, 0.0, SystemTime::UNIX_EPOCH), None);
        let draws: Vec<f64> = (0..10_000).map(|_| random()).collect();
        let below = draws.iter().filter(|draw| **draw < 0.02).count();
        assert!((120..300).contains(&below), "{below}");
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
    }
}
