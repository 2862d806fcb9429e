//! Trains one head: fits its weights, prunes and quantises them, and calibrates the head on rows that it was not trained
//! on.

use isolang::Language;

use super::calibrate::{fit_calibration, shift_to_alarms};
use super::error::TrainError;
use super::quantise::{prune, quantise};
use super::scored::ScoredRow;
use super::shuffle::SeededRandom;
use super::trainer::HeadTrainer;
use crate::classify::calibrate::Calibration;
use crate::classify::example_set::{Example, FeatureSection};
use crate::classify::model::LabelHead;
use crate::classify::parse_language;
use crate::classify::rows::Split;

/// Minimum number of dev rows of each class for calibration.
const MIN_DEV_ROWS: usize = 30;

/// A trained head with its weights by bucket, as multiples of the head's scale.
#[derive(Clone)]
pub struct TrainedHead {
    pub language: Language,
    pub head: LabelHead,
    pub weights: Vec<(u32, i8)>,
}

impl HeadTrainer<'_> {
    /// Trains the head.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built, or there are no rows of both classes to calibrate on.
    pub fn train(&self, step: &dyn Fn(usize)) -> Result<TrainedHead, TrainError> {
        let mut rows = self.rows(Split::Train);
        if self.recipe.folds > 1 {
            rows.extend(self.rows(Split::Dev));
        }
        let mut held_out = self.score_held_out(&rows, step)?;
        let mut learned = self.fit(rows, step)?;
        if self.learns_scope() {
            let marks = self.fit_scope(&held_out, &self.score(&learned, self.rows(Split::Dev)))?;
            marks.add_to(&mut learned);
            held_out.iter_mut().for_each(|ScoredRow { row, logit, .. }| {
                *logit += marks.logit(self.set.section_features(row, FeatureSection::Scope))
            });
        }
        prune(&mut learned.weights, self.head.keep);
        let (scale, weights) = quantise(&mut learned.weights);
        // The head is scored as it will be served: pruned, quantised, and without the sources' biases.
        let dev = self.score(&learned, self.rows(Split::Dev));
        let head = LabelHead {
            label: self.label,
            extra_languages: self.head.also.iter().filter_map(|code| parse_language(code)).collect(),
            scale,
            bias: learned.bias,
            calibration: self.calibrate(&held_out, &dev)?,
            uses_identity_terms: self.head.identity_terms,
            uses_scope: self.learns_scope(),
            is_fallback: self.head.everywhere,
            weight_count: weights.len(),
        };
        Ok(TrainedHead { language: self.language, head, weights })
    }

    /// Scores rows by cross-validation: each row with a head that was fitted to the other folds. Rows with a sampling rate
    /// below 1 are sampled at that rate.
    fn score_held_out<'r>(&self, rows: &[(&'r Example, bool)], step: &dyn Fn(usize)) -> Result<Vec<ScoredRow<'r>>, TrainError> {
        let folds = self.folds();
        // Folds of whole groups if the head has its own number of folds, of single rows otherwise.
        let fold_of = |at: usize, row: &Example| match self.head.folds {
            0 => Some(at % folds),
            _ => row.group.map(|group| group % folds),
        };
        let mut scored = Vec::new();
        for fold in 0..if folds > 1 { folds } else { 0 } {
            let (held, others): (Vec<_>, Vec<_>) =
                rows.iter().copied().enumerate().partition(|(at, (row, _))| fold_of(*at, row) == Some(fold));
            let learned = self.fit(others.into_iter().map(|(_, row)| row).collect(), step)?;
            let mut draw = SeededRandom::new(self.recipe.seed);
            let drawn = held
                .into_iter()
                .map(|(_, row)| row)
                .filter(|(row, _)| row.sampling_rate >= 1.0 || draw.chance(row.sampling_rate));
            scored.extend(self.score(&learned, drawn));
        }
        Ok(scored)
    }

    /// Fits the calibration to dev rows, or to held-out rows if there are too few dev rows.
    fn calibrate(&self, held_out: &[ScoredRow<'_>], dev: &[ScoredRow<'_>]) -> Result<Calibration, TrainError> {
        let few = |class: bool| dev.iter().filter(|row| row.target == class).count() < MIN_DEV_ROWS;
        let use_dev = self.folds() <= 1 || self.learns_scope() && !few(true) && !few(false);
        let rows = if use_dev { dev } else { held_out };
        let (logits, targets) = rows.iter().map(|row| (row.logit, row.target)).unzip();
        let mut calibration = fit_calibration(self.label, logits, targets)?;
        if let Some(alarms) = self.head.alarms {
            let harmless = held_out.iter().chain(dev).filter(|row| !row.target && self.is_background(row.row));
            shift_to_alarms(&mut calibration, harmless.map(|row| row.logit), alarms);
        }
        Ok(calibration)
    }
}
