//! Language identification by words, for comments that are too short for trigrams.
//!
//! Naive Bayes over the words of the training rows: the weight of a word for a language is the logarithm of the word's rate
//! in that language divided by its mean rate over all languages.

use std::collections::HashMap;

use isolang::Language;

use super::token::{Token, TokenKind};

/// The value of one unit of a stored weight, in nats.
const NATS_PER_UNIT: f32 = 1.0 / 16.0;
/// The minimum lead of the best language over the second best, in units.
const MARGIN: i32 = 16;
/// The minimum lead of a language that the model does not support, in units.
const UNSUPPORTED_MARGIN: i32 = 64;
/// The maximum number of words per known word: at least one in four must be known.
const MAX_WORDS_PER_KNOWN: usize = 4;
/// The maximum number of words that are read.
const MAX_WORDS: usize = 40;
/// Languages that their script alone identifies.
const IDENTIFIED_BY_SCRIPT: [Language; 7] =
    [Language::Ell, Language::Heb, Language::Hin, Language::Jpn, Language::Kor, Language::Tha, Language::Zho];
/// The maximum number of languages of a vocabulary.
pub const MAX_LANGUAGES: usize = 64;
/// The minimum mean number of words per row. A language with fewer is written without spaces.
const MIN_WORDS_PER_ROW: f32 = 2.0;
/// The minimum number of rows of a language. Fewer rows reflect their topics more than their language.
const MIN_ROWS: f32 = 200.0;
/// The constant added to every count, so that rare words get small weights.
const COUNT_SMOOTHING: f32 = 0.5;

/// Words with a weight for each language.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The language of each column.
    pub languages: Vec<Language>,
    /// The keys of the words, in ascending order.
    pub keys: Vec<u32>,
    /// The weights, one row per word and one column per language.
    pub weights: Vec<i8>,
}

impl Vocabulary {
    /// Returns the most likely language of the words. `prior` is the expected language and the amount added to its score, in
    /// units of the weights; `is_supported` tells whether the model supports a language. Returns `None` if too few words are
    /// known, or if the best language does not lead by enough: unsupported languages need a larger lead.
    pub fn guess(&self, tokens: &[Token], prior: (Language, i32), is_supported: impl Fn(Language) -> bool) -> Option<Language> {
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
        if known == 0 || known * MAX_WORDS_PER_KNOWN < words {
            return None;
        }
        let (mut best, mut next) = ((i32::MIN, None), i32::MIN);
        for (sum, language) in sums.into_iter().zip(&self.languages) {
            let sum = if prior.0 == *language { sum + prior.1 } else { sum };
            if sum > best.0 {
                next = best.0;
                best = (sum, Some(*language));
            } else {
                next = next.max(sum);
            }
        }
        let margin = |language| if is_supported(language) { MARGIN } else { UNSUPPORTED_MARGIN };
        best.1.filter(|language| best.0.saturating_sub(next) >= margin(*language))
    }

    /// Returns the weights of a word, or `None` if the word is unknown.
    fn row(&self, key: u32) -> Option<&[i8]> {
        let at = self.keys.binary_search(&key).ok()?;
        let width = self.languages.len();
        self.weights.get(at * width..(at + 1) * width)
    }
}

/// Counts the words of training rows to build a [`Vocabulary`].
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
        // The script identifies these languages, and the Latin words in their rows are mostly names.
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

    /// Builds a vocabulary of the `max_words` words that distinguish languages best. It is empty if fewer than two languages
    /// have enough rows.
    pub fn build(self, max_words: usize) -> Vocabulary {
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
        rows.truncate(max_words);
        rows.sort_unstable_by_key(|row| row.0);
        Vocabulary {
            languages: columns.iter().map(|&at| self.languages[at]).collect(),
            keys: rows.iter().map(|row| row.0).collect(),
            weights: rows.into_iter().flat_map(|row| row.2).collect(),
        }
    }

    /// Returns the indices of the languages that have enough rows and words.
    fn language_columns(&self) -> Vec<usize> {
        let min_rows = MIN_ROWS.min(self.rows.iter().fold(0.0, |largest, rows| rows.max(largest)) / 2.0);
        // A language that is written without spaces is identified by its script instead.
        let is_enough = |at: &usize| self.totals[*at] >= MIN_WORDS_PER_ROW * self.rows[*at] && self.rows[*at] >= min_rows;
        (0..self.languages.len()).filter(is_enough).collect()
    }

    /// Returns how well a word distinguishes languages, and its stored weight for each language.
    fn word_weights(&self, counts: &HashMap<usize, u32>, columns: &[usize]) -> (f32, Vec<i8>) {
        let rate = |&column: &usize| {
            let count = counts.get(&column).copied().unwrap_or(0) as f32;
            // Languages differ in how much training text they have, so rates per 100,000 words are compared.
            (count + COUNT_SMOOTHING) / (self.totals[column] + 1.0) * 1e5 + COUNT_SMOOTHING
        };
        let rates: Vec<f32> = columns.iter().map(rate).collect();
        let mean = rates.iter().sum::<f32>() / columns.len() as f32;
        let weights: Vec<f32> = rates.iter().map(|rate| (rate / mean).ln()).collect();
        let spread = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
        let stored = weights.iter().map(|weight| (weight / NATS_PER_UNIT).round().clamp(-127.0, 127.0) as i8).collect();
        (spread * mean, stored)
    }
}

fn is_word(token: &Token) -> bool {
    token.kind == TokenKind::Word
}

/// Returns the vocabulary key of a word: the high half of its hash.
fn key(token: &Token) -> u32 {
    (token.hash >> 32) as u32
}
