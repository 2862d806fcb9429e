//! Merges weighted evidence into contributions, so that all occurrences of a word form one contribution.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::classify::features::signal::DenseSignal;
use crate::classify::features::{Evidence, EvidenceKind};
use crate::classify::lexicon::LexicalClasses;
use crate::classify::token::{Token, TokenKind};

/// The key by which evidence is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MergeKey {
    /// A word, by hash.
    Word(u64),
    /// Two neighbouring words, by hash.
    Pair(u64, u64),
    /// A link, by its start.
    Link(u16),
    /// A byte range of the normalised text.
    Place(u16, u16),
    /// A scope mark, by byte range.
    ScopeMark(u16, u16),
    /// A property without a place in the text, by name.
    Whole(&'static str),
    /// A dense signal, by topic.
    Signal(DenseSignal),
    /// Function words and punctuation, which explain little one by one.
    Common,
}

/// The evidence that was merged under one key, with the kind and place of its first occurrence.
pub struct MergedEvidence {
    /// The key.
    pub key: MergeKey,
    /// The index of the first occurrence, which orders equal weights.
    pub first_occurrence: usize,
    /// The evidence of the first occurrence.
    pub evidence: Evidence,
    /// The sum of the weights.
    pub weight: f64,
}

/// Merges weighted evidence by key. The result is in descending order of absolute weight.
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
    // The order of the map is arbitrary, so equal weights are ordered by their first occurrence.
    all.sort_unstable_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.first_occurrence.cmp(&b.first_occurrence)));
    all
}

/// Returns the key of a piece of evidence, and the evidence widened to its token if there is one.
fn merge_key(evidence: Evidence, tokens: &[Token]) -> (MergeKey, Evidence) {
    let Evidence { kind, start, end } = evidence;
    match kind {
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
                // A pair of a common word and another word counts for the other word. A pair with an identity term stays a
                // pair, since the term alone is not evidence.
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

/// Returns the key and the evidence of a token.
fn word_key(token: &Token) -> (MergeKey, Evidence) {
    let key = match token.kind {
        TokenKind::Link => MergeKey::Link(token.start),
        _ if is_common(token) => MergeKey::Common,
        _ => MergeKey::Word(token.hash),
    };
    (key, Evidence { kind: EvidenceKind::Token, start: token.start, end: token.end })
}

/// Returns whether a token is punctuation or a function word other than a second-person pronoun.
fn is_common(token: &Token) -> bool {
    token.kind == TokenKind::Punctuation
        || token.classes.intersects(LexicalClasses::FUNCTION) && !token.classes.intersects(LexicalClasses::SECOND_PERSON_WORDS)
}

fn is_identity_term(token: &Token) -> bool {
    token.classes.intersects(LexicalClasses::IDENTITY)
}

/// Returns the token that overlaps most with the bytes `start..end` of the normalised text. Words take precedence.
fn token_at(tokens: &[Token], start: u16, end: u16) -> Option<&Token> {
    let first = tokens.partition_point(|token| token.end <= start);
    let overlap = |token: &Token| token.end.min(end).saturating_sub(token.start.max(start));
    let touching = tokens.iter().skip(first).take_while(|token| token.start < end);
    touching.max_by_key(|token| (token.kind == TokenKind::Word, overlap(token)))
}
