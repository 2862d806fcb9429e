//! Gives other modules access to the model and policies in force. Each source reads the current judge, so that a reload takes
//! effect at once.

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

/// Provides the retention periods of sites.
pub struct RetentionSource(pub Arc<SharedJudge>);

impl RetentionSource {
    /// Returns the source in the form that the store and learning use.
    pub fn into_retentions(self) -> RetentionLookup {
        RetentionLookup::new(move |site| self.0.load().policy(site).retention())
    }
}

/// Provides the features of comments that learning needs.
pub struct LearningInputs(pub Arc<SharedJudge>);

impl LearningInputs {
    fn input(&self, comment: &Comment) -> LearningInput {
        let (features, likely_outcome) = self.0.load().feature_vector(comment);
        LearningInput { features, likely_outcome, min_hash: MinHash::from_text(comment.text().as_str()) }
    }

    /// Returns the source in the form that learning uses.
    pub fn into_input_source(self) -> LearningInputFn {
        Arc::new(move |comment| self.input(comment))
    }
}

/// Provides which labels' corrections are in use on a site.
pub struct CorrectionGate(pub Arc<SharedJudge>);

impl CorrectionGate {
    fn examine(&self, site: &Site, learned: &SiteModel) -> [(&'static str, bool); 2] {
        let judge = self.0.load();
        let policy = judge.policy(site);
        serving_labels(&learned.serving(&policy.hold_thresholds(), || judge.sentinels()), policy.applies_corrections())
    }

    /// Returns the source in the form that learning uses.
    pub fn into_serving_check(self) -> ServingCheckFn {
        Arc::new(move |site, learned| self.examine(site, learned))
    }
}

/// Returns for each label whether its correction is in use. `corrects` is whether the policy allows corrections.
pub fn serving_labels(serving: &CorrectionStatus, corrects: bool) -> [(&'static str, bool); 2] {
    CorrectedLabel::ALL.map(|kind| (kind.label().as_str(), corrects && serving.serves(kind)))
}

/// Provides the model and policy in force, and the gate for a site's corrections.
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
                let (judge, terms) = (Arc::clone(&judge), policy.hold_thresholds());
                Arc::new(move |learned| learned.serving(&terms, || judge.sentinels()))
            },
        }
    }
}

/// Provides the rules for moderators from a site's policy.
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
