//! A moment in the past as it is typed: how long ago, or a date.

use std::str::FromStr;
use std::time::SystemTime;

/// A moment in the past.
#[derive(Debug, Clone, Copy)]
pub struct Since(pub SystemTime);

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let ago = humantime::parse_duration(typed).ok().and_then(|span| SystemTime::now().checked_sub(span));
        // A day alone is its beginning.
        let day = || humantime::parse_rfc3339_weak(&format!("{typed}T00:00:00Z")).ok();
        let at = ago.or_else(|| humantime::parse_rfc3339_weak(typed).ok()).or_else(day);
        at.map(Self).ok_or("must be how long ago, e.g. 24h or 7d, or a moment, e.g. 2026-01-31 or 2026-01-31T12:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_span_counts_back_and_a_date_is_its_beginning() {
        let ago = SystemTime::now().duration_since(Since::from_str("2h").unwrap().0).unwrap();
        assert!(ago.abs_diff(Duration::from_secs(7_200)) < Duration::from_secs(60));
        let noon = Since::from_str("2026-01-31T12:00:00Z").unwrap().0;
        assert_eq!(noon.duration_since(Since::from_str("2026-01-31").unwrap().0).unwrap(), Duration::from_secs(43_200));
        assert!(Since::from_str("yesterday").is_err());
    }
}
