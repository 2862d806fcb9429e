//! Features of words: each word, pairs of words, shouted words, words by position, the names of emoji.

use super::comment::TokenizedComment;
use super::comment_counts::CommentCounts;
use super::evidence::{Evidence, EvidenceKind, token_evidence};
use super::seeds::{BIGRAM, FIRST_WORD, LAST_WORD, SECOND_WORD, UNIGRAM, UPPERCASE_WORD};
use super::sink::{CountedShare, FeatureGroup, FeatureSink};
use crate::classify::hash::combine;
use crate::classify::lexicon::{self, LexicalClasses};
use crate::classify::token::{Token, TokenKind};

/// Words of emoji's names that say what kind of picture it is.
const NO_NAMES: [&str; 6] = ["", "face", "with", "of", "and", "sign"];

/// Adds the features of a comment's words, and counts its tokens.
pub fn extract(comment: &TokenizedComment, facts: &mut CommentCounts, sink: &mut impl FeatureSink) {
    let mut previous = (lexicon::WORD_SEED, CountedShare::from(1.0), 0);
    for token in comment.tokens {
        let amount = comment.counted_share(token);
        let evidence = token_evidence(token);
        // Of whom a comment speaks is no evidence; what it says of them is.
        let group =
            if token.classes.intersects(LexicalClasses::IDENTITY) { FeatureGroup::Identity } else { FeatureGroup::Words };
        let is_new = sink.add(group, combine(UNIGRAM, token.hash), amount, evidence);
        let pair = Evidence { kind: EvidenceKind::WordPair, start: previous.2, end: token.end };
        sink.add(FeatureGroup::Words, combine(combine(BIGRAM, previous.0), token.context_hash), amount.max(previous.1), pair);
        previous = (token.context_hash, amount, token.start);
        facts.count_token(token, comment.written(token), amount.spam < 1.0, is_new);
        match token.kind {
            TokenKind::Word => {
                let mut add = |seed| sink.add(FeatureGroup::Words, combine(seed, token.context_hash), amount, evidence);
                if token.is_uppercase {
                    add(UPPERCASE_WORD);
                }
                match facts.words {
                    1 => _ = add(FIRST_WORD),
                    2 => _ = add(SECOND_WORD),
                    _ => {}
                }
            }
            TokenKind::Emoji => add_emoji_name(token, comment.written(token), amount, sink),
            _ => {}
        }
    }
    if let Some(last) = comment.tokens.iter().rfind(|token| token.kind == TokenKind::Word) {
        sink.add(FeatureGroup::Words, combine(LAST_WORD, last.context_hash), comment.counted_share(last), token_evidence(last));
    }
}

/// Adds the words of an emoji's name, as if they had been written.
fn add_emoji_name(token: &Token, written: &str, amount: CountedShare, sink: &mut impl FeatureSink) {
    let names = emojis::get(written).map_or("", emojis::Emoji::name).split([' ', '-']);
    for word in names.filter(|word| !NO_NAMES.contains(word)) {
        sink.add(FeatureGroup::Words, combine(UNIGRAM, lexicon::word_hash(word.as_bytes())), amount, token_evidence(token));
    }
}
