//! The filter of a list: terms that must all hold, e.g. `decision=hold label=spam score>0.9`.

use std::time::{Duration, SystemTime};

use crate::classify::MinHash;
use crate::store::{Claim, StoredComment};
use crate::verdict::Decision;

/// Longest filter, in bytes: every comment of a long history may be held to each of its terms.
const MAX_FILTER: usize = 1_024;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    decision: Option<Decision>,
    terms: Vec<Term>,
    claimed: Option<ClaimFilter>,
    like: Option<String>,
    /// No decision was asked for: the queue with all that waits for a moderator.
    queue: bool,
}

/// Who is at work on a comment.
#[derive(Debug, Clone, PartialEq)]
enum ClaimFilter {
    Anybody,
    Nobody,
    By(String),
}

/// What terms are held against besides the comment.
#[derive(Debug, Clone, Copy)]
pub struct FilterContext {
    /// When.
    pub now: SystemTime,
    /// What the comments must be like; `None` where nothing is like it.
    pub like: Option<MinHash>,
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Label(String),
    ScoreAbove(f64),
    ScoreBelow(f64),
    Reason(String),
    Rule(String),
    Language(String),
    Older(Duration),
    Younger(Duration),
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
        let mut parsed = Self { decision: Some(Decision::Hold), terms: Vec::new(), claimed: None, like: None, queue: true };
        for term in filter.split_whitespace() {
            let at = term.find(['=', '>', '<']).ok_or_else(|| unknown_term(term))?;
            let (key, value) = (&term[..at], &term[at + 1..]);
            let term = match (key, term.as_bytes()[at]) {
                ("decision", b'=') if value == "any" => {
                    (parsed.decision, parsed.queue) = (None, false);
                    continue;
                }
                ("decision", b'=') => {
                    (parsed.decision, parsed.queue) = (Some(Decision::parse(value).ok_or_else(|| unknown_term(term))?), false);
                    continue;
                }
                ("claimed", b'=') if !value.is_empty() => {
                    parsed.claimed = Some(match value {
                        "yes" => ClaimFilter::Anybody,
                        "no" => ClaimFilter::Nobody,
                        name => ClaimFilter::By(name.to_owned()),
                    });
                    continue;
                }
                ("like", b'=') if !value.is_empty() => {
                    parsed.like = Some(value.to_owned());
                    continue;
                }
                ("rule", b'=') if !value.is_empty() => Term::Rule(value.to_owned()),
                ("lang", b'=') if !value.is_empty() => Term::Language(value.to_lowercase()),
                ("age", b'>') => Term::Older(humantime::parse_duration(value).map_err(|_| unknown_term(term))?),
                ("age", b'<') => Term::Younger(humantime::parse_duration(value).map_err(|_| unknown_term(term))?),
                ("label", b'=') => Term::Label(value.to_owned()),
                ("reason", b'=') => Term::Reason(value.to_uppercase()),
                ("since", b'=') => Term::Since(humantime::parse_rfc3339_weak(value).map_err(|_| unknown_term(term))?),
                ("post", b'=') => Term::Post(value.to_owned()),
                ("author", b'=') => Term::Author(value.to_owned()),
                ("text", b'=') if !value.is_empty() => Term::Text(value.to_lowercase()),
                ("score", b'>') => Term::ScoreAbove(value.parse().map_err(|_| unknown_term(term))?),
                ("score", b'<') => Term::ScoreBelow(value.parse().map_err(|_| unknown_term(term))?),
                _ => return Err(unknown_term(term)),
            };
            parsed.terms.push(term);
        }
        Ok(parsed)
    }

    /// The decision asked for. `None`: any.
    pub fn decision(&self) -> Option<Decision> {
        self.decision
    }

    /// Returns whether spot checks are asked for behind what is held: where no decision is named, it is the whole queue.
    pub fn includes_spot_checks(&self) -> bool {
        self.queue
    }

    /// The comment that others must be like.
    pub fn like(&self) -> Option<&str> {
        self.like.as_deref()
    }

    /// Whether claims make a difference.
    pub fn filters_claims(&self) -> bool {
        self.claimed.is_some()
    }

    /// Whether a comment with this claim is asked for.
    pub fn matches_claim(&self, claim: Option<&Claim>) -> bool {
        match &self.claimed {
            None => true,
            Some(ClaimFilter::Anybody) => claim.is_some(),
            Some(ClaimFilter::Nobody) => claim.is_none(),
            Some(ClaimFilter::By(name)) => claim.is_some_and(|claim| claim.moderator == *name),
        }
    }

    /// Whether every term holds but for the claim. The decision is the store's to select.
    pub fn matches(&self, kept: &StoredComment, beside: &FilterContext) -> bool {
        let alike = self.like.as_ref().is_none_or(|_| is_like(kept, beside.like.as_ref()));
        let age = || beside.now.duration_since(kept.received_at).unwrap_or_default();
        alike
            && self.terms.iter().all(|term| {
                let leading = kept.verdict.highest_score();
                match term {
                    Term::Label(wanted) => leading.is_some_and(|(label, _)| label == wanted),
                    Term::ScoreAbove(bound) => leading.is_some_and(|(_, score)| score > *bound),
                    Term::ScoreBelow(bound) => leading.is_none_or(|(_, score)| score < *bound),
                    Term::Reason(code) => kept.verdict.reasons.iter().any(|reason| reason.code == *code),
                    Term::Rule(rule) => kept.verdict.reasons.iter().any(|reason| reason.rule_id.starts_with(rule)),
                    Term::Language(code) => {
                        language(kept).is_some_and(|tag| tag == *code || tag.split('-').next() == Some(code))
                    }
                    Term::Older(least) => age() > *least,
                    Term::Younger(most) => age() < *most,
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

fn is_like(kept: &StoredComment, wanted: Option<&MinHash>) -> bool {
    let Some((wanted, likeness)) = wanted.zip(MinHash::from_text(&kept.comment.body)) else { return false };
    wanted.bands().iter().zip(likeness.bands()).any(|(a, b)| *a == b)
}

/// The tag of a comment's language, as far as its host told it.
fn language(kept: &StoredComment) -> Option<String> {
    let post = kept.comment.post.as_ref().map_or("", |post| post.language.as_str());
    let tag = [kept.comment.language.as_str(), post].into_iter().find(|tag| !tag.is_empty())?;
    Some(tag.to_lowercase())
}

fn unknown_term(term: &str) -> String {
    // It goes back in a header, which has bounds of its own.
    let term = &term[..term.floor_char_boundary(80)];
    format!(
        "term {term:?} is not understood; known are decision=hold|approve|reject|any, label=NAME, score>X, score<X, \
         reason=CODE, rule=ID, post=ID, author=USER_ID, lang=CODE, text=WORD, age>2h, age<3d, claimed=yes|no|NAME, like=ID and \
         since=2026-01-31T12:00:00Z"
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
        assert_eq!(
            Filter::parse(" ").unwrap(),
            Filter { decision: Some(Decision::Hold), terms: vec![], claimed: None, like: None, queue: true }
        );
    }

    #[test]
    fn terms_are_read_in_any_order() {
        let filter = Filter::parse("score>0.9 decision=any label=spam").unwrap();
        assert_eq!(filter.decision(), None);
        assert_eq!(filter.terms, [Term::ScoreAbove(0.9), Term::Label("spam".into())]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for filter in
            ["spam", "colour=red", "score>high", "decision=maybe", "since=yesterday", "score=1", "age>old", "like=", "claimed="]
        {
            assert!(Filter::parse(filter).unwrap_err().contains(filter), "{filter}");
        }
    }
}
