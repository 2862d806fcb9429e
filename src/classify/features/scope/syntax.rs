//! Rules that find the target and the context of a word.

use super::mark::{ScopeContext, ScopeTarget, Tone};
use super::scope_words::{ScopeWord, Sentence};
use crate::classify::words::WordClasses;

/// The maximum distance from a verb or adjective to its object, in words.
const OBJECT_REACH: usize = 4;
/// The maximum distance from a word back to its subject, in words.
const SUBJECT_REACH: usize = 7;
/// The maximum distance over which a negator or a modal verb applies, in words.
pub const MODIFIER_REACH: usize = 6;

/// The words and sentences of a comment, for the rules. Methods identify a word by its index.
pub struct Syntax<'a> {
    /// The words, in text order.
    pub words: &'a [ScopeWord],
    /// The sentences, in text order.
    pub sentences: &'a [Sentence],
    /// Whether adjectives follow their nouns in the language.
    pub adjectives_follow: bool,
}

impl Syntax<'_> {
    /// Returns whether two words are in the same clause.
    pub fn in_same_clause(&self, a: usize, b: usize) -> bool {
        self.words[a].clause == self.words[b].clause && self.words[a].sentence == self.words[b].sentence
    }

    /// Returns the target of a word, and the index of the word that identifies it. The index is `None` if no word does.
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
            && self.words[other].classes == WordClasses::default()
            && !self.words[other].is_name
        {
            return (ScopeTarget::Thing, Some(other));
        }
        match self.find_subject(at) {
            Some((target, other)) => (target, Some(other)),
            None if tone == Tone::Slur => (ScopeTarget::Group, None),
            None => (ScopeTarget::Nobody, None),
        }
    }

    /// Returns the object after a verb or an adjective, as target and word index. Returns `None` if there is none.
    fn find_object(&self, at: usize, reach: usize) -> Option<(ScopeTarget, usize)> {
        for (other, word) in self.words.iter().enumerate().skip(at + 1).take(reach) {
            if !self.in_same_clause(at, other)
                || word.classes.intersects(WordClasses::COPULA) && !word.classes.intersects(WordClasses::SECOND_PERSON)
            {
                return None;
            }
            let target = own_target(word);
            if let Some(target) = target {
                // "you stupid man"
                let is_addressed = target == ScopeTarget::Person
                    && at > 0
                    && self.words[at - 1].classes.intersects(WordClasses::SECOND_PERSON);
                return Some((if is_addressed { ScopeTarget::You } else { target }, other));
            }
            if word.classes.intersects(WordClasses::INSULT.union(WordClasses::SLUR)) {
                return self.find_subject(at).or(Some((ScopeTarget::Person, other)));
            }
            let skippable =
                WordClasses::INTENSIFIER.union(WordClasses::CONTEMPT).union(WordClasses::OBSCENE).union(WordClasses::PRAISE);
            if !word.classes.intersects(skippable) {
                return Some((ScopeTarget::Thing, other));
            }
        }
        None
    }

    /// Returns the subject before a noun or a participle, as target and word index. Returns `None` if there is none.
    fn find_subject(&self, at: usize) -> Option<(ScopeTarget, usize)> {
        let mut before_copula = false;
        for other in (at.saturating_sub(SUBJECT_REACH)..at).rev() {
            if !self.in_same_clause(at, other) {
                return None;
            }
            let word = &self.words[other];
            if let Some(target) = own_target(word) {
                return Some((target, other));
            }
            if word.classes.intersects(WordClasses::COPULA) {
                before_copula = true;
            } else if before_copula
                && !word.classes.intersects(WordClasses::INTENSIFIER.union(WordClasses::NEGATOR).union(WordClasses::MODAL))
            {
                return Some((ScopeTarget::Thing, other));
            }
        }
        None
    }

    /// Returns the context of a word.
    pub fn context(&self, at: usize, tone: Tone) -> ScopeContext {
        let word = &self.words[at];
        let number = usize::from(word.sentence);
        let sentence = self.sentences.get(number).copied().unwrap_or_default();
        let near = self.sentences.get(number.saturating_sub(1)..(number + 2).min(self.sentences.len())).unwrap_or_default();
        let mut context = ScopeContext::default();
        context.set(ScopeContext::NEGATED, self.has_before(at, WordClasses::NEGATOR));
        context.set(ScopeContext::QUOTED, word.is_quoted);
        context.set(ScopeContext::REPORTED, sentence.reporting_word.is_some_and(|reports| reports < at));
        context.set(ScopeContext::CONTRADICTED, tone.is_hostile() && near.iter().any(|sentence| sentence.has_counter_speech));
        context.set(ScopeContext::QUESTION, sentence.is_question);
        context.set(ScopeContext::CONDITION, sentence.is_conditional);
        context
    }

    /// Returns whether a word of a class precedes a word in its clause, within [`MODIFIER_REACH`] words.
    pub fn has_before(&self, at: usize, class: WordClasses) -> bool {
        (at.saturating_sub(MODIFIER_REACH)..at)
            .rev()
            .take_while(|other| self.in_same_clause(at, *other))
            .any(|other| self.words[other].classes.intersects(class))
    }
}

/// Returns the target that a word itself refers to, or `None` if it refers to none.
fn own_target(word: &ScopeWord) -> Option<ScopeTarget> {
    let classes = [
        (WordClasses::SECOND_PERSON, ScopeTarget::You),
        (WordClasses::GROUP_NAME, ScopeTarget::Group),
        (WordClasses::FIRST_PERSON, ScopeTarget::Author),
        (WordClasses::THIRD_PERSON, ScopeTarget::They),
        (WordClasses::PERSON, ScopeTarget::Person),
        (WordClasses::THING, ScopeTarget::Thing),
    ];
    let class_target = classes.into_iter().find(|(class, _)| word.classes.intersects(*class)).map(|(_, target)| target);
    class_target.or(word.is_name.then_some(ScopeTarget::Person))
}
