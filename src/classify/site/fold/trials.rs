//! The latest outcomes with what was thought of them before, for the gate.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::CorrectedLabel;
use crate::classify::site::gate::{Trial, WINDOW};
use crate::classify::site::training_example::OutcomeSource;

/// How many of the latest outcomes are remembered for the gate, of each kind, of moderators and of the others.
pub(super) const MAX_TRIALS: usize = WINDOW;

/// The latest trials by [`CorrectedLabel`], and those of others before those of moderators, harmless ones before bad ones: none pushes
/// another out.
#[derive(Debug, Clone, Default)]
pub struct Trials(pub(super) [[[VecDeque<Trial>; 2]; 2]; 2]);

impl Trials {
    /// Adds a trial of a kind.
    pub fn push(&mut self, kind: CorrectedLabel, trial: Trial) {
        let moderator = usize::from(trial.source == OutcomeSource::Moderator);
        recent::push(&mut self.0[kind as usize][moderator][usize::from(trial.bad)], MAX_TRIALS, trial);
    }

    /// Returns the trials of a kind, oldest first.
    pub fn for_label(&self, kind: CorrectedLabel) -> Vec<Trial> {
        let mut trials: Vec<Trial> = self.0[kind as usize].iter().flatten().flatten().copied().collect();
        trials.sort_by_key(|trial| trial.order);
        trials
    }
}
