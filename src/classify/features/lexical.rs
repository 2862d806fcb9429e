//! Features of words: words, word pairs, words in capitals, the first and last words, and the names of emoji.

use super::comment::TokenizedComment;
use super::comment_counts::CommentCounts;
use super::evidence::{Evidence, EvidenceKind, token_evidence};
use super::seeds::{BIGRAM, FIRST_WORD, LAST_WORD, SECOND_WORD, UNIGRAM, UPPERCASE_WORD};
use super::sink::{CountedShare, FeatureGroup, FeatureSink};
use crate::classify::hash::combine;
use crate::classify::lexicon::{self, LexicalClasses};
use crate::classify::token::{Token, TokenKind};

/// Words in the names of emoji that carry no content.
const EMOJI_STOP_WORDS: [&str; 6] = ["", "face", "with", "of", "and", "sign"];

/// Adds the features of a comment's words, and counts its tokens.
pub fn extract(comment: &TokenizedComment, counts: &mut CommentCounts, sink: &mut impl FeatureSink) {
    let mut previous = (lexicon::WORD_SEED, CountedShare::from(1.0), 0);
    for token in comment.tokens {
        let share = comment.counted_share(token);
        let evidence = token_evidence(token);
        // The mention of a group is not evidence, so identity terms have a group of their own.
        let group =
            if token.classes.intersects(LexicalClasses::IDENTITY) { FeatureGroup::Identity } else { FeatureGroup::Words };
        let is_new = sink.add(group, combine(UNIGRAM, token.hash), share, evidence);
        let pair = Evidence { kind: EvidenceKind::WordPair, start: previous.2, end: token.end };
        sink.add(FeatureGroup::Words, combine(combine(BIGRAM, previous.0), token.context_hash), share.max(previous.1), pair);
        previous = (token.context_hash, share, token.start);
        counts.count_token(token, comment.written(token), share.spam < 1.0, is_new);
        match token.kind {
            TokenKind::Word => {
                let mut add = |seed| sink.add(FeatureGroup::Words, combine(seed, token.context_hash), share, evidence);
                if token.is_uppercase {
                    add(UPPERCASE_WORD);
                }
                match counts.words {
                    1 => _ = add(FIRST_WORD),
                    2 => _ = add(SECOND_WORD),
                    _ => {}
                }
            }
            TokenKind::Emoji => add_emoji_name(token, comment.written(token), share, sink),
            _ => {}
        }
    }
    if let Some(last) = comment.tokens.iter().rfind(|token| token.kind == TokenKind::Word) {
        sink.add(FeatureGroup::Words, combine(LAST_WORD, last.context_hash), comment.counted_share(last), token_evidence(last));
    }
}

/// Adds the words of an emoji's name as if they were written out.
fn add_emoji_name(token: &Token, written: &str, share: CountedShare, sink: &mut impl FeatureSink) {
    let names = emojis::get(written).map_or("", emojis::Emoji::name).split([' ', '-']);
    for word in names.filter(|word| !EMOJI_STOP_WORDS.contains(word)) {
        sink.add(FeatureGroup::Words, combine(UNIGRAM, lexicon::word_hash(word.as_bytes())), share, token_evidence(token));
    }
}
