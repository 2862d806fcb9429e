//! Restores disguised words: "v1@gr.a", "ѕex" and "fuuck" become "viagra", "sex" and "fuck".

mod letters;

use letters::{base_letter, is_homoglyph, is_latin_letter, latin_confusable, lookalike_letter, symbol_letter};

/// Minimum number of letters in a restored word.
const MIN_REVEALED_LETTERS: usize = 3;

/// Maximum length of a piece that is examined, in bytes. Words are shorter.
const MAX_PIECE_BYTES: usize = 64;

/// How the restored form of a piece differs from the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deobfuscation {
    /// The piece reads as written, or its restored form is not a word.
    AsWritten,
    /// Doubled letters, hyphens or apostrophes were removed. Ordinary text has these, too.
    Folded,
    /// Look-alikes were replaced by letters, or symbols between letters were removed.
    Revealed,
}

/// Writes the restored form of a piece of normalized text to `out`: Latin letters only, none doubled.
pub fn deobfuscate(piece: &str, out: &mut String) -> Deobfuscation {
    out.clear();
    let core = piece.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '$');
    if core.len() > MAX_PIECE_BYTES {
        return Deobfuscation::AsWritten;
    }
    let (mut latin, mut foreign, mut replaced, mut folded, mut all_homoglyphs) = (0, 0, 0, false, true);
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
            _ => match lookalike_letter(c).or_else(|| base_letter(c)) {
                Some(letter) => {
                    foreign += usize::from(c.is_alphabetic());
                    replaced += 1;
                    all_homoglyphs &= !c.is_alphabetic() || is_homoglyph(c) || base_letter(c).is_some();
                    letter
                }
                // A word in another script is not a disguise.
                None if c.is_alphabetic() => return Deobfuscation::AsWritten,
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
    // "привет" is not a disguise either, although each of its letters resembles a Latin one.
    if latin == 0 && !all_homoglyphs {
        return Deobfuscation::AsWritten;
    }
    if out.len() < MIN_REVEALED_LETTERS || latin + foreign == 0 || replaced + usize::from(folded) == 0 {
        return Deobfuscation::AsWritten;
    }
    if replaced > 0 { Deobfuscation::Revealed } else { Deobfuscation::Folded }
}

/// Marks that stand between words where a space is missing, so that the text they join may be several words.
const BETWEEN_WORDS: &str = ".,;:?/'\\\"()[]{}&…–—‚„“”";

/// Maximum length of a piece that is searched for a disguised word, in bytes, including combining marks.
const MAX_DISGUISE_BYTES: usize = 256;

/// Minimum number of letters in a word that is written entirely in another script, or with a dot after each letter.
const MIN_FOREIGN_LETTERS: usize = 4;

/// Returns the word that a piece of normalized text disguises with look-alikes of other scripts, digits, symbols, and marks
/// between letters. Returns `None` if the piece is not disguised. Doubled letters are kept, and so are letters with accents,
/// which make other words in their languages. `context_is_latin` says whether the text around the piece is Latin: then a word
/// entirely in another script may also be a disguise.
pub fn undisguised_word(core: &str, context_is_latin: bool) -> Option<String> {
    if core.len() > MAX_DISGUISE_BYTES {
        return None;
    }
    let parts = || core.split(|c| BETWEEN_WORDS.contains(c));
    let is_joined = parts().count() > 1;
    if is_joined && parts().any(|part| part.chars().nth(1).is_some()) {
        return None;
    }
    let mut word = String::with_capacity(core.len());
    let (mut latin_letters, mut foreign_letters, mut digits, mut symbols) = (0, 0, 0, usize::from(is_joined));
    // Symbols that no language is written with, and letters of the Cyrillic and Greek alphabets.
    let (mut symbol_letters, mut alphabet_letters) = (0, 0);
    for c in core.chars() {
        if let Some(letter) = symbol_letter(c) {
            symbol_letters += 1;
            foreign_letters += 1;
            word.push(letter);
        } else if c.is_ascii_lowercase() || is_latin_letter(c) {
            latin_letters += 1;
            word.push(c);
        } else if c.is_alphabetic() {
            // A letter that resembles no Latin one stays as it is. The word it is compared with keeps it, too.
            foreign_letters += 1;
            alphabet_letters += usize::from(matches!(c, 'а'..='я' | 'α'..='ω'));
            word.push(latin_confusable(c));
        } else if let Some(letter) = lookalike_letter(c).filter(|_| !BETWEEN_WORDS.contains(c)) {
            digits += usize::from(c.is_ascii_digit());
            symbols += 1;
            word.push(letter);
        } else if c.is_numeric() {
            return None;
        } else {
            symbols += 1;
        }
    }
    let length = word.chars().count();
    // Short words of another language are not disguised, and short dotted letters are abbreviations.
    if length < MIN_FOREIGN_LETTERS && (is_joined || latin_letters == 0 && alphabet_letters == length) {
        return None;
    }
    let is_drawn = symbol_letters == length && length >= MIN_FOREIGN_LETTERS;
    let is_mixed = foreign_letters > 0 && (latin_letters > 0 || context_is_latin && symbol_letters < length) || is_drawn;
    // "A55" and "5G" are names, "1st" is a number.
    let is_marked = symbols > 0
        && (latin_letters > 1 || context_is_latin && foreign_letters > 1)
        && length > if digits > 0 { MIN_REVEALED_LETTERS } else { MIN_REVEALED_LETTERS - 1 };
    (length > 1 && (is_mixed || is_marked)).then_some(word)
}

/// Replaces each letter of another script in a word by the Latin letter that it resembles. The result can be compared with that
/// of [`undisguised_word`].
pub fn skeleton(word: &str) -> String {
    word.chars()
        .map(|c| if c.is_ascii() || is_latin_letter(c) || !c.is_alphabetic() { c } else { latin_confusable(c) })
        .collect()
}

/// Returns a word of Latin letters without its accents. Returns `None` if it has fewer than `MIN_ACCENTED` letters or
/// `MIN_ACCENTS` accents: a short word, or one with a single accent, is an ordinary word in many languages ("schwül").
pub fn strip_accents(word: &str) -> Option<String> {
    if word.is_ascii() || word.chars().nth(MIN_ACCENTED - 1).is_none() {
        return None;
    }
    let mut accents = 0;
    let mut bare = String::with_capacity(word.len());
    for c in word.chars() {
        accents += usize::from(!c.is_ascii());
        bare.push(if c.is_ascii_lowercase() { c } else { base_letter(c)? });
    }
    (accents >= MIN_ACCENTS).then_some(bare)
}

/// Minimum number of letters in a word that is read without its accents.
const MIN_ACCENTED: usize = 5;
/// Minimum number of accents in such a word.
const MIN_ACCENTS: usize = 2;

/// Returns the single letter that a piece consists of apart from punctuation. Returns `None` if there is no letter or more than
/// one. Spaced-out words consist of such pieces.
pub fn single_letter(piece: &str) -> Option<char> {
    let mut chars = piece.chars().filter(|c| !c.is_ascii_punctuation() || matches!(c, '@' | '$'));
    match (chars.next(), chars.next()) {
        (Some(c @ 'a'..='z'), None) => Some(c),
        // Single digits in a row are a list, not a word.
        (Some(c), None) if !c.is_numeric() => lookalike_letter(c).or_else(|| symbol_letter(c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Deobfuscation, deobfuscate, single_letter, skeleton, strip_accents, undisguised_word};

    fn reads(piece: &str) -> (Deobfuscation, String) {
        let mut out = String::new();
        (deobfuscate(piece, &mut out), out)
    }

    #[test]
    fn disguises_are_read_through() {
        for (piece, word) in
            [("v1@gr.a", "viagra"), ("a$$hole", "ashole"), ("ѕех", "sex"), ("f.u.c.k!", "fuck"), ("ïdïöt", "idiot")]
        {
            assert_eq!(reads(piece), (Deobfuscation::Revealed, word.to_owned()), "{piece}");
        }
        assert_eq!(reads("fuuck"), (Deobfuscation::Folded, "fuck".to_owned()));
        assert_eq!(reads("well-known,").0, Deobfuscation::Folded);
    }

    #[test]
    fn ordinary_pieces_stay_as_written() {
        for piece in ["plain,", "2017", "$5", "привет", "ab", "", "日本", "(word)"] {
            assert_eq!(reads(piece).0, Deobfuscation::AsWritten, "{piece}");
        }
    }

    #[test]
    fn accents_are_left_out_only_where_several_disguise_a_long_word() {
        assert_eq!(strip_accents("vìàgrá").as_deref(), Some("viagra"));
        for word in ["viagra", "schwül", "cône", "çöp", "sıkıldım", "привёт"] {
            assert_eq!(strip_accents(word), None, "{word}");
        }
    }

    #[test]
    fn single_letters_are_seen_through_punctuation() {
        assert_eq!(single_letter("f."), Some('f'));
        assert_eq!(single_letter("$"), Some('s'));
        assert_eq!(single_letter("ab"), None);
    }

    #[test]
    fn a_word_in_disguise_is_seen_through_and_no_other_word_is_made() {
        for (piece, word) in [
            ("vіаgrа", "viagra"),
            ("ѵiagra", "viagra"),
            ("ᴠɪᴀɢʀᴀ", "viagra"),
            ("v1agra", "viagra"),
            ("v1@gr@", "viagra"),
            ("v-i-a-g-r-a", "viagra"),
            ("v.i.a.g.r.a", "viagra"),
            ("via-gra", "viagra"),
            ("via*gra", "viagra"),
            ("vi_agra", "viagra"),
            ("a$$hole", "asshole"),
            ("sh!t", "shit"),
            ("аss", "ass"),
            ("ɡοοԁ", "good"),
            ("p\u{585}rn", "porn"),
            ("🅥🅘🅐🅖🅡🅐", "viagra"),
            ("🆅🅸🅰🅶🆁🅰", "viagra"),
            ("🇻🇮🇦🇬🇷🇦", "viagra"),
            ("ꓦꓲꓮꓖꓣꓮ", "viagra"),
            ("vꓲagra", "viagra"),
        ] {
            assert_eq!(undisguised_word(piece, true).as_deref(), Some(word), "{piece}");
        }
        for piece in [
            "plain",
            "a55",
            "5g",
            "1st",
            "pen.is",
            "and/or",
            "me,too",
            "2017",
            "schwül",
            "sık",
            "groß",
            "can't.stop",
            "he'll",
            "i'm",
            "сор",
            "a.s.s",
            "c.o.p",
            "🇨🇴🇵",
        ] {
            assert_eq!(undisguised_word(piece, true), None, "{piece}");
        }
        assert_eq!((undisguised_word("роре", true).as_deref(), undisguised_word("роре", false)), (Some("pope"), None));
        assert_eq!(undisguised_word("кaзинo", false), Some(skeleton("казино")));
        assert_eq!(skeleton("schwül ass"), "schwül ass");
    }
}
