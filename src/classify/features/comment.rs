//! A comment that was read, and how much each of its words counts.

use super::sink::CountedShare;
use crate::classify::lexicon::WordSet;
use crate::classify::token::Token;

/// How much a word that the post itself uses counts in what speaks for a label: on a post about idiots the word is no
/// insult yet. What speaks against it counts in full.
const POST_WORD_SHARE: f32 = 0.25;

/// A comment that was read, as the parts of extraction see it.
pub struct TokenizedComment<'a> {
    /// The normalised text.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// The content words of the post; empty if the post is not known.
    pub post_words: &'a WordSet,
}

impl TokenizedComment<'_> {
    /// Returns a token as it is written in the normalised text.
    #[inline]
    pub fn written(&self, token: &Token) -> &str {
        &self.text[usize::from(token.start)..usize::from(token.end)]
    }

    /// How much a word counts.
    #[inline]
    pub fn counted_share(&self, token: &Token) -> CountedShare {
        let shared = self.post_share(token.hash);
        CountedShare { spam: shared, abuse: shared.min(token.weight) }
    }

    /// How much a word counts in what speaks for a label, as far as the post goes.
    #[inline]
    pub fn post_share(&self, word: u64) -> f32 {
        if !self.post_words.is_empty() && self.post_words.contains(&word) { POST_WORD_SHARE } else { 1.0 }
    }
}
