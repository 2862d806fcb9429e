//! The handle to what all sites have learned, and what it is made of.

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

/// What learning needs of a comment.
pub struct LearningInput {
    /// What it looks like.
    pub features: FeatureVector,
    /// What nearly the same comments share with it.
    pub min_hash: Option<MinHash>,
    /// Which of the two it is if it is bad, as far as its scores tell.
    pub likely_outcome: Outcome,
}

/// Looks at a comment.
pub type LearningInputFn = Arc<dyn Fn(&Comment) -> LearningInput + Send + Sync>;

/// Finds out what of a site's correction may serve, by label, so that no comment has to wait for it.
pub type ServingCheckFn = Arc<dyn Fn(&Site, &SiteModel) -> [(&'static str, bool); 2] + Send + Sync>;

/// What all sites have learned. Cheap to clone.
#[derive(Clone)]
pub struct Learning(pub(super) Arc<Inner>);

/// The store whose logs are followed, and what was made of them.
pub struct Inner {
    pub store: Store,
    pub retention: RetentionLookup,
    pub learning_input: LearningInputFn,
    pub serving_check: ServingCheckFn,
    pub sites: SiteCache,
    started: Instant,
}

impl Learning {
    /// Follows the logs of a store, in which outcomes are kept for so long.
    pub fn new(store: Store, retention: RetentionLookup, look: LearningInputFn, examine: ServingCheckFn) -> Self {
        Self(Arc::new(Inner {
            store,
            retention,
            learning_input: look,
            serving_check: examine,
            sites: SiteCache::new(),
            started: Instant::now(),
        }))
    }

    /// Begins or ends learning at other places of a site's log, and records the act in the site's audit.
    ///
    /// # Errors
    /// The store being away.
    pub async fn set_bounds(&self, site: &Site, from: u64, to: Option<u64>, act: &pb::AuditEvent) -> Result<(), Error> {
        self.0.store.set_outcome_range(site, from, to, act).await
    }

    /// Milliseconds since the start, from 1 on.
    pub(super) fn now(&self) -> u64 {
        millis(self.0.started.elapsed()).saturating_add(1)
    }
}
