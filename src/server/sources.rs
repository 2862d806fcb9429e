//! What other rooms need of the model and the policies in force. Each source reads the judge of the moment, so that a reload counts
//! at once.

use std::sync::Arc;

use crate::classify::site::CorrectedLabel;
use crate::classify::site::fold::{CorrectionStatus, SiteModel};
use crate::classify::{Label, MinHash};
use crate::comment::{Comment, Site};
use crate::grpc::{ModelStatus, ModelStatusSource};
use crate::judge::SharedJudge;
use crate::learning::{LearningInput, LearningInputFn, ServingCheckFn};
use crate::retention::RetentionLookup;
use crate::review::ReviewRules;

/// Hands on for how long each kind of a site's data is kept.
pub struct RetentionSource(pub Arc<SharedJudge>);

impl RetentionSource {
    /// Returns the source as the store and learning take it.
    pub fn into_retentions(self) -> RetentionLookup {
        RetentionLookup::new(move |site| self.0.load().policy(site).retention())
    }
}

/// Hands on what learning needs of a comment.
pub struct LearningInputs(pub Arc<SharedJudge>);

impl LearningInputs {
    fn input(&self, comment: &Comment) -> LearningInput {
        let (sketch, leaning) = self.0.load().feature_vector(comment);
        LearningInput { features: sketch, likely_outcome: leaning, min_hash: MinHash::from_text(comment.text().as_str()) }
    }

    /// Returns the source as learning takes it.
    pub fn into_look(self) -> LearningInputFn {
        Arc::new(move |comment| self.input(comment))
    }
}

/// Hands on for which labels a site's correction serves.
pub struct CorrectionGate(pub Arc<SharedJudge>);

impl CorrectionGate {
    fn examine(&self, site: &Site, learned: &SiteModel) -> [(&'static str, bool); 2] {
        let judge = self.0.load();
        let policy = judge.policy(site);
        serving_labels(&learned.serving(&policy.gate_terms(), || judge.sentinels()), policy.applies_corrections())
    }

    /// Returns the source as learning takes it.
    pub fn into_examine(self) -> ServingCheckFn {
        Arc::new(move |site, learned| self.examine(site, learned))
    }
}

/// Returns for which labels a correction serves. `corrects`: the policy lets one serve.
pub fn serving_labels(serving: &CorrectionStatus, corrects: bool) -> [(&'static str, bool); 2] {
    CorrectedLabel::ALL.map(|kind| (kind.label().as_str(), corrects && serving.serves(kind)))
}

/// Hands on the model and policy in force, and by what a site's correction is judged.
#[derive(Clone)]
pub struct ModelStatuses(pub Arc<SharedJudge>);

impl ModelStatusSource for ModelStatuses {
    fn model_status(&self, site: Option<&Site>) -> ModelStatus {
        let judge = self.0.load_full();
        let model = judge.model();
        let policy = site.map_or_else(|| judge.default_policy(), |site| judge.policy(site));
        ModelStatus {
            version: model.version().to_owned(),
            labels: model.labels().iter().map(|label| label.as_str().to_owned()).collect(),
            corrects: policy.applies_corrections(),
            serving: {
                let (judge, terms) = (Arc::clone(&judge), policy.gate_terms());
                Arc::new(move |learned| learned.serving(&terms, || judge.sentinels()))
            },
        }
    }
}

/// Hands on what a site's policy says to its moderators.
pub struct ReviewRulesSource(pub Arc<SharedJudge>);

impl ReviewRulesSource {
    /// Returns a site's rules.
    pub fn rules(&self, site: &Site) -> ReviewRules {
        let judge = self.0.load();
        let policy = judge.policy(site);
        let threshold = |label: Label| {
            let threshold = policy.threshold(label);
            (label.as_str(), threshold.hold, threshold.reject)
        };
        ReviewRules { reason_required: policy.reason_required(), thresholds: Label::ALL.map(threshold).to_vec() }
    }
}
