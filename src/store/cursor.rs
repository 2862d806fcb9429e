//! Cursors: positions in a site's sequence of changes.

use std::fmt;

/// A position in a site's sequence of changes. Only the store that issued it can interpret it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// The number of a change in the embedded or memory engine.
    Number(i64),
    /// The id of a Redis stream entry: milliseconds and a sequence number.
    Stream(u64, u64),
}

impl Cursor {
    /// Returns the cursor of change `number` in the embedded or memory engine; 0 is the position before all changes.
    pub(super) fn number(number: i64) -> Self {
        Self(Form::Number(number))
    }

    /// Parses a cursor of the embedded or memory engine. Returns `None` if the text is not a number in range.
    pub(super) fn parse_number(text: &str) -> Option<Self> {
        Some(Self(Form::Number(parse_digits(text)?.try_into().ok()?)))
    }

    /// The position before all entries of a Redis stream.
    pub(super) const STREAM_START: Self = Self(Form::Stream(0, 0));

    /// Parses the id of a Redis stream entry. Returns `None` if the text is malformed.
    pub(super) fn parse_stream(text: &str) -> Option<Self> {
        let (milliseconds, count) = text.split_once('-')?;
        Some(Self(Form::Stream(parse_digits(milliseconds)?, parse_digits(count)?)))
    }

    /// Returns the number of the change in the embedded or memory engine, or 0 for a cursor of a Redis stream.
    pub(super) fn as_number(self) -> i64 {
        match self.0 {
            Form::Number(number) => number,
            Form::Stream(..) => 0,
        }
    }
}

/// Parses a number of digits only. `u64::from_str` also accepts a plus sign, which would give one cursor two spellings.
fn parse_digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Number(number) => write!(f, "{number}"),
            Form::Stream(milliseconds, count) => write!(f, "{milliseconds}-{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_none(text in ".{0,40}|[+-]?[0-9]{0,22}(-[+-]?[0-9]{0,22})?") {
            for parse in [Cursor::parse_number, Cursor::parse_stream] {
                if let Some(cursor) = parse(&text) {
                    prop_assert_eq!(parse(&cursor.to_string()), Some(cursor));
                    prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
                    prop_assert!(cursor.as_number() >= 0);
                }
            }
        }
    }
}
