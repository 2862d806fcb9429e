//! A moderator's desk: the store, what sites learn, and the rules that they have.

use std::sync::Arc;

use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::learning::Learning;
use crate::store::{Store, StoredComment};

/// A moderator's desk.
#[derive(Clone)]
pub struct ReviewDesk {
    pub(super) store: Store,
    pub(super) learning: Learning,
    rules: Arc<dyn Fn(&Site) -> ReviewRules + Send + Sync>,
}

/// What a site's policy says to its moderators.
#[derive(Debug, Clone, Default)]
pub struct ReviewRules {
    /// They must say why they reject a comment.
    pub reason_required: bool,
    /// From which score on each label holds and rejects.
    pub thresholds: Vec<(&'static str, Option<f64>, Option<f64>)>,
}

impl ReviewDesk {
    /// A desk on a store, where each site has its rules, and learns from what is decided.
    pub fn new(store: Store, learning: Learning, rules: impl Fn(&Site) -> ReviewRules + Send + Sync + 'static) -> Self {
        Self { store, learning, rules: Arc::new(rules) }
    }

    /// What sites learn.
    pub fn learning(&self) -> &Learning {
        &self.learning
    }

    /// What a site's policy says to its moderators.
    pub fn rules(&self, site: &Site) -> ReviewRules {
        (self.rules)(site)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns a comment as the store has it.
    pub(super) async fn stored_comment(&self, site: &Site, id: &CommentId) -> Result<StoredComment, Error> {
        let not_found = || Error::NotFound { site: site.as_str().to_owned(), comment_id: id.as_str().to_owned() };
        self.store.get(site, id).await?.ok_or_else(not_found)
    }
}
