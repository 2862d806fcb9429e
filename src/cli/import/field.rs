//! Fields of exported comments: texts, truncated to the maximum length of a comment's field, and timestamps.

use time::format_description::FormatItem;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// Truncates a text to at most `max_bytes` bytes, at a character boundary.
pub fn truncate(mut text: String, max_bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(max_bytes));
    text
}

const SQL_DATETIME: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// Parses a timestamp of an export.
///
/// Returns `None` if the text is not a timestamp or is a placeholder such as `0000-00-00 00:00:00`, or if the time is out of
/// the range of [`timestamp_from_unix`].
pub fn parse_timestamp(text: &str) -> Option<prost_types::Timestamp> {
    let text = text.trim();
    let parsed = PrimitiveDateTime::parse(text, SQL_DATETIME)
        .map(PrimitiveDateTime::assume_utc)
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .or_else(|_| OffsetDateTime::parse(text, &Rfc2822))
        .ok()?;
    timestamp_from_unix(parsed.unix_timestamp())
}

/// Earliest timestamp of a comment: 1990-01-01, in seconds since 1970.
const MIN_TIMESTAMP: i64 = 631_152_000;

/// Converts seconds since 1970 into a timestamp.
///
/// Returns `None` if the time is before 1990 or in the future, because Gatepost accepts neither.
pub fn timestamp_from_unix(seconds: i64) -> Option<prost_types::Timestamp> {
    (MIN_TIMESTAMP..=OffsetDateTime::now_utc().unix_timestamp())
        .contains(&seconds)
        .then_some(prost_types::Timestamp { seconds, nanos: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_dates_that_never_were_are_not() {
        for text in ["2021-03-04 05:06:07", "2021-03-04T05:06:07Z", "Thu, 04 Mar 2021 05:06:07 +0000"] {
            assert_eq!(parse_timestamp(text).unwrap().seconds, 1_614_834_367, "{text}");
        }
        for text in ["0000-00-00 00:00:00", "", "1969-01-01T00:00:00Z", "9999-01-01 00:00:00", "yesterday"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
