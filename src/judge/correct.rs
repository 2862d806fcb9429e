//! Applies what a site has learned to the base model's logits, as far as the correction serves.

use super::scorer::Scorer;
use crate::classify::site::fold::{CorrectionStatus, SiteModel};
use crate::classify::site::gate::HoldThresholds;
use crate::classify::site::{self, FeatureVector};
use crate::classify::{Label, Scores};

/// A label's logit before and after a site's correction.
#[derive(Debug, Clone, Copy)]
pub struct CorrectedLogit {
    pub label: Label,
    /// `None`: the base does not speak the language.
    pub base: Option<f64>,
    pub corrected: f64,
}

/// A site's correction under the terms of the site's policy, as it applies to one comment.
pub struct CorrectionContext<'a> {
    pub scorer: &'a Scorer,
    pub site_model: &'a SiteModel,
    pub terms: HoldThresholds,
    pub scores: &'a Scores,
}

impl CorrectionContext<'_> {
    /// Replaces the logits of the labels for which the correction serves, and returns what it changed. `sketch` computes the
    /// comment's features, which only some comments need.
    pub fn apply(&self, logits: &mut Vec<(Label, f64)>, sketch: impl Fn() -> FeatureVector) -> Vec<CorrectedLogit> {
        // A comment does not wait for it.
        let Some(serving) = self.site_model.try_serving(&self.terms, || self.scorer.sentinels()) else { return Vec::new() };
        let mut all = Vec::new();
        for kind in site::CorrectedLabel::ALL {
            let Some(corrected) = self.scores.corrected(kind) else { continue };
            let label = kind.label();
            let Some(base) = self.scores.logit(label) else {
                if serving.unspoken[kind as usize].serves && serving.limits.may_score_alone(kind, self.scores.language()) {
                    let to = f64::from(corrected);
                    logits.push((label, to));
                    all.push(CorrectedLogit { label, base: None, corrected: to });
                }
                continue;
            };
            let Some(to) = self.served_logit(kind, &serving, base, corrected, &sketch) else { continue };
            let (from, to) = (f64::from(base), f64::from(to));
            logits.iter_mut().filter(|(known, _)| *known == label).for_each(|(_, logit)| *logit = to);
            all.push(CorrectedLogit { label, base: Some(from), corrected: to });
            if kind == site::CorrectedLabel::Toxicity && to < from {
                all.extend(lower_other_abuse(logits, label, to - from));
            }
        }
        all
    }

    /// Returns the logit to use for a kind that the base scores. Returns `None` if the base's stands.
    fn served_logit(
        &self,
        kind: site::CorrectedLabel,
        serving: &CorrectionStatus,
        base: f32,
        corrected: f32,
        sketch: impl Fn() -> FeatureVector,
    ) -> Option<f32> {
        let serves = serving.spoken[kind as usize].serves;
        let limited = if serves { serving.limits.apply(kind, base, corrected) } else { base };
        // What the limits keep from being said may be said of comments like those that were decided.
        let asks = serving.similar[kind as usize] && self.terms.holds(kind, limited) != self.terms.holds(kind, corrected);
        if asks && self.site_model.similar_direction(&sketch(), kind) == Some(corrected > base) {
            return Some(corrected);
        }
        serves.then_some(limited)
    }
}

/// Lowers the logits of the other labels of abuse by as much as that of `label`: what the site lets pass as abuse, it lets pass
/// under any of its names. Returns what changed.
fn lower_other_abuse(logits: &mut [(Label, f64)], label: Label, change: f64) -> Vec<CorrectedLogit> {
    let others = logits.iter_mut().filter(|(other, _)| ![Label::Spam, label].contains(other));
    let lowered = others.map(|(label, logit)| {
        let from = *logit;
        *logit += change;
        CorrectedLogit { label: *label, base: Some(from), corrected: *logit }
    });
    lowered.collect()
}
