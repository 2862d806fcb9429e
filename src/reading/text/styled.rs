//! Letters written as symbols, and flags, which are written with the same symbols.

use decancer::Translation;

/// Returns the letter that a symbol or phonetic letter stands for: enclosed letters, small capitals, turned letters. Returns
/// `None` for any other character.
pub fn unstyled_letter(c: char) -> Option<char> {
    let is_styled = match c {
        // Letters of languages, mostly of Africa and the Caucasus.
        'ɓ' | 'ɔ' | 'ɖ' | 'ɗ' | 'ə' | 'ɛ' | 'ɣ' | 'ɨ' | 'ɩ' | 'ɲ' | 'ɵ' | 'ʃ' | 'ʉ' | 'ʊ' | 'ʋ' | 'ʒ' | 'ʔ' => {
            false
        }
        '\u{250}'..='\u{2AF}' | '\u{1D00}'..='\u{1DBF}' | '\u{A730}' | '\u{A731}' => true,
        '\u{1F130}'..='\u{1F189}' | '\u{1F1E6}'..='\u{1F1FF}' => true,
        _ => false,
    };
    if !is_styled {
        return None;
    }
    let letter = match decancer::cure_char(c, decancer::Options::default()) {
        Translation::Character(letter) => letter,
        Translation::String(letters) => letters.chars().next()?,
        Translation::None => return None,
    };
    Some(letter.to_ascii_lowercase()).filter(char::is_ascii_lowercase)
}

/// Maximum number of regional indicators that are read at once, so that a text of nothing else takes linear time.
const MAX_FLAG_CHARS: usize = 64;

/// Returns the length of the regional indicators at the start of a text, in bytes. Returns `None` if they are not all flags.
pub fn flag_sequence_len(text: &str) -> Option<usize> {
    let is_regional = |c: &char| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    let row = &text[..text.chars().take(MAX_FLAG_CHARS).take_while(is_regional).map(char::len_utf8).sum()];
    let mut rest = row;
    while !rest.is_empty() {
        let (flag, others) = rest.split_at_checked(2 * '\u{1F1E6}'.len_utf8())?;
        emojis::get(flag)?;
        rest = others;
    }
    Some(row.len()).filter(|length| *length > 0)
}
