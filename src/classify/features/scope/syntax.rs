//! Rules that find of whom a word is said, and what surrounds it.

use super::mark::{Context, Target, Tone};
use super::units::{Sentence, Unit};
use crate::classify::words::WordClasses;

/// How many words behind a verb or adjective its object may stand, and how many words before a word its subject.
const OBJECT_REACH: usize = 4;
const SUBJECT_REACH: usize = 7;
/// How many words a negator or a modal verb reaches.
pub const REACH: usize = 6;

/// The words of a comment, as the rules ask about them. Words go by their place among all.
pub struct Syntax<'a> {
    /// The words, in their order.
    pub units: &'a [Unit],
    /// The sentences, in their order.
    pub sentences: &'a [Sentence],
    /// Adjectives stand behind their nouns.
    pub adjectives_follow: bool,
}

impl Syntax<'_> {
    /// Returns whether two words stand in the same clause.
    pub fn together(&self, a: usize, b: usize) -> bool {
        self.units[a].clause == self.units[b].clause && self.units[a].sentence == self.units[b].sentence
    }

    /// Returns of whom a word is said, and the word that says so.
    pub fn target(&self, at: usize, tone: Tone) -> (Target, Option<usize>) {
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

    /// Returns what surrounds a word.
    pub fn context(&self, at: usize, tone: Tone) -> Context {
        let unit = &self.units[at];
        let number = usize::from(unit.sentence);
        let sentence = self.sentences.get(number).copied().unwrap_or_default();
        let near = self.sentences.get(number.saturating_sub(1)..(number + 2).min(self.sentences.len())).unwrap_or_default();
        let mut context = Context::default();
        context.set(Context::NEGATED, self.before(at, WordClasses::NEGATOR));
        context.set(Context::QUOTED, unit.quoted);
        context.set(Context::REPORTED, sentence.reports.is_some_and(|reports| reports < at));
        context.set(Context::COUNTERED, tone.is_hostile() && near.iter().any(|sentence| sentence.counters));
        context.set(Context::QUESTION, sentence.question);
        context.set(Context::CONDITION, sentence.condition);
        context
    }

    /// Whether a word of a class stands in the clause before a word.
    pub fn before(&self, at: usize, class: WordClasses) -> bool {
        (at.saturating_sub(REACH)..at)
            .rev()
            .take_while(|other| self.together(at, *other))
            .any(|other| self.units[other].classes.has(class))
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
