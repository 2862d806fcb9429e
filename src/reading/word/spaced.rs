//! Words that are spaced out: "v i a g r a".

use std::ops::Range;

use super::piece::surrounding_marks;

/// The fewest single letters in a row that are taken for a spaced-out word: with nothing but white space between them.
pub const MIN_SPACED: usize = 3;
/// The fewest with the same marks beside each, as lists have them.
const MIN_MARKED: usize = 4;
/// The fewest with different marks beside them.
const MIN_MIXED: usize = 5;

/// Single letters in a row, each in a piece of its own.
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

    /// Returns whether there is no letter.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Returns the bytes of the text that the row covers.
    pub fn at(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Returns the word that the letters spell, or `None` if they are a list or initials.
    pub fn word(&self) -> Option<String> {
        self.is_word().then(|| self.letters.iter().map(|(letter, _)| letter).collect())
    }

    fn is_word(&self) -> bool {
        let marks: Vec<(&str, &str)> = self.letters.iter().map(|(_, piece)| surrounding_marks(piece)).collect();
        // What stands before the first and behind the last is the sentence's.
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
