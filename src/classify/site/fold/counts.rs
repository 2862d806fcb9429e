//! How many outcomes were learned, and how much the next one counts for that.

use crate::classify::site::Outcome;
use crate::classify::site::lesson::Source;

/// How much an outcome counts, by [`Source`].
const WEIGHTS: [f32; Source::ALL.len()] = [0.5, 0.9, 1.0];
/// Once moderators have decided so many comments, what the others say counts less.
const HEARD: f32 = 10.0;
/// The others' harmless outcomes, and their bad ones, then count together no more than this many, and this many for each
/// comment that moderators decided. A harmless comment that is held for their sake comes before a moderator; a bad one that
/// is published does not.
const OTHERS: [(f32, f32); 2] = [(10.0, 0.25), (50.0, 2.0)];

/// How many outcomes were learned, by what and by whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// By [`Outcome`].
    pub outcomes: [u32; Outcome::ALL.len()],
    /// By [`Source`].
    pub sources: [u32; Source::ALL.len()],
    /// On which moderators were not of one mind.
    pub contested: u32,
    /// How many harmless and bad outcomes others than moderators told.
    others: [u32; 2],
}

impl Counts {
    /// All of them.
    pub fn all(&self) -> u32 {
        self.outcomes.iter().sum()
    }

    /// Counts an outcome.
    pub(super) fn add(&mut self, outcome: Outcome, source: Source, contested: bool) {
        self.outcomes[outcome as usize] += 1;
        self.sources[source as usize] += 1;
        self.others[usize::from(outcome != Outcome::Ham)] += u32::from(source != Source::Moderator);
        self.contested += u32::from(contested);
    }

    /// Returns how much the next outcome of a source counts.
    pub(super) fn weight(&self, source: Source, outcome: Outcome) -> f32 {
        let bad = usize::from(outcome != Outcome::Ham);
        let moderators = self.sources[Source::Moderator as usize] as f32;
        let heard = source == Source::Moderator || moderators < HEARD;
        let others = self.others[bad] as f32;
        let (least, factor) = OTHERS[bad];
        let share = if heard { 1.0 } else { ((least + factor * moderators) / (others + 1.0)).min(1.0) };
        WEIGHTS[source as usize] * share
    }
}
