//! Values that answer a yes-or-no question such as `deleted`. Exports write yes and no in many ways.

use serde_json::Value;

use crate::cli::import::field::parse_timestamp;
use crate::cli::import::vocabulary::MAX_WORD;

/// The answer of a value to a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YesNo {
    /// No, or nothing.
    No,
    /// Yes, or the time since when it is so.
    Yes,
    /// Something else.
    Other,
}

impl YesNo {
    /// Parses a JSON value.
    pub fn parse(value: &Value) -> Self {
        match value {
            Value::Null => Self::No,
            Value::Bool(yes) => Self::from_bool(*yes),
            Value::Number(number) => number.as_f64().map_or(Self::Other, Self::from_number),
            Value::String(text) => Self::from_text(text),
            Value::Array(items) if items.is_empty() => Self::No,
            Value::Object(fields) if fields.is_empty() => Self::No,
            Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }

    fn from_bool(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    fn from_number(number: f64) -> Self {
        match number {
            0.0 => Self::No,
            1.0 => Self::Yes,
            // A timestamp, in seconds or milliseconds since 1970.
            timestamp if timestamp >= 1e8 => Self::Yes,
            _ => Self::Other,
        }
    }

    fn from_text(text: &str) -> Self {
        if text.len() > MAX_WORD {
            return Self::Other;
        }
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "" | "false" | "f" | "no" | "n" | "off" | "null" | "nil" | "none" | "undefined" | "never" => Self::No,
            "true" | "t" | "yes" | "y" | "on" => Self::Yes,
            // Dates and ids that mean "none".
            zeros if zeros.contains('0') && zeros.bytes().all(|byte| b"0-:. tz+".contains(&byte)) => Self::No,
            zero_date if zero_date.starts_with("0001-01-01") => Self::No,
            date if parse_timestamp(&text).is_some() || is_date(date) => Self::Yes,
            number => number.parse().map_or(Self::Other, Self::from_number),
        }
    }
}

/// Returns whether a text begins with a date such as `2021-03-04`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let pattern = b"0000-00-00";
    bytes.len() >= pattern.len()
        && bytes.iter().zip(pattern).all(|(byte, like)| if *like == b'-' { *byte == b'-' } else { byte.is_ascii_digit() })
}
