//! A comment that was read, and how much each of its words counts.

use super::sink::Amount;
use crate::classify::lexicon::WordSet;
use crate::classify::token::Token;

/// How much a word that the post itself uses counts in what speaks for a label: on a post about idiots the word is no
/// insult yet. What speaks against it counts in full.
const SHARED_WITH_POST: f32 = 0.25;

/// A comment that was read, as the parts of extraction see it.
pub struct Comment<'a> {
    /// The normalised text.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// The content words of the post; empty if the post is not known.
    pub post_words: &'a WordSet,
}

impl Comment<'_> {
    /// Returns a token as it is written in the normalised text.
    #[inline]
    pub fn written(&self, token: &Token) -> &str {
        &self.text[usize::from(token.start)..usize::from(token.end)]
    }

    /// How much a word counts.
    #[inline]
    pub fn amount(&self, token: &Token) -> Amount {
        let shared = self.shared(token.hash);
        Amount { spam: shared, abuse: shared.min(token.weight) }
    }

    /// How much a word counts in what speaks for a label, as far as the post goes.
    #[inline]
    pub fn shared(&self, word: u64) -> f32 {
        if !self.post_words.is_empty() && self.post_words.contains(&word) { SHARED_WITH_POST } else { 1.0 }
    }
}
