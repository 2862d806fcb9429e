//! The system's clock, in microseconds since 1970: how all engines keep times.

use std::time::{Duration, SystemTime};

use crate::error::Error;

/// The system's clock in microseconds since 1970. A clock set before that is as good as one that shows it.
pub(super) fn now_micros() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

/// A moment that [`now_micros`] told.
pub(super) fn from_micros(micros: i64) -> Result<SystemTime, Error> {
    u64::try_from(micros)
        .ok()
        .and_then(|micros| SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(micros)))
        .ok_or_else(|| Error::store(format!("a comment was received at {micros} µs")))
}

/// Returns the moment that lies `span` back, in microseconds since 1970.
pub(super) fn ago(span: Duration) -> i64 {
    now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}
