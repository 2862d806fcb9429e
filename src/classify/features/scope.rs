//! Marks of scope: which hostile or kind words a comment has, of whom they are said, and what surrounds them: negation,
//! quotation, reporting, contradiction, questions and conditions.
//!
//! Cheap rules over tokens and small word classes, in one pass. Words alone cannot tell "you idiot" from "I was such an idiot",
//! and a linear model over n-grams learns such differences only for words that it has seen; a mark stands for all of them.

mod mark;
mod scope_words;
mod segment;
mod syntax;

use isolang::Language;

pub use self::mark::ScopeMark;
use self::mark::{PLAIN_CONTEXT_CODE, ScopeContext, ScopeTarget, Tone};
pub use self::scope_words::ScopeWords;
use self::segment::MIN_SEGMENTED_BYTES;
use self::syntax::{MODIFIER_REACH, Syntax};
use super::evidence::{Evidence, EvidenceKind};
use super::seeds::{ANY_HOSTILE, GROUP_CONTEXT, HOSTILITY_SUMMARY, SCOPE_DISGUISED, SCOPE_MARK, VIOLENCE_MODE};
use super::sink::{FeatureGroup, FeatureSink};
use crate::classify::hash::combine;
use crate::classify::token::{Token, TokenKind, Tokens};
use crate::classify::words::{self, WordClasses, Words};
use crate::reading::text::ScoringText;

/// How much of a hostile word's own weight counts where it is said of a thing or of oneself, where it is denied, and where it is
/// quoted and answered.
const SHARE_OF_THINGS: f32 = 0.5;
const SHARE_IF_DENIED: f32 = 0.5;
const SHARE_IF_ANSWERED: f32 = 0.5;

/// The evidence of what the comment is on the whole.
const WHOLE_COMMENT: Evidence = Evidence { kind: EvidenceKind::Hostility, start: 0, end: 0 };

/// Returns whether a word is hostile in some sense.
pub fn is_hostile(words: &Words, word: u64) -> bool {
    words.get(&word).and_then(|classes| Tone::from_classes(*classes)).is_some_and(Tone::is_hostile)
}

/// Adds the mark of a word that was read in disguise, if it is hostile.
pub fn add_disguised(language: Language, word: u64, evidence: Evidence, sink: &mut impl FeatureSink) {
    let tone =
        words::for_language(language).and_then(|words| words.get(&word)).and_then(|classes| Tone::from_classes(*classes));
    let Some(tone) = tone.filter(|tone| tone.is_hostile()) else { return };
    let mut add = |hash| sink.add(FeatureGroup::Scope, hash, 1.0, evidence);
    add(combine(SCOPE_DISGUISED, u64::from(tone.is_unambiguous())));
    if tone.is_unambiguous() || tone == Tone::Obscene {
        // Nobody hides a word that is meant well, so that it counts as said at nobody in particular.
        for code in [0, PLAIN_CONTEXT_CODE] {
            add(combine(SCOPE_MARK, (tone as u64) << 16 | code));
        }
        add(combine(ANY_HOSTILE, u64::from(tone.is_unambiguous()) << 16 | PLAIN_CONTEXT_CODE));
    }
}

/// Adds the marks of a comment, and lowers the weights of hostile words that are not meant.
pub fn extract(
    text: &ScoringText,
    tokens: &mut Tokens,
    language: Language,
    units: &mut ScopeWords,
    sink: &mut impl FeatureSink,
) {
    let Some(words) = words::for_language(language) else { return };
    if !may_have_marks(text, tokens, words) {
        sink.add(FeatureGroup::Scope, combine(HOSTILITY_SUMMARY, 0), 1.0, WHOLE_COMMENT);
        return;
    }
    units.read(text, tokens, language, words);
    let adjectives_follow = words::has_postposed_adjectives(language);
    let syntax = Syntax { units: &units.words, sentences: &units.sentences, adjectives_follow };
    add_marks(&syntax, sink);
    lower_weights(&syntax, tokens);
}

/// Returns whether a text has a word of some tone, the name of a group, or a word so long that others may be glued in it.
fn may_have_marks(text: &ScoringText, tokens: &Tokens, words: &Words) -> bool {
    let is_marked = |at: usize| {
        let (classes, _) = words::look_up(words, text.as_str(), &tokens.tokens, at);
        Tone::from_classes(classes).is_some() || classes.intersects(WordClasses::GROUP_NAME)
    };
    let is_long = |token: &Token| token.kind == TokenKind::Word && usize::from(token.end - token.start) >= MIN_SEGMENTED_BYTES;
    (0..tokens.tokens.len()).any(is_marked) || tokens.tokens.iter().any(is_long)
}

/// Adds a mark for each word that has a tone, what is said around names of groups, and a summary.
fn add_marks(syntax: &Syntax, sink: &mut impl FeatureSink) {
    let mut summary = HostilitySummary::default();
    for (at, unit) in syntax.units.iter().enumerate() {
        if unit.classes.intersects(WordClasses::GROUP_NAME) {
            add_group(syntax, at, sink);
        }
        if let Some(tone) = Tone::from_classes(unit.classes) {
            summary.count(add_mark(syntax, at, tone, summary.has_group, sink));
        }
        summary.has_group |= unit.classes.intersects(WordClasses::GROUP_NAME);
    }
    summary.add(sink);
}

/// Adds the mark of a word that has a tone, and returns it. `after_group` says whether a group was named before.
fn add_mark(syntax: &Syntax, at: usize, tone: Tone, after_group: bool, sink: &mut impl FeatureSink) -> ScopeMark {
    let (mut target, other) = syntax.target(at, tone);
    if target == ScopeTarget::They && after_group {
        target = ScopeTarget::Group;
    }
    let mark = ScopeMark { tone, target, context: syntax.context(at, tone) };
    let (from, to) = other.map_or((at, at), |other| (at.min(other), at.max(other)));
    let evidence = Evidence { kind: EvidenceKind::ScopeMark(mark), start: syntax.units[from].start, end: syntax.units[to].end };
    let mut add = |seed: u64, code: u64| sink.add(FeatureGroup::Scope, combine(seed, code), 1.0, evidence);
    let of_tone = (tone as u64) << 16 | (target as u64) << 8;
    let of_strength = u64::from(tone.is_unambiguous()) << 16 | (target as u64) << 8;
    add(SCOPE_MARK, of_tone);
    for code in mark.context.codes() {
        add(SCOPE_MARK, of_tone | code);
        if tone.is_hostile() {
            add(ANY_HOSTILE, of_strength | code);
        }
    }
    if matches!(tone, Tone::Violence | Tone::Expulsion | Tone::Hatred) {
        add(VIOLENCE_MODE, of_tone | violence_mode(syntax, at));
    }
    mark
}

/// Returns how violence is spoken of: as a demand, a will, a command, a deed.
fn violence_mode(syntax: &Syntax, at: usize) -> u64 {
    let modal = syntax.has_before(at, WordClasses::MODAL);
    let own = syntax.has_before(at, WordClasses::FIRST_PERSON);
    let begins = at == 0 || !syntax.in_same_clause(at, at - 1);
    u64::from(modal) | u64::from(own) << 1 | u64::from(begins) << 2
}

/// Adds what is said around the name of a group.
fn add_group(syntax: &Syntax, at: usize, sink: &mut impl FeatureSink) {
    let mut add = |code: u64| sink.add(FeatureGroup::Scope, combine(GROUP_CONTEXT, code), 1.0, WHOLE_COMMENT);
    let next = syntax.units.get(at + 1).filter(|_| syntax.in_same_clause(at, at + 1));
    let previous = at.checked_sub(1).filter(|other| syntax.in_same_clause(at, *other)).map(|other| &syntax.units[other]);
    let own = syntax.has_before(at, WordClasses::FIRST_PERSON);
    let copula = syntax.has_before(at, WordClasses::COPULA);
    add(1 + u64::from(own) + 2 * u64::from(copula));
    if let Some(previous) = previous {
        let you = previous.classes.intersects(WordClasses::SECOND_PERSON);
        if previous.classes.intersects(WordClasses::INTENSIFIER) || you {
            add(combine(8, previous.hash));
        }
    }
    if let Some(next) = next {
        let classes = [WordClasses::COPULA, WordClasses::MODAL, WordClasses::NEGATOR, WordClasses::PERSON];
        for (code, class) in (16..).zip(classes) {
            if next.classes.intersects(class) {
                add(code);
            }
        }
    }
    let behind = syntax
        .units
        .iter()
        .enumerate()
        .skip(at + 1)
        .take(MODIFIER_REACH)
        .take_while(|(other, _)| syntax.in_same_clause(at, *other));
    for (_, unit) in behind {
        if unit.classes.intersects(WordClasses::MODAL) {
            add(24);
        }
        if unit.classes.intersects(WordClasses::NEGATOR) {
            add(25);
        }
    }
}

/// What the marks of a comment are on the whole.
#[derive(Default)]
struct HostilitySummary {
    /// Of whom something hostile is said with nothing that speaks against it, by [`ScopeTarget`].
    worst: [bool; 7],
    hostile: u32,
    /// Hostile words that something speaks against, or that are said of a thing or of the author.
    harmless: u32,
    praised: bool,
    has_group: bool,
}

impl HostilitySummary {
    fn count(&mut self, mark: ScopeMark) {
        if !mark.tone.is_hostile() {
            self.praised = true;
            return;
        }
        self.hostile += 1;
        if mark.context.is_plain() && !matches!(mark.target, ScopeTarget::Thing | ScopeTarget::Author) {
            self.worst[mark.target as usize] = true;
        } else {
            self.harmless += 1;
        }
    }

    fn add(&self, sink: &mut impl FeatureSink) {
        let mut add = |code: u64| sink.add(FeatureGroup::Scope, combine(HOSTILITY_SUMMARY, code), 1.0, WHOLE_COMMENT);
        if self.hostile == 0 {
            add(1 + u64::from(self.has_group) + 2 * u64::from(self.praised));
            return;
        }
        for (target, _) in self.worst.iter().enumerate().filter(|(_, is)| **is) {
            add(16 + target as u64);
        }
        if self.harmless == self.hostile {
            add(32 + u64::from(self.hostile > 1));
        }
        add(40 + u64::from(self.praised));
        add(48 + u64::from((self.hostile - self.harmless).min(3)));
        if self.has_group {
            add(56 + u64::from(self.worst[ScopeTarget::Group as usize] || self.worst[ScopeTarget::They as usize]));
        }
    }
}

/// Lowers the weights of hostile words that are said of things, denied, or quoted and answered.
fn lower_weights(syntax: &Syntax, tokens: &mut Tokens) {
    let mut lowered = false;
    for (at, unit) in syntax.units.iter().enumerate() {
        let part = weight_share(syntax, at);
        if part < 1.0
            && let Some(token) = tokens.tokens.get_mut(unit.token)
        {
            token.weight = token.weight.min(part);
            lowered = true;
        }
    }
    if lowered {
        tokens.lower_piece_weights();
    }
}

/// Returns how much of a hostile word counts where its own weight is asked: less of what is said of things or of oneself, of
/// what is denied, and of what is quoted to be answered.
fn weight_share(syntax: &Syntax, at: usize) -> f32 {
    let Some(tone) = Tone::from_classes(syntax.units[at].classes).filter(|tone| tone.is_hostile()) else { return 1.0 };
    let (target, _) = syntax.target(at, tone);
    let context = syntax.context(at, tone);
    let of_people = matches!(target, ScopeTarget::You | ScopeTarget::They | ScopeTarget::Person | ScopeTarget::Group);
    if matches!(target, ScopeTarget::Thing | ScopeTarget::Author) && tone != Tone::Slur {
        SHARE_OF_THINGS
    } else if context.intersects(ScopeContext::NEGATED)
        && of_people
        && matches!(tone, Tone::Insult | Tone::Contempt | Tone::Hatred)
    {
        SHARE_IF_DENIED
    } else if context.intersects(ScopeContext::QUOTED)
        && (context.intersects(ScopeContext::REPORTED) || context.intersects(ScopeContext::CONTRADICTED))
    {
        SHARE_IF_ANSWERED
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::features::CountedShare;

    /// Collects what marks are called.
    struct Heard(Vec<(String, u16)>);

    impl FeatureSink for Heard {
        fn add(&mut self, _: FeatureGroup, _: u64, _: impl Into<CountedShare>, evidence: Evidence) -> bool {
            if let EvidenceKind::ScopeMark(mark) = evidence.kind {
                let heard = (mark.describe(), evidence.start);
                if !self.0.contains(&heard) {
                    self.0.push(heard);
                }
            }
            true
        }

        fn contains(&self, _: FeatureGroup, _: u64) -> bool {
            false
        }
    }

    fn heard(source: &str) -> (Vec<String>, Tokens) {
        let (mut text, mut tokens, mut sink) = (ScoringText::default(), Tokens::default(), Heard(Vec::new()));
        text.normalize(source);
        tokens.tokenize(&text);
        extract(&text, &mut tokens, Language::Eng, &mut ScopeWords::default(), &mut sink);
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
        assert_eq!(weight("What a stupid printer.", "stupid"), Some(SHARE_OF_THINGS));
        assert_eq!(weight("Nobody calls you an idiot.", "idiot"), Some(SHARE_IF_DENIED));
        assert_eq!(weight("Saying \"they are scum\" is racist.", "scum"), Some(SHARE_IF_ANSWERED));
        assert_eq!(weight("You stupid man.", "stupid"), Some(1.0));
    }
}
