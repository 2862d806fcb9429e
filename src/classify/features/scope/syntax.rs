//! Rules that find of whom a word is said, and what surrounds it.

use super::mark::{ScopeContext, ScopeTarget, Tone};
use super::scope_words::{ScopeWord, Sentence};
use crate::classify::words::WordClasses;

/// How many words behind a verb or adjective its object may stand, and how many words before a word its subject.
const OBJECT_REACH: usize = 4;
const SUBJECT_REACH: usize = 7;
/// How many words a negator or a modal verb reaches.
pub const MODIFIER_REACH: usize = 6;

/// The words of a comment, as the rules ask about them. Words go by their place among all.
pub struct Syntax<'a> {
    /// The words, in their order.
    pub units: &'a [ScopeWord],
    /// The sentences, in their order.
    pub sentences: &'a [Sentence],
    /// Adjectives stand behind their nouns.
    pub adjectives_follow: bool,
}

impl Syntax<'_> {
    /// Returns whether two words stand in the same clause.
    pub fn in_same_clause(&self, a: usize, b: usize) -> bool {
        self.units[a].clause == self.units[b].clause && self.units[a].sentence == self.units[b].sentence
    }

    /// Returns of whom a word is said, and the word that says so.
    pub fn target(&self, at: usize, tone: Tone) -> (ScopeTarget, Option<usize>) {
        let object = match tone {
            Tone::Slur | Tone::HostileAcronym => None,
            Tone::Insult | Tone::Dehumanising => self.find_object(at, 2).filter(|(target, _)| *target == ScopeTarget::You),
            _ => self.find_object(at, OBJECT_REACH),
        };
        if let Some((target, other)) = object {
            return (target, Some(other));
        }
        let noun = at.checked_sub(1).filter(|other| self.adjectives_follow && self.in_same_clause(at, *other));
        if let Some(other) = noun.filter(|_| tone == Tone::Contempt)
            && self.units[other].classes == WordClasses::default()
            && !self.units[other].is_name
        {
            return (ScopeTarget::Thing, Some(other));
        }
        match self.find_subject(at) {
            Some((target, other)) => (target, Some(other)),
            None if tone == Tone::Slur => (ScopeTarget::Group, None),
            None => (ScopeTarget::Nobody, None),
        }
    }

    /// Who or what stands behind a verb or an adjective.
    fn find_object(&self, at: usize, reach: usize) -> Option<(ScopeTarget, usize)> {
        for (other, unit) in self.units.iter().enumerate().skip(at + 1).take(reach) {
            if !self.in_same_clause(at, other)
                || unit.classes.intersects(WordClasses::COPULA) && !unit.classes.intersects(WordClasses::SECOND_PERSON)
            {
                return None;
            }
            let target = own_target(unit);
            if let Some(target) = target {
                // "you stupid man"
                let addressed = target == ScopeTarget::Person
                    && at > 0
                    && self.units[at - 1].classes.intersects(WordClasses::SECOND_PERSON);
                return Some((if addressed { ScopeTarget::You } else { target }, other));
            }
            if unit.classes.intersects(WordClasses::INSULT.union(WordClasses::SLUR)) {
                return self.find_subject(at).or(Some((ScopeTarget::Person, other)));
            }
            let passes =
                WordClasses::INTENSIFIER.union(WordClasses::CONTEMPT).union(WordClasses::OBSCENE).union(WordClasses::PRAISE);
            if !unit.classes.intersects(passes) {
                return Some((ScopeTarget::Thing, other));
            }
        }
        None
    }

    /// Who or what stands before a noun or a participle.
    fn find_subject(&self, at: usize) -> Option<(ScopeTarget, usize)> {
        let mut behind_copula = false;
        for other in (at.saturating_sub(SUBJECT_REACH)..at).rev() {
            if !self.in_same_clause(at, other) {
                return None;
            }
            let unit = &self.units[other];
            if let Some(target) = own_target(unit) {
                return Some((target, other));
            }
            if unit.classes.intersects(WordClasses::COPULA) {
                behind_copula = true;
            } else if behind_copula
                && !unit.classes.intersects(WordClasses::INTENSIFIER.union(WordClasses::NEGATOR).union(WordClasses::MODAL))
            {
                return Some((ScopeTarget::Thing, other));
            }
        }
        None
    }

    /// Returns what surrounds a word.
    pub fn context(&self, at: usize, tone: Tone) -> ScopeContext {
        let unit = &self.units[at];
        let number = usize::from(unit.sentence);
        let sentence = self.sentences.get(number).copied().unwrap_or_default();
        let near = self.sentences.get(number.saturating_sub(1)..(number + 2).min(self.sentences.len())).unwrap_or_default();
        let mut context = ScopeContext::default();
        context.set(ScopeContext::NEGATED, self.has_before(at, WordClasses::NEGATOR));
        context.set(ScopeContext::QUOTED, unit.is_quoted);
        context.set(ScopeContext::REPORTED, sentence.reporting_word.is_some_and(|reports| reports < at));
        context.set(ScopeContext::CONTRADICTED, tone.is_hostile() && near.iter().any(|sentence| sentence.has_counter_speech));
        context.set(ScopeContext::QUESTION, sentence.is_question);
        context.set(ScopeContext::CONDITION, sentence.is_conditional);
        context
    }

    /// Whether a word of a class stands in the clause before a word.
    pub fn has_before(&self, at: usize, class: WordClasses) -> bool {
        (at.saturating_sub(MODIFIER_REACH)..at)
            .rev()
            .take_while(|other| self.in_same_clause(at, *other))
            .any(|other| self.units[other].classes.intersects(class))
    }
}

/// Of whom a word speaks by itself.
fn own_target(unit: &ScopeWord) -> Option<ScopeTarget> {
    let classes = [
        (WordClasses::SECOND_PERSON, ScopeTarget::You),
        (WordClasses::GROUP_NAME, ScopeTarget::Group),
        (WordClasses::FIRST_PERSON, ScopeTarget::Author),
        (WordClasses::THIRD_PERSON, ScopeTarget::They),
        (WordClasses::PERSON, ScopeTarget::Person),
        (WordClasses::THING, ScopeTarget::Thing),
    ];
    let of_class = classes.into_iter().find(|(class, _)| unit.classes.intersects(*class)).map(|(_, target)| target);
    of_class.or(unit.is_name.then_some(ScopeTarget::Person))
}
