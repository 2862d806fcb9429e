//! The filter of a list: terms that must all hold, e.g. `decision=hold label=spam score>0.9`.

use std::time::SystemTime;

use crate::store::Kept;
use crate::verdict::Decision;

/// Longest filter, in bytes: every comment of a long history may be held to each of its terms.
const MAX_FILTER: usize = 1_024;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    decision: Option<Decision>,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Label(String),
    ScoreAbove(f64),
    ScoreBelow(f64),
    Reason(String),
    Post(String),
    Author(String),
    Text(String),
    Since(SystemTime),
}

impl Filter {
    /// Parses a filter. Without a `decision` term it is the queue: what is held.
    ///
    /// # Errors
    /// The term that is not understood, and what would be.
    pub fn parse(filter: &str) -> Result<Self, String> {
        if filter.len() > MAX_FILTER {
            return Err(format!("is {} bytes long; at most {MAX_FILTER} are accepted", filter.len()));
        }
        let mut parsed = Self { decision: Some(Decision::Hold), terms: Vec::new() };
        for term in filter.split_whitespace() {
            let at = term.find(['=', '>', '<']).ok_or_else(|| unknown(term))?;
            let (key, value) = (&term[..at], &term[at + 1..]);
            let term = match (key, term.as_bytes()[at]) {
                ("decision", b'=') if value == "any" => {
                    parsed.decision = None;
                    continue;
                }
                ("decision", b'=') => {
                    parsed.decision = Some(Decision::parse(value).ok_or_else(|| unknown(term))?);
                    continue;
                }
                ("label", b'=') => Term::Label(value.to_owned()),
                ("reason", b'=') => Term::Reason(value.to_uppercase()),
                ("since", b'=') => Term::Since(humantime::parse_rfc3339_weak(value).map_err(|_| unknown(term))?),
                ("post", b'=') => Term::Post(value.to_owned()),
                ("author", b'=') => Term::Author(value.to_owned()),
                ("text", b'=') if !value.is_empty() => Term::Text(value.to_lowercase()),
                ("score", b'>') => Term::ScoreAbove(value.parse().map_err(|_| unknown(term))?),
                ("score", b'<') => Term::ScoreBelow(value.parse().map_err(|_| unknown(term))?),
                _ => return Err(unknown(term)),
            };
            parsed.terms.push(term);
        }
        Ok(parsed)
    }

    /// The decision asked for. `None`: any.
    pub fn decision(&self) -> Option<Decision> {
        self.decision
    }

    /// Whether every term holds. The decision is the store's to select.
    pub fn matches(&self, kept: &Kept) -> bool {
        self.terms.iter().all(|term| {
            let leading = kept.verdict.leading();
            match term {
                Term::Label(wanted) => leading.is_some_and(|(label, _)| label == wanted),
                Term::ScoreAbove(bound) => leading.is_some_and(|(_, score)| score > *bound),
                Term::ScoreBelow(bound) => leading.is_none_or(|(_, score)| score < *bound),
                Term::Reason(code) => kept.verdict.reasons.iter().any(|reason| reason.code == *code),
                Term::Since(when) => kept.verdict.decided_at >= *when,
                Term::Post(id) => kept.comment.post.as_ref().is_some_and(|post| post.id == *id),
                Term::Author(id) => kept.comment.author.as_ref().is_some_and(|author| author.user_id == *id),
                Term::Text(word) => {
                    let name = kept.comment.author.as_ref().map_or("", |author| author.name.as_str());
                    [name, &kept.comment.body].iter().any(|text| text.to_lowercase().contains(word))
                }
            }
        })
    }
}

fn unknown(term: &str) -> String {
    // It goes back in a header, which has bounds of its own.
    let term = &term[..term.floor_char_boundary(80)];
    format!(
        "term {term:?} is not understood; known are decision=hold|approve|reject|any, label=NAME, score>X, score<X, \
         reason=CODE, post=ID, author=USER_ID, text=WORD and since=2026-01-31T12:00:00Z"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_filter_is_refused_in_a_line() {
        let problem = Filter::parse(&"score>0.1 ".repeat(1_000)).unwrap_err();
        assert!(problem.contains("10000 bytes long"), "{problem}");
        assert!(Filter::parse(&"x".repeat(1_000)).unwrap_err().len() < 400);
    }

    #[test]
    fn an_empty_filter_is_the_queue() {
        assert_eq!(Filter::parse(" ").unwrap(), Filter { decision: Some(Decision::Hold), terms: vec![] });
    }

    #[test]
    fn terms_are_read_in_any_order() {
        let filter = Filter::parse("score>0.9 decision=any label=spam").unwrap();
        assert_eq!(filter.decision(), None);
        assert_eq!(filter.terms, [Term::ScoreAbove(0.9), Term::Label("spam".into())]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for filter in ["spam", "colour=red", "score>high", "decision=maybe", "since=yesterday", "score=1"] {
            assert!(Filter::parse(filter).unwrap_err().contains(filter), "{filter}");
        }
    }
}
