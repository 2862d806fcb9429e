//! Reads the words of a comment, with their clauses and sentences.

use isolang::Language;

use super::mark::Tone;
use super::segment::segment_words;
use crate::classify::token::{Token, TokenKind, Tokens};
use crate::classify::words::{self, WordClasses, Words};
use crate::reading::text::ScoringText;

/// The maximum number of tokens of a comment that are read.
const MAX_SCOPE_WORDS: usize = 1_500;

/// A word, as the rules of scope marks read it.
#[derive(Debug, Clone, Copy)]
pub struct ScopeWord {
    /// The index of its first token.
    pub token: usize,
    /// The classes of the word.
    pub classes: WordClasses,
    /// The hash of the word.
    pub hash: u64,
    /// The byte offset of its start in the normalised text.
    pub start: u16,
    /// The byte offset of its end in the normalised text.
    pub end: u16,
    /// The index of its sentence.
    pub sentence: u16,
    /// The number of its clause.
    pub clause: u16,
    /// Whether it is in quotation marks, or its token's weight is lowered.
    pub is_quoted: bool,
    /// Whether it is a mention, or an unclassified word with a capital inside a sentence.
    pub is_name: bool,
}

/// The properties of a sentence.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sentence {
    /// Whether it ends with a question mark.
    pub is_question: bool,
    /// The index of the first reporting word.
    pub reporting_word: Option<usize>,
    /// Whether it has a word of counter-speech.
    pub has_counter_speech: bool,
    /// Whether it has a conditional word.
    pub is_conditional: bool,
}

/// The words and sentences of a comment. Reused from call to call to keep its buffers.
#[derive(Default)]
pub struct ScopeWords {
    /// The words, in text order.
    pub words: Vec<ScopeWord>,
    /// The sentences, in text order.
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
        let segments = language == Language::Eng;
        let mut reader = WordReader { text, words, segments, all_capitals, output: self, position: ReadPosition::default() };
        let (mut last_end, mut covered) = (0, 0);
        for (number, token) in tokens.iter().enumerate().take(MAX_SCOPE_WORDS) {
            let between = text.as_str().get(last_end..usize::from(token.start)).unwrap_or_default();
            last_end = usize::from(token.end);
            if between.contains('\n') {
                reader.end_sentence();
            }
            // The token belongs to a word of several tokens that is already read.
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

/// The position of a [`WordReader`] in a text.
#[derive(Default)]
struct ReadPosition {
    /// The number of the current clause.
    clause: u16,
    /// Whether the position is inside double quotation marks.
    quoted: bool,
    /// Whether the position is inside single quotation marks.
    single_quoted: bool,
    /// Whether the current sentence has a word.
    in_sentence: bool,
}

/// Reads the tokens of a text into [`ScopeWords`].
struct WordReader<'a> {
    text: &'a ScoringText,
    words: &'a Words,
    /// Whether words without spaces between them are split.
    segments: bool,
    /// Whether most tokens are in capitals, so that a capital does not indicate a name.
    all_capitals: bool,
    output: &'a mut ScopeWords,
    position: ReadPosition,
}

impl<'a> WordReader<'a> {
    /// Starts a new sentence if the current one has a word.
    fn end_sentence(&mut self) {
        if self.position.in_sentence {
            self.output.sentences.push(Sentence::default());
            self.position.clause += 1;
            self.position.in_sentence = false;
        }
    }

    /// Reads punctuation. `spaced` tells whether white space precedes it.
    fn read_mark(&mut self, token: &Token, spaced: bool) {
        let mark = self.written(token);
        let position = &mut self.position;
        match mark.chars().next() {
            Some('"') => position.quoted = !position.quoted,
            Some('\'') if spaced && !position.single_quoted => position.single_quoted = true,
            Some('\'') if position.single_quoted => position.single_quoted = false,
            Some('.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟') => {
                let is_question = mark.starts_with(['?', '？', '؟']);
                if let Some(sentence) = self.output.sentences.last_mut() {
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

    /// Reads a word. `end` is its byte offset in the text, which may be after the end of its first token.
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
            sentence: (self.output.sentences.len() - 1) as u16,
            clause: self.position.clause,
            is_quoted: self.position.quoted || self.position.single_quoted || token.weight < 1.0,
            is_name: token.kind == TokenKind::Mention || is_capital && is_classless,
        };
        let may_split = self.segments && is_classless && is_word;
        let parts = if may_split { segment_words(self.words, self.written(token)) } else { Vec::new() };
        if parts.is_empty() {
            self.output.words.push(whole);
        }
        // The segments count as separate words.
        self.output.words.extend(parts.into_iter().map(|(hash, classes)| ScopeWord { hash, classes, is_name: false, ..whole }));
        self.position.in_sentence = true;
    }

    /// Updates the current sentence for the classes of the next word.
    fn note_in_sentence(&mut self, classes: WordClasses) {
        let at = self.output.words.len();
        if let Some(sentence) = self.output.sentences.last_mut() {
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
