//! Where a change stands in its site's order of changes.

use std::fmt;

/// Where a change stands in its site's order of changes. Opaque outside the store that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// A number of the embedded store.
    Number(i64),
    /// A stream id of Redis: milliseconds and a count.
    Stream(u64, u64),
}

impl Cursor {
    /// The cursor of the embedded store's change `number`; 0: before all changes.
    pub(super) fn number(number: i64) -> Self {
        Self(Form::Number(number))
    }

    /// Reads a number of the embedded store.
    pub(super) fn parse_number(text: &str) -> Option<Self> {
        Some(Self(Form::Number(digits(text)?.try_into().ok()?)))
    }

    /// Before all changes of a stream.
    pub(super) const STREAM_START: Self = Self(Form::Stream(0, 0));

    /// Reads a stream id of Redis.
    pub(super) fn parse_stream(text: &str) -> Option<Self> {
        let (milliseconds, count) = text.split_once('-')?;
        Some(Self(Form::Stream(digits(milliseconds)?, digits(count)?)))
    }

    /// The number in the embedded store. Another store's cursor stands before all its changes.
    pub(super) fn as_number(self) -> i64 {
        match self.0 {
            Form::Number(number) => number,
            Form::Stream(..) => 0,
        }
    }
}

/// `u64::from_str` also takes a plus sign, which would give one cursor two spellings.
fn digits(text: &str) -> Option<u64> {
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
