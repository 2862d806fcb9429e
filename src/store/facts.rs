//! The text format in which a reservation stores the facts of a comment, so that a repeated request gets the same facts.
//!
//! The parts are separated by bars: the limits as comma-separated `scope:burst:remaining:wait`, the author's
//! `approved:held:rejected`, the previous `decision:by_moderator`, and the number of near-duplicates on the site. An absent
//! part is empty. `admit.lua` writes the same format.

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;
use crate::facts::{AuthorCounts, DuplicateCounts, Facts, FloodCounts, LimitState, PreviousDecision};
use crate::limit::Scope;
use crate::verdict::Decision;

/// Formats facts as text.
pub(super) fn to_text(facts: &Facts) -> String {
    let mut text = String::new();
    for (i, limit) in facts.limits.iter().enumerate() {
        let (comma, scope) = (if i > 0 { "," } else { "" }, limit.scope.as_str());
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{scope}:{}:{}:{}", limit.limit, limit.remaining, limit.retry_after.as_micros());
    }
    text.push('|');
    if let Some(AuthorCounts { approved, held, rejected }) = facts.author {
        let _ = write!(text, "{approved}:{held}:{rejected}");
    }
    text.push('|');
    if let Some(previous) = facts.previous {
        let _ = write!(text, "{}:{}", previous.decision.to_wire() as i32, u8::from(previous.by_moderator));
    }
    if facts.duplicates.here > 0 {
        let _ = write!(text, "|{}", facts.duplicates.here);
    }
    text
}

/// Parses facts.
///
/// # Errors
/// Returns an error if the text is malformed.
pub(super) fn from_text(text: &str) -> Result<Facts, Error> {
    parse(text).ok_or_else(|| Error::store(format!("unreadable facts {text:?}")))
}

fn parse(text: &str) -> Option<Facts> {
    // Reservations of earlier versions lack the fourth part.
    let (text, similar) = match text.match_indices('|').nth(2) {
        Some((at, _)) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let similar = DuplicateCounts { here: optional(similar, number)?.unwrap_or_default(), elsewhere: 0 };
    let [limits, author, previous] = split(text, '|')?;
    let limits = limits.split(',').filter(|limit| !limit.is_empty()).map(limit).collect::<Option<_>>()?;
    let author = optional(author, |author| {
        let [approved, held, rejected] = split(author, ':')?;
        Some(AuthorCounts { approved: number(approved)?, held: number(held)?, rejected: number(rejected)? })
    })?;
    let previous = optional(previous, |previous| {
        let [decision, by_moderator] = split(previous, ':')?;
        Some(PreviousDecision { decision: Decision::from_wire(number(decision)?)?, by_moderator: by_moderator == "1" })
    })?;
    Some(Facts { limits, author, previous, duplicates: similar, decided_duplicate: None, flood: FloodCounts::default() })
}

fn limit(text: &str) -> Option<LimitState> {
    let [scope, limit, remaining, wait] = split(text, ':')?;
    Some(LimitState {
        scope: Scope::ALL.into_iter().find(|known| known.as_str() == scope)?,
        limit: number(limit)?,
        remaining: number(remaining)?,
        retry_after: Duration::from_micros(number(wait)?),
    })
}

/// Returns `Some(None)` for an empty text, else the result of `read`.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

fn split<const N: usize>(text: &str, at: char) -> Option<[&str; N]> {
    text.split(at).collect::<Vec<_>>().try_into().ok()
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(scope: Scope, remaining: u32, wait: u64) -> LimitState {
        LimitState { scope, limit: 5, remaining, retry_after: Duration::from_micros(wait) }
    }

    #[test]
    fn facts_come_back_as_they_were() {
        let full = Facts {
            limits: vec![state(Scope::Author, 0, 1_500_000), state(Scope::Site, 4, 0)],
            author: Some(AuthorCounts { approved: 1, held: 2, rejected: 3 }),
            previous: Some(PreviousDecision { decision: Decision::Hold, by_moderator: true }),
            duplicates: DuplicateCounts { here: 7, elsewhere: 0 },
            // Known to the process, not to the store.
            decided_duplicate: None,
            flood: FloodCounts::default(),
        };
        assert_eq!(to_text(&full), "author:5:0:1500000,site:5:4:0|1:2:3|2:1|7");
        for facts in [full, Facts::default()] {
            assert_eq!(from_text(&to_text(&facts)).unwrap(), facts);
        }
    }

    proptest! {
        #[test]
        fn facts_of_any_text_are_read_or_refused(text in ".{0,60}|[a-z0-9:,|+-]{0,60}|(author|site)(:[0-9]{1,21}){3}\\|[0-9:]{0,30}\\|[0-9:]{0,4}(\\|[0-9]{0,12})?") {
            if let Ok(facts) = from_text(&text) {
                prop_assert_eq!(from_text(&to_text(&facts)).unwrap(), facts);
            }
        }
    }

    #[test]
    fn damaged_facts_are_an_error() {
        for text in ["", "|", "author:5:0|||", "planet:5:0:0||", "|1:2|", "||9:0", "|||x", "||||"] {
            assert!(from_text(text).is_err(), "{text:?}");
        }
    }
}
