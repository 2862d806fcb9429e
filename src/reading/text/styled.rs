//! Letters that are written as symbols, and the flags that are written with the same symbols.

use decancer::Translation;

/// The letter that a symbol or a letter of phonetic alphabets stands for: in circles and squares, small capitals, turned ones.
pub fn unstyled_letter(c: char) -> Option<char> {
    let is_styled = match c {
        // Letters of languages, of Africa and the Caucasus mostly.
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

/// A longer row of regional indicators is read in parts, so that a text of nothing else takes no longer than others.
const MAX_FLAG_CHARS: usize = 64;

/// How long a row of regional indicators at the start of a text is, if it is nothing but flags.
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
