//! Merges the uses of features into contributions: every use of a word counts together.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::classify::features::signal::Signal;
use crate::classify::features::{Evidence, What};
use crate::classify::lexicon::Classes;
use crate::classify::token::{Kind, Token};

/// What contributions are merged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// Every use of a word counts together.
    Word(u64),
    Pair(u64, u64),
    Link(u16),
    Place(u16, u16),
    Mark(u16, u16),
    Whole(&'static str),
    Signal(Signal),
    /// Words without content of their own, and marks: nobody reads a reason in "the word “a”".
    Common,
}

/// Contributions that are merged into one, under the name and place of the first.
pub struct Merged {
    pub key: Key,
    /// The occurrence it began with; settles ties.
    pub first: usize,
    pub evidence: Evidence,
    pub weight: f64,
}

/// Merges pieces of evidence by what they are said of; the heaviest come first.
pub fn merge(evidence: impl Iterator<Item = (Evidence, f64)>, tokens: &[Token]) -> Vec<Merged> {
    let mut merged: HashMap<Key, Merged, FixedState> =
        HashMap::with_capacity_and_hasher(tokens.len() * 2, FixedState::default());
    for (first, (evidence, weight)) in evidence.enumerate() {
        if weight != 0.0 {
            let (key, evidence) = place(evidence, tokens);
            merged.entry(key).or_insert(Merged { key, first, evidence, weight: 0.0 }).weight += weight;
        }
    }
    let mut all: Vec<Merged> = merged.into_values().collect();
    // Equal weights stay in the order of the text, whatever the order of the map.
    all.sort_unstable_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.first.cmp(&b.first)));
    all
}

/// What a feature's evidence is merged by, and the token it lies in.
fn place(evidence: Evidence, tokens: &[Token]) -> (Key, Evidence) {
    let Evidence { what, start, end } = evidence;
    match what {
        What::Token => match token_at(tokens, start, end) {
            Some(token) => at_word(token),
            None => (Key::Place(start, end), evidence),
        },
        What::Pair => {
            let token = |at: Result<usize, usize>| at.ok().and_then(|at| tokens.get(at));
            let first = token(tokens.binary_search_by_key(&start, |token| token.start));
            let second = token(tokens.binary_search_by_key(&end, |token| token.end));
            match (first, second) {
                (Some(first), Some(second)) if is_common(first) && is_common(second) => (Key::Common, evidence),
                // What a common word adds to another is said of the other, but not where that names people: then what
                // is said of them counts.
                (Some(first), Some(second)) if is_common(first) && !names_people(second) => at_word(second),
                (Some(first), Some(second)) if is_common(second) && !names_people(first) => at_word(first),
                (first, second) => {
                    let hash = |token: Option<&Token>| token.map_or(0, |token| token.hash);
                    (Key::Pair(hash(first), hash(second)), evidence)
                }
            }
        }
        What::Disguise | What::Phone => (Key::Place(start, end), evidence),
        What::Signal(signal, _) => (Key::Signal(signal.topic()), evidence),
        What::AuthorName => (Key::Whole("name"), evidence),
        What::AuthorUrl => (Key::Whole("url"), evidence),
        What::AuthorEmail => (Key::Whole("email"), evidence),
        What::OfPost => (Key::Whole("post"), evidence),
        What::Scope(_) => (Key::Mark(start, end), evidence),
        What::Hostility => (Key::Whole("hostility"), evidence),
    }
}

fn at_word(token: &Token) -> (Key, Evidence) {
    let key = match token.kind {
        Kind::Link => Key::Link(token.start),
        _ if is_common(token) => Key::Common,
        _ => Key::Word(token.hash),
    };
    (key, Evidence { what: What::Token, start: token.start, end: token.end })
}

fn is_common(token: &Token) -> bool {
    token.kind == Kind::Mark || token.classes.has(Classes::FUNCTION) && !token.classes.has(Classes::YOU)
}

fn names_people(token: &Token) -> bool {
    token.classes.has(Classes::IDENTITY)
}

/// The token that the bytes `start..end` of the normalised text lie in for the most part.
fn token_at(tokens: &[Token], start: u16, end: u16) -> Option<&Token> {
    let first = tokens.partition_point(|token| token.end <= start);
    let overlap = |token: &Token| token.end.min(end).saturating_sub(token.start.max(start));
    let touching = tokens.iter().skip(first).take_while(|token| token.start < end);
    touching.max_by_key(|token| (token.kind == Kind::Word, overlap(token)))
}
