//! The model that scores comments, and the sentinels that limit corrections.

use std::sync::{Arc, OnceLock};

use crate::classify::Model;
use crate::classify::site::sentinel::Sentinels;

/// A model and its scores for the sentinels.
pub struct Scorer {
    model: Arc<Model>,
    sentinels: OnceLock<Sentinels>,
}

impl Scorer {
    /// Creates a scorer. Its sentinels are not scored yet.
    pub fn new(model: Arc<Model>) -> Self {
        Self { model, sentinels: OnceLock::new() }
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the sentinels, and scores them on the first call.
    pub fn sentinels(&self) -> &Sentinels {
        self.sentinels.get_or_init(|| Sentinels::score(&self.model))
    }
}
