//! A mark: the kind of a word, of whom it is said, and what surrounds it.

use crate::classify::words::WordClasses;

/// Stands for a context in which nothing speaks against a word.
pub const PLAIN_CONTEXT_CODE: u64 = 0xF;

/// What kind of word a mark is of.
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
    /// The tones with their classes, the surest first: a word that is in several has the first.
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

    /// Returns the tone of a word of these classes, or `None` if it has none.
    pub fn from_classes(classes: WordClasses) -> Option<Tone> {
        Tone::ALL.iter().find(|(_, class)| classes.intersects(*class)).map(|(tone, _)| *tone)
    }

    /// Whether the tone is a hostile one.
    pub fn is_hostile(self) -> bool {
        self != Tone::Praise
    }

    /// Whether hardly anybody uses the word in another sense.
    pub fn is_unambiguous(self) -> bool {
        matches!(self, Tone::Insult | Tone::Slur | Tone::HostileAcronym | Tone::Dehumanising)
    }
}

/// Of whom something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ScopeTarget {
    /// Nobody in particular.
    Nobody,
    /// The reader.
    You,
    /// The author, or theirs.
    Author,
    /// People named before.
    They,
    /// A person, by a noun or a name.
    Person,
    /// A group of people, by class and not by name.
    Group,
    /// A thing, a text, an event.
    Thing,
}

/// What surrounds a word, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeContext(u8);

impl ScopeContext {
    pub const NEGATED: ScopeContext = ScopeContext(1);
    pub const QUOTED: ScopeContext = ScopeContext(2);
    pub const REPORTED: ScopeContext = ScopeContext(4);
    pub const CONTRADICTED: ScopeContext = ScopeContext(8);
    pub const QUESTION: ScopeContext = ScopeContext(16);
    pub const CONDITION: ScopeContext = ScopeContext(32);
    const ALL: [(ScopeContext, &'static str); 6] = [
        (ScopeContext::NEGATED, "negated"),
        (ScopeContext::QUOTED, "quoted"),
        (ScopeContext::REPORTED, "reported"),
        (ScopeContext::CONTRADICTED, "contradicted"),
        (ScopeContext::QUESTION, "in a question"),
        (ScopeContext::CONDITION, "under a condition"),
    ];

    /// Returns whether any bit of `other` is set.
    pub fn intersects(self, other: ScopeContext) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets the bits of `other` if `is` says so.
    pub fn set(&mut self, other: ScopeContext, is: bool) {
        self.0 |= if is { other.0 } else { 0 };
    }

    /// Returns whether nothing speaks against the word.
    pub fn is_plain(self) -> bool {
        self == ScopeContext::default()
    }

    /// Returns the codes that stand for what surrounds the word in the hashes of features.
    pub fn codes(self) -> impl Iterator<Item = u64> {
        let bits = (0..ScopeContext::ALL.len() as u64).filter(move |bit| self.0 >> bit & 1 == 1);
        self.is_plain().then_some(PLAIN_CONTEXT_CODE).into_iter().chain(bits.map(|bit| bit + 1))
    }
}

/// A mark: something that is said of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeMark {
    /// What kind of word it is of.
    pub tone: Tone,
    /// Of whom it is said.
    pub target: ScopeTarget,
    /// What surrounds it.
    pub context: ScopeContext,
}

impl ScopeMark {
    /// Returns what the mark is called in a reason.
    pub fn describe(self) -> String {
        let what = match self.tone {
            Tone::Insult => "an insult to",
            Tone::Slur => "a slur for",
            Tone::Dehumanising => "a word for pests and animals, of",
            Tone::HostileAcronym => "a hostile short form, to",
            Tone::Hatred => "hatred of",
            Tone::Violence => "violence or death, of",
            Tone::Expulsion => "driving out, of",
            Tone::Contempt => "contempt for",
            Tone::Obscene => "swearing at",
            Tone::Praise => "praise for",
        };
        let whom = match self.target {
            ScopeTarget::Nobody => "nobody in particular",
            ScopeTarget::You => "you",
            ScopeTarget::Author => "oneself",
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
