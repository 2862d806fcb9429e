//! Time spans as Redis takes them.

use std::time::Duration;

/// Returns a span in whole milliseconds.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
