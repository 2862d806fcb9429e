//! Pieces between white space: letters with punctuation around them.

use crate::reading::deobfuscate::single_letter;

/// Maximum length of a single letter with marks around it, in bytes.
const MAX_SINGLE_BYTES: usize = 4;

/// Returns the letter that a piece consists of apart from punctuation. Returns `None` if it is longer or something else.
pub fn lone_letter(piece: &str) -> Option<char> {
    if piece.len() <= MAX_SINGLE_BYTES { single_letter(piece) } else { None }
}

/// Returns the marks before and after a single letter.
pub fn surrounding_marks(piece: &str) -> (&str, &str) {
    let is_mark = |c: char| c.is_ascii_punctuation() && !"@$".contains(c);
    let behind = piece.trim_start_matches(is_mark);
    (&piece[..piece.len() - behind.len()], behind.trim_start_matches(|c| !is_mark(c)))
}

/// Returns a piece without the punctuation around it.
pub fn trim_punctuation(piece: &str) -> &str {
    piece.trim_matches(|c: char| c.is_ascii_punctuation() && !"@$".contains(c))
}
