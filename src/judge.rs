//! From a comment and the facts about it to a verdict: policy, model and explanation, without clock and I/O.

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

/// A judge that may be replaced while others ask it.
pub type SharedJudge = ArcSwap<Judge>;

impl Judge {
    /// Joins a model and policies.
    pub fn new(model: Arc<Model>, policies: Policies) -> Self {
        Self { scorer: Scorer::new(model), policies }
    }

    /// Returns the bundled comments that no correction may decide much worse than the model; scored when first asked for.
    pub fn sentinels(&self) -> &Sentinels {
        self.scorer.sentinels()
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.scorer.model()
    }

    /// The policies' versions by site; the default's under the empty name.
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

    /// The policy of a site.
    pub fn policy(&self, site: &Site) -> &Policy {
        self.policies.for_site(site)
    }

    /// The policy of the sites that have none of their own.
    pub fn default_policy(&self) -> &Policy {
        self.policies.default()
    }

    /// Returns the sites that have a policy of their own.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.policies.sites()
    }

    /// Whether a site's policy would rather have no answer than one that is not recorded.
    pub fn any_needs_store(&self) -> bool {
        self.policies.any(|policy| policy.away() == StoreOutageAction::Unavailable)
    }

    /// What learning needs of a comment. Without the text of its post, where the store no longer has that.
    pub fn feature_vector(&self, comment: &Comment) -> (FeatureVector, Outcome) {
        learning::feature_vector(self.scorer.model(), self.policies.for_site(comment.site()), comment)
    }

    /// Looks at a comment and scores it, corrected by what its site has learned.
    pub fn evaluate<'a>(
        &'a self,
        comment: &'a Comment,
        listed: ListContext<'a>,
        learned: Option<&'a SiteModel>,
    ) -> Evaluation<'a> {
        let policy = self.policies.for_site(comment.site());
        let mut case = Evaluation::new(&self.scorer, policy, comment, listed, learned, Omission::default());
        case.score_words_alone();
        case
    }

    /// The whole way without a store: for trying a comment, and for dry runs.
    pub fn judge(&self, comment: &Comment, facts: &Facts, now: SystemTime) -> Verdict {
        self.evaluate(comment, ListContext::empty(), None).verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1)
    }
}
