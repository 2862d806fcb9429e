//! Applies a site's correction to the base model's logits, as far as the correction serves.

use super::scorer::Scorer;
use crate::classify::site::fold::{CorrectionStatus, SiteModel};
use crate::classify::site::gate::HoldThresholds;
use crate::classify::site::{self, FeatureVector};
use crate::classify::{Label, Scores};

/// A label's logit before and after a site's correction.
#[derive(Debug, Clone, Copy)]
pub struct CorrectedLogit {
    pub label: Label,
    /// The base model's logit. `None` if the model does not support the language.
    pub base: Option<f64>,
    pub corrected: f64,
}

/// A site's correction with the thresholds of the site's policy, applied to one comment.
pub struct CorrectionContext<'a> {
    pub scorer: &'a Scorer,
    pub site_model: &'a SiteModel,
    pub thresholds: HoldThresholds,
    pub scores: &'a Scores,
}

impl CorrectionContext<'_> {
    /// Replaces the logits of the labels for which the correction serves, and returns what it changed. `feature_vector`
    /// computes the comment's features, which only some comments need.
    pub fn apply(&self, logits: &mut Vec<(Label, f64)>, feature_vector: impl Fn() -> FeatureVector) -> Vec<CorrectedLogit> {
        // If the status is still being computed, the comment is scored without the correction.
        let Some(serving) = self.site_model.try_serving(&self.thresholds, || self.scorer.sentinels()) else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        for kind in site::CorrectedLabel::ALL {
            let Some(corrected) = self.scores.corrected(kind) else { continue };
            let label = kind.label();
            let Some(base) = self.scores.logit(label) else {
                if serving.unsupported[kind as usize].serves && serving.limits.may_score_alone(kind, self.scores.language()) {
                    let corrected_logit = f64::from(corrected);
                    logits.push((label, corrected_logit));
                    changes.push(CorrectedLogit { label, base: None, corrected: corrected_logit });
                }
                continue;
            };
            let Some(corrected_logit) = self.served_logit(kind, &serving, base, corrected, &feature_vector) else { continue };
            let (base_logit, corrected_logit) = (f64::from(base), f64::from(corrected_logit));
            logits.iter_mut().filter(|(known, _)| *known == label).for_each(|(_, logit)| *logit = corrected_logit);
            changes.push(CorrectedLogit { label, base: Some(base_logit), corrected: corrected_logit });
            if kind == site::CorrectedLabel::Toxicity && corrected_logit < base_logit {
                changes.extend(lower_other_abuse(logits, label, corrected_logit - base_logit));
            }
        }
        changes
    }

    /// Returns the corrected logit for a label that the base model scores. Returns `None` if the base logit applies.
    fn served_logit(
        &self,
        kind: site::CorrectedLabel,
        serving: &CorrectionStatus,
        base: f32,
        corrected: f32,
        feature_vector: impl Fn() -> FeatureVector,
    ) -> Option<f32> {
        let serves = serving.supported[kind as usize].serves;
        let limited = if serves { serving.limits.apply(kind, base, corrected) } else { base };
        // Beyond the limits, the whole correction may decide on comments that resemble decided ones.
        let crosses_threshold =
            serving.similar[kind as usize] && self.thresholds.holds(kind, limited) != self.thresholds.holds(kind, corrected);
        if crosses_threshold && self.site_model.similar_direction(&feature_vector(), kind) == Some(corrected > base) {
            return Some(corrected);
        }
        serves.then_some(limited)
    }
}

/// Lowers the logits of the other abuse labels by the same amount as that of `label`, because abuse that the site accepts
/// may be scored under several labels. Returns what changed.
fn lower_other_abuse(logits: &mut [(Label, f64)], label: Label, change: f64) -> Vec<CorrectedLogit> {
    let others = logits.iter_mut().filter(|(other, _)| ![Label::Spam, label].contains(other));
    let lowered = others.map(|(label, logit)| {
        let before = *logit;
        *logit += change;
        CorrectedLogit { label: *label, base: Some(before), corrected: *logit }
    });
    lowered.collect()
}
