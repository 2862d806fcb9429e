//! A mark: the kind of a word, of whom it is said, and what surrounds it.

use crate::classify::words::WordClasses;

/// Stands for a context in which nothing speaks against a word.
pub const PLAIN: u64 = 0xF;

/// What kind of word a mark is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tone {
    Insult,
    Slur,
    Dehuman,
    Short,
    Hate,
    Harm,
    Expel,
    Contempt,
    Obscene,
    Praise,
}

impl Tone {
    /// The tones with their classes, the surest first: a word that is in several has the first.
    const ALL: [(Tone, WordClasses); 10] = [
        (Tone::Slur, WordClasses::SLUR),
        (Tone::Insult, WordClasses::INSULT),
        (Tone::Short, WordClasses::SHORT),
        (Tone::Dehuman, WordClasses::DEHUMAN),
        (Tone::Hate, WordClasses::HATE),
        (Tone::Harm, WordClasses::HARM),
        (Tone::Expel, WordClasses::EXPEL),
        (Tone::Obscene, WordClasses::OBSCENE),
        (Tone::Contempt, WordClasses::CONTEMPT),
        (Tone::Praise, WordClasses::PRAISE),
    ];

    /// Returns the tone of a word of these classes, or `None` if it has none.
    pub fn of(classes: WordClasses) -> Option<Tone> {
        Tone::ALL.iter().find(|(_, class)| classes.has(*class)).map(|(tone, _)| *tone)
    }

    /// Whether the tone is a hostile one.
    pub fn is_hostile(self) -> bool {
        self != Tone::Praise
    }

    /// Whether hardly anybody uses the word in another sense.
    pub fn is_sure(self) -> bool {
        matches!(self, Tone::Insult | Tone::Slur | Tone::Short | Tone::Dehuman)
    }
}

/// Of whom something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Target {
    /// Nobody in particular.
    Nobody,
    /// The reader.
    You,
    /// The author, or theirs.
    Own,
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
pub struct Context(u8);

impl Context {
    pub const NEGATED: Context = Context(1);
    pub const QUOTED: Context = Context(2);
    pub const REPORTED: Context = Context(4);
    pub const COUNTERED: Context = Context(8);
    pub const QUESTION: Context = Context(16);
    pub const CONDITION: Context = Context(32);
    const ALL: [(Context, &'static str); 6] = [
        (Context::NEGATED, "negated"),
        (Context::QUOTED, "quoted"),
        (Context::REPORTED, "reported"),
        (Context::COUNTERED, "contradicted"),
        (Context::QUESTION, "in a question"),
        (Context::CONDITION, "under a condition"),
    ];

    /// Returns whether any bit of `other` is set.
    pub fn has(self, other: Context) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets the bits of `other` if `is` says so.
    pub fn set(&mut self, other: Context, is: bool) {
        self.0 |= if is { other.0 } else { 0 };
    }

    /// Returns whether nothing speaks against the word.
    pub fn is_plain(self) -> bool {
        self == Context::default()
    }

    /// Returns the codes that stand for what surrounds the word in the hashes of features.
    pub fn codes(self) -> impl Iterator<Item = u64> {
        let bits = (0..Context::ALL.len() as u64).filter(move |bit| self.0 >> bit & 1 == 1);
        self.is_plain().then_some(PLAIN).into_iter().chain(bits.map(|bit| bit + 1))
    }
}

/// A mark: something that is said of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// What kind of word it is of.
    pub tone: Tone,
    /// Of whom it is said.
    pub target: Target,
    /// What surrounds it.
    pub context: Context,
}

impl Mark {
    /// Returns what the mark is called in a reason.
    pub fn describe(self) -> String {
        let what = match self.tone {
            Tone::Insult => "an insult to",
            Tone::Slur => "a slur for",
            Tone::Dehuman => "a word for pests and animals, of",
            Tone::Short => "a hostile short form, to",
            Tone::Hate => "hatred of",
            Tone::Harm => "violence or death, of",
            Tone::Expel => "driving out, of",
            Tone::Contempt => "contempt for",
            Tone::Obscene => "swearing at",
            Tone::Praise => "praise for",
        };
        let whom = match self.target {
            Target::Nobody => "nobody in particular",
            Target::You => "you",
            Target::Own => "oneself",
            Target::They => "people named before",
            Target::Person => "a person",
            Target::Group => "a group",
            Target::Thing => "a thing",
        };
        let mut all = match (self.tone, self.target) {
            (Tone::Harm, Target::You) => "a threat to you".to_owned(),
            (Tone::Harm, Target::Group) => "violence to a group".to_owned(),
            _ => format!("{what} {whom}"),
        };
        for (context, name) in Context::ALL {
            if self.context.has(context) {
                all.push_str(", ");
                all.push_str(name);
            }
        }
        all
    }
}
