//! The words of a text in each way it reads, with their places in it: as written, in normal form, in disguise.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::deobfuscate::{seen_through, single_letter};
use super::link::Addresses;
use super::text::{Whole, is_plain};

/// The fewest single letters in a row that are taken for a spaced-out word.
const MIN_SPACED: usize = 3;
/// A single letter with marks around it is no longer than this.
const MAX_SINGLE_BYTES: usize = 3;
/// From so many of one letter in a row on they are stretched: no word has them.
const STRETCHED: usize = 3;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub text: String,
    /// The bytes of the text that it covers.
    pub at: Range<usize>,
    /// It is written in disguise: its text is what [`skeleton`](super::deobfuscate::skeleton) makes of the word meant.
    pub disguised: bool,
}

/// Returns the words of a text in each way it reads, at least as it is written. The ways beyond that are few, and left out
/// where they would be the same.
pub fn readings(text: &str) -> Vec<Vec<Word>> {
    let mut readings = vec![words(text).collect()];
    let whole = Whole::read(text, |c| c);
    let normal = whole.as_str();
    if !is_plain(text) && normal != text.to_lowercase() {
        readings.push(words(normal).collect());
    }
    for most in [STRETCHED - 1, 1] {
        let mut reader = Reader { normal, most, ..Reader::default() };
        reader.read();
        let is_stretched = reader.is_stretched;
        if reader.differs {
            readings.push(reader.words);
        }
        if !is_stretched {
            break;
        }
    }
    for word in readings.iter_mut().skip(1).flatten() {
        word.at = whole.span(word.at.clone());
    }
    readings
}

fn words(text: &str) -> impl Iterator<Item = Word> {
    text.unicode_word_indices().map(|(at, word)| Word { text: word.to_lowercase(), at: at..at + word.len(), disguised: false })
}

/// Reads a text in normal form and sees through disguises.
#[derive(Default)]
struct Reader<'t> {
    normal: &'t str,
    /// How many of a stretched letter are left.
    most: usize,
    /// Most letters are Latin.
    latin: bool,
    words: Vec<Word>,
    /// Single letters in a row, and where they stand.
    spaced: String,
    spaced_at: Range<usize>,
    /// Something reads in another way than it is written.
    differs: bool,
    /// A stretched letter was met.
    is_stretched: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        let normal = self.normal;
        let mut row = 0;
        let mut reads_otherwise = |piece| {
            row = if is_single(piece) { row + 1 } else { 0 };
            row >= MIN_SPACED || is_odd(piece)
        };
        if normal.is_ascii() && !normal.split_ascii_whitespace().any(&mut reads_otherwise) {
            return;
        }
        let letters = normal.chars().filter(|c| c.is_alphabetic()).count();
        self.latin = 2 * normal.bytes().filter(u8::is_ascii_lowercase).count() > letters;
        for piece in normal.split_whitespace() {
            let begin = piece.as_ptr().addr() - normal.as_ptr().addr();
            if piece.len() <= MAX_SINGLE_BYTES
                && let Some(letter) = single_letter(piece)
            {
                let start = if self.spaced.is_empty() { begin } else { self.spaced_at.start };
                self.spaced_at = start..begin + piece.len();
                self.spaced.push(letter);
            } else {
                self.end_spaced();
                self.piece(piece, begin);
            }
        }
        self.end_spaced();
    }

    /// Reads what stands between white space.
    fn piece(&mut self, piece: &str, begin: usize) {
        let core = core(piece);
        let is_address = piece.contains('.') && Addresses::of(piece).next().is_some();
        let meant = if is_address || !is_odd(piece) { None } else { seen_through(core, self.latin) };
        if let Some(text) = meant {
            let start = begin + core.as_ptr().addr() - piece.as_ptr().addr();
            let text = self.shortened(&text).unwrap_or(text);
            self.words.push(Word { text, at: start..start + core.len(), disguised: true });
            self.differs = true;
            return;
        }
        for mut word in words(piece) {
            word.at = begin + word.at.start..begin + word.at.end;
            if let Some(shortened) = self.shortened(&word.text) {
                word.text = shortened;
                self.differs = true;
            }
            self.words.push(word);
        }
    }

    /// Returns a word with stretched letters shortened, or `None` if it has none.
    fn shortened(&mut self, word: &str) -> Option<String> {
        if !is_stretched(word) {
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
            let kept = if run >= STRETCHED && c.is_alphabetic() { self.most } else { run };
            short.extend(std::iter::repeat_n(c, kept));
        }
        Some(short)
    }

    /// Ends a row of single letters: as one word if there are enough of them.
    fn end_spaced(&mut self) {
        let at = self.spaced_at.clone();
        if self.spaced.len() >= MIN_SPACED {
            self.words.push(Word { text: std::mem::take(&mut self.spaced), at, disguised: true });
            self.differs = true;
        } else if !self.spaced.is_empty() {
            self.spaced.clear();
            let row = self.normal.get(at.clone()).unwrap_or_default();
            let within = words(row).map(|word| Word { at: at.start + word.at.start..at.start + word.at.end, ..word });
            self.words.extend(within);
        }
    }
}

/// Returns whether a piece is a single letter, with punctuation or without.
fn is_single(piece: &str) -> bool {
    piece.len() <= MAX_SINGLE_BYTES && single_letter(piece).is_some()
}

/// Returns what is left of a piece without the punctuation around it.
fn core(piece: &str) -> &str {
    piece.trim_matches(|c: char| c.is_ascii_punctuation() && !"@$".contains(c))
}

/// Returns whether a piece is neither a number nor mere letters with punctuation around them.
fn is_odd(piece: &str) -> bool {
    let core = core(piece);
    let all = |is: fn(&u8) -> bool| core.bytes().all(|byte| is(&byte));
    core.len() > 1 && (is_stretched(core) || !all(u8::is_ascii_lowercase) && !all(u8::is_ascii_digit))
}

/// Returns whether a word has a letter so often in a row as no word has it.
fn is_stretched(word: &str) -> bool {
    let mut run = 1;
    word.chars().zip(word.chars().skip(1)).any(|(before, c)| {
        run = if before == c && c.is_alphabetic() { run + 1 } else { 1 };
        run >= STRETCHED
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Vec<&str>> {
        let places = |reading: Vec<Word>| reading.into_iter().map(|word| &text[word.at]).collect();
        readings(text).into_iter().map(places).collect()
    }

    #[test]
    fn an_ordinary_text_reads_in_one_way() {
        assert_eq!(all("Buy it now, Ada! (Or not.)"), [["Buy", "it", "now", "Ada", "Or", "not"]]);
    }

    #[test]
    fn words_are_where_they_stand_however_they_read() {
        let text = "so Vi\u{200B}agra v i a g r a v1agra Soooo é";
        let found = readings(text);
        let place = |word: &str| {
            let of = found.iter().flatten().filter(|found| found.text == word).map(|word| &text[word.at.clone()]);
            of.collect::<Vec<_>>()
        };
        assert!(place("viagra").contains(&"Vi\u{200B}agra"));
        assert!(place("viagra").contains(&"v i a g r a") && place("viagra").contains(&"v1agra"));
        assert!(place("soo").contains(&"Soooo") && place("so").contains(&"Soooo"));
        assert!(found.len() <= 4);
    }
}
