//! The classes of words that a file of words can name.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::classify::lexicon::{IdentityHasher, LexicalClasses};

/// The classes that a word belongs to in one language, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordClasses(u32);

impl WordClasses {
    /// Addresses the reader: "you", "your".
    pub const SECOND_PERSON: WordClasses = WordClasses(1);
    /// Speaks of the author: "I", "our".
    pub const FIRST_PERSON: WordClasses = WordClasses(1 << 1);
    /// Speaks of somebody named before: "he", "them".
    pub const THIRD_PERSON: WordClasses = WordClasses(1 << 2);
    /// Speaks of a thing: "it", "this".
    pub const THING: WordClasses = WordClasses(1 << 3);
    /// Links a subject with what is said of it: "is", "are".
    pub const COPULA: WordClasses = WordClasses(1 << 4);
    /// Turns round what follows: "not", "never".
    pub const NEGATOR: WordClasses = WordClasses(1 << 5);
    /// Speaks of what should, will or might be: "should", "hope".
    pub const MODAL: WordClasses = WordClasses(1 << 6);
    /// Tells what somebody said or what a story tells: "called", "film".
    pub const REPORTING: WordClasses = WordClasses(1 << 7);
    /// Contradicts contempt: "racist", "unacceptable".
    pub const COUNTER_SPEECH: WordClasses = WordClasses(1 << 8);
    /// Carries no content between a verb and its object: "a", "all", "such".
    pub const INTENSIFIER: WordClasses = WordClasses(1 << 9);
    /// A person of no group: "man", "author".
    pub const PERSON: WordClasses = WordClasses(1 << 10);
    /// A noun that insults a person.
    pub const INSULT: WordClasses = WordClasses(1 << 11);
    /// Contempt, of people or of things: "stupid", "trash".
    pub const CONTEMPT: WordClasses = WordClasses(1 << 12);
    /// Speaks of people as of animals or a disease.
    pub const DEHUMANISING: WordClasses = WordClasses(1 << 13);
    /// A slur for a group of people.
    pub const SLUR: WordClasses = WordClasses(1 << 14);
    /// Swearing.
    pub const OBSCENE: WordClasses = WordClasses(1 << 15);
    /// Violence and death.
    pub const VIOLENCE: WordClasses = WordClasses(1 << 16);
    /// Hatred: "hate", "despise".
    pub const HATRED: WordClasses = WordClasses(1 << 17);
    /// Driving people out: "deport", "ban".
    pub const EXPULSION: WordClasses = WordClasses(1 << 18);
    /// A hostile sentence in a few letters: "stfu".
    pub const HOSTILE_ACRONYM: WordClasses = WordClasses(1 << 19);
    /// Praise and affection.
    pub const PRAISE: WordClasses = WordClasses(1 << 20);
    /// The name of a group of people.
    pub const GROUP_NAME: WordClasses = WordClasses(1 << 21);

    /// Begins another clause: "but", "who".
    pub const CLAUSE_START: WordClasses = WordClasses(1 << 22);
    /// Makes a condition: "if", "unless".
    pub const CONDITIONAL: WordClasses = WordClasses(1 << 23);

    /// What spam sells with.
    pub const SALES: WordClasses = WordClasses(1 << 24);
    /// Carries no content of its own.
    pub const FUNCTION: WordClasses = WordClasses(1 << 25);

    /// The classes by their names in the files.
    pub const NAMES: [(&'static str, WordClasses); 26] = [
        ("you", WordClasses::SECOND_PERSON),
        ("self", WordClasses::FIRST_PERSON),
        ("third", WordClasses::THIRD_PERSON),
        ("thing", WordClasses::THING),
        ("copula", WordClasses::COPULA),
        ("negator", WordClasses::NEGATOR),
        ("modal", WordClasses::MODAL),
        ("report", WordClasses::REPORTING),
        ("counter", WordClasses::COUNTER_SPEECH),
        ("intensifier", WordClasses::INTENSIFIER),
        ("person", WordClasses::PERSON),
        ("insult", WordClasses::INSULT),
        ("contempt", WordClasses::CONTEMPT),
        ("dehuman", WordClasses::DEHUMANISING),
        ("slur", WordClasses::SLUR),
        ("obscene", WordClasses::OBSCENE),
        ("harm", WordClasses::VIOLENCE),
        ("hate", WordClasses::HATRED),
        ("expel", WordClasses::EXPULSION),
        ("short", WordClasses::HOSTILE_ACRONYM),
        ("praise", WordClasses::PRAISE),
        ("group", WordClasses::GROUP_NAME),
        ("clause", WordClasses::CLAUSE_START),
        ("if", WordClasses::CONDITIONAL),
        ("spam", WordClasses::SALES),
        ("function", WordClasses::FUNCTION),
    ];

    /// Returns the classes of the lexicon that these stand for in another language than English.
    pub fn to_lexical(self) -> LexicalClasses {
        let pairs = [
            (Self::SECOND_PERSON, LexicalClasses::SECOND_PERSON_WORDS),
            (Self::FIRST_PERSON, LexicalClasses::FIRST_PERSON_WORDS),
            (Self::NEGATOR, LexicalClasses::NEGATOR),
            (Self::GROUP_NAME, LexicalClasses::IDENTITY),
            (Self::VIOLENCE, LexicalClasses::VIOLENCE_WORDS),
            (Self::INSULT.union(Self::CONTEMPT).union(Self::SLUR).union(Self::DEHUMANISING), LexicalClasses::CONTEMPT_WORDS),
            (Self::PRAISE, LexicalClasses::PRAISE_WORDS),
            (Self::SALES, LexicalClasses::SALES_WORDS),
            (Self::FUNCTION, LexicalClasses::FUNCTION),
        ];
        let of = pairs.into_iter().filter(|(class, _)| self.intersects(*class));
        of.fold(LexicalClasses::default(), |all, (_, class)| all.union(class))
    }

    /// Returns whether the word is in one of the classes of `other`.
    #[inline]
    pub fn intersects(self, other: WordClasses) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the classes of both.
    pub const fn union(self, other: WordClasses) -> WordClasses {
        WordClasses(self.0 | other.0)
    }
}

/// The classified words of one language by their hashes.
pub type Words = HashMap<u64, WordClasses, BuildHasherDefault<IdentityHasher>>;
