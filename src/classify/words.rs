//! Small word classes per language, from which scope marks are derived.

mod classes;
mod lookup;

use std::collections::HashMap;
use std::sync::LazyLock;

use isolang::Language;

pub use self::classes::{WordClasses, Words};
pub use self::lookup::look_up;
use super::language::HINGLISH;
use super::lexicon::{self, word_hash};
use crate::reading::text::ScoringText;

/// Returns the classified words of a language. Returns `None` if the language has no word file.
pub fn for_language(language: Language) -> Option<&'static Words> {
    WORDS.get(&language)
}

/// Returns whether adjectives mostly follow their nouns in a language.
pub fn has_postposed_adjectives(language: Language) -> bool {
    let languages = [
        Language::Ara,
        Language::Fas,
        Language::Fra,
        Language::Ind,
        Language::Ita,
        Language::Por,
        Language::Ron,
        Language::Spa,
        Language::Vie,
    ];
    languages.contains(&language)
}

/// The word files of all languages except English.
const FILES: [(Language, &str); 26] = [
    (Language::Ara, include_str!("words/ar.txt")),
    (Language::Ces, include_str!("words/cs.txt")),
    (Language::Dan, include_str!("words/da.txt")),
    (Language::Deu, include_str!("words/de.txt")),
    (Language::Ell, include_str!("words/el.txt")),
    (Language::Spa, include_str!("words/es.txt")),
    (Language::Fas, include_str!("words/fa.txt")),
    (Language::Fin, include_str!("words/fi.txt")),
    (Language::Fra, include_str!("words/fr.txt")),
    (Language::Hin, include_str!("words/hi.txt")),
    (Language::Hun, include_str!("words/hu.txt")),
    (Language::Ind, include_str!("words/id.txt")),
    (Language::Ita, include_str!("words/it.txt")),
    (Language::Jpn, include_str!("words/ja.txt")),
    (Language::Kor, include_str!("words/ko.txt")),
    (Language::Nld, include_str!("words/nl.txt")),
    (Language::Pol, include_str!("words/pl.txt")),
    (Language::Por, include_str!("words/pt.txt")),
    (Language::Ron, include_str!("words/ro.txt")),
    (Language::Rus, include_str!("words/ru.txt")),
    (Language::Swe, include_str!("words/sv.txt")),
    (Language::Tur, include_str!("words/tr.txt")),
    (Language::Ukr, include_str!("words/uk.txt")),
    (Language::Vie, include_str!("words/vi.txt")),
    (Language::Zho, include_str!("words/zh.txt")),
    (HINGLISH, include_str!("words/hi-Latn.txt")),
];

/// The classified words of every language, parsed on first use.
static WORDS: LazyLock<HashMap<Language, Words>> = LazyLock::new(|| {
    let english = format!(
        "{}\n{}\ngroup: {}",
        include_str!("words/en.txt"),
        include_str!("words/en-contempt.txt"),
        lexicon::IDENTITY_TERMS
    );
    let others = FILES.iter().map(|(language, file)| (*language, parse_file(file)));
    others.chain([(Language::Eng, parse_file(&english))]).collect()
});

/// Parses a word file. Lines whose class name is unknown are skipped.
fn parse_file(text: &str) -> Words {
    let (mut all, mut normal) = (Words::default(), ScoringText::default());
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    for (name, words) in lines {
        let Some((_, class)) = WordClasses::NAMES.iter().find(|(known, _)| *known == name) else { continue };
        for word in words.split_whitespace() {
            // Tokens are normalised in the same way.
            normal.normalize(word);
            let classes = all.entry(word_hash(normal.as_str().as_bytes())).or_default();
            *classes = classes.union(*class);
        }
    }
    all
}
