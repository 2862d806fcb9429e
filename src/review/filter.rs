//! The filter of a list: terms that must all match, e.g. `decision=hold label=spam score>0.9`.

use std::time::{Duration, SystemTime};

use crate::classify::MinHash;
use crate::store::{Claim, StoredComment};
use crate::verdict::Decision;

/// Maximum length of a filter, in bytes, since each of its terms may be checked on every comment of a long history.
const MAX_FILTER: usize = 1_024;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    decision: Option<Decision>,
    terms: Vec<Term>,
    claimed: Option<ClaimFilter>,
    like: Option<String>,
    /// Whether no decision was named, which selects the queue: held comments and spot checks.
    queue: bool,
}

/// Which claims a comment may have.
#[derive(Debug, Clone, PartialEq)]
enum ClaimFilter {
    Anybody,
    Nobody,
    By(String),
}

/// What terms need besides the comment.
#[derive(Debug, Clone, Copy)]
pub struct FilterContext {
    /// The current time.
    pub now: SystemTime,
    /// The MinHash that comments must resemble, or `None` if nothing can resemble it.
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
    /// Parses a filter. Without a `decision` term it selects the queue.
    ///
    /// # Errors
    /// Returns an error that names the term that is not understood, and the known terms.
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

    /// Returns the selected decision, or `None` for any.
    pub fn decision(&self) -> Option<Decision> {
        self.decision
    }

    /// Returns whether spot checks are selected in addition to held comments, as in the queue.
    pub fn includes_spot_checks(&self) -> bool {
        self.queue
    }

    /// Returns the id of the comment that others must resemble.
    pub fn like(&self) -> Option<&str> {
        self.like.as_deref()
    }

    /// Returns whether the filter selects by claim.
    pub fn filters_claims(&self) -> bool {
        self.claimed.is_some()
    }

    /// Returns whether a comment with this claim is selected.
    pub fn matches_claim(&self, claim: Option<&Claim>) -> bool {
        match &self.claimed {
            None => true,
            Some(ClaimFilter::Anybody) => claim.is_some(),
            Some(ClaimFilter::Nobody) => claim.is_none(),
            Some(ClaimFilter::By(name)) => claim.is_some_and(|claim| claim.moderator == *name),
        }
    }

    /// Returns whether all terms match, apart from the claim and the decision. The store selects by decision.
    pub fn matches(&self, stored: &StoredComment, context: &FilterContext) -> bool {
        let is_similar = self.like.as_ref().is_none_or(|_| is_like(stored, context.like.as_ref()));
        let age = || context.now.duration_since(stored.received_at).unwrap_or_default();
        is_similar
            && self.terms.iter().all(|term| {
                let top_score = stored.verdict.highest_score();
                match term {
                    Term::Label(wanted) => top_score.is_some_and(|(label, _)| label == wanted),
                    Term::ScoreAbove(bound) => top_score.is_some_and(|(_, score)| score > *bound),
                    Term::ScoreBelow(bound) => top_score.is_none_or(|(_, score)| score < *bound),
                    Term::Reason(code) => stored.verdict.reasons.iter().any(|reason| reason.code == *code),
                    Term::Rule(rule) => stored.verdict.reasons.iter().any(|reason| reason.rule_id.starts_with(rule)),
                    Term::Language(code) => {
                        language(stored).is_some_and(|tag| tag == *code || tag.split('-').next() == Some(code))
                    }
                    Term::Older(min_age) => age() > *min_age,
                    Term::Younger(max_age) => age() < *max_age,
                    Term::Since(when) => stored.verdict.decided_at >= *when,
                    Term::Post(id) => stored.comment.post.as_ref().is_some_and(|post| post.id == *id),
                    Term::Author(id) => stored.comment.author.as_ref().is_some_and(|author| author.user_id == *id),
                    Term::Text(word) => {
                        let name = stored.comment.author.as_ref().map_or("", |author| author.name.as_str());
                        [name, &stored.comment.body].iter().any(|text| text.to_lowercase().contains(word))
                    }
                }
            })
    }
}

fn is_like(stored: &StoredComment, wanted: Option<&MinHash>) -> bool {
    let Some((wanted, min_hash)) = wanted.zip(MinHash::from_text(&stored.comment.body)) else { return false };
    wanted.bands().iter().zip(min_hash.bands()).any(|(a, b)| *a == b)
}

/// Returns the language tag of a comment, or that of its post, if the host gave one.
fn language(stored: &StoredComment) -> Option<String> {
    let post = stored.comment.post.as_ref().map_or("", |post| post.language.as_str());
    let tag = [stored.comment.language.as_str(), post].into_iter().find(|tag| !tag.is_empty())?;
    Some(tag.to_lowercase())
}

fn unknown_term(term: &str) -> String {
    // The message is sent in a header, whose size is limited.
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
