//! A word of a text, and the form in which words are compared.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word in lower case.
    pub text: String,
    /// The byte range of the word in the text.
    pub span: Range<usize>,
    /// How the word's text is compared.
    pub form: WordForm,
}

/// How a word is written, which decides how it is compared with the intended word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordForm {
    /// The word as intended.
    Plain,
    /// A disguised word. Its text equals the [`skeleton`](crate::reading::deobfuscate::skeleton) of the intended word.
    Disguised,
    /// A word with [`MASK`] in place of one letter.
    Masked,
}

/// The placeholder for one letter in a word of the form [`WordForm::Masked`].
pub const MASK: char = '*';

/// Minimum number of letters in a word with a masked letter.
pub const MIN_MASKED: usize = 4;

/// Returns the words of a text (UAX #29) as written.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    text.unicode_word_indices().map(|(at, word)| Word::plain(word, at))
}

impl Word {
    /// Returns a word in plain form at this byte of its text.
    pub(super) fn plain(word: &str, at: usize) -> Self {
        Self { text: fold_case(word), span: at..at + word.len(), form: WordForm::Plain }
    }
}

/// Returns a word in the form in which words are compared regardless of case: with full case folding, so that "ß" becomes "ss".
/// The dotless i is kept, since it makes other words.
pub fn fold_case(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let fold = |c: char| c.to_uppercase().flat_map(char::to_lowercase);
    let lower = word.to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for c in lower.chars() {
        if c == 'ı' { folded.push(c) } else { folded.extend(fold(c)) }
    }
    folded
}
