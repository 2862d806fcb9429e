//! The latest outcomes with the predictions made before, for the gate.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::CorrectedLabel;
use crate::classify::site::gate::{Trial, WINDOW};
use crate::classify::site::training_example::OutcomeSource;

/// Number of remembered trials for each label, class, and source group.
pub(super) const MAX_TRIALS: usize = WINDOW;

/// The latest trials by [`CorrectedLabel`], then of other sources and of moderators, then harmless and bad. They have
/// separate queues, so that none displaces another.
#[derive(Debug, Clone, Default)]
pub struct Trials(pub(super) [[[VecDeque<Trial>; 2]; 2]; 2]);

impl Trials {
    /// Adds a trial of a label.
    pub fn push(&mut self, label: CorrectedLabel, trial: Trial) {
        let moderator = usize::from(trial.source == OutcomeSource::Moderator);
        recent::push(&mut self.0[label as usize][moderator][usize::from(trial.bad)], MAX_TRIALS, trial);
    }

    /// Returns the trials of a label, oldest first.
    pub fn for_label(&self, label: CorrectedLabel) -> Vec<Trial> {
        let mut trials: Vec<Trial> = self.0[label as usize].iter().flatten().flatten().copied().collect();
        trials.sort_by_key(|trial| trial.order);
        trials
    }
}
