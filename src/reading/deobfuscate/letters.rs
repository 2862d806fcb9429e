//! Letters, digits and symbols that resemble Latin letters.

use unicode_normalization::UnicodeNormalization;

/// Returns whether a letter belongs to the alphabet of a language written in Latin script.
pub fn is_latin_letter(c: char) -> bool {
    matches!(c, '\u{AA}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}') && c.is_alphabetic()
}

/// Returns the Latin letter that a letter resembles, or the letter itself.
pub fn latin_confusable(c: char) -> char {
    let prototype = || {
        let mut bytes = [0; 4];
        let mut skeleton = unicode_security::skeleton(c.encode_utf8(&mut bytes)).collect::<Vec<char>>().into_iter();
        let first = skeleton.next().map(|first| first.to_ascii_lowercase())?;
        (first.is_ascii_lowercase() && skeleton.next().is_none()).then_some(first)
    };
    lookalike_letter(c).or_else(prototype).unwrap_or(c)
}

/// Returns the Latin letter that an enclosed symbol or regional indicator contains, or that a letter of the Lisu script looks
/// like. Returns `None` for any other character.
pub fn symbol_letter(c: char) -> Option<char> {
    let nth = |first: u32| char::from_u32(u32::from('a') + u32::from(c) - first);
    match c {
        '\u{1F150}'..='\u{1F169}' => nth(0x1F150),
        '\u{1F170}'..='\u{1F189}' => nth(0x1F170),
        '\u{1F1E6}'..='\u{1F1FF}' => nth(0x1F1E6),
        _ => LISU.chars().zip("bpdtgkjczfmnlsrvhwxyaeiou".chars()).find(|(lisu, _)| *lisu == c).map(|(_, letter)| letter),
    }
}

/// The letters of the Lisu script that have the shape of Latin capitals.
const LISU: &str = "ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ";

/// Returns a letter without its accents. Returns `None` if the result is not an ASCII letter.
pub fn base_letter(c: char) -> Option<char> {
    std::iter::once(c).nfd().next().filter(char::is_ascii_lowercase)
}

/// Returns whether a letter of another script looks exactly like a Latin one.
pub fn is_homoglyph(c: char) -> bool {
    "аеорсухѕіјԁһӏԛԝοϲɡ".contains(c)
}

/// Returns the Latin letter that a digit, symbol or letter of another script resembles. Returns `None` if it resembles none.
pub fn lookalike_letter(c: char) -> Option<char> {
    Some(match c {
        '@' | '4' | 'а' | 'α' | 'ɑ' | 'ᴀ' => 'a',
        '8' | 'ь' | 'β' | 'ʙ' | 'в' => 'b',
        '(' | '¢' | 'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'ᴅ' | 'đ' => 'd',
        '3' | '€' | 'е' | 'ε' | 'є' | 'ᴇ' | 'э' => 'e',
        'ғ' | 'ƒ' => 'f',
        '6' | '9' | 'ɡ' | 'ɢ' => 'g',
        'һ' | 'ʜ' | 'н' => 'h',
        '1' | '!' | '|' | 'і' | 'ι' | 'ı' | 'ɪ' => 'i',
        'ј' | 'ᴊ' => 'j',
        'к' | 'κ' | 'ᴋ' => 'k',
        'ӏ' | 'ʟ' | 'ł' => 'l',
        'м' | 'ᴍ' => 'm',
        'п' | 'η' | 'ɴ' => 'n',
        '0' | 'о' | 'ο' | 'ø' | 'ᴏ' | 'σ' => 'o',
        'р' | 'ρ' | 'ᴘ' => 'p',
        'ԛ' => 'q',
        'г' | 'ʀ' => 'r',
        '5' | '$' | 'ѕ' | 'ꜱ' | 'ß' => 's',
        '7' | '+' | 'т' | 'τ' | 'ᴛ' => 't',
        'υ' | 'ᴜ' | 'и' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ш' | 'ᴡ' => 'w',
        'х' | 'χ' | '×' => 'x',
        'у' | 'γ' | 'ʏ' => 'y',
        '2' | 'ᴢ' => 'z',
        _ => return None,
    })
}
