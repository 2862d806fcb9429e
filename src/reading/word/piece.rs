//! What stands between white space: letters with punctuation around them.

use crate::reading::deobfuscate::single_letter;

/// A single letter with marks around it is no longer than this.
const MAX_SINGLE_BYTES: usize = 4;

/// Returns the letter that a piece consists of, apart from punctuation, or `None` if it is more or something else.
pub fn lone_letter(piece: &str) -> Option<char> {
    if piece.len() <= MAX_SINGLE_BYTES { single_letter(piece) } else { None }
}

/// Returns the marks before and behind a single letter.
pub fn surrounding_marks(piece: &str) -> (&str, &str) {
    let is_mark = |c: char| c.is_ascii_punctuation() && !"@$".contains(c);
    let behind = piece.trim_start_matches(is_mark);
    (&piece[..piece.len() - behind.len()], behind.trim_start_matches(|c| !is_mark(c)))
}

/// Returns what is left of a piece without the punctuation around it.
pub fn trim_punctuation(piece: &str) -> &str {
    piece.trim_matches(|c: char| c.is_ascii_punctuation() && !"@$".contains(c))
}
