//! What services and background tasks share.

use std::sync::Arc;

use tokio::sync::watch;

use super::reload::ReloadableFiles;
use super::sources::{CorrectionGate, LearningInputs, RetentionSource};
use crate::keys::KeyRing;
use crate::learning::Learning;
use crate::store::Store;

/// What services and background tasks share.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// All keys.
    pub ring: KeyRing,
    /// What sites have learned.
    pub learning: Learning,
    /// The model, the policies and the certificates.
    pub files: Arc<ReloadableFiles>,
    /// Turns true when the server leaves.
    pub leaving: watch::Receiver<bool>,
}

impl Parts {
    /// Joins the parts, and makes what learns from the store's logs.
    pub fn new(store: Store, ring: KeyRing, files: Arc<ReloadableFiles>, leaving: watch::Receiver<bool>) -> Self {
        let retentions = RetentionSource(Arc::clone(&files.judge)).into_retentions();
        let look = LearningInputs(Arc::clone(&files.judge)).into_look();
        let examine = CorrectionGate(Arc::clone(&files.judge)).into_examine();
        let learning = Learning::new(store.clone(), retentions, look, examine);
        Self { store, ring, learning, files, leaving }
    }
}
