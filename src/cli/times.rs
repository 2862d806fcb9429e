//! Parsing and formatting of points in time.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::failure::Failure;

/// A point in time, given as an age or as a date.
#[derive(Debug, Clone, Copy)]
pub struct Since(pub SystemTime);

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let ago = humantime::parse_duration(typed).ok().and_then(|span| SystemTime::now().checked_sub(span));
        // A date without a time means the beginning of the day.
        let day = || humantime::parse_rfc3339_weak(&format!("{typed}T00:00:00Z")).ok();
        let at = ago.or_else(|| humantime::parse_rfc3339_weak(typed).ok()).or_else(day);
        at.map(Self).ok_or("must be an age, e.g. 24h or 7d, or a date, e.g. 2026-01-31 or 2026-01-31T12:00:00Z")
    }
}

/// Returns the time after `span` from now, or `None` if `span` is `None`. `what` names the expiring item in the error.
///
/// # Errors
/// Returns an error if the time is out of range.
pub fn expiry(span: Option<humantime::Duration>, what: &str) -> Result<Option<prost_types::Timestamp>, Failure> {
    let Some(span) = span else { return Ok(None) };
    let at = SystemTime::now().checked_add(Duration::from(span));
    let beyond = || Failure::usage(format!("--expires is too long; leave it out for {what} that does not expire"));
    Ok(Some(at.ok_or_else(beyond)?.into()))
}

/// Formats a time to the second, or as `-` if it is unknown.
pub fn format_timestamp(at: Option<&prost_types::Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| prost_types::Timestamp { seconds: at.seconds, nanos: 0 }.to_string())
}

/// Formats the age of a time in its largest unit, or as `-` if it is unknown.
pub fn format_age(at: Option<&prost_types::Timestamp>, now: SystemTime) -> String {
    let Some(at) = at.and_then(|at| SystemTime::try_from(*at).ok()) else { return "-".to_owned() };
    // A server's clock may be ahead of ours.
    let seconds = now.duration_since(at).unwrap_or(Duration::ZERO).as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_back_and_a_date_is_its_beginning() {
        let ago = SystemTime::now().duration_since(Since::from_str("2h").unwrap().0).unwrap();
        assert!(ago.abs_diff(Duration::from_secs(7_200)) < Duration::from_secs(60));
        let noon = Since::from_str("2026-01-31T12:00:00Z").unwrap().0;
        assert_eq!(noon.duration_since(Since::from_str("2026-01-31").unwrap().0).unwrap(), Duration::from_secs(43_200));
        assert!(Since::from_str("yesterday").is_err());
    }

    #[test]
    fn ages_have_one_unit() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000);
        let ago = |seconds: i64| format_age(Some(&prost_types::Timestamp { seconds: 10_000_000 - seconds, nanos: 0 }), now);
        assert_eq!([ago(-5), ago(59), ago(61), ago(7_300), ago(172_800)], ["0s", "59s", "1m", "2h", "2d"]);
    }
}
