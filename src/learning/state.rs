//! The handle to the models of all sites.

use std::sync::Arc;
use std::time::Instant;

use super::clock::millis;
use super::sites::SiteCache;
use crate::classify::MinHash;
use crate::classify::site::fold::SiteModel;
use crate::classify::site::{FeatureVector, Outcome};
use crate::comment::{Comment, Site};
use crate::error::Error;
use crate::pb;
use crate::retention::RetentionLookup;
use crate::store::Store;

/// The data of a comment that learning uses.
pub struct LearningInput {
    /// The feature vector.
    pub features: FeatureVector,
    /// MinHash of the text, for finding near-duplicates. `None` if the text is too short.
    pub min_hash: Option<MinHash>,
    /// The more likely outcome if the comment is bad, by its scores: spam or toxic.
    pub likely_outcome: Outcome,
}

/// Computes the learning input of a comment.
pub type LearningInputFn = Arc<dyn Fn(&Comment) -> LearningInput + Send + Sync>;

/// Computes, by label, whether a site's correction serves. It is called ahead, so that no comment has to wait for the
/// result.
pub type ServingCheckFn = Arc<dyn Fn(&Site, &SiteModel) -> [(&'static str, bool); 2] + Send + Sync>;

/// The models of all sites. Cheap to clone.
#[derive(Clone)]
pub struct Learning(pub(super) Arc<Inner>);

/// The shared state: the store whose logs are followed, and the models made from them.
pub struct Inner {
    pub store: Store,
    pub retention: RetentionLookup,
    pub learning_input: LearningInputFn,
    pub serving_check: ServingCheckFn,
    pub sites: SiteCache,
    started: Instant,
}

impl Learning {
    /// Creates a handle that follows the logs of a store. Outcomes are kept for as long as `retention` says.
    pub fn new(
        store: Store,
        retention: RetentionLookup,
        learning_input: LearningInputFn,
        serving_check: ServingCheckFn,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            retention,
            learning_input,
            serving_check,
            sites: SiteCache::new(),
            started: Instant::now(),
        }))
    }

    /// Sets the range of a site's log that is learned, and records the action in the site's audit log. `from` is exclusive;
    /// without `to` the range has no end.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn set_bounds(&self, site: &Site, from: u64, to: Option<u64>, act: &pb::AuditEvent) -> Result<(), Error> {
        self.0.store.set_outcome_range(site, from, to, act).await
    }

    /// Returns the milliseconds since the start, from 1 on.
    pub(super) fn now(&self) -> u64 {
        millis(self.0.started.elapsed()).saturating_add(1)
    }
}
