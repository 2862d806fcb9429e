//! What a site has learned: a fold over the lessons of its log in their order. Pure: the same lessons give the same, on every
//! server and after every restart.
//!
//! Of several outcomes on one comment the most trusted source's last counts. Whatever may change which that is, an outcome
//! that was taken back or a second one on the same comment, is folded anew from all that is left: that is what makes
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

/// What one counts on which two moderators were not of one mind.
const CONTESTED_WEIGHT: f32 = 0.5;
/// For so many comments a spot check teaches at most, and counts in the gate.
const MAX_TEACHING_WEIGHT: f32 = 4.0;
const MAX_TRIAL_WEIGHT: f32 = 10.0;
/// How many of the latest spot checks tell how much is missed.
const MAX_SPOT_CHECKS: usize = 500;

/// What a site has learned.
#[derive(Debug, Clone, Default)]
pub struct SiteModel {
    /// `None`: nothing.
    correction: Option<Box<Correction>>,
    /// How many outcomes it is made of.
    counts: OutcomeCounts,
    /// Hashes of the comments that it has learned from, in rising order.
    subject_hashes: Vec<u32>,
    /// How many comments were looked at for rehearsal.
    rehearsals_drawn: usize,
    trials: Trials,
    decisions: RecentDecisions,
    signatures: Signatures,
    /// How many approved comments the latest spot checks stand for, and whether they were rejected.
    spot_checks: VecDeque<(f32, bool)>,
    /// What the correction may say on the terms that were asked for last.
    serving: ServingCache,
}

impl SiteModel {
    /// Folds lessons, which come with their numbers and in the order of those.
    ///
    /// # Errors
    /// When linfa's model cannot be built.
    pub fn fold(lessons: &[(u64, TrainingExample)]) -> Result<Self, LearnError> {
        let mut learned = Self::default();
        for (lesson, contested) in effective_examples(lessons) {
            learned.add(lesson, contested)?;
        }
        learned.subject_hashes.sort_unstable();
        Ok(learned)
    }

    /// Learns one lesson more. `false`: it is about a text that a lesson was about before, so that all must be folded anew;
    /// nothing was learned.
    ///
    /// # Errors
    /// When linfa's model cannot be built.
    pub fn learn(&mut self, lesson: &TrainingExample) -> Result<bool, LearnError> {
        let Err(place) = self.subject_hashes.binary_search(&subject_hash(lesson)) else { return Ok(false) };
        self.add(lesson, false)?;
        let hash = self.subject_hashes.pop().unwrap_or_default();
        self.subject_hashes.insert(place, hash);
        Ok(true)
    }

    fn add(&mut self, lesson: &TrainingExample, contested: bool) -> Result<(), LearnError> {
        self.subject_hashes.push(subject_hash(lesson));
        self.decisions.push(lesson);
        if let Some(stands_for) = lesson.spot_check.filter(|_| lesson.decides()) {
            recent::push(&mut self.spot_checks, MAX_SPOT_CHECKS, (stands_for, lesson.rejected));
        }
        let Some(outcome) = lesson.outcome else { return Ok(()) };
        self.train_correction(lesson, outcome, contested)?;
        self.signatures.push(lesson.features.signature(), outcome);
        self.counts.add(outcome, lesson.source, contested);
        self.serving = ServingCache::default();
        Ok(())
    }

    /// Has the correction learn an outcome, and remembers for the gate what was thought of the comment before.
    fn train_correction(&mut self, lesson: &TrainingExample, outcome: Outcome, contested: bool) -> Result<(), LearnError> {
        let weight = self.counts.weight(lesson.source, outcome) * if contested { CONTESTED_WEIGHT } else { 1.0 };
        // One that stands for many teaches more, but not so much that a slip of the hand is the end of it.
        let stands_for = |most: f32| weight * lesson.spot_check.unwrap_or(1.0).min(most);
        let (weight, in_trial) = (stands_for(MAX_TEACHING_WEIGHT), stands_for(MAX_TRIAL_WEIGHT));
        let correction = self.correction.get_or_insert_default();
        let corrected = correction.learn(&lesson.features, outcome, weight)?;
        for kind in CorrectedLabel::ALL {
            let Some(bad) = kind.target(outcome) else { continue };
            let few = rehearsals(kind, !bad, &mut self.rehearsals_drawn);
            correction.rehearse(&few, kind, !bad, weight.min(1.0))?;
            let trial = Trial {
                order: self.counts.all(),
                bad,
                source: lesson.source,
                weight: in_trial,
                base: lesson.features.base(kind),
                corrected: corrected[kind as usize],
            };
            self.trials.push(kind, trial);
        }
        Ok(())
    }

    /// What it adds to the base. `None`: nothing was learned.
    pub fn correction(&self) -> Option<&Correction> {
        self.correction.as_deref()
    }

    /// How many outcomes it is made of.
    pub fn counts(&self) -> OutcomeCounts {
        self.counts
    }

    /// What the latest outcomes say of a kind, oldest first.
    pub fn trials(&self, kind: CorrectedLabel) -> Vec<Trial> {
        self.trials.for_label(kind)
    }

    /// Returns how much of what the machine approved was bad, by the latest spot checks. Returns `None` if there were none.
    pub fn miss_rate(&self) -> Option<MissRate> {
        MissRate::estimate(self.spot_checks.iter().map(|(stands_for, bad)| (f64::from(*stands_for), *bad)))
    }

    /// Returns what of the correction may serve under a policy, as the sentinels and the site's latest outcomes allow. The
    /// answer is kept until something is learned or other terms are asked for.
    pub fn serving<'s>(&self, terms: &HoldThresholds, sentinels: impl Fn() -> &'s Sentinels) -> Arc<CorrectionStatus> {
        self.serving.get(terms, || self.compute_serving(terms, sentinels))
    }

    /// Returns the same, or `None` if somebody is finding it out just now.
    pub fn try_serving<'s>(
        &self,
        terms: &HoldThresholds,
        sentinels: impl Fn() -> &'s Sentinels,
    ) -> Option<Arc<CorrectionStatus>> {
        self.serving.try_get(terms, || self.compute_serving(terms, sentinels))
    }

    fn compute_serving<'s>(&self, terms: &HoldThresholds, sentinels: impl Fn() -> &'s Sentinels) -> CorrectionStatus {
        CorrectionStatus::compute(self.correction(), &self.trials, &self.signatures, terms, sentinels)
    }

    /// Returns the last decision within the hour before `now`, in microseconds since 1970, that goes for this comment too: a
    /// rejection of one that is nearly the same, or an approval of the same text. A moderator's comes before anybody
    /// else's.
    pub fn similar_decision(&self, comment_id: &str, text: &str, likeness: &MinHash, now: i64) -> Option<&RecentDecision> {
        self.decisions.find(comment_id, text, likeness, now)
    }

    /// How many of the latest outcomes were on comments like this one: harmless ones, and bad ones.
    pub fn similar_outcomes(&self, sketch: &FeatureVector) -> (usize, usize) {
        self.signatures.count_similar(sketch.signature())
    }

    /// Returns which way the latest outcomes on comments like this one point, bad or harmless. Returns `None` if there are few or
    /// they disagree.
    pub fn similar_direction(&self, sketch: &FeatureVector, kind: CorrectedLabel) -> Option<bool> {
        self.signatures.similar_direction(sketch.signature(), kind)
    }

    /// SHA-256 of all that was learned, in hexadecimal; of nothing for nothing.
    pub fn digest(&self) -> String {
        let digest = self.correction.as_ref().map(|correction| correction.digest());
        digest.iter().flatten().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A hash of what a lesson is about. Two that share one cost a fold that was not needed.
fn subject_hash(lesson: &TrainingExample) -> u32 {
    crc32fast::hash(lesson.comment_id.as_bytes()).wrapping_mul(0x9E37_79B1) ^ lesson.text_hash
}
