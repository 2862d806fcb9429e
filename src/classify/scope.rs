//! Marks of scope: which hostile or kind words a comment has, of whom they are said, and what surrounds them: negation,
//! quotation, reporting, contradiction, questions and conditions.
//!
//! Cheap rules over tokens and small word classes, in one pass. Words alone cannot tell "you idiot" from "I was such an idiot",
//! and a linear model over n-grams learns such differences only for words that it has seen; a mark stands for all of them.

use isolang::Language;

use super::features::{Evidence, Group, Sink, What};
use super::hash::join;
use super::lexicon::{self, Classes, word_hash};
use super::quote::lower_pieces;
use super::text::Text;
use super::token::{Kind, Token, Tokens};
use super::words::{self, WordClasses, Words};

const SCOPE: u64 = 0x71;
const ANY_HOSTILE: u64 = 0x72;
const SUMMARY: u64 = 0x73;
const GROUP_SAID: u64 = 0x74;
const MANNER: u64 = 0x75;
const DISGUISED: u64 = 0x76;
/// Stands for a context in which nothing speaks against a word.
const PLAIN: u64 = 0xF;

/// How many words behind a verb or adjective its object may stand, and how many words before a word its subject.
const OBJECT_REACH: usize = 4;
const SUBJECT_REACH: usize = 7;
/// How many words a negator or a modal verb reaches.
const REACH: usize = 6;
/// How much of a hostile word's own weight counts where it is said of a thing or of oneself, where it is denied, and where it is
/// quoted and answered.
const OF_THINGS: f32 = 0.5;
const DENIED: f32 = 0.5;
const ANSWERED: f32 = 0.5;
/// Only so many words of a comment are looked at.
const MAX_UNITS: usize = 1_500;

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

    fn of(classes: WordClasses) -> Option<Tone> {
        Tone::ALL.iter().find(|(_, class)| classes.has(*class)).map(|(tone, _)| *tone)
    }

    /// Whether hardly anybody uses the word in another sense.
    fn is_sure(self) -> bool {
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
    const NEGATED: Context = Context(1);
    const QUOTED: Context = Context(2);
    const REPORTED: Context = Context(4);
    const COUNTERED: Context = Context(8);
    const QUESTION: Context = Context(16);
    const CONDITION: Context = Context(32);
    const ALL: [(Context, &'static str); 6] = [
        (Context::NEGATED, "negated"),
        (Context::QUOTED, "quoted"),
        (Context::REPORTED, "reported"),
        (Context::COUNTERED, "contradicted"),
        (Context::QUESTION, "in a question"),
        (Context::CONDITION, "under a condition"),
    ];

    fn has(self, other: Context) -> bool {
        self.0 & other.0 != 0
    }
}

/// A mark: something that is said of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    tone: Tone,
    target: Target,
    context: Context,
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

/// A word as the rules see it.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// Its number among the tokens.
    token: usize,
    classes: WordClasses,
    hash: u64,
    start: u16,
    end: u16,
    sentence: u16,
    clause: u16,
    quoted: bool,
    /// A capital within a sentence, or `@name`.
    named: bool,
}

/// What is known of a sentence.
#[derive(Debug, Clone, Copy, Default)]
struct Sentence {
    question: bool,
    /// The first word that reports, by its place among all.
    reports: Option<usize>,
    counters: bool,
    condition: bool,
}

/// Buffers of [`extract`].
#[derive(Default)]
pub struct Buffers {
    units: Vec<Unit>,
    sentences: Vec<Sentence>,
}

/// Returns whether a word is hostile in some sense.
pub fn is_hostile(words: &Words, word: u64) -> bool {
    words.get(&word).and_then(|classes| Tone::of(*classes)).is_some_and(|tone| tone != Tone::Praise)
}

/// Adds the mark of a word that was read in disguise, if it is hostile.
pub fn add_disguised(language: Language, word: u64, evidence: Evidence, sink: &mut impl Sink) {
    let tone = words::of(language).and_then(|words| words.get(&word)).and_then(|classes| Tone::of(*classes));
    if let Some(tone) = tone.filter(|tone| *tone != Tone::Praise) {
        sink.add(Group::Scope, join(DISGUISED, u64::from(tone.is_sure())), 1.0, evidence);
        if tone.is_sure() || tone == Tone::Obscene {
            // Nobody hides a word that is meant well, so that it counts as said at nobody in particular.
            for code in [0, PLAIN] {
                sink.add(Group::Scope, join(SCOPE, (tone as u64) << 16 | code), 1.0, evidence);
            }
            sink.add(Group::Scope, join(ANY_HOSTILE, u64::from(tone.is_sure()) << 16 | PLAIN), 1.0, evidence);
        }
    }
}

/// Adds the marks of a comment.
pub fn extract(text: &Text, tokens: &mut Tokens, language: Language, buffers: &mut Buffers, sink: &mut impl Sink) {
    let Some(words) = words::of(language) else { return };
    let is_any = |classes: &WordClasses| Tone::of(*classes).is_some() || classes.has(WordClasses::GROUP);
    let looked_up = |at: usize| words::look_up(words, text.as_str(), &tokens.tokens, at).0;
    let is_long = |token: &Token| token.kind == Kind::Word && usize::from(token.end - token.start) >= GLUED;
    let has_any = (0..tokens.tokens.len()).any(|at| is_any(&looked_up(at))) || tokens.tokens.iter().any(is_long);
    if !has_any {
        sink.add(Group::Scope, join(SUMMARY, 0), 1.0, nowhere());
        return;
    }
    read(text, tokens, (language, words), buffers);
    let adjectives_follow = words::adjectives_follow(language);
    let scope = Scope { units: &buffers.units, sentences: &buffers.sentences, adjectives_follow };
    scope.marks(sink);
    let mut lowered = false;
    for (at, unit) in scope.units.iter().enumerate() {
        let part = scope.part(at);
        if part < 1.0
            && let Some(token) = tokens.tokens.get_mut(unit.token)
        {
            token.weight = token.weight.min(part);
            lowered = true;
        }
    }
    if lowered {
        lower_pieces(tokens);
    }
}

fn nowhere() -> Evidence {
    Evidence { what: What::Hostility, start: 0, end: 0 }
}

/// Reads the words of a comment with their clauses and sentences.
fn read(text: &Text, tokens: &Tokens, (language, words): (Language, &Words), buffers: &mut Buffers) {
    let tokens = &tokens.tokens;
    let Buffers { units, sentences } = buffers;
    units.clear();
    sentences.clear();
    sentences.push(Sentence::default());
    let normalised = text.as_str();
    let (mut clause, mut quoted, mut single, mut first, mut last_end) = (0u16, false, false, true, 0usize);
    let all_capitals = tokens.iter().filter(|token| token.shouted).count() * 2 > tokens.len();
    let mut covered = 0;
    for (number, token) in tokens.iter().enumerate().take(MAX_UNITS) {
        let (start, end) = (usize::from(token.start), usize::from(token.end));
        let between = normalised.get(last_end..start).unwrap_or_default();
        if between.contains('\n') && !first {
            sentences.push(Sentence::default());
            (clause, first) = (clause + 1, true);
        }
        let spaced = !between.is_empty();
        last_end = end;
        if number < covered {
            last_end = end;
            continue;
        }
        let (classes, length) = words::look_up(words, normalised, tokens, number);
        covered = number + length;
        let word_end = tokens.get(number + length - 1).map_or(token.end, |last| last.end);
        if token.kind == Kind::Mark && Tone::of(classes).is_none() {
            let mark = normalised.get(start..end).unwrap_or_default();
            match mark.chars().next() {
                Some('"') => quoted = !quoted,
                Some('\'') if spaced && !single => single = true,
                Some('\'') if single => single = false,
                Some('.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟') => {
                    if let Some(sentence) = sentences.last_mut() {
                        sentence.question |= mark.starts_with(['?', '？', '؟']);
                    }
                    if !first {
                        sentences.push(Sentence::default());
                        (clause, first) = (clause + 1, true);
                    }
                }
                Some(',' | ';' | ':' | '-' | '–' | '—' | '(' | ')' | '،' | '、' | '，') if spaced || mark != "-" => {
                    clause += 1
                }
                _ => {}
            }
            continue;
        }
        if classes.has(WordClasses::CLAUSE) {
            clause += 1;
        }
        let at = units.len();
        if let Some(sentence) = sentences.last_mut() {
            if classes.has(WordClasses::REPORT) && sentence.reports.is_none() {
                sentence.reports = Some(at);
            }
            sentence.counters |= classes.has(WordClasses::COUNTER) && Tone::of(classes).is_none();
            sentence.condition |= classes.has(WordClasses::IF);
        }
        let capital = token.kind == Kind::Word && !first && !all_capitals && text.is_capital(start);
        let named = token.kind == Kind::Handle || capital && classes == WordClasses::default();
        let sentence = (sentences.len() - 1) as u16;
        let quoted = quoted || single || token.weight < 1.0;
        let written = normalised.get(start..end).unwrap_or_default();
        let glued = classes == WordClasses::default() && language == Language::Eng && token.kind == Kind::Word;
        let parts = if glued { unglue(words, written) } else { Vec::new() };
        let whole = Unit {
            token: number,
            classes,
            hash: token.hash,
            start: token.start,
            end: word_end,
            sentence,
            clause,
            quoted,
            named,
        };
        if parts.is_empty() {
            units.push(whole);
        }
        // The words of a row without spaces are read as if they had some.
        units.extend(parts.into_iter().map(|(hash, classes)| Unit { hash, classes, named: false, ..whole }));
        first = false;
    }
}

/// Shorter words are not taken apart, nor are longer ones.
const GLUED: usize = 12;
const LONGEST_GLUED: usize = 48;
/// The fewest words that are glued together, and the most letters of one.
const FEWEST_PARTS: usize = 3;
const LONGEST_PART: usize = 12;

/// Takes a row of words without spaces apart, if all of it is words that are known here and one of them is hostile.
fn unglue(words: &Words, row: &str) -> Vec<(u64, WordClasses)> {
    if !(GLUED..=LONGEST_GLUED).contains(&row.len()) || !row.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Vec::new();
    }
    let known = |part: &str| {
        let hash = word_hash(part.as_bytes());
        let classes = words.get(&hash).copied().unwrap_or_default();
        let is_word = classes != WordClasses::default() || lexicon::classes(hash).has(Classes::FUNCTION);
        is_word.then_some((hash, classes))
    };
    // The fewest words that reach each byte, and where the last of them begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; row.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=row.len() {
        for begin in end.saturating_sub(LONGEST_PART)..end {
            if let Some((count, _)) = best[begin]
                && known(&row[begin..end]).is_some()
                && best[end].is_none_or(|(least, _)| count + 1 < least)
            {
                best[end] = Some((count + 1, begin));
            }
        }
    }
    let (mut parts, mut end) = (Vec::new(), row.len());
    while let Some((_, begin)) = best[end].filter(|_| end > 0) {
        parts.extend(known(&row[begin..end]));
        end = begin;
    }
    parts.reverse();
    let is_hostile = |(_, classes): &(u64, WordClasses)| Tone::of(*classes).is_some_and(|tone| tone != Tone::Praise);
    if parts.len() >= FEWEST_PARTS && parts.iter().any(is_hostile) { parts } else { Vec::new() }
}

struct Scope<'a> {
    units: &'a [Unit],
    sentences: &'a [Sentence],
    /// Adjectives stand behind their nouns.
    adjectives_follow: bool,
}

impl Scope<'_> {
    fn marks(&self, sink: &mut impl Sink) {
        let mut worst = [false; 7];
        let (mut hostile, mut harmless, mut praised) = (0u32, 0u32, false);
        for (at, unit) in self.units.iter().enumerate() {
            if unit.classes.has(WordClasses::GROUP) {
                self.group(at, sink);
            }
            let Some(tone) = Tone::of(unit.classes) else { continue };
            let (mut target, other) = self.target(at, tone);
            if target == Target::They && self.units[..at].iter().any(|unit| unit.classes.has(WordClasses::GROUP)) {
                target = Target::Group;
            }
            let context = self.context(at, tone);
            let mark = Mark { tone, target, context };
            let (from, to) = other.map_or((at, at), |other| (at.min(other), at.max(other)));
            let evidence = Evidence { what: What::Scope(mark), start: self.units[from].start, end: self.units[to].end };
            let mut add = |hash: u64| sink.add(Group::Scope, hash, 1.0, evidence);
            let (tone_code, target_code) = (tone as u64, target as u64);
            add(join(SCOPE, tone_code << 16 | target_code << 8));
            let strength = u64::from(tone.is_sure());
            let around: [(Context, u64); 6] = std::array::from_fn(|bit| (Context(1 << bit), bit as u64 + 1));
            let mut is_plain = true;
            for (bit, code) in around {
                if context.has(bit) {
                    is_plain = false;
                    add(join(SCOPE, tone_code << 16 | target_code << 8 | code));
                    if tone != Tone::Praise {
                        add(join(ANY_HOSTILE, strength << 16 | target_code << 8 | code));
                    }
                }
            }
            if is_plain {
                add(join(SCOPE, tone_code << 16 | target_code << 8 | PLAIN));
                if tone != Tone::Praise {
                    add(join(ANY_HOSTILE, strength << 16 | target_code << 8 | PLAIN));
                }
            }
            if matches!(tone, Tone::Harm | Tone::Expel | Tone::Hate) {
                add(join(MANNER, tone_code << 16 | target_code << 8 | self.manner(at)));
            }
            if tone == Tone::Praise {
                praised = true;
                continue;
            }
            hostile += 1;
            if is_plain && !matches!(target, Target::Thing | Target::Own) {
                worst[target as usize] = true;
            } else {
                harmless += 1;
            }
        }
        let mut sum = |code: u64| sink.add(Group::Scope, join(SUMMARY, code), 1.0, nowhere());
        let groups = self.units.iter().any(|unit| unit.classes.has(WordClasses::GROUP));
        if hostile == 0 {
            sum(1 + u64::from(groups) + 2 * u64::from(praised));
        } else {
            for (target, _) in worst.iter().enumerate().filter(|(_, is)| **is) {
                sum(16 + target as u64);
            }
            if harmless == hostile {
                sum(32 + u64::from(hostile > 1));
            }
            sum(40 + u64::from(praised));
            sum(48 + u64::from((hostile - harmless).min(3)));
            if groups {
                sum(56 + u64::from(worst[Target::Group as usize] || worst[Target::They as usize]));
            }
        }
    }

    /// Returns how much of a hostile word counts where its own weight is asked: less of what is said of things or of oneself, of
    /// what is denied, and of what is quoted to be answered.
    fn part(&self, at: usize) -> f32 {
        let Some(tone) = Tone::of(self.units[at].classes).filter(|tone| *tone != Tone::Praise) else { return 1.0 };
        let (target, _) = self.target(at, tone);
        let context = self.context(at, tone);
        let of_people = matches!(target, Target::You | Target::They | Target::Person | Target::Group);
        if matches!(target, Target::Thing | Target::Own) && tone != Tone::Slur {
            OF_THINGS
        } else if context.has(Context::NEGATED) && of_people && matches!(tone, Tone::Insult | Tone::Contempt | Tone::Hate) {
            DENIED
        } else if context.has(Context::QUOTED) && context.has(Context(Context::REPORTED.0 | Context::COUNTERED.0)) {
            ANSWERED
        } else {
            1.0
        }
    }

    /// Returns whether two words stand in the same clause.
    fn together(&self, a: usize, b: usize) -> bool {
        self.units[a].clause == self.units[b].clause && self.units[a].sentence == self.units[b].sentence
    }

    /// Returns of whom a word is said, and the word that says so.
    fn target(&self, at: usize, tone: Tone) -> (Target, Option<usize>) {
        let object = match tone {
            Tone::Slur | Tone::Short => None,
            Tone::Insult | Tone::Dehuman => self.object(at, 2).filter(|(target, _)| *target == Target::You),
            _ => self.object(at, OBJECT_REACH),
        };
        if let Some((target, other)) = object {
            return (target, Some(other));
        }
        let noun = at.checked_sub(1).filter(|other| self.adjectives_follow && self.together(at, *other));
        if let Some(other) = noun.filter(|_| tone == Tone::Contempt)
            && self.units[other].classes == WordClasses::default()
            && !self.units[other].named
        {
            return (Target::Thing, Some(other));
        }
        match self.subject(at) {
            Some((target, other)) => (target, Some(other)),
            None if tone == Tone::Slur => (Target::Group, None),
            None => (Target::Nobody, None),
        }
    }

    /// Who or what stands behind a verb or an adjective.
    fn object(&self, at: usize, reach: usize) -> Option<(Target, usize)> {
        for (other, unit) in self.units.iter().enumerate().skip(at + 1).take(reach) {
            if !self.together(at, other) || unit.classes.has(WordClasses::COPULA) && !unit.classes.has(WordClasses::YOU) {
                return None;
            }
            let target = plain_target(unit);
            if let Some(target) = target {
                // "you stupid man"
                let addressed = target == Target::Person && at > 0 && self.units[at - 1].classes.has(WordClasses::YOU);
                return Some((if addressed { Target::You } else { target }, other));
            }
            if unit.classes.has(WordClasses::INSULT.and(WordClasses::SLUR)) {
                return self.subject(at).or(Some((Target::Person, other)));
            }
            let passes = WordClasses::INTENSIFIER.and(WordClasses::CONTEMPT).and(WordClasses::OBSCENE).and(WordClasses::PRAISE);
            if !unit.classes.has(passes) {
                return Some((Target::Thing, other));
            }
        }
        None
    }

    /// Who or what stands before a noun or a participle.
    fn subject(&self, at: usize) -> Option<(Target, usize)> {
        let mut behind_copula = false;
        for other in (at.saturating_sub(SUBJECT_REACH)..at).rev() {
            if !self.together(at, other) {
                return None;
            }
            let unit = &self.units[other];
            if let Some(target) = plain_target(unit) {
                return Some((target, other));
            }
            if unit.classes.has(WordClasses::COPULA) {
                behind_copula = true;
            } else if behind_copula
                && !unit.classes.has(WordClasses::INTENSIFIER.and(WordClasses::NEGATOR).and(WordClasses::MODAL))
            {
                return Some((Target::Thing, other));
            }
        }
        None
    }

    fn context(&self, at: usize, tone: Tone) -> Context {
        let unit = &self.units[at];
        let mut context = Context::default();
        let mut set = |is: bool, bit: Context| context.0 |= if is { bit.0 } else { 0 };
        set(self.before(at, WordClasses::NEGATOR), Context::NEGATED);
        set(unit.quoted, Context::QUOTED);
        let number = usize::from(unit.sentence);
        let sentence = self.sentences.get(number).copied().unwrap_or_default();
        set(sentence.reports.is_some_and(|reports| reports < at), Context::REPORTED);
        let near = self.sentences.get(number.saturating_sub(1)..(number + 2).min(self.sentences.len())).unwrap_or_default();
        set(tone != Tone::Praise && near.iter().any(|sentence| sentence.counters), Context::COUNTERED);
        set(sentence.question, Context::QUESTION);
        set(sentence.condition, Context::CONDITION);
        context
    }

    /// Whether a word of a class stands in the clause before a word.
    fn before(&self, at: usize, class: WordClasses) -> bool {
        (at.saturating_sub(REACH)..at)
            .rev()
            .take_while(|other| self.together(at, *other))
            .any(|other| self.units[other].classes.has(class))
    }

    /// How violence is spoken of: as a demand, a will, a command, a deed.
    fn manner(&self, at: usize) -> u64 {
        let modal = self.before(at, WordClasses::MODAL);
        let own = self.before(at, WordClasses::SELF);
        let begins = at == 0 || !self.together(at, at - 1);
        u64::from(modal) | u64::from(own) << 1 | u64::from(begins) << 2
    }

    /// What is said around the name of a group.
    fn group(&self, at: usize, sink: &mut impl Sink) {
        let evidence = Evidence { what: What::Hostility, start: 0, end: 0 };
        let mut add = |code: u64| sink.add(Group::Scope, join(GROUP_SAID, code), 1.0, evidence);
        let next = self.units.get(at + 1).filter(|_| self.together(at, at + 1));
        let previous = at.checked_sub(1).filter(|other| self.together(at, *other)).map(|other| &self.units[other]);
        let own = self.before(at, WordClasses::SELF);
        let copula = self.before(at, WordClasses::COPULA);
        add(1 + u64::from(own) + 2 * u64::from(copula));
        if let Some(previous) = previous {
            let you = previous.classes.has(WordClasses::YOU);
            if previous.classes.has(WordClasses::INTENSIFIER) || you {
                add(join(8, previous.hash));
            }
        }
        if let Some(next) = next {
            let classes = [WordClasses::COPULA, WordClasses::MODAL, WordClasses::NEGATOR, WordClasses::PERSON];
            for (code, class) in (16..).zip(classes) {
                if next.classes.has(class) {
                    add(code);
                }
            }
        }
        let behind = self.units.iter().enumerate().skip(at + 1).take(REACH).take_while(|(other, _)| self.together(at, *other));
        for (_, unit) in behind {
            if unit.classes.has(WordClasses::MODAL) {
                add(24);
            }
            if unit.classes.has(WordClasses::NEGATOR) {
                add(25);
            }
        }
    }
}

/// Of whom a word speaks by itself.
fn plain_target(unit: &Unit) -> Option<Target> {
    let classes = [
        (WordClasses::YOU, Target::You),
        (WordClasses::GROUP, Target::Group),
        (WordClasses::SELF, Target::Own),
        (WordClasses::THIRD, Target::They),
        (WordClasses::PERSON, Target::Person),
        (WordClasses::THING, Target::Thing),
    ];
    let of_class = classes.into_iter().find(|(class, _)| unit.classes.has(*class)).map(|(_, target)| target);
    of_class.or(unit.named.then_some(Target::Person))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::features::Amount;

    /// Collects what marks are called.
    struct Heard(Vec<(String, u16)>);

    impl Sink for Heard {
        fn add(&mut self, _: Group, _: u64, _: impl Into<Amount>, evidence: Evidence) -> bool {
            if let What::Scope(mark) = evidence.what {
                let heard = (mark.describe(), evidence.start);
                if !self.0.contains(&heard) {
                    self.0.push(heard);
                }
            }
            true
        }

        fn contains(&self, _: Group, _: u64) -> bool {
            false
        }
    }

    fn heard(source: &str) -> (Vec<String>, Tokens) {
        let (mut text, mut tokens, mut sink) = (Text::default(), Tokens::default(), Heard(Vec::new()));
        text.read(source);
        tokens.read(&text);
        extract(&text, &mut tokens, Language::Eng, &mut Buffers::default(), &mut sink);
        (sink.0.into_iter().map(|(name, _)| name).collect(), tokens)
    }

    #[test]
    fn marks_say_what_is_said_of_whom() {
        for (source, expected) in [
            ("You are an idiot.", "an insult to you"),
            ("What a moron.", "an insult to nobody in particular"),
            ("I was such an idiot.", "an insult to oneself"),
            ("That author is a coward.", "an insult to a person"),
            ("This law is stupid.", "contempt for a thing"),
            ("My neighbours kept a stupid dog.", "contempt for a thing"),
            ("Those immigrants are vermin.", "a word for pests and animals, of a group"),
            ("The immigrants came in June. They are scum.", "an insult to a group"),
            ("He is scum.", "an insult to people named before"),
            ("I will kill you.", "a threat to you"),
            ("Beat the eggs.", "violence or death, of a thing"),
            ("You are not an idiot.", "an insult to you, negated"),
            ("He called me \"an idiot\".", "an insult to oneself, quoted, reported"),
            ("Is he an idiot?", "an insult to people named before, in a question"),
            ("You idiot 🖕", "swearing at you"),
            ("You are a 🤡", "an insult to you"),
            ("youareanidiot", "an insult to you"),
        ] {
            let (heard, _) = heard(source);
            assert!(heard.iter().any(|mark| mark == expected), "{source}: {heard:?}");
        }
        assert_eq!(heard("The bread rose well on Sunday.").0, [""; 0]);
    }

    #[test]
    fn what_is_said_of_things_or_denied_counts_less_by_itself() {
        let weight = |source: &str, word: &str| {
            let hash = crate::classify::lexicon::word_hash(word.as_bytes());
            heard(source).1.tokens.iter().find(|token| token.hash == hash).map(|token| token.weight)
        };
        assert_eq!(weight("What a stupid printer.", "stupid"), Some(OF_THINGS));
        assert_eq!(weight("Nobody calls you an idiot.", "idiot"), Some(DENIED));
        assert_eq!(weight("Saying \"they are scum\" is racist.", "scum"), Some(ANSWERED));
        assert_eq!(weight("You stupid man.", "stupid"), Some(1.0));
    }
}
