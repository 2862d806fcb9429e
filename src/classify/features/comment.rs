//! A tokenised comment, and the share of each of its words that counts.

use super::sink::CountedShare;
use crate::classify::lexicon::WordSet;
use crate::classify::token::Token;

/// The share of a word of the post that counts as evidence for a label: on a post about idiots the word need not be an
/// insult. Evidence against a label counts in full.
const POST_WORD_SHARE: f32 = 0.25;

/// A tokenised comment, as the feature extractors read it.
pub struct TokenizedComment<'a> {
    /// The normalised text.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// The content words of the post; empty if the post is not known.
    pub post_words: &'a WordSet,
}

impl TokenizedComment<'_> {
    /// Returns the normalised text of a token.
    #[inline]
    pub fn written(&self, token: &Token) -> &str {
        &self.text[usize::from(token.start)..usize::from(token.end)]
    }

    /// Returns the share of a token that counts as evidence for a label.
    #[inline]
    pub fn counted_share(&self, token: &Token) -> CountedShare {
        let post_share = self.post_share(token.hash);
        CountedShare { spam: post_share, abuse: post_share.min(token.weight) }
    }

    /// Returns the share of a word, given by hash, that counts as evidence for a label: less if the post contains the word.
    #[inline]
    pub fn post_share(&self, word: u64) -> f32 {
        if !self.post_words.is_empty() && self.post_words.contains(&word) { POST_WORD_SHARE } else { 1.0 }
    }
}
