//! The model of a site: a fold over the training examples of its log in their order. The fold is pure: the same examples
//! give the same model on every server and after every restart.
//!
//! Of several outcomes for one comment, the last of the most trusted source counts. If that may have changed, because an
//! outcome was withdrawn or a second one arrived for the same comment, all remaining examples are folded again. This makes
//! forgetting exact.

mod counts;
mod decided;
mod effective;
mod recent;
mod serving;
mod signatures;
#[cfg(test)]
mod tests;
mod trials;

use std::collections::VecDeque;
use std::sync::Arc;

use super::gate::Trial;
use super::missed::MissRate;
use super::rehearsal::rehearsals;
use super::sentinel::Sentinels;
use super::terms::HoldThresholds;
use super::training_example::TrainingExample;
use super::{CorrectedLabel, Correction, FeatureVector, Outcome};
use crate::classify::MinHash;
use crate::classify::learn::LearnError;
use decided::RecentDecisions;
use effective::effective_examples;
use serving::ServingCache;
use signatures::Signatures;
use trials::Trials;

pub use counts::OutcomeCounts;
pub use decided::RecentDecision;
pub use serving::CorrectionStatus;

/// Weight of an outcome on which two moderators disagreed.
const CONTESTED_WEIGHT: f32 = 0.5;
/// Maximum number of comments that a spot check represents in training.
const MAX_TEACHING_WEIGHT: f32 = 4.0;
/// Maximum number of comments that a spot check represents in the gate.
const MAX_TRIAL_WEIGHT: f32 = 10.0;
/// Number of latest spot checks from which the miss rate is estimated.
const MAX_SPOT_CHECKS: usize = 500;

/// The model of a site.
#[derive(Debug, Clone, Default)]
pub struct SiteModel {
    /// `None` if nothing was learned.
    correction: Option<Box<Correction>>,
    /// Number of outcomes that were learned.
    counts: OutcomeCounts,
    /// Hashes of the comments that were learned, in ascending order.
    subject_hashes: Vec<u32>,
    /// Number of rehearsal candidates drawn so far.
    rehearsals_drawn: usize,
    trials: Trials,
    decisions: RecentDecisions,
    signatures: Signatures,
    /// For the latest spot checks, how many approved comments each represents, and whether it was rejected.
    spot_checks: VecDeque<(f32, bool)>,
    /// The status of the correction for the thresholds that were last asked for.
    serving: ServingCache,
}

impl SiteModel {
    /// Folds numbered examples, which must be in ascending order.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn fold(examples: &[(u64, TrainingExample)]) -> Result<Self, LearnError> {
        let mut model = Self::default();
        for (example, contested) in effective_examples(examples) {
            model.add(example, contested)?;
        }
        model.subject_hashes.sort_unstable();
        Ok(model)
    }

    /// Learns one more example. Returns `false` without learning anything if an earlier example was about the same text;
    /// all examples must then be folded again.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn learn(&mut self, example: &TrainingExample) -> Result<bool, LearnError> {
        let Err(index) = self.subject_hashes.binary_search(&subject_hash(example)) else { return Ok(false) };
        self.add(example, false)?;
        let hash = self.subject_hashes.pop().unwrap_or_default();
        self.subject_hashes.insert(index, hash);
        Ok(true)
    }

    /// Adds an example without checking whether its text is known.
    fn add(&mut self, example: &TrainingExample, contested: bool) -> Result<(), LearnError> {
        self.subject_hashes.push(subject_hash(example));
        self.decisions.push(example);
        if let Some(weight) = example.spot_check.filter(|_| example.decides()) {
            recent::push(&mut self.spot_checks, MAX_SPOT_CHECKS, (weight, example.rejected));
        }
        let Some(outcome) = example.outcome else { return Ok(()) };
        self.train_correction(example, outcome, contested)?;
        self.signatures.push(example.features.signature(), outcome);
        self.counts.add(outcome, example.source, contested);
        self.serving = ServingCache::default();
        Ok(())
    }

    /// Trains the correction on an outcome, and records for the gate what was predicted before.
    fn train_correction(&mut self, example: &TrainingExample, outcome: Outcome, contested: bool) -> Result<(), LearnError> {
        let weight = self.counts.weight(example.source, outcome) * if contested { CONTESTED_WEIGHT } else { 1.0 };
        // A spot check that represents many comments teaches more. The cap limits the damage of a single mistake.
        let weight_up_to = |max: f32| weight * example.spot_check.unwrap_or(1.0).min(max);
        let (weight, in_trial) = (weight_up_to(MAX_TEACHING_WEIGHT), weight_up_to(MAX_TRIAL_WEIGHT));
        let correction = self.correction.get_or_insert_default();
        let corrected = correction.learn(&example.features, outcome, weight)?;
        for label in CorrectedLabel::ALL {
            let Some(bad) = label.target(outcome) else { continue };
            let candidates = rehearsals(label, !bad, &mut self.rehearsals_drawn);
            correction.rehearse(&candidates, label, !bad, weight.min(1.0))?;
            let trial = Trial {
                order: self.counts.all(),
                bad,
                source: example.source,
                weight: in_trial,
                base: example.features.base(label),
                corrected: corrected[label as usize],
            };
            self.trials.push(label, trial);
        }
        Ok(())
    }

    /// Returns the correction of the base model. Returns `None` if nothing was learned.
    pub fn correction(&self) -> Option<&Correction> {
        self.correction.as_deref()
    }

    /// Returns the number of outcomes that were learned.
    pub fn counts(&self) -> OutcomeCounts {
        self.counts
    }

    /// Returns the latest trials of a label, oldest first.
    pub fn trials(&self, label: CorrectedLabel) -> Vec<Trial> {
        self.trials.for_label(label)
    }

    /// Returns the estimated share of bad comments among those approved by the machine, from the latest spot checks.
    /// Returns `None` if there were none.
    pub fn miss_rate(&self) -> Option<MissRate> {
        MissRate::estimate(self.spot_checks.iter().map(|(stands_for, bad)| (f64::from(*stands_for), *bad)))
    }

    /// Returns which part of the correction may serve under a policy, given the sentinels and the site's latest outcomes.
    /// The result is cached until an outcome is learned or other thresholds are asked for.
    pub fn serving<'s>(&self, thresholds: &HoldThresholds, sentinels: impl Fn() -> &'s Sentinels) -> Arc<CorrectionStatus> {
        self.serving.get(thresholds, || self.compute_serving(thresholds, sentinels))
    }

    /// Returns the same as [`serving`](Self::serving), or `None` if another thread is computing it.
    pub fn try_serving<'s>(
        &self,
        thresholds: &HoldThresholds,
        sentinels: impl Fn() -> &'s Sentinels,
    ) -> Option<Arc<CorrectionStatus>> {
        self.serving.try_get(thresholds, || self.compute_serving(thresholds, sentinels))
    }

    /// Computes which part of the correction may serve.
    fn compute_serving<'s>(&self, thresholds: &HoldThresholds, sentinels: impl Fn() -> &'s Sentinels) -> CorrectionStatus {
        CorrectionStatus::compute(self.correction(), &self.trials, &self.signatures, thresholds, sentinels)
    }

    /// Returns the last decision within the hour before `now`, in microseconds since 1970, that applies to this comment
    /// too: the rejection of a near-duplicate, or the approval of the same text. Decisions of moderators come before all
    /// others.
    pub fn similar_decision(&self, comment_id: &str, text: &str, min_hash: &MinHash, now: i64) -> Option<&RecentDecision> {
        self.decisions.find(comment_id, text, min_hash, now)
    }

    /// Returns how many of the latest outcomes were on similar comments: harmless ones, and bad ones.
    pub fn similar_outcomes(&self, features: &FeatureVector) -> (usize, usize) {
        self.signatures.near_duplicate_counts(features.signature())
    }

    /// Returns whether the latest outcomes on related comments are bad or harmless. Returns `None` if there are few of them
    /// or they disagree.
    pub fn similar_direction(&self, features: &FeatureVector, label: CorrectedLabel) -> Option<bool> {
        self.signatures.similar_direction(features.signature(), label)
    }

    /// Returns the SHA-256 of the correction in hexadecimal, or an empty string if nothing was learned.
    pub fn digest(&self) -> String {
        let digest = self.correction.as_ref().map(|correction| correction.digest());
        digest.iter().flatten().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns a hash of the comment and text that an example is about. A collision only costs an unnecessary fold.
fn subject_hash(example: &TrainingExample) -> u32 {
    crc32fast::hash(example.comment_id.as_bytes()).wrapping_mul(0x9E37_79B1) ^ example.text_hash
}
