//! Merges the uses of features into contributions: every use of a word counts together.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::classify::features::signal::DenseSignal;
use crate::classify::features::{Evidence, EvidenceKind};
use crate::classify::lexicon::LexicalClasses;
use crate::classify::token::{Token, TokenKind};

/// What contributions are merged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MergeKey {
    /// Every use of a word counts together.
    Word(u64),
    Pair(u64, u64),
    Link(u16),
    Place(u16, u16),
    ScopeMark(u16, u16),
    Whole(&'static str),
    Signal(DenseSignal),
    /// Words without content of their own, and marks: nobody reads a reason in "the word “a”".
    Common,
}

/// Contributions that are merged into one, under the name and place of the first.
pub struct MergedEvidence {
    pub key: MergeKey,
    /// The occurrence it began with; settles ties.
    pub first_occurrence: usize,
    pub evidence: Evidence,
    pub weight: f64,
}

/// Merges pieces of evidence by what they are said of; the heaviest come first.
pub fn merge_evidence(evidence: impl Iterator<Item = (Evidence, f64)>, tokens: &[Token]) -> Vec<MergedEvidence> {
    let mut merged: HashMap<MergeKey, MergedEvidence, FixedState> =
        HashMap::with_capacity_and_hasher(tokens.len() * 2, FixedState::default());
    for (first, (evidence, weight)) in evidence.enumerate() {
        if weight != 0.0 {
            let (key, evidence) = merge_key(evidence, tokens);
            merged.entry(key).or_insert(MergedEvidence { key, first_occurrence: first, evidence, weight: 0.0 }).weight +=
                weight;
        }
    }
    let mut all: Vec<MergedEvidence> = merged.into_values().collect();
    // Equal weights stay in the order of the text, whatever the order of the map.
    all.sort_unstable_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.first_occurrence.cmp(&b.first_occurrence)));
    all
}

/// What a feature's evidence is merged by, and the token it lies in.
fn merge_key(evidence: Evidence, tokens: &[Token]) -> (MergeKey, Evidence) {
    let Evidence { kind: what, start, end } = evidence;
    match what {
        EvidenceKind::Token => match token_at(tokens, start, end) {
            Some(token) => word_key(token),
            None => (MergeKey::Place(start, end), evidence),
        },
        EvidenceKind::WordPair => {
            let token = |at: Result<usize, usize>| at.ok().and_then(|at| tokens.get(at));
            let first = token(tokens.binary_search_by_key(&start, |token| token.start));
            let second = token(tokens.binary_search_by_key(&end, |token| token.end));
            match (first, second) {
                (Some(first), Some(second)) if is_common(first) && is_common(second) => (MergeKey::Common, evidence),
                // What a common word adds to another is said of the other, but not where that names people: then what
                // is said of them counts.
                (Some(first), Some(second)) if is_common(first) && !is_identity_term(second) => word_key(second),
                (Some(first), Some(second)) if is_common(second) && !is_identity_term(first) => word_key(first),
                (first, second) => {
                    let hash = |token: Option<&Token>| token.map_or(0, |token| token.hash);
                    (MergeKey::Pair(hash(first), hash(second)), evidence)
                }
            }
        }
        EvidenceKind::Disguise | EvidenceKind::Phone => (MergeKey::Place(start, end), evidence),
        EvidenceKind::Signal(signal, _) => (MergeKey::Signal(signal.topic()), evidence),
        EvidenceKind::AuthorName => (MergeKey::Whole("name"), evidence),
        EvidenceKind::AuthorUrl => (MergeKey::Whole("url"), evidence),
        EvidenceKind::AuthorEmail => (MergeKey::Whole("email"), evidence),
        EvidenceKind::PostOverlap => (MergeKey::Whole("post"), evidence),
        EvidenceKind::ScopeMark(_) => (MergeKey::ScopeMark(start, end), evidence),
        EvidenceKind::Hostility => (MergeKey::Whole("hostility"), evidence),
    }
}

fn word_key(token: &Token) -> (MergeKey, Evidence) {
    let key = match token.kind {
        TokenKind::Link => MergeKey::Link(token.start),
        _ if is_common(token) => MergeKey::Common,
        _ => MergeKey::Word(token.hash),
    };
    (key, Evidence { kind: EvidenceKind::Token, start: token.start, end: token.end })
}

fn is_common(token: &Token) -> bool {
    token.kind == TokenKind::Punctuation
        || token.classes.intersects(LexicalClasses::FUNCTION) && !token.classes.intersects(LexicalClasses::SECOND_PERSON_WORDS)
}

fn is_identity_term(token: &Token) -> bool {
    token.classes.intersects(LexicalClasses::IDENTITY)
}

/// The token that the bytes `start..end` of the normalised text lie in for the most part.
fn token_at(tokens: &[Token], start: u16, end: u16) -> Option<&Token> {
    let first = tokens.partition_point(|token| token.end <= start);
    let overlap = |token: &Token| token.end.min(end).saturating_sub(token.start.max(start));
    let touching = tokens.iter().skip(first).take_while(|token| token.start < end);
    touching.max_by_key(|token| (token.kind == TokenKind::Word, overlap(token)))
}
