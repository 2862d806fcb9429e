//! How many outcomes were learned, and how much the next one counts for that.

use crate::classify::site::Outcome;
use crate::classify::site::training_example::OutcomeSource;

/// How much an outcome counts, by [`OutcomeSource`].
const SOURCE_WEIGHTS: [f32; OutcomeSource::ALL.len()] = [0.5, 0.9, 1.0];
/// Once moderators have decided so many comments, what the others say counts less.
const MODERATOR_QUORUM: f32 = 10.0;
/// The others' harmless outcomes, and their bad ones, then count together no more than this many, and this many for each
/// comment that moderators decided. A harmless comment that is held for their sake comes before a moderator; a bad one that
/// is published does not.
const OTHERS_CAP: [(f32, f32); 2] = [(10.0, 0.25), (50.0, 2.0)];

/// How many outcomes were learned, by what and by whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutcomeCounts {
    /// By [`Outcome`].
    pub outcomes: [u32; Outcome::ALL.len()],
    /// By [`OutcomeSource`].
    pub sources: [u32; OutcomeSource::ALL.len()],
    /// On which moderators were not of one mind.
    pub contested: u32,
    /// How many harmless and bad outcomes others than moderators told.
    others: [u32; 2],
}

impl OutcomeCounts {
    /// All of them.
    pub fn all(&self) -> u32 {
        self.outcomes.iter().sum()
    }

    /// Counts an outcome.
    pub(super) fn add(&mut self, outcome: Outcome, source: OutcomeSource, contested: bool) {
        self.outcomes[outcome as usize] += 1;
        self.sources[source as usize] += 1;
        self.others[usize::from(outcome != Outcome::Ham)] += u32::from(source != OutcomeSource::Moderator);
        self.contested += u32::from(contested);
    }

    /// Returns how much the next outcome of a source counts.
    pub(super) fn weight(&self, source: OutcomeSource, outcome: Outcome) -> f32 {
        let bad = usize::from(outcome != Outcome::Ham);
        let moderators = self.sources[OutcomeSource::Moderator as usize] as f32;
        let heard = source == OutcomeSource::Moderator || moderators < MODERATOR_QUORUM;
        let others = self.others[bad] as f32;
        let (least, factor) = OTHERS_CAP[bad];
        let share = if heard { 1.0 } else { ((least + factor * moderators) / (others + 1.0)).min(1.0) };
        SOURCE_WEIGHTS[source as usize] * share
    }
}
