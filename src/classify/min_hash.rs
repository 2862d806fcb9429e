//! A MinHash fingerprint over word triples, split into bands, for finding campaigns of near-duplicate comments.
//!
//! A. Z. Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec, Rajaraman and Ullman,
//! "Mining of Massive Datasets", chapter 3. Two texts that share 80 % of their triples have a band in common in 19 of 20
//! cases, two texts that share 30 % in one of ten, and unrelated texts never. The fingerprint does not reveal the text.

use std::cell::RefCell;

use super::hash::combine;
use super::token::{TokenKind, Tokens};
use crate::reading::text::ScoringText;

/// The number of bands of a fingerprint.
pub const BANDS: usize = 4;
/// The number of minima per band.
const ROWS_PER_BAND: usize = 3;
/// The smallest number of words that gets a fingerprint: shorter texts are often equal by chance.
const MIN_WORDS: usize = 8;
/// The seed of the hash of a word triple.
const TRIPLE_SEED: u64 = 0x71;

/// The MinHash fingerprint of a text. Near-duplicate texts usually have at least one band in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinHash([u64; BANDS]);

impl MinHash {
    /// Returns the fingerprint of a text. It does not depend on case, look-alike characters, punctuation, numbers, emoji or
    /// the targets of links. Returns `None` if the text has fewer than eight words.
    pub fn from_text(text: &str) -> Option<MinHash> {
        thread_local! {
            static SCRATCH: RefCell<(ScoringText, Tokens)> = RefCell::default();
        }
        SCRATCH.with_borrow_mut(|(normal, tokens)| {
            normal.normalize(text);
            tokens.tokenize(normal);
            let word_tokens = tokens
                .tokens
                .iter()
                .filter(|token| !matches!(token.kind, TokenKind::Punctuation | TokenKind::Number | TokenKind::Emoji));
            let words: Vec<u64> = word_tokens.map(|token| token.hash).collect();
            if words.len() < MIN_WORDS {
                return None;
            }
            let mut minima = [u64::MAX; BANDS * ROWS_PER_BAND];
            for triple in words.windows(3) {
                let triple = triple.iter().fold(TRIPLE_SEED, |hash, &word| combine(hash, word));
                for (seed, minimum) in (0u64..).zip(&mut minima) {
                    // A single round leaves the hashes of neighbouring seeds correlated; the second round spreads them.
                    *minimum = (*minimum).min(combine(combine(seed, triple), triple));
                }
            }
            let (bands, _) = minima.as_chunks::<ROWS_PER_BAND>();
            let band = |at: usize| bands.get(at).map_or(0, |rows| rows.iter().fold(at as u64, |hash, &row| combine(hash, row)));
            Some(MinHash(std::array::from_fn(band)))
        })
    }

    /// Builds a fingerprint from the bands that [`bands`](Self::bands) returned.
    pub fn from_bands(bands: [u64; BANDS]) -> MinHash {
        MinHash(bands)
    }

    /// Returns whether two fingerprints have a band in common, which makes their texts near-duplicates.
    pub fn is_near_duplicate(&self, other: &MinHash) -> bool {
        self.0.iter().zip(other.0).any(|(ours, theirs)| *ours == theirs)
    }

    /// Returns the bands. Texts that have a band in common are near-duplicates.
    pub fn bands(&self) -> [u64; BANDS] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::MinHash;

    const SPAM: &str = "Earn money from home with our proven system, just visit http://a.example/join and start today, \
                        no experience needed and the first week is free for everybody who signs up now";

    fn alike(a: &str, b: &str) -> bool {
        let (a, b) = (MinHash::from_text(a).expect("long enough"), MinHash::from_text(b).expect("long enough"));
        a.bands().iter().zip(b.bands()).any(|(a, b)| *a == b)
    }

    #[test]
    fn what_campaigns_vary_makes_no_difference() {
        assert!(alike(SPAM, &SPAM.replace("http://a.example/join", "https://other.example/x?id=9").to_uppercase()));
        assert!(alike(SPAM, &format!("{SPAM}!!! 12345")));
        assert!(alike(SPAM, &SPAM.replace("today", "tonight")));
        assert!(alike(SPAM, &format!("Hi Ann. {SPAM}")));
    }

    #[test]
    fn comments_on_the_same_subject_are_not_alike() {
        let one = "The sanctions hurt the poor, the generals still drive new cars, and nobody in parliament says so aloud";
        let other = "The sanctions were overdue, and the generals will feel them when the new cars stop coming next year";
        assert!(!alike(one, other));
        assert!(!alike(one, SPAM));
    }

    #[test]
    fn short_texts_have_none() {
        assert_eq!(MinHash::from_text("Thanks for sharing this, it was great"), None);
        assert_eq!(MinHash::from_text(""), None);
    }
}
