//! Words with spaces between their letters: "v i a g r a".

use std::ops::Range;

use super::piece::surrounding_marks;

/// Minimum number of single letters in a row that make a word if only white space separates them.
pub const MIN_SPACED: usize = 3;
/// Minimum number if all letters have the same marks beside them, as in lists.
const MIN_MARKED: usize = 4;
/// Minimum number if the letters have different marks beside them.
const MIN_MIXED: usize = 5;

/// A row of single letters, each in a piece of its own.
#[derive(Default)]
pub struct SpacedLetters<'t> {
    letters: Vec<(char, &'t str)>,
    span: Range<usize>,
}

impl<'t> SpacedLetters<'t> {
    /// Adds the letter of a piece that begins at this byte of the text.
    pub fn push(&mut self, letter: char, piece: &'t str, begin: usize) {
        let start = if self.letters.is_empty() { begin } else { self.span.start };
        self.span = start..begin + piece.len();
        self.letters.push((letter, piece));
    }

    /// Returns whether the row has no letters.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Returns the byte range of the row in the text.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns the word that the letters spell. Returns `None` if they are a list or initials.
    pub fn word(&self) -> Option<String> {
        self.is_word().then(|| self.letters.iter().map(|(letter, _)| letter).collect())
    }

    fn is_word(&self) -> bool {
        let marks: Vec<(&str, &str)> = self.letters.iter().map(|(_, piece)| surrounding_marks(piece)).collect();
        // The marks before the first and after the last letter belong to the sentence.
        let before = marks.iter().skip(1).map(|(before, _)| *before);
        let behind = marks.iter().rev().skip(1).map(|(_, behind)| *behind);
        let fewest = if before.clone().chain(behind.clone()).all(str::is_empty) {
            MIN_SPACED
        } else if are_equal(before) && are_equal(behind) {
            MIN_MARKED
        } else {
            MIN_MIXED
        };
        marks.len() >= fewest
    }
}

fn are_equal<'m>(mut marks: impl Iterator<Item = &'m str>) -> bool {
    let first = marks.next();
    marks.all(|other| Some(other) == first)
}
