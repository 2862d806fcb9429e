//! Labelled rows with a head's logits.

use super::fit::LinearModel;
use super::trainer::HeadTrainer;
use crate::classify::example_set::Example;

/// A row with the logit of a head that was not trained on it.
#[derive(Clone, Copy)]
pub struct ScoredRow<'a> {
    pub row: &'a Example,
    /// Uncalibrated logit.
    pub logit: f64,
    /// Whether the row has the label.
    pub target: bool,
}

impl HeadTrainer<'_> {
    /// Scores rows with a learned head.
    pub fn score<'r>(&self, learned: &LinearModel, rows: impl IntoIterator<Item = (&'r Example, bool)>) -> Vec<ScoredRow<'r>> {
        let scored = |(row, target)| ScoredRow { row, logit: learned.logit(self, row), target };
        rows.into_iter().map(scored).collect()
    }
}
