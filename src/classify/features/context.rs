//! Features of words in context: negation, quotation marks, nearby "you" and identity terms, and pairs of word classes.

use super::comment::TokenizedComment;
use super::evidence::{Evidence, EvidenceKind, token_evidence};
use super::seeds::{
    AFTER_YOU, BEFORE_YOU, NEAR_IDENTITY, NEGATED_WORD, PAIR_NEAR_IDENTITY, QUOTED_WORD, WORD_CLASS, WORD_CLASS_PAIR,
};
use super::sink::{CountedShare, FeatureGroup, FeatureSink};
use crate::classify::hash::combine;
use crate::classify::lexicon::LexicalClasses;
use crate::classify::token::{Token, TokenKind};

/// The number of words after a negator that are negated.
const NEGATION_REACH: usize = 3;
/// The maximum distance of two words that form a class pair, in tokens.
const MAX_CLASS_DISTANCE: usize = 4;
/// The number of tokens on either side that are near "you" or an identity term.
const NEARBY_TOKENS: usize = 4;

/// Adds the features of words that are negated, in quotation marks, near "you" or near an identity term.
pub fn extract(comment: &TokenizedComment, sink: &mut impl FeatureSink) {
    let mut quoted = false;
    let mut negated = 0;
    for (at, token) in comment.tokens.iter().enumerate() {
        if token.kind == TokenKind::Punctuation {
            let mark = comment.written(token);
            quoted ^= mark == "\"";
            // A negation ends with its clause.
            negated = if matches!(mark, "." | "!" | "?" | ";" | ",") { 0 } else { negated };
            continue;
        }
        let mut add = |seed| {
            sink.add(
                FeatureGroup::Words,
                combine(seed, token.context_hash),
                comment.counted_share(token),
                token_evidence(token),
            );
        };
        if quoted {
            add(QUOTED_WORD);
        }
        if negated > 0 {
            negated -= 1;
            add(NEGATED_WORD);
        }
        if token.classes.intersects(LexicalClasses::NEGATOR) {
            negated = NEGATION_REACH;
        }
        if token.classes.intersects(LexicalClasses::SECOND_PERSON_WORDS) {
            add_nearby_words(comment, at, BEFORE_YOU, AFTER_YOU, sink);
        }
        if token.classes.intersects(LexicalClasses::IDENTITY) {
            add_nearby_words(comment, at, NEAR_IDENTITY, NEAR_IDENTITY, sink);
            add_pairs_near_identity(comment, at, sink);
        }
    }
}

/// Adds the word classes of a comment and the pairs of classes that occur close together. A pair covers what "kill all X"
/// and "hang every Y" have in common.
pub fn add_class_pairs(comment: &TokenizedComment, sink: &mut impl FeatureSink) {
    // The last four class occurrences: number of the class, index of the token, start of the token.
    let mut recent = [(0u64, usize::MAX, 0u16); 4];
    let mut next = 0;
    for (at, token) in comment.tokens.iter().enumerate() {
        if token.classes == LexicalClasses::default() {
            continue;
        }
        for (theme, class) in LexicalClasses::THEMES.iter().enumerate() {
            if !token.classes.intersects(*class) {
                continue;
            }
            let theme = theme as u64 + 1;
            let evidence = token_evidence(token);
            if *class != LexicalClasses::IDENTITY {
                sink.add(FeatureGroup::Words, combine(WORD_CLASS, theme), 1.0, evidence);
            }
            for (before, place, start) in recent {
                if place < at && at - place <= MAX_CLASS_DISTANCE {
                    let pair = Evidence { kind: EvidenceKind::WordPair, start, end: token.end };
                    sink.add(FeatureGroup::Words, combine(combine(WORD_CLASS_PAIR, before), theme), 1.0, pair);
                }
            }
            recent[next % recent.len()] = (theme, at, token.start);
            next += 1;
        }
    }
}

/// Adds the tokens before and after a token, each with the seed of its side.
fn add_nearby_words(comment: &TokenizedComment, at: usize, before: u64, after: u64, sink: &mut impl FeatureSink) {
    for token in &comment.tokens[at.saturating_sub(NEARBY_TOKENS)..at] {
        sink.add(FeatureGroup::Words, combine(before, token.context_hash), comment.counted_share(token), token_evidence(token));
    }
    for token in comment.tokens[at + 1..].iter().take(NEARBY_TOKENS) {
        sink.add(FeatureGroup::Words, combine(after, token.context_hash), comment.counted_share(token), token_evidence(token));
    }
}

/// Adds the pairs of neighbouring words around an identity term. All identity terms share one hash, so that the features do
/// not depend on which group is meant.
fn add_pairs_near_identity(comment: &TokenizedComment, at: usize, sink: &mut impl FeatureSink) {
    let end = (at + NEARBY_TOKENS + 1).min(comment.tokens.len());
    for pair in comment.tokens[at.saturating_sub(NEARBY_TOKENS)..end].windows(2) {
        let hash = combine(combine(PAIR_NEAR_IDENTITY, pair[0].context_hash), pair[1].context_hash);
        let evidence = Evidence { kind: EvidenceKind::WordPair, start: pair[0].start, end: pair[1].end };
        sink.add(FeatureGroup::Words, hash, context_share(&pair[0]).max(context_share(&pair[1])), evidence);
    }
}

/// Returns the share of a token that counts in pairs, independent of the words of the post.
fn context_share(token: &Token) -> CountedShare {
    CountedShare { spam: 1.0, abuse: token.weight }
}
