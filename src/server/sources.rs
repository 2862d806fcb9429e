//! What other rooms need of the model and the policies in force. Each source reads the judge of the moment, so that a reload counts
//! at once.

use std::sync::Arc;

use crate::classify::site::Kind;
use crate::classify::site::fold::{Learned, Serving};
use crate::classify::{Label, Likeness};
use crate::comment::{Comment, Site};
use crate::grpc::{About, ModelStatusSource};
use crate::judge::SharedJudge;
use crate::learning::{Examine, Look, Seen};
use crate::retention::Retentions;
use crate::review::Rules;

/// Hands on for how long each kind of a site's data is kept.
pub struct RetentionSource(pub Arc<SharedJudge>);

impl RetentionSource {
    /// Returns the source as the store and learning take it.
    pub fn into_retentions(self) -> Retentions {
        Retentions::new(move |site| self.0.load().policy(site).retention())
    }
}

/// Hands on what learning needs of a comment.
pub struct LearningInputs(pub Arc<SharedJudge>);

impl LearningInputs {
    fn input(&self, comment: &Comment) -> Seen {
        let (sketch, leaning) = self.0.load().sketch(comment);
        Seen { features: sketch, likely_outcome: leaning, min_hash: Likeness::of(comment.text().as_str()) }
    }

    /// Returns the source as learning takes it.
    pub fn into_look(self) -> Look {
        Arc::new(move |comment| self.input(comment))
    }
}

/// Hands on for which labels a site's correction serves.
pub struct CorrectionGate(pub Arc<SharedJudge>);

impl CorrectionGate {
    fn examine(&self, site: &Site, learned: &Learned) -> [(&'static str, bool); 2] {
        let judge = self.0.load();
        let policy = judge.policy(site);
        serving_labels(&learned.serving(&policy.terms(), || judge.sentinels()), policy.corrects())
    }

    /// Returns the source as learning takes it.
    pub fn into_examine(self) -> Examine {
        Arc::new(move |site, learned| self.examine(site, learned))
    }
}

/// Returns for which labels a correction serves. `corrects`: the policy lets one serve.
pub fn serving_labels(serving: &Serving, corrects: bool) -> [(&'static str, bool); 2] {
    Kind::ALL.map(|kind| (kind.label().as_str(), corrects && serving.serves(kind)))
}

/// Hands on the model and policy in force, and by what a site's correction is judged.
#[derive(Clone)]
pub struct ModelStatuses(pub Arc<SharedJudge>);

impl ModelStatusSource for ModelStatuses {
    fn model_status(&self, site: Option<&Site>) -> About {
        let judge = self.0.load_full();
        let model = judge.model();
        let policy = site.map_or_else(|| judge.default_policy(), |site| judge.policy(site));
        About {
            version: model.version().to_owned(),
            labels: model.labels().iter().map(|label| label.as_str().to_owned()).collect(),
            corrects: policy.corrects(),
            serving: {
                let (judge, terms) = (Arc::clone(&judge), policy.terms());
                Arc::new(move |learned| learned.serving(&terms, || judge.sentinels()))
            },
        }
    }
}

/// Hands on what a site's policy says to its moderators.
pub struct ReviewRulesSource(pub Arc<SharedJudge>);

impl ReviewRulesSource {
    /// Returns a site's rules.
    pub fn rules(&self, site: &Site) -> Rules {
        let judge = self.0.load();
        let policy = judge.policy(site);
        let threshold = |label: Label| {
            let threshold = policy.threshold(label);
            (label.as_str(), threshold.hold, threshold.reject)
        };
        Rules { reason_required: policy.reason_required(), thresholds: Label::ALL.map(threshold).to_vec() }
    }
}
