//! Reads words as they are meant: "v1@gr.a", "ѕex" and "fuuck" become "viagra", "sex" and "fuck".

use unicode_normalization::UnicodeNormalization;

/// The fewest letters a revealed word may have.
const SHORTEST: usize = 3;

/// The most bytes of a piece that are looked at; words are shorter.
const LONGEST: usize = 64;

/// What was found in a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Nothing to read differently, or nothing that makes a word.
    AsWritten,
    /// Doubled letters, hyphens or apostrophes left out: how people write anyway.
    Folded,
    /// Letters replaced by look-alikes, or symbols put between them.
    Revealed,
}

/// Writes to `out` how a piece of normalised text reads: Latin letters only, none doubled.
pub fn read(piece: &str, out: &mut String) -> Reading {
    out.clear();
    let core = piece.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '$');
    if core.len() > LONGEST {
        return Reading::AsWritten;
    }
    let (mut latin, mut foreign, mut replaced, mut folded, mut alike) = (0, 0, 0, false, true);
    for c in core.chars() {
        let letter = match c {
            'a'..='z' => {
                latin += 1;
                c
            }
            '\'' | '-' | '_' => {
                folded = true;
                continue;
            }
            _ => match look_alike(c).or_else(|| bare_letter(c)) {
                Some(letter) => {
                    foreign += usize::from(c.is_alphabetic());
                    replaced += 1;
                    alike &= !c.is_alphabetic() || is_indistinguishable(c) || bare_letter(c).is_some();
                    letter
                }
                // A word in another script is no disguise.
                None if c.is_alphabetic() => return Reading::AsWritten,
                None => {
                    replaced += 1;
                    continue;
                }
            },
        };
        if out.ends_with(letter) {
            folded = true;
        } else {
            out.push(letter);
        }
    }
    // "привет" is no disguise either, although each of its letters has a Latin neighbour.
    if latin == 0 && !alike {
        return Reading::AsWritten;
    }
    if out.len() < SHORTEST || latin + foreign == 0 || replaced + usize::from(folded) == 0 {
        return Reading::AsWritten;
    }
    if replaced > 0 { Reading::Revealed } else { Reading::Folded }
}

/// The one letter a piece consists of, apart from punctuation: a part of a spaced-out word.
pub fn single_letter(piece: &str) -> Option<char> {
    let mut chars = piece.chars().filter(|c| !c.is_ascii_punctuation() || matches!(c, '@' | '$'));
    match (chars.next(), chars.next()) {
        (Some(c @ 'a'..='z'), None) => Some(c),
        // Digits in a row are a list, not a word.
        (Some(c), None) if !c.is_numeric() => look_alike(c),
        _ => None,
    }
}

/// The letter without its accents.
fn bare_letter(c: char) -> Option<char> {
    std::iter::once(c).nfd().next().filter(char::is_ascii_lowercase)
}

/// Whether a letter of another script looks exactly like a Latin one.
fn is_indistinguishable(c: char) -> bool {
    "аеорсухѕіјԁһӏԛԝοϲɡ".contains(c)
}

/// The Latin letter that a digit, symbol or letter of another script is taken for.
fn look_alike(c: char) -> Option<char> {
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

#[cfg(test)]
mod tests {
    use super::{Reading, read, single_letter};

    fn reads(piece: &str) -> (Reading, String) {
        let mut out = String::new();
        (read(piece, &mut out), out)
    }

    #[test]
    fn disguises_are_read_through() {
        for (piece, word) in
            [("v1@gr.a", "viagra"), ("a$$hole", "ashole"), ("ѕех", "sex"), ("f.u.c.k!", "fuck"), ("ïdïöt", "idiot")]
        {
            assert_eq!(reads(piece), (Reading::Revealed, word.to_owned()), "{piece}");
        }
        assert_eq!(reads("fuuck"), (Reading::Folded, "fuck".to_owned()));
        assert_eq!(reads("well-known,").0, Reading::Folded);
    }

    #[test]
    fn ordinary_pieces_stay_as_written() {
        for piece in ["plain,", "2017", "$5", "привет", "ab", "", "日本", "(word)"] {
            assert_eq!(reads(piece).0, Reading::AsWritten, "{piece}");
        }
    }

    #[test]
    fn single_letters_are_seen_through_punctuation() {
        assert_eq!(single_letter("f."), Some('f'));
        assert_eq!(single_letter("$"), Some('s'));
        assert_eq!(single_letter("ab"), None);
    }
}
