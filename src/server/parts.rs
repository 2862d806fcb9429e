//! The parts that services and background tasks share.

use std::sync::Arc;

use tokio::sync::watch;

use super::reload::ReloadableFiles;
use super::sources::{CorrectionGate, LearningInputs, RetentionSource};
use crate::keys::KeyRing;
use crate::learning::Learning;
use crate::store::Store;

/// The parts that services and background tasks share.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The keys.
    pub ring: KeyRing,
    /// The sites' learning.
    pub learning: Learning,
    /// The model, the policies and the certificates.
    pub files: Arc<ReloadableFiles>,
    /// Becomes true when the server shuts down.
    pub leaving: watch::Receiver<bool>,
}

impl Parts {
    /// Returns the parts, with a new [`Learning`] on the store's outcome logs.
    pub fn new(store: Store, ring: KeyRing, files: Arc<ReloadableFiles>, leaving: watch::Receiver<bool>) -> Self {
        let retentions = RetentionSource(Arc::clone(&files.judge)).into_retentions();
        let look = LearningInputs(Arc::clone(&files.judge)).into_input_source();
        let examine = CorrectionGate(Arc::clone(&files.judge)).into_serving_check();
        let learning = Learning::new(store.clone(), retentions, look, examine);
        Self { store, ring, learning, files, leaving }
    }
}
