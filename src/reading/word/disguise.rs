//! Disguised words: written with look-alikes, spaced out, or stretched.

use super::form::{Word, WordForm, fold_case, words};
use super::piece::{lone_letter, trim_punctuation};
use super::spaced::{MIN_SPACED, SpacedLetters};
use crate::reading::address::Addresses;
use crate::reading::deobfuscate::undisguised_word;

/// Minimum number of repetitions of a letter that make a word stretched. No ordinary word has as many.
pub const MIN_STRETCH: usize = 3;

/// A reader of a text in normal form that restores disguised words.
#[derive(Default)]
pub struct DisguiseReader<'t> {
    normal: &'t str,
    /// The number of letters to which a stretched letter is shortened.
    max_repeats: usize,
    /// Whether most letters are Latin.
    is_latin: bool,
    /// The words that were read.
    pub words: Vec<Word>,
    spaced: SpacedLetters<'t>,
    /// Whether a word reads differently from how it is written.
    pub differs: bool,
    /// Whether a stretched letter was found.
    pub is_stretched: bool,
}

impl<'t> DisguiseReader<'t> {
    /// Reads a text, shortening stretched letters to `max_repeats`. Returns no words for a text without disguises, which is not
    /// read.
    pub fn read(normal: &'t str, max_repeats: usize) -> Self {
        let mut reader = Self { normal, max_repeats, ..Self::default() };
        if !is_as_written(normal) {
            reader.read_pieces();
        }
        reader
    }

    fn read_pieces(&mut self) {
        let normal = self.normal;
        let letters = normal.chars().filter(|c| c.is_alphabetic()).count();
        self.is_latin = 2 * normal.bytes().filter(u8::is_ascii_lowercase).count() > letters;
        for piece in normal.split_whitespace() {
            let begin = piece.as_ptr().addr() - normal.as_ptr().addr();
            if let Some(lone_letter) = lone_letter(piece) {
                self.spaced.push(lone_letter, piece, begin);
            } else {
                self.end_spaced();
                self.read_piece(piece, begin);
            }
        }
        self.end_spaced();
    }

    /// Reads a piece between white space.
    fn read_piece(&mut self, piece: &str, begin: usize) {
        let core = trim_punctuation(piece);
        let is_address = piece.contains('.') && Addresses::new(piece).next().is_some();
        let meant = if is_address || !may_be_disguised(piece) { None } else { undisguised_word(core, self.is_latin) };
        if let Some(text) = meant {
            let start = begin + core.as_ptr().addr() - piece.as_ptr().addr();
            let text = self.shortened(&text).unwrap_or(text);
            self.words.push(Word { text: fold_case(&text), span: start..start + core.len(), form: WordForm::Disguised });
            self.differs = true;
            return;
        }
        for mut word in words(piece) {
            word.span = begin + word.span.start..begin + word.span.end;
            if let Some(shortened) = self.shortened(&word.text) {
                word.text = shortened;
                self.differs = true;
            }
            self.words.push(word);
        }
    }

    /// Returns a word with stretched letters shortened. Returns `None` if it has none.
    fn shortened(&mut self, word: &str) -> Option<String> {
        if !has_stretched_letter(word) {
            return None;
        }
        self.is_stretched = true;
        let mut short = String::with_capacity(word.len());
        let mut rest = word.chars().peekable();
        while let Some(c) = rest.next() {
            let mut run = 1;
            while rest.next_if_eq(&c).is_some() {
                run += 1;
            }
            let kept = if run >= MIN_STRETCH && c.is_alphabetic() { self.max_repeats } else { run };
            short.extend(std::iter::repeat_n(c, kept));
        }
        Some(short)
    }

    /// Ends a row of single letters. The row becomes one word if it has enough letters.
    fn end_spaced(&mut self) {
        let row = std::mem::take(&mut self.spaced);
        let at = row.span();
        if let Some(text) = row.word() {
            self.words.push(Word { text, span: at, form: WordForm::Disguised });
            self.differs = true;
        } else if !row.is_empty() {
            let written = self.normal.get(at.clone()).unwrap_or_default();
            let within = words(written).map(|word| Word { span: at.start + word.span.start..at.start + word.span.end, ..word });
            self.words.extend(within);
        }
    }
}

/// Returns whether a text has neither unusual pieces nor rows of single letters, and so reads as written.
fn is_as_written(normal: &str) -> bool {
    let mut row = 0;
    let mut reads_otherwise = |piece| {
        row = if lone_letter(piece).is_some() { row + 1 } else { 0 };
        row >= MIN_SPACED || may_be_disguised(piece)
    };
    normal.is_ascii() && !normal.split_ascii_whitespace().any(&mut reads_otherwise)
}

/// Returns whether a piece is neither a number nor mere letters with punctuation around them.
fn may_be_disguised(piece: &str) -> bool {
    let core = trim_punctuation(piece);
    let all = |is: fn(&u8) -> bool| core.bytes().all(|byte| is(&byte));
    core.len() > 1 && (has_stretched_letter(core) || !all(u8::is_ascii_lowercase) && !all(u8::is_ascii_digit))
}

/// Returns whether a word repeats a letter at least [`MIN_STRETCH`] times.
fn has_stretched_letter(word: &str) -> bool {
    let mut run = 1;
    word.chars().zip(word.chars().skip(1)).any(|(before, c)| {
        run = if before == c && c.is_alphabetic() { run + 1 } else { 1 };
        run >= MIN_STRETCH
    })
}
