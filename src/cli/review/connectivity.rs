//! Whether the server answers, and when to try again while it does not.

use std::time::{Duration, SystemTime};

/// Base of the exponential backoff: doubled once for each failed attempt.
const BASE_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause before a server that is lost is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connectivity {
    Loading,
    Live,
    Lost { since: SystemTime, why: String, attempts: u32, next: SystemTime },
}

impl Connectivity {
    /// Returns the state after one more failed attempt, with the time of the next one.
    pub fn failed_again(&self, now: SystemTime, why: String) -> Self {
        let (since, attempts) = match *self {
            Self::Lost { since, attempts, .. } => (since, attempts + 1),
            _ => (now, 1),
        };
        let pause = BASE_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE);
        Self::Lost { since, why, attempts, next: now + pause }
    }

    /// Returns whether the connection to the server is lost.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}
