//! Features of how a comment fits its post.

use super::bounds::{MAX_SIDE_BYTES, cut};
use super::evidence::{Evidence, What};
use super::facts::Facts;
use super::seeds::OF_POST;
use super::signal::few;
use super::sink::{Group, Sink};
use crate::classify::Input;
use crate::classify::hash::join;
use crate::classify::lexicon::WordSet;
use crate::classify::token::Tokens;
use crate::reading::text::Text;

/// Reads the content words of the post that is commented on.
pub fn read_words(input: &Input, text: &mut Text, tokens: &mut Tokens, words: &mut WordSet) {
    words.clear();
    for source in [input.post_title, input.post_text].into_iter().filter(|source| !source.is_empty()) {
        text.normalize(cut(source, MAX_SIDE_BYTES));
        tokens.read(text);
        words.extend(tokens.tokens.iter().filter(|token| token.is_content()).map(|token| token.hash));
    }
}

/// Adds how many of the comment's words are the post's, if the post is known.
pub fn extract(facts: &Facts, post_words: &WordSet, sink: &mut impl Sink) {
    if post_words.is_empty() {
        return;
    }
    let (hits, length) = (u64::from(few(facts.of_post)), u64::from(few(facts.content)));
    let praised = u64::from(few(facts.praise));
    let linked = u64::from(few(facts.links));
    let has_hits = u64::from(facts.of_post > 0);
    let evidence = Evidence { what: What::OfPost, start: 0, end: 0 };
    for code in [hits, 1 << 16 | hits << 4 | length, 2 << 16 | has_hits << 4 | praised, 3 << 16 | has_hits << 4 | linked] {
        sink.add(Group::Post, join(OF_POST, code), 1.0, evidence);
    }
}
