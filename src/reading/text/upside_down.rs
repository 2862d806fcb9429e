//! Lines that are written upside down, with letters that look like Latin ones on their heads.

/// The fewest turned letters of a line that is upside down, and one of how many of its letters must be one.
const MIN_TURNED: usize = 3;
const TURNED_EVERY: usize = 4;

/// Returns whether a text has enough turned letters for one of its lines to be upside down.
pub fn may_have(text: &str) -> bool {
    !text.is_ascii() && text.chars().filter(|c| is_turned(*c)).nth(MIN_TURNED - 1).is_some()
}

/// Whether a letter is a Latin one on its head.
fn is_turned(c: char) -> bool {
    matches!(c, 'ɐ' | 'ǝ' | 'ɟ' | 'ƃ' | 'ɥ' | 'ᴉ' | 'ı' | 'ɾ' | 'ʞ' | 'ɯ' | 'ɹ' | 'ʇ' | 'ʌ' | 'ʍ' | 'ʎ')
}

/// Returns whether enough of the letters of a line are turned.
pub fn is_upside_down(line: &str) -> bool {
    // A dotless i alone is Turkish.
    let turned = line.chars().filter(|c| is_turned(*c) && *c != 'ı').count();
    turned >= MIN_TURNED && turned * TURNED_EVERY >= line.chars().filter(|c| c.is_alphabetic()).count()
}

/// The letter that is seen when a line that is upside down is turned.
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
