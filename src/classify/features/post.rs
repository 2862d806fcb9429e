//! Features of how well a comment matches its post.

use super::comment_counts::CommentCounts;
use super::evidence::{Evidence, EvidenceKind};
use super::seeds::POST_OVERLAP;
use super::side_text::{MAX_SIDE_TEXT_BYTES, truncate_str};
use super::signal::count_level;
use super::sink::{FeatureGroup, FeatureSink};
use crate::classify::Input;
use crate::classify::hash::combine;
use crate::classify::lexicon::WordSet;
use crate::classify::token::Tokens;
use crate::reading::text::ScoringText;

/// Replaces `words` with the hashes of the content words of the comment's post.
pub fn read_post_words(input: &Input, text: &mut ScoringText, tokens: &mut Tokens, words: &mut WordSet) {
    words.clear();
    for source in [input.post_title, input.post_text].into_iter().filter(|source| !source.is_empty()) {
        text.normalize(truncate_str(source, MAX_SIDE_TEXT_BYTES));
        tokens.tokenize(text);
        words.extend(tokens.tokens.iter().filter(|token| token.is_content()).map(|token| token.hash));
    }
}

/// Adds the number of words that the comment shares with its post, also combined with its length, praise and links. Adds
/// nothing if the post is unknown.
pub fn extract(counts: &CommentCounts, post_words: &WordSet, sink: &mut impl FeatureSink) {
    if post_words.is_empty() {
        return;
    }
    let (hits, length) = (u64::from(count_level(counts.post_words)), u64::from(count_level(counts.content_words)));
    let praise = u64::from(count_level(counts.praise));
    let links = u64::from(count_level(counts.links));
    let has_hits = u64::from(counts.post_words > 0);
    let evidence = Evidence { kind: EvidenceKind::PostOverlap, start: 0, end: 0 };
    for code in [hits, 1 << 16 | hits << 4 | length, 2 << 16 | has_hits << 4 | praise, 3 << 16 | has_hits << 4 | links] {
        sink.add(FeatureGroup::Post, combine(POST_OVERLAP, code), 1.0, evidence);
    }
}
