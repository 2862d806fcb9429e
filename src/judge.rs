//! Turns a comment and the facts about it into a verdict by policy, model and explanation, without clock and I/O.

mod correct;
mod evaluation;
mod explain;
mod input;
mod learning;
mod scorer;
mod strip;
mod unrecorded;
mod verdict;

use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::classify::Model;
use crate::classify::site::fold::SiteModel;
use crate::classify::site::sentinel::Sentinels;
use crate::classify::site::{FeatureVector, Outcome};
use crate::comment::{Comment, Site};
use crate::facts::Facts;
use crate::policy::{ListContext, Omission, Policies, Policy, StoreOutageAction};
use crate::verdict::Verdict;
use scorer::Scorer;

pub use evaluation::Evaluation;
pub use unrecorded::mark_unrecorded;

/// The model and the policies of all sites.
pub struct Judge {
    scorer: Scorer,
    policies: Policies,
}

/// A judge that can be replaced while others use it.
pub type SharedJudge = ArcSwap<Judge>;

impl Judge {
    /// Creates a judge from a model and policies.
    pub fn new(model: Arc<Model>, policies: Policies) -> Self {
        Self { scorer: Scorer::new(model), policies }
    }

    /// Returns the sentinels: bundled comments that limit corrections. They are scored on the first call.
    pub fn sentinels(&self) -> &Sentinels {
        self.scorer.sentinels()
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        self.scorer.model()
    }

    /// Returns the versions of the policies by site. The default policy has the empty name.
    pub fn policy_versions(&self) -> Vec<(String, String)> {
        let each = |(sites, policy): (Vec<&Site>, &Policy)| {
            let names: Vec<String> = match sites.is_empty() {
                true => vec![String::new()],
                false => sites.into_iter().map(|site| site.as_str().to_owned()).collect(),
            };
            names.into_iter().map(|name| (name, policy.version().to_owned())).collect::<Vec<_>>()
        };
        self.policies.by_sites().into_iter().flat_map(each).collect()
    }

    /// Returns the policy of a site.
    pub fn policy(&self, site: &Site) -> &Policy {
        self.policies.for_site(site)
    }

    /// Returns the policy of the sites that have none of their own.
    pub fn default_policy(&self) -> &Policy {
        self.policies.default()
    }

    /// Returns the sites that have a policy of their own.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.policies.sites()
    }

    /// Returns whether any site's policy prefers no verdict to one that is not recorded.
    pub fn any_needs_store(&self) -> bool {
        self.policies.any(|policy| policy.store_outage_action() == StoreOutageAction::Unavailable)
    }

    /// Returns a comment's feature vector, and the more likely outcome if it is bad. The text of its post is missing if the
    /// store no longer has it.
    pub fn feature_vector(&self, comment: &Comment) -> (FeatureVector, Outcome) {
        learning::feature_vector(self.scorer.model(), self.policies.for_site(comment.site()), comment)
    }

    /// Evaluates a comment: checks it against the policy and scores it, corrected by the site's model.
    pub fn evaluate<'a>(
        &'a self,
        comment: &'a Comment,
        list_context: ListContext<'a>,
        site_model: Option<&'a SiteModel>,
    ) -> Evaluation<'a> {
        let policy = self.policies.for_site(comment.site());
        let mut evaluation = Evaluation::new(&self.scorer, policy, comment, list_context, site_model, Omission::default());
        evaluation.score_words_alone();
        evaluation
    }

    /// Judges a comment without a store, for trying comments out and for dry runs.
    pub fn judge(&self, comment: &Comment, facts: &Facts, now: SystemTime) -> Verdict {
        self.evaluate(comment, ListContext::empty(), None).verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1)
    }
}
