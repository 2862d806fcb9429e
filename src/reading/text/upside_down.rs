//! Lines written upside down, with letters that look like turned Latin ones.

/// Minimum number of turned letters in an upside-down line.
const MIN_TURNED: usize = 3;
/// In an upside-down line, at least one of this many letters is turned.
const TURNED_EVERY: usize = 4;

/// Returns whether a text has enough turned letters for one of its lines to be upside down.
pub fn may_have(text: &str) -> bool {
    !text.is_ascii() && text.chars().filter(|c| is_turned(*c)).nth(MIN_TURNED - 1).is_some()
}

/// Returns whether a letter looks like a turned Latin one.
fn is_turned(c: char) -> bool {
    matches!(c, 'ɐ' | 'ǝ' | 'ɟ' | 'ƃ' | 'ɥ' | 'ᴉ' | 'ı' | 'ɾ' | 'ʞ' | 'ɯ' | 'ɹ' | 'ʇ' | 'ʌ' | 'ʍ' | 'ʎ')
}

/// Returns whether enough letters of a line are turned.
pub fn is_upside_down(line: &str) -> bool {
    // A dotless i alone is Turkish.
    let turned = line.chars().filter(|c| is_turned(*c) && *c != 'ı').count();
    turned >= MIN_TURNED && turned * TURNED_EVERY >= line.chars().filter(|c| c.is_alphabetic()).count()
}

/// Returns the letter that a reader sees when an upside-down line is rotated.
pub fn rotated_letter(c: char) -> char {
    match c.to_ascii_lowercase() {
        'b' => 'q',
        'q' => 'b',
        'd' => 'p',
        'p' => 'd',
        'n' => 'u',
        'u' => 'n',
        'ɐ' => 'a',
        'ɔ' => 'c',
        'ǝ' => 'e',
        'ɟ' => 'f',
        'ƃ' => 'g',
        'ɥ' => 'h',
        'ı' | 'ᴉ' => 'i',
        'ɾ' => 'j',
        'ʞ' => 'k',
        'ɯ' => 'm',
        'ɹ' => 'r',
        'ʇ' => 't',
        'ʌ' => 'v',
        'ʍ' => 'w',
        'ʎ' => 'y',
        '¡' => '!',
        '¿' => '?',
        '˙' => '.',
        '6' => '9',
        '9' => '6',
        c => c,
    }
}
