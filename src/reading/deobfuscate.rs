//! Reads words as they are meant: "v1@gr.a", "ѕex" and "fuuck" become "viagra", "sex" and "fuck".

mod letters;

use letters::{base_letter, is_homoglyph, is_latin_letter, latin_confusable, lookalike_letter, symbol_letter};

/// The fewest letters a revealed word may have.
const MIN_REVEALED_LETTERS: usize = 3;

/// The most bytes of a piece that are looked at; words are shorter.
const MAX_PIECE_BYTES: usize = 64;

/// What was found in a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deobfuscation {
    /// Nothing to read differently, or nothing that makes a word.
    AsWritten,
    /// Doubled letters, hyphens or apostrophes left out: how people write anyway.
    Folded,
    /// Letters replaced by look-alikes, or symbols put between them.
    Revealed,
}

/// Writes to `out` how a piece of normalised text reads: Latin letters only, none doubled.
pub fn deobfuscate(piece: &str, out: &mut String) -> Deobfuscation {
    out.clear();
    let core = piece.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '$');
    if core.len() > MAX_PIECE_BYTES {
        return Deobfuscation::AsWritten;
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
            _ => match lookalike_letter(c).or_else(|| base_letter(c)) {
                Some(letter) => {
                    foreign += usize::from(c.is_alphabetic());
                    replaced += 1;
                    alike &= !c.is_alphabetic() || is_homoglyph(c) || base_letter(c).is_some();
                    letter
                }
                // A word in another script is no disguise.
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
    // "привет" is no disguise either, although each of its letters has a Latin neighbour.
    if latin == 0 && !alike {
        return Deobfuscation::AsWritten;
    }
    if out.len() < MIN_REVEALED_LETTERS || latin + foreign == 0 || replaced + usize::from(folded) == 0 {
        return Deobfuscation::AsWritten;
    }
    if replaced > 0 { Deobfuscation::Revealed } else { Deobfuscation::Folded }
}

/// Marks that stand between words where a space was forgotten, so that what they join may be no word.
const BETWEEN_WORDS: &str = ".,;:?/'\\\"()[]{}&…–—‚„“”";

/// The most bytes of a piece in which a word is looked for, marks on its letters included.
const MAX_DISGUISE_BYTES: usize = 256;

/// The fewest letters of a word that is all in letters of another script, or all letters with dots.
const MIN_FOREIGN_LETTERS: usize = 4;

/// Returns the word that a piece of normalised text is written for with look-alikes of other scripts, digits, symbols and
/// marks between its letters, or `None` if it is no such piece. Doubled letters stay, and so do letters with accents, which
/// make other words of their languages. `latin` tells whether the text around it is Latin: a word all in another script may
/// then be a disguise too.
pub fn undisguised_word(core: &str, latin: bool) -> Option<String> {
    if core.len() > MAX_DISGUISE_BYTES {
        return None;
    }
    let parts = || core.split(|c| BETWEEN_WORDS.contains(c));
    let joins = parts().count() > 1;
    if joins && parts().any(|part| part.chars().nth(1).is_some()) {
        return None;
    }
    let mut word = String::with_capacity(core.len());
    let (mut own, mut foreign, mut digits, mut symbols) = (0, 0, 0, usize::from(joins));
    // Letters that no language is written with, and others that are in alphabets.
    let (mut drawn, mut of_alphabet) = (0, 0);
    for c in core.chars() {
        if let Some(letter) = symbol_letter(c) {
            drawn += 1;
            foreign += 1;
            word.push(letter);
        } else if c.is_ascii_lowercase() || is_latin_letter(c) {
            own += 1;
            word.push(c);
        } else if c.is_alphabetic() {
            // A letter that nobody takes for a Latin one counts as it is, and both sides are compared so.
            foreign += 1;
            of_alphabet += usize::from(matches!(c, 'а'..='я' | 'α'..='ω'));
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
    // Short words of another language are in no disguise, and short rows of letters with dots are abbreviations.
    if length < MIN_FOREIGN_LETTERS && (joins || own == 0 && of_alphabet == length) {
        return None;
    }
    let is_drawn = drawn == length && length >= MIN_FOREIGN_LETTERS;
    let is_mixed = foreign > 0 && (own > 0 || latin && drawn < length) || is_drawn;
    // "A55" and "5G" are names, "1st" is a number.
    let is_marked = symbols > 0
        && (own > 1 || latin && foreign > 1)
        && length > if digits > 0 { MIN_REVEALED_LETTERS } else { MIN_REVEALED_LETTERS - 1 };
    (length > 1 && (is_mixed || is_marked)).then_some(word)
}

/// Returns a word with each letter of another script as the Latin one that it looks like: what [`seen_through`] is compared
/// with.
pub fn skeleton(word: &str) -> String {
    word.chars()
        .map(|c| if c.is_ascii() || is_latin_letter(c) || !c.is_alphabetic() { c } else { latin_confusable(c) })
        .collect()
}

/// Returns a word of Latin letters without its accents, or `None` unless it has at least two letters with accents and so many
/// letters that hardly another word is meant. One accent makes other words of many languages ("schwül").
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

/// The fewest letters of a word that is read without its accents, and the fewest accents.
const MIN_ACCENTED: usize = 5;
const MIN_ACCENTS: usize = 2;

/// The one letter a piece consists of, apart from punctuation: a part of a spaced-out word.
pub fn single_letter(piece: &str) -> Option<char> {
    let mut chars = piece.chars().filter(|c| !c.is_ascii_punctuation() || matches!(c, '@' | '$'));
    match (chars.next(), chars.next()) {
        (Some(c @ 'a'..='z'), None) => Some(c),
        // Digits in a row are a list, not a word.
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
