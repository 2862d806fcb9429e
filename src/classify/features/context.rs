//! Features of words by what stands around them: negation, quotation marks, "you", identity terms, words of other classes.

use super::comment::Comment;
use super::evidence::{Evidence, What, at_token};
use super::seeds::{AFTER_YOU, BEFORE_YOU, NEAR_IDENTITY, NEGATED, PAIR_NEAR_IDENTITY, QUOTED, THEME, THEME_PAIR};
use super::sink::{Amount, Group, Sink};
use crate::classify::hash::join;
use crate::classify::lexicon::Classes;
use crate::classify::token::{Kind, Token};

/// How many words a negator reaches.
const NEGATION_REACH: usize = 3;
/// How many tokens further a theme still reaches.
const THEME_REACH: usize = 4;
/// How many tokens on either side are near "you" or an identity term.
const NEAR: usize = 4;

/// Words under negation, in quotes, near "you", near an identity term.
pub fn extract(comment: &Comment, sink: &mut impl Sink) {
    let mut quoted = false;
    let mut negated = 0;
    for (at, token) in comment.tokens.iter().enumerate() {
        if token.kind == Kind::Mark {
            let mark = comment.written(token);
            quoted ^= mark == "\"";
            // A negation does not reach beyond its clause.
            negated = if matches!(mark, "." | "!" | "?" | ";" | ",") { 0 } else { negated };
            continue;
        }
        let mut add = |seed| {
            sink.add(Group::Words, join(seed, token.said), comment.amount(token), at_token(token));
        };
        if quoted {
            add(QUOTED);
        }
        if negated > 0 {
            negated -= 1;
            add(NEGATED);
        }
        if token.classes.has(Classes::NEGATOR) {
            negated = NEGATION_REACH;
        }
        if token.classes.has(Classes::YOU) {
            near(comment, at, BEFORE_YOU, AFTER_YOU, sink);
        }
        if token.classes.has(Classes::IDENTITY) {
            near(comment, at, NEAR_IDENTITY, NEAR_IDENTITY, sink);
            pairs_near_identity(comment, at, sink);
        }
    }
}

/// Pairs of word classes that stand close together: what "kill all X" and "hang every Y" share.
pub fn themes(comment: &Comment, sink: &mut impl Sink) {
    // The last few words that belong to a theme: class and place among the tokens.
    let mut recent = [(0u64, usize::MAX, 0u16); 4];
    let mut next = 0;
    for (at, token) in comment.tokens.iter().enumerate() {
        if token.classes == Classes::default() {
            continue;
        }
        for (theme, class) in Classes::THEMES.iter().enumerate() {
            if !token.classes.has(*class) {
                continue;
            }
            let theme = theme as u64 + 1;
            let evidence = at_token(token);
            if *class != Classes::IDENTITY {
                sink.add(Group::Words, join(THEME, theme), 1.0, evidence);
            }
            for (before, place, start) in recent {
                if place < at && at - place <= THEME_REACH {
                    let pair = Evidence { what: What::Pair, start, end: token.end };
                    sink.add(Group::Words, join(join(THEME_PAIR, before), theme), 1.0, pair);
                }
            }
            recent[next % recent.len()] = (theme, at, token.start);
            next += 1;
        }
    }
}

fn near(comment: &Comment, at: usize, before: u64, after: u64, sink: &mut impl Sink) {
    for token in &comment.tokens[at.saturating_sub(NEAR)..at] {
        sink.add(Group::Words, join(before, token.said), comment.amount(token), at_token(token));
    }
    for token in comment.tokens[at + 1..].iter().take(NEAR) {
        sink.add(Group::Words, join(after, token.said), comment.amount(token), at_token(token));
    }
}

/// Pairs of words around an identity term, with every such term replaced by one and the same stand-in: what is
/// said counts, not of whom.
fn pairs_near_identity(comment: &Comment, at: usize, sink: &mut impl Sink) {
    let end = (at + NEAR + 1).min(comment.tokens.len());
    for pair in comment.tokens[at.saturating_sub(NEAR)..end].windows(2) {
        let hash = join(join(PAIR_NEAR_IDENTITY, pair[0].said), pair[1].said);
        let evidence = Evidence { what: What::Pair, start: pair[0].start, end: pair[1].end };
        sink.add(Group::Words, hash, said(&pair[0]).max(said(&pair[1])), evidence);
    }
}

/// How much a word counts that the post may use as well.
fn said(token: &Token) -> Amount {
    Amount { spam: 1.0, abuse: token.weight }
}
