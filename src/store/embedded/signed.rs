//! SQLite's numbers have a sign.

/// Returns a number as SQLite keeps it. One that is too large becomes the largest.
pub(super) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
