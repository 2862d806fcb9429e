//! Which words speak for which of the model's languages: tells them apart where a comment is too short for trigrams.
//!
//! Naive Bayes over the words of the training rows: each word has, for each language, the logarithm of how much more
//! often that language uses it than the others do on average.

use std::collections::HashMap;

use isolang::Language;

use super::token::{Kind, Token};

/// One unit of a stored weight, in nats.
const UNIT: f32 = 1.0 / 16.0;
/// How far the best language must lead the next, in nats.
const MARGIN: f32 = 1.0;
/// A word is a language's own from this weight on, in nats: it is used three times as often as on average.
const OWN: f32 = 1.1;
/// A language with fewer words in a row is not written in words.
const MIN_WORDS_PER_ROW: f32 = 2.0;
/// Added to every count: a word seen once proves little.
const SMOOTHING: f32 = 0.5;

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
    /// What part of the words each language uses clearly more than the others do, `0..=1`: of the one that is asked for,
    /// and the most of any other.
    pub fn shares(&self, tokens: &[Token], language: Language) -> (f32, f32) {
        let mut own = vec![0u32; self.languages.len()];
        let mut words = 0u32;
        for token in tokens.iter().filter(|token| is_word(token)) {
            words += 1;
            let Ok(at) = self.keys.binary_search(&key(token)) else { continue };
            let row = self.weights.chunks_exact(self.languages.len()).nth(at);
            for (own, weight) in own.iter_mut().zip(row.unwrap_or_default()) {
                *own += u32::from(f32::from(*weight) * UNIT >= OWN);
            }
        }
        let share = |of: u32| of as f32 / words.max(1) as f32;
        let of = |wanted: bool| {
            let all = self.languages.iter().zip(&own).filter(move |(known, _)| (**known == language) == wanted);
            share(all.map(|(_, own)| *own).max().unwrap_or_default())
        };
        (of(true), of(false))
    }

    /// The language that the words speak for, if they speak clearly.
    pub fn guess(&self, tokens: &[Token]) -> Option<Language> {
        let mut sums = vec![0.0; self.languages.len()];
        for token in tokens.iter().filter(|token| is_word(token)) {
            let Ok(at) = self.keys.binary_search(&key(token)) else { continue };
            let row = self.weights.chunks_exact(self.languages.len()).nth(at)?;
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += f32::from(*weight) * UNIT;
            }
        }
        let mut ranked: Vec<(f32, Language)> = sums.into_iter().zip(self.languages.iter().copied()).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let lead = ranked.first()?.0 - ranked.get(1)?.0;
        (lead >= MARGIN).then(|| ranked.first().map(|(_, language)| *language)).flatten()
    }
}

/// Counts words while training rows are read.
#[derive(Default)]
pub struct Counter {
    languages: Vec<Language>,
    words: HashMap<u32, HashMap<usize, u32>>,
    totals: Vec<f32>,
    rows: Vec<f32>,
}

impl Counter {
    /// Counts the words of one row.
    pub fn count(&mut self, language: Language, tokens: &[Token]) {
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
    pub fn finish(self, most: usize) -> Vocabulary {
        // Not by words: what is written without spaces is known by its script.
        let columns: Vec<usize> =
            (0..self.languages.len()).filter(|&at| self.totals[at] >= MIN_WORDS_PER_ROW * self.rows[at]).collect();
        if columns.len() < 2 {
            return Vocabulary::default();
        }
        let mut rows: Vec<(u32, f32, Vec<i8>)> = self
            .words
            .into_iter()
            .map(|(key, counts)| {
                let rate = |&column: &usize| {
                    let count = counts.get(&column).copied().unwrap_or(0) as f32;
                    // Rates per 100,000 words: languages differ in how much there is to read.
                    (count + SMOOTHING) / (self.totals[column] + 1.0) * 1e5 + SMOOTHING
                };
                let rates: Vec<f32> = columns.iter().map(rate).collect();
                let mean = rates.iter().sum::<f32>() / columns.len() as f32;
                let weights: Vec<f32> = rates.iter().map(|rate| (rate / mean).ln()).collect();
                let spread = weights.iter().fold(0.0f32, |most, weight| most.max(weight.abs()));
                let stored = weights.iter().map(|weight| (weight / UNIT).round().clamp(-127.0, 127.0) as i8).collect();
                (key, spread * mean, stored)
            })
            .collect();
        rows.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        rows.truncate(most);
        rows.sort_unstable_by_key(|row| row.0);
        Vocabulary {
            languages: columns.iter().map(|&at| self.languages[at]).collect(),
            keys: rows.iter().map(|row| row.0).collect(),
            weights: rows.into_iter().flat_map(|row| row.2).collect(),
        }
    }
}

fn is_word(token: &Token) -> bool {
    token.kind == Kind::Word
}

fn key(token: &Token) -> u32 {
    (token.hash >> 32) as u32
}
