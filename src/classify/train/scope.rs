//! Fits the weights of scope marks, in a second step after the words.

use super::error::TrainError;
use super::fit::LinearModel;
use super::scored::ScoredRow;
use super::shuffle::SeededRandom;
use super::trainer::HeadTrainer;
use crate::classify::example_set::{Example, FeatureSection};
use crate::classify::learn::{Coordinate, FtrlLearner, FtrlParams};

/// FTRL parameters for the weights of scope marks.
const SCOPE_RATES: FtrlParams = FtrlParams { alpha: 0.2, beta: 1.0, l1: 0.1, l2: 2.0 };
/// Number of epochs for the weights of scope marks.
const SCOPE_EPOCHS: u32 = 15;
/// Divisor that scales logits to the size of other features.
const SCOPE_SLOPE: f32 = 4.0;

/// The weights of scope marks, which correct the logit of the words.
pub struct ScopeWeights {
    weights: Vec<f32>,
    bias: f32,
}

impl ScopeWeights {
    /// Returns the contribution of a row's marks to its logit.
    pub fn logit(&self, marks: &[Coordinate]) -> f64 {
        f64::from(self.bias + marks.iter().map(|&(bucket, value)| value * self.weights[bucket as usize]).sum::<f32>())
    }

    /// Adds these weights to a learned head that has none for scope marks.
    pub fn add_to(&self, learned: &mut LinearModel) {
        learned.weights.iter_mut().zip(&self.weights).for_each(|(weight, mark)| *weight += mark);
        learned.bias += self.bias;
    }
}

/// A row from which the weights of marks are learned.
struct Residual<'a> {
    row: &'a Example,
    /// Logit of the words.
    logit: f32,
    target: bool,
    weight: f32,
}

impl<'a> Residual<'a> {
    fn new(scored: &ScoredRow<'a>, weight: f32) -> Self {
        Self { row: scored.row, logit: scored.logit as f32, target: scored.target, weight }
    }
}

impl HeadTrainer<'_> {
    /// Learns the weights of scope marks on top of the logits of the words. The rows are held-out rows, with the weight set
    /// in the recipe, and dev rows: on rows that the words were trained on, the words would leave no residual to learn
    /// from.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn fit_scope(&self, held_out: &[ScoredRow<'_>], dev: &[ScoredRow<'_>]) -> Result<ScopeWeights, TrainError> {
        let buckets = self.buckets();
        let (intercept, slope) = (buckets, buckets + 1);
        let mut learner = FtrlLearner::new(SCOPE_RATES, buckets as usize + 2);
        let held_out = held_out.iter().map(|row| Residual::new(row, self.head.scope));
        let mut rows: Vec<Residual<'_>> = held_out.chain(dev.iter().map(|row| Residual::new(row, 1.0))).collect();
        let mut order = SeededRandom::new(self.recipe.seed);
        let mut example = Vec::new();
        for _ in 0..SCOPE_EPOCHS {
            order.shuffle(&mut rows);
            for &Residual { row, logit, target, weight } in &rows {
                example.clear();
                example.extend_from_slice(self.set.section_features(row, FeatureSection::Scope));
                example.push((intercept, 1.0));
                example.push((slope, logit / SCOPE_SLOPE));
                learner.learn_residual(&example, target, logit, 1.0, weight)?;
            }
        }
        // The learned logit is `slope` times the logit of the words, plus the marks. Dividing by the slope is undone by
        // calibration.
        let slope = (1.0 + learner.weight(slope as usize) / SCOPE_SLOPE).max(0.1);
        Ok(ScopeWeights {
            weights: (0..buckets).map(|bucket| learner.weight(bucket as usize) / slope).collect(),
            bias: learner.weight(intercept as usize) / slope,
        })
    }
}
