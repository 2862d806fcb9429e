//! Reads the words of a comment with their clauses and sentences.

use isolang::Language;

use super::mark::Tone;
use super::segment::segment_words;
use crate::classify::token::{Token, TokenKind, Tokens};
use crate::classify::words::{self, WordClasses, Words};
use crate::reading::text::ScoringText;

/// Only so many words of a comment are looked at.
const MAX_SCOPE_WORDS: usize = 1_500;

/// A word as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct ScopeWord {
    /// Its number among the tokens.
    pub token: usize,
    pub classes: WordClasses,
    pub hash: u64,
    pub start: u16,
    pub end: u16,
    pub sentence: u16,
    pub clause: u16,
    pub is_quoted: bool,
    /// A capital within a sentence, or `@name`.
    pub is_name: bool,
}

/// What is known of a sentence.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sentence {
    pub is_question: bool,
    /// The first word that reports, by its place among all.
    pub reporting_word: Option<usize>,
    pub has_counter_speech: bool,
    pub is_conditional: bool,
}

/// The words of a comment and its sentences. Reused from call to call to keep its buffers.
#[derive(Default)]
pub struct ScopeWords {
    /// The words, in their order.
    pub words: Vec<ScopeWord>,
    /// The sentences, in their order.
    pub sentences: Vec<Sentence>,
}

impl ScopeWords {
    /// Replaces the content with the words and sentences of a text.
    pub fn read(&mut self, text: &ScoringText, tokens: &Tokens, language: Language, words: &Words) {
        self.words.clear();
        self.sentences.clear();
        self.sentences.push(Sentence::default());
        let tokens = &tokens.tokens;
        let all_capitals = tokens.iter().filter(|token| token.is_uppercase).count() * 2 > tokens.len();
        let unglues = language == Language::Eng;
        let mut reader = WordReader { text, words, unglues, all_capitals, units: self, position: ReadPosition::default() };
        let (mut last_end, mut covered) = (0, 0);
        for (number, token) in tokens.iter().enumerate().take(MAX_SCOPE_WORDS) {
            let between = text.as_str().get(last_end..usize::from(token.start)).unwrap_or_default();
            last_end = usize::from(token.end);
            if between.contains('\n') {
                reader.end_sentence();
            }
            // It belongs to a word of several tokens.
            if number < covered {
                continue;
            }
            let (classes, length) = words::look_up(words, text.as_str(), tokens, number);
            covered = number + length;
            if token.kind == TokenKind::Punctuation && Tone::from_classes(classes).is_none() {
                reader.read_mark(token, !between.is_empty());
            } else {
                let end = tokens.get(covered - 1).map_or(token.end, |last| last.end);
                reader.read_word(number, token, classes, end);
            }
        }
    }
}

/// Where a [`WordReader`] is in a text.
#[derive(Default)]
struct ReadPosition {
    clause: u16,
    /// In double quotation marks.
    quoted: bool,
    /// In single quotation marks.
    single_quoted: bool,
    /// The present sentence has a word.
    in_sentence: bool,
}

/// Reads the tokens of a text into units.
struct WordReader<'a> {
    text: &'a ScoringText,
    words: &'a Words,
    /// Whether rows of words without spaces are taken apart.
    unglues: bool,
    /// Whether most words are in capitals, so that a capital marks no name.
    all_capitals: bool,
    units: &'a mut ScopeWords,
    position: ReadPosition,
}

impl<'a> WordReader<'a> {
    /// Begins another sentence, unless the present one has no word yet.
    fn end_sentence(&mut self) {
        if self.position.in_sentence {
            self.units.sentences.push(Sentence::default());
            self.position.clause += 1;
            self.position.in_sentence = false;
        }
    }

    /// Reads punctuation; `spaced` says whether white space stands before it.
    fn read_mark(&mut self, token: &Token, spaced: bool) {
        let mark = self.written(token);
        let position = &mut self.position;
        match mark.chars().next() {
            Some('"') => position.quoted = !position.quoted,
            Some('\'') if spaced && !position.single_quoted => position.single_quoted = true,
            Some('\'') if position.single_quoted => position.single_quoted = false,
            Some('.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟') => {
                let is_question = mark.starts_with(['?', '？', '؟']);
                if let Some(sentence) = self.units.sentences.last_mut() {
                    sentence.is_question |= is_question;
                }
                self.end_sentence();
            }
            Some(',' | ';' | ':' | '-' | '–' | '—' | '(' | ')' | '،' | '、' | '，') if spaced || mark != "-" => {
                position.clause += 1;
            }
            _ => {}
        }
    }

    /// Reads a word that ends at a byte of the text, which may be behind its first token.
    fn read_word(&mut self, number: usize, token: &Token, classes: WordClasses, end: u16) {
        if classes.intersects(WordClasses::CLAUSE_START) {
            self.position.clause += 1;
        }
        self.note_in_sentence(classes);
        let is_classless = classes == WordClasses::default();
        let is_word = token.kind == TokenKind::Word;
        let is_capital =
            is_word && self.position.in_sentence && !self.all_capitals && self.text.is_capital(usize::from(token.start));
        let whole = ScopeWord {
            token: number,
            classes,
            hash: token.hash,
            start: token.start,
            end,
            sentence: (self.units.sentences.len() - 1) as u16,
            clause: self.position.clause,
            is_quoted: self.position.quoted || self.position.single_quoted || token.weight < 1.0,
            is_name: token.kind == TokenKind::Mention || is_capital && is_classless,
        };
        let is_glued = self.unglues && is_classless && is_word;
        let parts = if is_glued { segment_words(self.words, self.written(token)) } else { Vec::new() };
        if parts.is_empty() {
            self.units.words.push(whole);
        }
        // The words of a row without spaces are read as if they had some.
        self.units.words.extend(parts.into_iter().map(|(hash, classes)| ScopeWord { hash, classes, is_name: false, ..whole }));
        self.position.in_sentence = true;
    }

    /// Notes what a word that comes next says of its sentence.
    fn note_in_sentence(&mut self, classes: WordClasses) {
        let at = self.units.words.len();
        if let Some(sentence) = self.units.sentences.last_mut() {
            if classes.intersects(WordClasses::REPORTING) && sentence.reporting_word.is_none() {
                sentence.reporting_word = Some(at);
            }
            sentence.has_counter_speech |=
                classes.intersects(WordClasses::COUNTER_SPEECH) && Tone::from_classes(classes).is_none();
            sentence.is_conditional |= classes.intersects(WordClasses::CONDITIONAL);
        }
    }

    fn written(&self, token: &Token) -> &'a str {
        self.text.as_str().get(usize::from(token.start)..usize::from(token.end)).unwrap_or_default()
    }
}
