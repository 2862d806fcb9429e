//! Fields of comments as exports write them: texts cut to the length that a comment may have, and timestamps.

use time::format_description::FormatItem;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// Cuts what is only evidence to what a comment may have of it.
pub fn truncate(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

const SQL_DATETIME: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// A moment as exports write it. `None`: they do not know, which they write as a date that there never was.
pub fn parse_timestamp(text: &str) -> Option<prost_types::Timestamp> {
    let text = text.trim();
    let parsed = PrimitiveDateTime::parse(text, SQL_DATETIME)
        .map(PrimitiveDateTime::assume_utc)
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .or_else(|_| OffsetDateTime::parse(text, &Rfc2822))
        .ok()?;
    timestamp_from_unix(parsed.unix_timestamp())
}

/// 1990-01-01, in seconds since 1970.
const MIN_TIMESTAMP: i64 = 631_152_000;

/// A moment in seconds since 1970. `None` where it is from before the first blog or from the future, as Gatepost takes neither.
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
