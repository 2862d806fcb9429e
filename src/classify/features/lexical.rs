//! Features of words: each word, pairs of words, shouted words, words by position, the names of emoji.

use super::comment::Comment;
use super::evidence::{Evidence, What, at_token};
use super::facts::Facts;
use super::seeds::{BIGRAM, FIRST, LAST, SECOND, SHOUTED, UNIGRAM};
use super::sink::{Amount, Group, Sink};
use crate::classify::hash::join;
use crate::classify::lexicon::{self, Classes};
use crate::classify::token::{Kind, Token};

/// Words of emoji's names that say what kind of picture it is.
const NO_NAMES: [&str; 6] = ["", "face", "with", "of", "and", "sign"];

/// Adds the features of a comment's words, and counts its tokens.
pub fn extract(comment: &Comment, facts: &mut Facts, sink: &mut impl Sink) {
    let mut previous = (lexicon::WORD_SEED, Amount::from(1.0), 0);
    for token in comment.tokens {
        let amount = comment.amount(token);
        let evidence = at_token(token);
        // Of whom a comment speaks is no evidence; what it says of them is.
        let group = if token.classes.has(Classes::IDENTITY) { Group::Identity } else { Group::Words };
        let is_new = sink.add(group, join(UNIGRAM, token.hash), amount, evidence);
        let pair = Evidence { what: What::Pair, start: previous.2, end: token.end };
        sink.add(Group::Words, join(join(BIGRAM, previous.0), token.said), amount.max(previous.1), pair);
        previous = (token.said, amount, token.start);
        facts.count(token, comment.written(token), amount.spam < 1.0, is_new);
        match token.kind {
            Kind::Word => {
                let mut add = |seed| sink.add(Group::Words, join(seed, token.said), amount, evidence);
                if token.shouted {
                    add(SHOUTED);
                }
                match facts.words {
                    1 => _ = add(FIRST),
                    2 => _ = add(SECOND),
                    _ => {}
                }
            }
            Kind::Emoji => add_emoji_name(token, comment.written(token), amount, sink),
            _ => {}
        }
    }
    if let Some(last) = comment.tokens.iter().rfind(|token| token.kind == Kind::Word) {
        sink.add(Group::Words, join(LAST, last.said), comment.amount(last), at_token(last));
    }
}

/// Adds the words of an emoji's name, as if they had been written.
fn add_emoji_name(token: &Token, written: &str, amount: Amount, sink: &mut impl Sink) {
    let names = emojis::get(written).map_or("", emojis::Emoji::name).split([' ', '-']);
    for word in names.filter(|word| !NO_NAMES.contains(word)) {
        sink.add(Group::Words, join(UNIGRAM, lexicon::word_hash(word.as_bytes())), amount, at_token(token));
    }
}
