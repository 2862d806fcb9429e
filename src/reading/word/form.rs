//! A word of a text, and the form in which words are compared.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub text: String,
    /// The bytes of the text that it covers.
    pub span: Range<usize>,
    /// How its text is compared.
    pub form: WordForm,
}

/// How a word is written, so that it can be compared with the word meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordForm {
    /// As it is meant.
    Plain,
    /// In disguise: its text is what [`skeleton`](crate::reading::deobfuscate::skeleton) makes of the word meant.
    Disguised,
    /// With [`MASK`] in place of one letter.
    Masked,
}

/// Stands for one letter in the text of a word that is [`WordForm::Masked`].
pub const MASK: char = '*';

/// The fewest letters of a word of which one is masked.
pub const MIN_MASKED: usize = 4;

/// Returns the words of a text (UAX #29) as they are written.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    text.unicode_word_indices().map(|(at, word)| Word::plain(word, at))
}

impl Word {
    /// Returns a word that is written as it is meant, at this byte of its text.
    pub(super) fn plain(word: &str, at: usize) -> Self {
        Self { text: fold_case(word), span: at..at + word.len(), form: WordForm::Plain }
    }
}

/// Returns a word in the form in which words are compared whatever their case: with full case folding, so that "ß" is "ss".
/// The dotless i stays, which makes other words.
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
