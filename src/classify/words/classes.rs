//! The word classes that a word file can contain.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::classify::lexicon::{IdentityHasher, LexicalClasses};

/// A set of the classes that a word belongs to in one language, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordClasses(u32);

impl WordClasses {
    /// Words that address the reader: "you", "your".
    pub const SECOND_PERSON: WordClasses = WordClasses(1);
    /// Words that refer to the author: "I", "our".
    pub const FIRST_PERSON: WordClasses = WordClasses(1 << 1);
    /// Words that refer to people mentioned before: "he", "them".
    pub const THIRD_PERSON: WordClasses = WordClasses(1 << 2);
    /// Words that refer to a thing: "it", "this".
    pub const THING: WordClasses = WordClasses(1 << 3);
    /// Copulas, which link a subject with its predicate: "is", "are".
    pub const COPULA: WordClasses = WordClasses(1 << 4);
    /// Words that negate what follows: "not", "never".
    pub const NEGATOR: WordClasses = WordClasses(1 << 5);
    /// Words for what should, will or might happen: "should", "hope".
    pub const MODAL: WordClasses = WordClasses(1 << 6);
    /// Words that report speech or refer to a story: "called", "film".
    pub const REPORTING: WordClasses = WordClasses(1 << 7);
    /// Words that object to abuse: "racist", "unacceptable".
    pub const COUNTER_SPEECH: WordClasses = WordClasses(1 << 8);
    /// Words without content that may stand between a verb and its object: "a", "all", "such".
    pub const INTENSIFIER: WordClasses = WordClasses(1 << 9);
    /// Nouns for a person that name no group: "man", "author".
    pub const PERSON: WordClasses = WordClasses(1 << 10);
    /// Nouns that insult a person.
    pub const INSULT: WordClasses = WordClasses(1 << 11);
    /// Words of contempt for people or things: "stupid", "trash".
    pub const CONTEMPT: WordClasses = WordClasses(1 << 12);
    /// Words that liken people to animals or a disease.
    pub const DEHUMANISING: WordClasses = WordClasses(1 << 13);
    /// Slurs for groups of people.
    pub const SLUR: WordClasses = WordClasses(1 << 14);
    /// Swear words.
    pub const OBSCENE: WordClasses = WordClasses(1 << 15);
    /// Words for violence and death.
    pub const VIOLENCE: WordClasses = WordClasses(1 << 16);
    /// Words for hatred: "hate", "despise".
    pub const HATRED: WordClasses = WordClasses(1 << 17);
    /// Words for driving people out: "deport", "ban".
    pub const EXPULSION: WordClasses = WordClasses(1 << 18);
    /// Acronyms of hostile sentences: "stfu".
    pub const HOSTILE_ACRONYM: WordClasses = WordClasses(1 << 19);
    /// Words of praise and affection.
    pub const PRAISE: WordClasses = WordClasses(1 << 20);
    /// Names of groups of people.
    pub const GROUP_NAME: WordClasses = WordClasses(1 << 21);

    /// Words that start a new clause: "but", "who".
    pub const CLAUSE_START: WordClasses = WordClasses(1 << 22);
    /// Words that introduce a condition: "if", "unless".
    pub const CONDITIONAL: WordClasses = WordClasses(1 << 23);

    /// Words that spam sells with.
    pub const SALES: WordClasses = WordClasses(1 << 24);
    /// Function words, which carry no content of their own.
    pub const FUNCTION: WordClasses = WordClasses(1 << 25);

    /// The names of the classes in word files.
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

    /// Returns the corresponding lexical classes, for languages other than English.
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
        let matching = pairs.into_iter().filter(|(class, _)| self.intersects(*class));
        matching.fold(LexicalClasses::default(), |all, (_, class)| all.union(class))
    }

    /// Returns whether the sets have a class in common.
    #[inline]
    pub fn intersects(self, other: WordClasses) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the union of both sets.
    pub const fn union(self, other: WordClasses) -> WordClasses {
        WordClasses(self.0 | other.0)
    }
}

/// The classes of the words of one language, by word hash.
pub type Words = HashMap<u64, WordClasses, BuildHasherDefault<IdentityHasher>>;
