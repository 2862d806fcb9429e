//! Rate limits by GCRA: pure arithmetic on one timestamp per key.
//!
//! This is the generic cell rate algorithm (ITU-T I.371) in its virtual scheduling form. A key's whole state is its
//! *theoretical arrival time*: the time at which the next comment is due if all are evenly spaced. A comment may arrive up to
//! `burst` intervals before it. Unlike counters per window, the algorithm never admits a double burst: within any time `t`, at
//! most `burst + t / interval` comments pass.

use std::time::Duration;

/// What a limit counts: one author, one client or the whole site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// One author, by user id or else by verified e-mail address.
    Author,
    /// One client: an IPv4 address or an IPv6 /64 network.
    Client,
    /// The site as a whole.
    Site,
}

impl Scope {
    /// All scopes, the most specific first.
    pub const ALL: [Self; 3] = [Self::Author, Self::Client, Self::Site];

    /// Returns the name of the scope in policies, keys and verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Client => "client",
            Self::Site => "site",
        }
    }
}

/// A limit in the form that GCRA needs.
///
/// Invariants: `1 <= burst <= 1,000,000` and `1 <= interval * burst <= 2^51`, so that times are exact in the doubles with which
/// Redis scripts calculate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gcra {
    interval: u64,
    burst: u32,
}

/// Maximum time in which a whole burst recovers, in microseconds: seventy years.
const MAX_WINDOW: u64 = 1 << 51;
/// Maximum burst.
pub const MAX_BURST: u32 = 1_000_000;

impl Gcra {
    /// Creates a limit of `count` comments per `period`, of which `burst` may arrive at once.
    ///
    /// Returns `None` if a number is zero or the limit is outside the ranges of the type. An interval that is not a whole
    /// number of microseconds is rounded up, so that the limit is never exceeded.
    pub fn new(count: u32, period: Duration, burst: u32) -> Option<Self> {
        let period = u64::try_from(period.as_micros()).ok()?;
        let interval = period.checked_add(u64::from(count).checked_sub(1)?)?.checked_div(u64::from(count))?;
        let fits = interval.checked_mul(u64::from(burst)).is_some_and(|window| (1..=MAX_WINDOW).contains(&window));
        (fits && burst <= MAX_BURST).then_some(Self { interval, burst })
    }

    /// Returns the interval between comments at the steady rate, in microseconds.
    pub fn interval(self) -> u64 {
        self.interval
    }

    /// Returns the number of comments that may arrive at once.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// Checks one comment at `now` against a key whose theoretical arrival time is `tat` (0 if the key is new). Both are in
    /// microseconds on the same clock.
    pub fn check(self, tat: u64, now: u64) -> GcraOutcome {
        let window = self.interval * u64::from(self.burst);
        let due = tat.max(now) + self.interval;
        let ahead = due - now;
        if ahead > window {
            return GcraOutcome::Refused { retry_after: Duration::from_micros(ahead - window) };
        }
        // Less than a burst, which is a u32.
        let remaining = u32::try_from((window - ahead) / self.interval).unwrap_or(self.burst);
        GcraOutcome::Admitted { tat: due, remaining }
    }
}

/// The result of checking a comment against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GcraOutcome {
    /// The comment is within the limit.
    Admitted {
        /// The key's next theoretical arrival time, to be stored if the comment is counted.
        tat: u64,
        /// Number of further comments that could pass at once.
        remaining: u32,
    },
    /// The comment is over the limit.
    Refused {
        /// Time until a comment passes.
        retry_after: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gcra(count: u32, seconds: u64, burst: u32) -> Gcra {
        Gcra::new(count, Duration::from_secs(seconds), burst).unwrap()
    }

    #[test]
    fn a_burst_passes_and_the_next_is_told_exactly_when_to_come() {
        let limit = gcra(10, 10, 3);
        let mut tat = 0;
        for remaining in [2, 1, 0] {
            let GcraOutcome::Admitted { tat: next, remaining: left } = limit.check(tat, 5_000_000) else { panic!("refused") };
            assert_eq!(left, remaining);
            tat = next;
        }
        assert_eq!(limit.check(tat, 5_000_000), GcraOutcome::Refused { retry_after: Duration::from_secs(1) });
        assert!(matches!(limit.check(tat, 5_999_999), GcraOutcome::Refused { .. }));
        assert!(matches!(limit.check(tat, 6_000_000), GcraOutcome::Admitted { remaining: 0, .. }));
    }

    #[test]
    fn limits_that_cannot_be_counted_exactly_do_not_exist() {
        assert_eq!(Gcra::new(0, Duration::from_secs(1), 1), None);
        assert_eq!(Gcra::new(1, Duration::ZERO, 1), None);
        assert_eq!(Gcra::new(1, Duration::from_secs(1), 0), None);
        assert_eq!(Gcra::new(1, Duration::MAX, 1), None);
        assert_eq!(Gcra::new(1, Duration::from_hours(24 * 365), MAX_BURST), None);
        assert_eq!(Gcra::new(3, Duration::from_micros(10), 1).unwrap().interval(), 4);
    }

    proptest! {
        /// Compares GCRA with a plain model in integers: a bucket of `burst` tokens, refilled by one per interval.
        #[test]
        fn gcra_admits_exactly_what_a_token_bucket_admits(
            interval in 1u64..50,
            burst in 1u32..8,
            gaps in prop::collection::vec(0u64..120, 1..200),
        ) {
            let limit = Gcra { interval, burst };
            let full = interval * u64::from(burst);
            let (mut now, mut tat, mut level, mut admitted) = (1_000, 0, full, Vec::new());
            for gap in gaps {
                now += gap;
                level = (level + gap).min(full);
                match limit.check(tat, now) {
                    GcraOutcome::Admitted { tat: next, remaining } => {
                        prop_assert!(level >= interval, "admitted without a token");
                        level -= interval;
                        prop_assert_eq!(u64::from(remaining), level / interval);
                        tat = next;
                        admitted.push(now);
                    }
                    GcraOutcome::Refused { retry_after } => {
                        prop_assert!(level < interval, "refused with a token");
                        prop_assert_eq!(u128::from(interval - level), retry_after.as_micros());
                    }
                }
            }
            for (i, from) in admitted.iter().enumerate() {
                for (count, to) in (1u64..).zip(&admitted[i..]) {
                    prop_assert!(count <= u64::from(burst) + (to - from) / interval);
                }
            }
        }
    }
}
