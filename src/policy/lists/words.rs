//! Lists of words and phrases, and how they match.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use crate::reading::deobfuscate::skeleton;
use crate::reading::text::NormalizedText;
use crate::reading::word::{MASK, MIN_MASKED, Word, WordForm, fold_case};

/// A list of words and phrases. They match whole words (Unicode UAX #29) in any case and in each reading of a text: also with
/// look-alike characters, with invisible characters between the letters, and in disguise.
#[derive(Debug, Clone, Default)]
pub struct WordList {
    /// Shared between clones: each site's policy starts as a clone of the default.
    index: Arc<PhraseIndex>,
}

/// Phrases, indexed by their first word.
#[derive(Debug, Default)]
struct PhraseIndex {
    count: usize,
    phrases: Vec<Phrase>,
    /// Positions in `phrases`, by first word.
    by_first: HashMap<String, Vec<usize>>,
    /// Positions in `phrases`, by the skeleton of the first word.
    by_skeleton: HashMap<String, Vec<usize>>,
    /// Positions in `phrases`, by the first word with each inner letter masked in turn.
    by_masked: HashMap<String, Vec<usize>>,
}

/// Maximum length of a word that is matched with a masked letter, in letters.
const MAX_MASKED: usize = 24;

/// A phrase: its position in the list, its words, and their skeletons.
#[derive(Debug)]
struct Phrase {
    place: usize,
    words: Vec<String>,
    skeletons: Vec<String>,
}

impl WordList {
    /// Splits a phrase into words, in lower case.
    ///
    /// # Errors
    /// Returns an error if the phrase contains no word.
    pub fn parse(phrase: &str) -> Result<Vec<String>, String> {
        let words: Vec<String> = phrase.unicode_words().map(str::to_lowercase).collect();
        if words.is_empty() { Err("contains no word: a letter or digit is required".to_owned()) } else { Ok(words) }
    }

    /// Creates a list of phrases, each given as its words.
    pub fn new(phrases: Vec<Vec<String>>) -> Self {
        let mut index = PhraseIndex { count: phrases.len(), ..PhraseIndex::default() };
        for (place, words) in phrases.into_iter().enumerate() {
            // Texts are normalized before the comparison, so phrases must also match in normal form.
            let normal = NormalizedText::normalize(&words.join(" "), |c| c);
            let normal: Vec<String> = normal.as_str().unicode_words().map(str::to_owned).collect();
            if normal != words && !normal.is_empty() {
                index.add(place, normal);
            }
            index.add(place, words);
        }
        Self { index: index.into() }
    }

    /// Returns the number of phrases.
    pub fn count(&self) -> usize {
        self.index.count
    }

    /// Returns whether no phrase can match.
    pub fn is_empty(&self) -> bool {
        self.index.phrases.is_empty()
    }

    /// Returns each match of a phrase in the readings of a text: the phrase's position in the list and the byte range that it
    /// covers, in the order of the text.
    pub fn find(&self, readings: &[Vec<Word>]) -> Vec<(usize, Range<usize>)> {
        let mut found: Vec<(usize, Range<usize>)> = Vec::new();
        if self.is_empty() {
            return found;
        }
        for words in readings {
            for (i, word) in words.iter().enumerate() {
                let here = words.get(i..).unwrap_or_default();
                let matches = self.index.candidates(word).filter(|phrase| phrase.matches_prefix_of(here));
                found.extend(matches.filter_map(|phrase| {
                    let last = here.get(phrase.words.len() - 1)?;
                    // In a reading from right to left, the last word comes first in the text.
                    Some((phrase.place, word.span.start.min(last.span.start)..word.span.end.max(last.span.end)))
                }));
            }
        }
        // The same range may match in several readings.
        found.sort_by_key(|(place, at)| (*place, at.start));
        found.dedup_by(|later, earlier| later.0 == earlier.0 && later.1.start < earlier.1.end);
        found.sort_by_key(|(place, at)| (at.start, *place));
        found
    }
}

impl PhraseIndex {
    fn add(&mut self, place: usize, words: Vec<String>) {
        let words: Vec<String> = words.iter().map(|word| fold_case(word)).collect();
        let skeletons: Vec<String> = words.iter().map(|word| skeleton(word)).collect();
        if let (Some(word), Some(skeleton)) = (words.first(), skeletons.first()) {
            self.by_first.entry(word.clone()).or_default().push(self.phrases.len());
            self.by_skeleton.entry(skeleton.clone()).or_default().push(self.phrases.len());
            for masked in masked_forms(word) {
                self.by_masked.entry(masked).or_default().push(self.phrases.len());
            }
            self.phrases.push(Phrase { place, words, skeletons });
        }
    }

    /// Returns the phrases whose first word matches a word of a text.
    fn candidates(&self, word: &Word) -> impl Iterator<Item = &Phrase> {
        let index = match word.form {
            WordForm::Plain => &self.by_first,
            WordForm::Disguised => &self.by_skeleton,
            WordForm::Masked => &self.by_masked,
        };
        let places = index.get(&word.text);
        places.into_iter().flatten().filter_map(|place| self.phrases.get(*place))
    }
}

impl Phrase {
    /// Returns whether `words` start with the phrase.
    fn matches_prefix_of(&self, words: &[Word]) -> bool {
        let wanted = self.words.iter().zip(&self.skeletons);
        words.len() >= self.words.len()
            && words.iter().zip(wanted).all(|(word, (plain, skeleton))| match word.form {
                WordForm::Plain => word.text == *plain,
                WordForm::Disguised => word.text == *skeleton,
                WordForm::Masked => matches_masked(&word.text, plain),
            })
    }
}

/// Returns a word with each inner letter masked in turn. Returns nothing for a word that is too short or too long or that
/// contains other characters than letters.
fn masked_forms(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().take(MAX_MASKED + 1).collect();
    if !(MIN_MASKED..=MAX_MASKED).contains(&letters.len()) || !letters.iter().all(|c| c.is_alphabetic()) {
        return Vec::new();
    }
    let masked = |at: usize| letters.iter().enumerate().map(|(i, c)| if i == at { MASK } else { *c }).collect();
    (1..letters.len() - 1).map(masked).collect()
}

/// Returns whether `text` is `word` with any of its letters masked.
fn matches_masked(text: &str, word: &str) -> bool {
    text.chars().count() == word.chars().count() && text.chars().zip(word.chars()).all(|(c, letter)| c == MASK || c == letter)
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::word::readings;

    fn find(words: &WordList, text: &str) -> Vec<(usize, Range<usize>)> {
        words.find(&readings(text))
    }

    #[test]
    fn words_match_whole_and_in_any_case_and_phrases_in_order() {
        let words = WordList::new(vec![WordList::parse("ass").unwrap(), WordList::parse("buy now").unwrap()]);
        assert_eq!(find(&words, "An ASS, not a class"), [(0, 3..6)]);
        assert_eq!(find(&words, "buy it now"), []);
        assert_eq!(find(&words, "BUY   now!"), [(1, 0..9)]);
        assert!(WordList::parse("!!").is_err());
    }

    #[test]
    fn words_match_what_is_read_and_not_how_it_is_spelled() {
        let words = WordList::new(vec![WordList::parse("viagra").unwrap(), WordList::parse("Buy Now").unwrap()]);
        for (text, place, part) in [
            ("some VIAGRA!", 0, "VIAGRA"),
            ("some vi\u{200B}agra!", 0, "vi\u{200B}agra"),
            ("some v\u{AD}i\u{2060}a\u{FEFF}gra!", 0, "v\u{AD}i\u{2060}a\u{FEFF}gra"),
            ("some via\u{1}gra!", 0, "via\u{1}gra"),
            ("some ｖｉａｇｒａ!", 0, "ｖｉａｇｒａ"),
            ("some 𝓿𝓲𝓪𝓰𝓻𝓪!", 0, "𝓿𝓲𝓪𝓰𝓻𝓪"),
            ("some Ⓥⓘⓐⓖⓡⓐ!", 0, "Ⓥⓘⓐⓖⓡⓐ"),
            ("some vіаgrа!", 0, "vіаgrа"),
            ("some vi&#97;gr&#x61;!", 0, "vi&#97;gr&#x61;"),
            ("some vi&shy;agra!", 0, "vi&shy;agra"),
            ("some v\u{336}i\u{336}a\u{336}gra!", 0, "v\u{336}i\u{336}a\u{336}gra"),
            ("some v1agra!", 0, "v1agra"),
            ("some v!@gr@, ok", 0, "v!@gr@"),
            ("some v.i.a.g.r.a!", 0, "v.i.a.g.r.a"),
            ("some v i a g r a!", 0, "v i a g r a!"),
            ("some viaaaagra!", 0, "viaaaagra"),
            ("b\u{200B}uy   n0w no", 1, ""),
            ("please ｂｕｙ\u{A0}NOW!", 1, "ｂｕｙ\u{A0}NOW"),
            ("please b-u-y nοw", 1, "b-u-y nοw"),
        ] {
            let expected = text.find(part).filter(|_| !part.is_empty()).map(|at| (place, at..at + part.len()));
            assert_eq!(find(&words, text), Vec::from_iter(expected), "{text}");
        }
    }

    #[test]
    fn a_word_is_not_found_in_others_whatever_reads_like_it() {
        let parse = |word: &str| WordList::parse(word).unwrap();
        let words = WordList::new(
            ["ass", "penis", "cop", "cunt", "xxx", "hell", "schwul", "sik", "con", "god", "shit", "ll"].map(parse).into(),
        );
        for text in [
            "class assess as \u{200B}grass",
            "I lost my pen.Is it yours?",
            "the Galaxy A55 or the A$1",
            "наш сор и росс",
            "love, Anna xx",
            "he'll sh*w the class-room",
            "heute ist es schwül",
            "çok sık gelir",
            "a good cône of wood",
            "pass it, s hit",
            "Scunthorpe, and/or Essex: 455 http://ass.example/x",
            "S\u{200B}cunt\u{200B}horpe",
            "options a) s) s) or c) o) p)",
            "I said: a, s, s, c, o.",
            "A.S.S. Ltd at C.O.P. 26",
            "it is сор there",
            "he's gone; it's a hell.example",
            "we'll p*n s*t sh**t 5*5",
        ] {
            assert_eq!(find(&words, text), [], "{text}");
        }
    }

    #[test]
    fn words_match_however_they_are_typed() {
        let parse = |word: &str| WordList::parse(word).unwrap();
        let words = WordList::new(["viagra", "fuck", "fuck you", "buy now", "казино", "scheiße"].map(parse).into());
        for (text, place) in [
            ("viagra.Buy it", 0),
            ("viagra:cheap", 0),
            ("viagra_", 0),
            ("my viagra’s best", 0),
            ("l'viagra", 0),
            ("_viagra_x", 0),
            ("viagra.http://x.example/", 0),
            ("fuck_you", 2),
            ("fuck.you", 2),
            ("buy_now", 3),
            ("казино.Тут", 4),
            ("vìàgra", 0),
            ("vi\u{1160}ag\u{34F}ra", 0),
            ("vi\u{3164}ag\u{FFA0}ra", 0),
            ("ка\u{2800}зино", 4),
            ("so 🅥🅘🅐🅖🅡🅐 too", 0),
            ("so 🆅🅸🅰🅶🆁🅰 too", 0),
            ("so 🇻🇮🇦🇬🇷🇦 too", 0),
            ("so ꓦꓲꓮꓖꓣꓮ too", 0),
            ("\u{202E}argaiv\u{202C}", 0),
            ("\u{202E}won yub\u{202C}", 3),
            ("what the f*ck!", 1),
            ("vi#gra", 0),
            ("v, i, a, g, r, a", 0),
            ("SCHEISSE", 5),
            ("Scheiẞe", 5),
        ] {
            assert!(find(&words, text).iter().any(|(found, _)| *found == place), "{text}: {:?}", readings(text));
        }
    }

    #[test]
    fn words_of_other_scripts_match_in_mixed_letters_too() {
        let words = WordList::new(vec![WordList::parse("казино").unwrap()]);
        for text in ["лучшее казино тут", "лучшее кaзинo тут", "лучшее КАЗИНО тут", "лучшее ка\u{200B}зино тут"]
        {
            assert_eq!(find(&words, text).len(), 1, "{text}");
        }
    }
}
