//! Scope marks: the hostile and kind words of a comment, with their targets and their contexts: negation, quotation,
//! reporting, contradiction, questions and conditions.
//!
//! Cheap rules over tokens and small word classes, in one pass. Words alone do not distinguish "you idiot" from "I was such
//! an idiot", and a linear model over n-grams learns the difference only for words it has seen; a mark covers all words of
//! its tone.

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

/// The weight of a hostile word that is said of a thing or of the author.
const SHARE_OF_THINGS: f32 = 0.5;
/// The weight of a hostile word that is negated.
const SHARE_IF_DENIED: f32 = 0.5;
/// The weight of a hostile word that is quoted, and reported or contradicted.
const SHARE_IF_ANSWERED: f32 = 0.5;

/// The evidence of features of the whole comment.
const WHOLE_COMMENT: Evidence = Evidence { kind: EvidenceKind::Hostility, start: 0, end: 0 };

/// Returns whether a word, given by hash, has a hostile tone.
pub fn is_hostile(words: &Words, word: u64) -> bool {
    words.get(&word).and_then(|classes| Tone::from_classes(*classes)).is_some_and(Tone::is_hostile)
}

/// Adds the mark of a disguised word, given by hash, if it is hostile.
pub fn add_disguised(language: Language, word: u64, evidence: Evidence, sink: &mut impl FeatureSink) {
    let tone =
        words::for_language(language).and_then(|words| words.get(&word)).and_then(|classes| Tone::from_classes(*classes));
    let Some(tone) = tone.filter(|tone| tone.is_hostile()) else { return };
    let mut add = |hash| sink.add(FeatureGroup::Scope, hash, 1.0, evidence);
    add(combine(SCOPE_DISGUISED, u64::from(tone.is_unambiguous())));
    if tone.is_unambiguous() || tone == Tone::Obscene {
        // Disguise shows intent, so the word counts as hostile without a target and without mitigating context.
        for code in [0, PLAIN_CONTEXT_CODE] {
            add(combine(SCOPE_MARK, (tone as u64) << 16 | code));
        }
        add(combine(ANY_HOSTILE, u64::from(tone.is_unambiguous()) << 16 | PLAIN_CONTEXT_CODE));
    }
}

/// Adds the scope marks of a comment, and lowers the weights of hostile words that are not meant as an attack.
pub fn extract(
    text: &ScoringText,
    tokens: &mut Tokens,
    language: Language,
    scope_words: &mut ScopeWords,
    sink: &mut impl FeatureSink,
) {
    let Some(words) = words::for_language(language) else { return };
    if !may_have_marks(text, tokens, words) {
        sink.add(FeatureGroup::Scope, combine(HOSTILITY_SUMMARY, 0), 1.0, WHOLE_COMMENT);
        return;
    }
    scope_words.read(text, tokens, language, words);
    let adjectives_follow = words::has_postposed_adjectives(language);
    let syntax = Syntax { words: &scope_words.words, sentences: &scope_words.sentences, adjectives_follow };
    add_marks(&syntax, sink);
    lower_weights(&syntax, tokens);
}

/// Returns whether a text has a word with a tone, the name of a group, or a word long enough to be several words without
/// spaces.
fn may_have_marks(text: &ScoringText, tokens: &Tokens, words: &Words) -> bool {
    let is_marked = |at: usize| {
        let (classes, _) = words::look_up(words, text.as_str(), &tokens.tokens, at);
        Tone::from_classes(classes).is_some() || classes.intersects(WordClasses::GROUP_NAME)
    };
    let is_long = |token: &Token| token.kind == TokenKind::Word && usize::from(token.end - token.start) >= MIN_SEGMENTED_BYTES;
    (0..tokens.tokens.len()).any(is_marked) || tokens.tokens.iter().any(is_long)
}

/// Adds a mark for each word with a tone, the features around names of groups, and a summary.
fn add_marks(syntax: &Syntax, sink: &mut impl FeatureSink) {
    let mut summary = HostilitySummary::default();
    for (at, word) in syntax.words.iter().enumerate() {
        if word.classes.intersects(WordClasses::GROUP_NAME) {
            add_group(syntax, at, sink);
        }
        if let Some(tone) = Tone::from_classes(word.classes) {
            summary.count(add_mark(syntax, at, tone, summary.has_group, sink));
        }
        summary.has_group |= word.classes.intersects(WordClasses::GROUP_NAME);
    }
    summary.add(sink);
}

/// Adds the mark of a word with a tone, and returns it. `after_group` tells whether a group is named before the word.
fn add_mark(syntax: &Syntax, at: usize, tone: Tone, after_group: bool, sink: &mut impl FeatureSink) -> ScopeMark {
    let (mut target, other) = syntax.target(at, tone);
    if target == ScopeTarget::They && after_group {
        target = ScopeTarget::Group;
    }
    let mark = ScopeMark { tone, target, context: syntax.context(at, tone) };
    let (from, to) = other.map_or((at, at), |other| (at.min(other), at.max(other)));
    let evidence = Evidence { kind: EvidenceKind::ScopeMark(mark), start: syntax.words[from].start, end: syntax.words[to].end };
    let mut add = |seed: u64, code: u64| sink.add(FeatureGroup::Scope, combine(seed, code), 1.0, evidence);
    let tone_code = (tone as u64) << 16 | (target as u64) << 8;
    let strength_code = u64::from(tone.is_unambiguous()) << 16 | (target as u64) << 8;
    add(SCOPE_MARK, tone_code);
    for code in mark.context.codes() {
        add(SCOPE_MARK, tone_code | code);
        if tone.is_hostile() {
            add(ANY_HOSTILE, strength_code | code);
        }
    }
    if matches!(tone, Tone::Violence | Tone::Expulsion | Tone::Hatred) {
        add(VIOLENCE_MODE, tone_code | violence_mode(syntax, at));
    }
    mark
}

/// Returns a code for the mode of a word of violence: whether a modal verb and a first-person word precede it, and whether
/// it starts its clause.
fn violence_mode(syntax: &Syntax, at: usize) -> u64 {
    let modal = syntax.has_before(at, WordClasses::MODAL);
    let first_person = syntax.has_before(at, WordClasses::FIRST_PERSON);
    let starts_clause = at == 0 || !syntax.in_same_clause(at, at - 1);
    u64::from(modal) | u64::from(first_person) << 1 | u64::from(starts_clause) << 2
}

/// Adds the features of the words around the name of a group.
fn add_group(syntax: &Syntax, at: usize, sink: &mut impl FeatureSink) {
    let mut add = |code: u64| sink.add(FeatureGroup::Scope, combine(GROUP_CONTEXT, code), 1.0, WHOLE_COMMENT);
    let next = syntax.words.get(at + 1).filter(|_| syntax.in_same_clause(at, at + 1));
    let previous = at.checked_sub(1).filter(|other| syntax.in_same_clause(at, *other)).map(|other| &syntax.words[other]);
    let first_person = syntax.has_before(at, WordClasses::FIRST_PERSON);
    let copula = syntax.has_before(at, WordClasses::COPULA);
    add(1 + u64::from(first_person) + 2 * u64::from(copula));
    if let Some(previous) = previous {
        let second_person = previous.classes.intersects(WordClasses::SECOND_PERSON);
        if previous.classes.intersects(WordClasses::INTENSIFIER) || second_person {
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
    let following = syntax
        .words
        .iter()
        .enumerate()
        .skip(at + 1)
        .take(MODIFIER_REACH)
        .take_while(|(other, _)| syntax.in_same_clause(at, *other));
    for (_, word) in following {
        if word.classes.intersects(WordClasses::MODAL) {
            add(24);
        }
        if word.classes.intersects(WordClasses::NEGATOR) {
            add(25);
        }
    }
}

/// A summary of the scope marks of a comment.
#[derive(Default)]
struct HostilitySummary {
    /// Whether a hostile word without mitigating context has this target, by [`ScopeTarget`].
    attacked: [bool; 7],
    /// The number of hostile words.
    hostile: u32,
    /// The number of hostile words with mitigating context, or said of a thing or of the author.
    harmless: u32,
    /// Whether there is a word of praise.
    has_praise: bool,
    /// Whether a group is named.
    has_group: bool,
}

impl HostilitySummary {
    /// Counts a mark.
    fn count(&mut self, mark: ScopeMark) {
        if !mark.tone.is_hostile() {
            self.has_praise = true;
            return;
        }
        self.hostile += 1;
        if mark.context.is_plain() && !matches!(mark.target, ScopeTarget::Thing | ScopeTarget::Author) {
            self.attacked[mark.target as usize] = true;
        } else {
            self.harmless += 1;
        }
    }

    /// Adds the features of the summary.
    fn add(&self, sink: &mut impl FeatureSink) {
        let mut add = |code: u64| sink.add(FeatureGroup::Scope, combine(HOSTILITY_SUMMARY, code), 1.0, WHOLE_COMMENT);
        if self.hostile == 0 {
            add(1 + u64::from(self.has_group) + 2 * u64::from(self.has_praise));
            return;
        }
        for (target, _) in self.attacked.iter().enumerate().filter(|(_, is_attacked)| **is_attacked) {
            add(16 + target as u64);
        }
        if self.harmless == self.hostile {
            add(32 + u64::from(self.hostile > 1));
        }
        add(40 + u64::from(self.has_praise));
        add(48 + u64::from((self.hostile - self.harmless).min(3)));
        if self.has_group {
            add(56 + u64::from(self.attacked[ScopeTarget::Group as usize] || self.attacked[ScopeTarget::They as usize]));
        }
    }
}

/// Lowers the weights of hostile words that are said of things or of the author, negated, or quoted and answered.
fn lower_weights(syntax: &Syntax, tokens: &mut Tokens) {
    let mut lowered = false;
    for (at, word) in syntax.words.iter().enumerate() {
        let share = weight_share(syntax, at);
        if share < 1.0
            && let Some(token) = tokens.tokens.get_mut(word.token)
        {
            token.weight = token.weight.min(share);
            lowered = true;
        }
    }
    if lowered {
        tokens.lower_piece_weights();
    }
}

/// Returns the share of a word's weight that counts, `0..=1`. Hostile words count less if they are said of things or of the
/// author, negated, or quoted and answered.
fn weight_share(syntax: &Syntax, at: usize) -> f32 {
    let Some(tone) = Tone::from_classes(syntax.words[at].classes).filter(|tone| tone.is_hostile()) else { return 1.0 };
    let (target, _) = syntax.target(at, tone);
    let context = syntax.context(at, tone);
    let is_about_people = matches!(target, ScopeTarget::You | ScopeTarget::They | ScopeTarget::Person | ScopeTarget::Group);
    if matches!(target, ScopeTarget::Thing | ScopeTarget::Author) && tone != Tone::Slur {
        SHARE_OF_THINGS
    } else if context.intersects(ScopeContext::NEGATED)
        && is_about_people
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

    /// A sink that collects the descriptions and the starts of scope marks.
    struct MarkCollector(Vec<(String, u16)>);

    impl FeatureSink for MarkCollector {
        fn add(&mut self, _: FeatureGroup, _: u64, _: impl Into<CountedShare>, evidence: Evidence) -> bool {
            if let EvidenceKind::ScopeMark(mark) = evidence.kind {
                let described = (mark.describe(), evidence.start);
                if !self.0.contains(&described) {
                    self.0.push(described);
                }
            }
            true
        }

        fn contains(&self, _: FeatureGroup, _: u64) -> bool {
            false
        }
    }

    fn marks(source: &str) -> (Vec<String>, Tokens) {
        let (mut text, mut tokens, mut sink) = (ScoringText::default(), Tokens::default(), MarkCollector(Vec::new()));
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
            ("I was such an idiot.", "an insult to the author"),
            ("That author is a coward.", "an insult to a person"),
            ("This law is stupid.", "contempt for a thing"),
            ("My neighbours kept a stupid dog.", "contempt for a thing"),
            ("Those immigrants are vermin.", "a dehumanising word for a group"),
            ("The immigrants came in June. They are scum.", "an insult to a group"),
            ("He is scum.", "an insult to people named before"),
            ("I will kill you.", "a threat to you"),
            ("Beat the eggs.", "violence or death of a thing"),
            ("You are not an idiot.", "an insult to you, negated"),
            ("He called me \"an idiot\".", "an insult to the author, quoted, reported"),
            ("Is he an idiot?", "an insult to people named before, in a question"),
            ("You idiot 🖕", "swearing at you"),
            ("You are a 🤡", "an insult to you"),
            ("youareanidiot", "an insult to you"),
        ] {
            let (marks, _) = marks(source);
            assert!(marks.iter().any(|mark| mark == expected), "{source}: {marks:?}");
        }
        assert_eq!(marks("The bread rose well on Sunday.").0, [""; 0]);
    }

    #[test]
    fn what_is_said_of_things_or_denied_counts_less_by_itself() {
        let weight = |source: &str, word: &str| {
            let hash = crate::classify::lexicon::word_hash(word.as_bytes());
            marks(source).1.tokens.iter().find(|token| token.hash == hash).map(|token| token.weight)
        };
        assert_eq!(weight("What a stupid printer.", "stupid"), Some(SHARE_OF_THINGS));
        assert_eq!(weight("Nobody calls you an idiot.", "idiot"), Some(SHARE_IF_DENIED));
        assert_eq!(weight("Saying \"they are scum\" is racist.", "scum"), Some(SHARE_IF_ANSWERED));
        assert_eq!(weight("You stupid man.", "stupid"), Some(1.0));
    }
}
