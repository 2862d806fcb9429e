//! Counts of the learned outcomes, and the weight of the next one.

use crate::classify::site::Outcome;
use crate::classify::site::training_example::OutcomeSource;

/// Weight of an outcome, by [`OutcomeSource`].
const SOURCE_WEIGHTS: [f32; OutcomeSource::ALL.len()] = [0.5, 0.9, 1.0];
/// Number of moderator decisions from which on outcomes of other sources count less.
const MODERATOR_QUORUM: f32 = 10.0;
/// Caps on the total weight of harmless and of bad outcomes from other sources than moderators: a constant, and an addition
/// for each comment that moderators decided. The cap on harmless ones is lower, because a harmless comment that is wrongly
/// held still reaches a moderator, and a bad one that is published does not.
const OTHERS_CAP: [(f32, f32); 2] = [(10.0, 0.25), (50.0, 2.0)];

/// Counts of the learned outcomes by outcome and by source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutcomeCounts {
    /// Counts by [`Outcome`].
    pub outcomes: [u32; Outcome::ALL.len()],
    /// Counts by [`OutcomeSource`].
    pub sources: [u32; OutcomeSource::ALL.len()],
    /// Number of outcomes on which moderators disagreed.
    pub contested: u32,
    /// Number of harmless and of bad outcomes from other sources than moderators.
    others: [u32; 2],
}

impl OutcomeCounts {
    /// Returns the number of all outcomes.
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

    /// Returns the weight of the next outcome of a source.
    pub(super) fn weight(&self, source: OutcomeSource, outcome: Outcome) -> f32 {
        let bad = usize::from(outcome != Outcome::Ham);
        let moderators = self.sources[OutcomeSource::Moderator as usize] as f32;
        let counts_in_full = source == OutcomeSource::Moderator || moderators < MODERATOR_QUORUM;
        let others = self.others[bad] as f32;
        let (base, factor) = OTHERS_CAP[bad];
        let share = if counts_in_full { 1.0 } else { ((base + factor * moderators) / (others + 1.0)).min(1.0) };
        SOURCE_WEIGHTS[source as usize] * share
    }
}
