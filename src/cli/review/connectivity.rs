//! The state of the connection to the server, with the backoff while it is lost.

use std::time::{Duration, SystemTime};

/// Base of the exponential backoff, which doubles with each failed attempt.
const BASE_BACKOFF: Duration = Duration::from_millis(250);
/// Upper bound of the backoff.
const MAX_BACKOFF: Duration = Duration::from_secs(8);

/// The state of the connection to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connectivity {
    /// No reply has arrived yet.
    Loading,
    /// The server answers.
    Live,
    /// The server does not answer; `next` is the time of the next attempt.
    Lost { since: SystemTime, why: String, attempts: u32, next: SystemTime },
}

impl Connectivity {
    /// Returns the state after one more failed attempt, with the time of the next one.
    pub fn failed_again(&self, now: SystemTime, why: String) -> Self {
        let (since, attempts) = match *self {
            Self::Lost { since, attempts, .. } => (since, attempts + 1),
            _ => (now, 1),
        };
        let pause = BASE_BACKOFF.saturating_mul(1 << attempts.min(10)).min(MAX_BACKOFF);
        Self::Lost { since, why, attempts, next: now + pause }
    }

    /// Returns whether the connection to the server is lost.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}
