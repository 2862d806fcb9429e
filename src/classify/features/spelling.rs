//! Spelling that gives a word away: no vowels, letters of several scripts.

/// So many consonants in a row cannot be pronounced in most languages.
const MIN_GARBLED_RUN: u64 = 5;

/// Returns the length of the longest run of consonants.
pub fn longest_consonants(text: &str) -> u64 {
    let is_consonant = |c: char| c.is_ascii_alphabetic() && !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    text.split(|c| !is_consonant(c)).map(str::len).max().unwrap_or(0) as u64
}

/// Returns whether a word has both Latin letters and letters of another alphabet.
pub fn is_mixed(word: &str) -> bool {
    let is_of_another_alphabet = |c: char| ('\u{370}'..'\u{1E00}').contains(&c) && c.is_alphabetic();
    !word.is_ascii() && word.bytes().any(|byte| byte.is_ascii_alphabetic()) && word.chars().any(is_of_another_alphabet)
}

/// Returns whether a word of Latin letters cannot be pronounced.
pub fn is_garbled(word: &str) -> bool {
    // Shorter words have no room for so many.
    word.len() as u64 >= MIN_GARBLED_RUN
        && (word.is_ascii() || word.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii()))
        && longest_consonants(word) >= MIN_GARBLED_RUN
}
