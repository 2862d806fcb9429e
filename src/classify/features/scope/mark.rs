//! Scope marks: the tone of a word, its target and its context.

use crate::classify::words::WordClasses;

/// The code of a context without mitigation.
pub const PLAIN_CONTEXT_CODE: u64 = 0xF;

/// The tone of a hostile or kind word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tone {
    Insult,
    Slur,
    Dehumanising,
    HostileAcronym,
    Hatred,
    Violence,
    Expulsion,
    Contempt,
    Obscene,
    Praise,
}

impl Tone {
    /// The tones with their word classes, in descending order of precedence.
    const ALL: [(Tone, WordClasses); 10] = [
        (Tone::Slur, WordClasses::SLUR),
        (Tone::Insult, WordClasses::INSULT),
        (Tone::HostileAcronym, WordClasses::HOSTILE_ACRONYM),
        (Tone::Dehumanising, WordClasses::DEHUMANISING),
        (Tone::Hatred, WordClasses::HATRED),
        (Tone::Violence, WordClasses::VIOLENCE),
        (Tone::Expulsion, WordClasses::EXPULSION),
        (Tone::Obscene, WordClasses::OBSCENE),
        (Tone::Contempt, WordClasses::CONTEMPT),
        (Tone::Praise, WordClasses::PRAISE),
    ];

    /// Returns the tone of a word with these classes. Returns `None` if it has none.
    pub fn from_classes(classes: WordClasses) -> Option<Tone> {
        Tone::ALL.iter().find(|(_, class)| classes.intersects(*class)).map(|(tone, _)| *tone)
    }

    /// Returns whether the tone is hostile: every tone except praise.
    pub fn is_hostile(self) -> bool {
        self != Tone::Praise
    }

    /// Returns whether words of this tone are hostile in almost every context.
    pub fn is_unambiguous(self) -> bool {
        matches!(self, Tone::Insult | Tone::Slur | Tone::HostileAcronym | Tone::Dehumanising)
    }
}

/// The target of a word: the person, group or thing that it is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ScopeTarget {
    /// Nobody in particular.
    Nobody,
    /// The reader.
    You,
    /// The author, or people close to the author.
    Author,
    /// People mentioned before.
    They,
    /// A person, given by a noun or a name.
    Person,
    /// A group of people, given by an identity term.
    Group,
    /// A thing, a text, an event.
    Thing,
}

/// The context of a word, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeContext(u8);

impl ScopeContext {
    /// A negator precedes the word in its clause.
    pub const NEGATED: ScopeContext = ScopeContext(1);
    /// The word is in a quotation, or its weight is lowered.
    pub const QUOTED: ScopeContext = ScopeContext(2);
    /// A reporting word precedes the word in its sentence.
    pub const REPORTED: ScopeContext = ScopeContext(4);
    /// The word is hostile, and its sentence or a neighbouring one has counter-speech.
    pub const CONTRADICTED: ScopeContext = ScopeContext(8);
    /// The word is in a question.
    pub const QUESTION: ScopeContext = ScopeContext(16);
    /// The word is in a conditional sentence.
    pub const CONDITION: ScopeContext = ScopeContext(32);
    /// Every bit with its description.
    const ALL: [(ScopeContext, &'static str); 6] = [
        (ScopeContext::NEGATED, "negated"),
        (ScopeContext::QUOTED, "quoted"),
        (ScopeContext::REPORTED, "reported"),
        (ScopeContext::CONTRADICTED, "contradicted"),
        (ScopeContext::QUESTION, "in a question"),
        (ScopeContext::CONDITION, "under a condition"),
    ];

    /// Returns whether the contexts have a bit in common.
    pub fn intersects(self, other: ScopeContext) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets the bits of `other` if `condition` is true.
    pub fn set(&mut self, other: ScopeContext, condition: bool) {
        self.0 |= if condition { other.0 } else { 0 };
    }

    /// Returns whether no bit is set.
    pub fn is_plain(self) -> bool {
        self == ScopeContext::default()
    }

    /// Returns the codes of the set bits for feature hashes, or [`PLAIN_CONTEXT_CODE`] if no bit is set.
    pub fn codes(self) -> impl Iterator<Item = u64> {
        let bits = (0..ScopeContext::ALL.len() as u64).filter(move |bit| self.0 >> bit & 1 == 1);
        self.is_plain().then_some(PLAIN_CONTEXT_CODE).into_iter().chain(bits.map(|bit| bit + 1))
    }
}

/// A scope mark: a hostile or kind word with its target and context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeMark {
    /// The tone of the word.
    pub tone: Tone,
    /// The target of the word.
    pub target: ScopeTarget,
    /// The context of the word.
    pub context: ScopeContext,
}

impl ScopeMark {
    /// Returns the description of the mark for explanations.
    pub fn describe(self) -> String {
        let what = match self.tone {
            Tone::Insult => "an insult to",
            Tone::Slur => "a slur for",
            Tone::Dehumanising => "a dehumanising word for",
            Tone::HostileAcronym => "a hostile acronym to",
            Tone::Hatred => "hatred of",
            Tone::Violence => "violence or death of",
            Tone::Expulsion => "expulsion of",
            Tone::Contempt => "contempt for",
            Tone::Obscene => "swearing at",
            Tone::Praise => "praise for",
        };
        let whom = match self.target {
            ScopeTarget::Nobody => "nobody in particular",
            ScopeTarget::You => "you",
            ScopeTarget::Author => "the author",
            ScopeTarget::They => "people named before",
            ScopeTarget::Person => "a person",
            ScopeTarget::Group => "a group",
            ScopeTarget::Thing => "a thing",
        };
        let mut all = match (self.tone, self.target) {
            (Tone::Violence, ScopeTarget::You) => "a threat to you".to_owned(),
            (Tone::Violence, ScopeTarget::Group) => "violence to a group".to_owned(),
            _ => format!("{what} {whom}"),
        };
        for (context, name) in ScopeContext::ALL {
            if self.context.intersects(context) {
                all.push_str(", ");
                all.push_str(name);
            }
        }
        all
    }
}
