//! Times in microseconds since 1970, the format in which all engines store them.

use std::time::{Duration, SystemTime};

use crate::error::Error;

/// Returns the system time in microseconds since 1970, or 0 if the clock is set to an earlier time.
pub(super) fn now_micros() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

/// Converts microseconds since 1970 to a system time.
///
/// # Errors
/// Returns an error if the number is negative or too large.
pub(super) fn from_micros(micros: i64) -> Result<SystemTime, Error> {
    u64::try_from(micros)
        .ok()
        .and_then(|micros| SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(micros)))
        .ok_or_else(|| Error::store(format!("invalid time {micros} µs since 1970")))
}

/// Returns the time `span` ago, in microseconds since 1970.
pub(super) fn ago(span: Duration) -> i64 {
    now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}
