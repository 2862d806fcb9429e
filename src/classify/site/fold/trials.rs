//! The latest outcomes with what was thought of them before, for the gate.

use std::collections::VecDeque;

use super::recent;
use crate::classify::site::Kind;
use crate::classify::site::gate::{Trial, WINDOW};
use crate::classify::site::lesson::Source;

/// How many of the latest outcomes are remembered for the gate, of each kind, of moderators and of the others.
pub(super) const TRIALS: usize = WINDOW;

/// The latest trials by [`Kind`], and those of others before those of moderators, harmless ones before bad ones: none pushes
/// another out.
#[derive(Debug, Clone, Default)]
pub struct Trials(pub(super) [[[VecDeque<Trial>; 2]; 2]; 2]);

impl Trials {
    /// Adds a trial of a kind.
    pub fn push(&mut self, kind: Kind, trial: Trial) {
        let moderator = usize::from(trial.source == Source::Moderator);
        recent::push(&mut self.0[kind as usize][moderator][usize::from(trial.bad)], TRIALS, trial);
    }

    /// Returns the trials of a kind, oldest first.
    pub fn of(&self, kind: Kind) -> Vec<Trial> {
        let mut trials: Vec<Trial> = self.0[kind as usize].iter().flatten().flatten().copied().collect();
        trials.sort_by_key(|trial| trial.order);
        trials
    }
}
