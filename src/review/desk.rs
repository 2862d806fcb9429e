//! The entry point for moderators' work: the store, the sites' learning, and their rules.

use std::sync::Arc;

use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::learning::Learning;
use crate::store::{Store, StoredComment};

/// Performs the work of moderators on a store.
#[derive(Clone)]
pub struct ReviewDesk {
    pub(super) store: Store,
    pub(super) learning: Learning,
    rules: Arc<dyn Fn(&Site) -> ReviewRules + Send + Sync>,
}

/// The rules for moderators from a site's policy.
#[derive(Debug, Clone, Default)]
pub struct ReviewRules {
    /// Whether a rejection requires a reason.
    pub reason_required: bool,
    /// The scores from which on each label holds and rejects.
    pub thresholds: Vec<(&'static str, Option<f64>, Option<f64>)>,
}

impl ReviewDesk {
    /// Returns a desk on a store. Decisions are recorded with `learning`, and `rules` returns the rules of a site.
    pub fn new(store: Store, learning: Learning, rules: impl Fn(&Site) -> ReviewRules + Send + Sync + 'static) -> Self {
        Self { store, learning, rules: Arc::new(rules) }
    }

    /// Returns the sites' learning.
    pub fn learning(&self) -> &Learning {
        &self.learning
    }

    /// Returns the rules of a site.
    pub fn rules(&self, site: &Site) -> ReviewRules {
        (self.rules)(site)
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns a stored comment.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such comment.
    pub(super) async fn stored_comment(&self, site: &Site, id: &CommentId) -> Result<StoredComment, Error> {
        let not_found = || Error::NotFound { site: site.as_str().to_owned(), comment_id: id.as_str().to_owned() };
        self.store.get(site, id).await?.ok_or_else(not_found)
    }
}
