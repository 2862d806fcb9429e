//! Suspicious spelling: words without vowels, or with letters of several scripts.

/// The minimum number of consecutive consonants that make a word unpronounceable in most languages.
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

/// Returns whether a word of ASCII letters is unpronounceable.
pub fn is_garbled(word: &str) -> bool {
    // A shorter word cannot contain so long a run.
    word.len() as u64 >= MIN_GARBLED_RUN
        && (word.is_ascii() || word.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii()))
        && longest_consonants(word) >= MIN_GARBLED_RUN
}
