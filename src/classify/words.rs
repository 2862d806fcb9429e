//! Small classes of words, language by language, that the marks of scope are made from.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use isolang::Language;

use super::language::HINGLISH;
use super::lexicon::{self, Classes, Ready, word_hash};
use super::text::Text;
use super::token::{Kind, Token};

/// The classes that a word belongs to in one language, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordClasses(u32);

impl WordClasses {
    /// Addresses the reader: "you", "your".
    pub const YOU: WordClasses = WordClasses(1);
    /// Speaks of the author: "I", "our".
    pub const SELF: WordClasses = WordClasses(1 << 1);
    /// Speaks of somebody named before: "he", "them".
    pub const THIRD: WordClasses = WordClasses(1 << 2);
    /// Speaks of a thing: "it", "this".
    pub const THING: WordClasses = WordClasses(1 << 3);
    /// Links a subject with what is said of it: "is", "are".
    pub const COPULA: WordClasses = WordClasses(1 << 4);
    /// Turns round what follows: "not", "never".
    pub const NEGATOR: WordClasses = WordClasses(1 << 5);
    /// Speaks of what should, will or might be: "should", "hope".
    pub const MODAL: WordClasses = WordClasses(1 << 6);
    /// Tells what somebody said or what a story tells: "called", "film".
    pub const REPORT: WordClasses = WordClasses(1 << 7);
    /// Contradicts contempt: "racist", "unacceptable".
    pub const COUNTER: WordClasses = WordClasses(1 << 8);
    /// Carries no content between a verb and its object: "a", "all", "such".
    pub const INTENSIFIER: WordClasses = WordClasses(1 << 9);
    /// A person of no group: "man", "author".
    pub const PERSON: WordClasses = WordClasses(1 << 10);
    /// A noun that insults a person.
    pub const INSULT: WordClasses = WordClasses(1 << 11);
    /// Contempt, of people or of things: "stupid", "trash".
    pub const CONTEMPT: WordClasses = WordClasses(1 << 12);
    /// Speaks of people as of animals or a disease.
    pub const DEHUMAN: WordClasses = WordClasses(1 << 13);
    /// A slur for a group of people.
    pub const SLUR: WordClasses = WordClasses(1 << 14);
    /// Swearing.
    pub const OBSCENE: WordClasses = WordClasses(1 << 15);
    /// Violence and death.
    pub const HARM: WordClasses = WordClasses(1 << 16);
    /// Hatred: "hate", "despise".
    pub const HATE: WordClasses = WordClasses(1 << 17);
    /// Driving people out: "deport", "ban".
    pub const EXPEL: WordClasses = WordClasses(1 << 18);
    /// A hostile sentence in a few letters: "stfu".
    pub const SHORT: WordClasses = WordClasses(1 << 19);
    /// Praise and affection.
    pub const PRAISE: WordClasses = WordClasses(1 << 20);
    /// The name of a group of people.
    pub const GROUP: WordClasses = WordClasses(1 << 21);

    /// Begins another clause: "but", "who".
    pub const CLAUSE: WordClasses = WordClasses(1 << 22);
    /// Makes a condition: "if", "unless".
    pub const IF: WordClasses = WordClasses(1 << 23);

    /// What spam sells with.
    pub const SPAM: WordClasses = WordClasses(1 << 24);
    /// Carries no content of its own.
    pub const FUNCTION: WordClasses = WordClasses(1 << 25);

    /// The classes by their names in the files.
    const NAMES: [(&'static str, WordClasses); 26] = [
        ("you", WordClasses::YOU),
        ("self", WordClasses::SELF),
        ("third", WordClasses::THIRD),
        ("thing", WordClasses::THING),
        ("copula", WordClasses::COPULA),
        ("negator", WordClasses::NEGATOR),
        ("modal", WordClasses::MODAL),
        ("report", WordClasses::REPORT),
        ("counter", WordClasses::COUNTER),
        ("intensifier", WordClasses::INTENSIFIER),
        ("person", WordClasses::PERSON),
        ("insult", WordClasses::INSULT),
        ("contempt", WordClasses::CONTEMPT),
        ("dehuman", WordClasses::DEHUMAN),
        ("slur", WordClasses::SLUR),
        ("obscene", WordClasses::OBSCENE),
        ("harm", WordClasses::HARM),
        ("hate", WordClasses::HATE),
        ("expel", WordClasses::EXPEL),
        ("short", WordClasses::SHORT),
        ("praise", WordClasses::PRAISE),
        ("group", WordClasses::GROUP),
        ("clause", WordClasses::CLAUSE),
        ("if", WordClasses::IF),
        ("spam", WordClasses::SPAM),
        ("function", WordClasses::FUNCTION),
    ];

    /// Returns the classes of the lexicon that these stand for in another language than English.
    pub fn in_lexicon(self) -> Classes {
        let pairs = [
            (Self::YOU, Classes::YOU),
            (Self::SELF, Classes::I),
            (Self::NEGATOR, Classes::NEGATOR),
            (Self::GROUP, Classes::IDENTITY),
            (Self::HARM, Classes::HARM),
            (Self::INSULT.and(Self::CONTEMPT).and(Self::SLUR).and(Self::DEHUMAN), Classes::CONTEMPT),
            (Self::PRAISE, Classes::PRAISE),
            (Self::SPAM, Classes::WARES),
            (Self::FUNCTION, Classes::FUNCTION),
        ];
        let of = pairs.into_iter().filter(|(class, _)| self.has(*class));
        of.fold(Classes::default(), |all, (_, class)| all.and(class))
    }

    /// Returns whether the word is in one of the classes of `other`.
    #[inline]
    pub fn has(self, other: WordClasses) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the classes of both.
    pub const fn and(self, other: WordClasses) -> WordClasses {
        WordClasses(self.0 | other.0)
    }
}

/// The classified words of one language by their hashes.
pub type Words = HashMap<u64, WordClasses, BuildHasherDefault<Ready>>;

/// Returns the classified words of a language, or `None` if there are none.
pub fn of(language: Language) -> Option<&'static Words> {
    WORDS.get(&language)
}

/// Returns whether adjectives mostly stand behind their nouns in a language.
pub fn adjectives_follow(language: Language) -> bool {
    let follow = [
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
    follow.contains(&language)
}

/// The files of classes of all languages but English.
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

static WORDS: LazyLock<HashMap<Language, Words>> = LazyLock::new(|| {
    let english =
        format!("{}\n{}\ngroup: {}", include_str!("words/en.txt"), include_str!("words/en-contempt.txt"), lexicon::IDENTITIES);
    let others = FILES.iter().map(|(language, file)| (*language, parse(file)));
    others.chain([(Language::Eng, parse(&english))]).collect()
});

/// Parses a file of classes. Lines of classes that are not known here serve other purposes.
fn parse(text: &str) -> Words {
    let (mut all, mut normal) = (Words::default(), Text::default());
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    for (name, words) in lines {
        let Some((_, class)) = WordClasses::NAMES.iter().find(|(known, _)| *known == name) else { continue };
        for word in words.split_whitespace() {
            // As tokens are read.
            normal.read(word);
            let classes = all.entry(word_hash(normal.as_str().as_bytes())).or_default();
            *classes = classes.and(*class);
        }
    }
    all
}

/// Longest entry of languages that are written without spaces, in characters.
const LONGEST: usize = 6;
/// The shortest part of a Korean word that is looked up: particles follow it without a space.
const SHORTEST_STEM: usize = 2;

/// Returns the classes of the word at a place among the tokens, and how many tokens it has. Scripts without spaces have a token
/// for each character: there the longest entry counts. In Korean the longest beginning of a word does.
pub fn look_up(words: &Words, text: &str, tokens: &[Token], at: usize) -> (WordClasses, usize) {
    let Some(token) = tokens.get(at) else { return (WordClasses::default(), 1) };
    let written = |end: u16| text.get(usize::from(token.start)..usize::from(end)).unwrap_or_default();
    if token.kind == Kind::Ideograph {
        let run = tokens[at..].iter().take(LONGEST).take_while(|token| token.kind == Kind::Ideograph);
        let ends: Vec<u16> = run.map(|token| token.end).collect();
        let found = ends.iter().enumerate().rev().find_map(|(more, end)| {
            let classes = words.get(&word_hash(written(*end).as_bytes()))?;
            Some((*classes, more + 1))
        });
        return found.unwrap_or((WordClasses::default(), 1));
    }
    if let Some(classes) = words.get(&token.hash) {
        return (*classes, 1);
    }
    let word = written(token.end);
    if word.starts_with(|c: char| ('가'..='힣').contains(&c)) {
        let ends = word.char_indices().map(|(at, _)| at).skip(SHORTEST_STEM).collect::<Vec<usize>>();
        let stem = ends.into_iter().rev().find_map(|end| words.get(&word_hash(&word.as_bytes()[..end])));
        return (stem.copied().unwrap_or_default(), 1);
    }
    (WordClasses::default(), 1)
}
