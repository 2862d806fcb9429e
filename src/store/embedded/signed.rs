//! Converts numbers to SQLite's signed 64-bit integers.

/// Returns a number as a signed 64-bit integer, or the largest one if the number is too large.
pub(super) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
