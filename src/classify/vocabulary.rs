//! Which words speak for which of the model's languages: tells them apart where a comment is too short for trigrams.
//!
//! Naive Bayes over the words of the training rows: each word has, for each language, the logarithm of how much more
//! often that language uses it than the others do on average.

use std::collections::HashMap;

use isolang::Language;

use super::token::{Token, TokenKind};

/// One unit of a stored weight, in nats.
const NATS_PER_UNIT: f32 = 1.0 / 16.0;
/// How far the best language must lead the next, in units.
const MARGIN: i32 = 16;
/// The same for a language that the model does not speak.
const UNSUPPORTED_MARGIN: i32 = 64;
/// One in so many words must be known.
const MIN_KNOWN_RATIO: usize = 4;
/// Only so many words are looked at.
const MAX_WORDS: usize = 40;
/// Languages whose script hardly another is written in.
const IDENTIFIED_BY_SCRIPT: [Language; 7] =
    [Language::Ell, Language::Heb, Language::Hin, Language::Jpn, Language::Kor, Language::Tha, Language::Zho];
/// More languages than any model has.
pub const MAX_LANGUAGES: usize = 64;
/// A language with fewer words in a row is not written in words.
const MIN_WORDS_PER_ROW: f32 = 2.0;
/// Fewer rows say more of their subject than of their language.
const MIN_ROWS: f32 = 200.0;
/// Added to every count: a word seen once proves little.
const COUNT_SMOOTHING: f32 = 0.5;

/// Words and what they say about the language.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The columns of a row.
    pub languages: Vec<Language>,
    /// Keys of words in rising order.
    pub keys: Vec<u32>,
    /// A weight per word and language, row by row.
    pub weights: Vec<i8>,
}

impl Vocabulary {
    /// The language that the words speak for: that which leads the next by enough, if it knows enough of the words.
    /// `likely`: the language that is expected, and how much, in units of the weights. What the model does not speak has to
    /// lead by more.
    pub fn guess(&self, tokens: &[Token], likely: (Language, i32), spoken: impl Fn(Language) -> bool) -> Option<Language> {
        let mut sums = [0i32; MAX_LANGUAGES];
        let (mut known, mut words) = (0usize, 0usize);
        for token in tokens.iter().filter(|token| is_word(token)).take(MAX_WORDS) {
            words += 1;
            let Some(row) = self.row(key(token)) else { continue };
            known += 1;
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += i32::from(*weight);
            }
        }
        if known == 0 || known * MIN_KNOWN_RATIO < words {
            return None;
        }
        let (mut best, mut next) = ((i32::MIN, None), i32::MIN);
        for (sum, language) in sums.into_iter().zip(&self.languages) {
            let sum = if likely.0 == *language { sum + likely.1 } else { sum };
            if sum > best.0 {
                next = best.0;
                best = (sum, Some(*language));
            } else {
                next = next.max(sum);
            }
        }
        best.1.filter(|language| best.0.saturating_sub(next) >= if spoken(*language) { MARGIN } else { UNSUPPORTED_MARGIN })
    }

    fn row(&self, key: u32) -> Option<&[i8]> {
        let at = self.keys.binary_search(&key).ok()?;
        let width = self.languages.len();
        self.weights.get(at * width..(at + 1) * width)
    }
}

/// Counts words while training rows are read.
#[derive(Default)]
pub struct VocabularyBuilder {
    languages: Vec<Language>,
    words: HashMap<u32, HashMap<usize, u32>>,
    totals: Vec<f32>,
    rows: Vec<f32>,
}

impl VocabularyBuilder {
    /// Counts the words of one row.
    pub fn add_row(&mut self, language: Language, tokens: &[Token]) {
        // Known by their script; the Latin words in their rows are names.
        if IDENTIFIED_BY_SCRIPT.contains(&language) {
            return;
        }
        let column = self.languages.iter().position(|known| *known == language).unwrap_or_else(|| {
            self.languages.push(language);
            self.totals.push(0.0);
            self.rows.push(0.0);
            self.languages.len() - 1
        });
        self.rows[column] += 1.0;
        for token in tokens.iter().filter(|token| is_word(token)) {
            *self.words.entry(key(token)).or_default().entry(column).or_default() += 1;
            self.totals[column] += 1.0;
        }
    }

    /// The `most` words that say most about the language.
    pub fn build(self, most: usize) -> Vocabulary {
        let columns = self.language_columns();
        if columns.len() < 2 {
            return Vocabulary::default();
        }
        let mut rows: Vec<(u32, f32, Vec<i8>)> = Vec::with_capacity(self.words.len());
        for (key, counts) in &self.words {
            let (gain, weights) = self.word_weights(counts, &columns);
            rows.push((*key, gain, weights));
        }
        rows.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        rows.truncate(most);
        rows.sort_unstable_by_key(|row| row.0);
        Vocabulary {
            languages: columns.iter().map(|&at| self.languages[at]).collect(),
            keys: rows.iter().map(|row| row.0).collect(),
            weights: rows.into_iter().flat_map(|row| row.2).collect(),
        }
    }

    /// Returns the languages of which enough was read, by their place among all.
    fn language_columns(&self) -> Vec<usize> {
        let fewest = MIN_ROWS.min(self.rows.iter().fold(0.0, |most, rows| rows.max(most)) / 2.0);
        // Not by words: what is written without spaces is known by its script.
        let is_enough = |at: &usize| self.totals[*at] >= MIN_WORDS_PER_ROW * self.rows[*at] && self.rows[*at] >= fewest;
        (0..self.languages.len()).filter(is_enough).collect()
    }

    /// Returns how much a word says about the language, and its stored weight for each of the languages.
    fn word_weights(&self, counts: &HashMap<usize, u32>, columns: &[usize]) -> (f32, Vec<i8>) {
        let rate = |&column: &usize| {
            let count = counts.get(&column).copied().unwrap_or(0) as f32;
            // Rates per 100,000 words: languages differ in how much there is to read.
            (count + COUNT_SMOOTHING) / (self.totals[column] + 1.0) * 1e5 + COUNT_SMOOTHING
        };
        let rates: Vec<f32> = columns.iter().map(rate).collect();
        let mean = rates.iter().sum::<f32>() / columns.len() as f32;
        let weights: Vec<f32> = rates.iter().map(|rate| (rate / mean).ln()).collect();
        let spread = weights.iter().fold(0.0f32, |most, weight| most.max(weight.abs()));
        let stored = weights.iter().map(|weight| (weight / NATS_PER_UNIT).round().clamp(-127.0, 127.0) as i8).collect();
        (spread * mean, stored)
    }
}

fn is_word(token: &Token) -> bool {
    token.kind == TokenKind::Word
}

fn key(token: &Token) -> u32 {
    (token.hash >> 32) as u32
}
