//! The model and policy in force, as whoever knows the judge hands them on.

use std::sync::Arc;

use crate::classify::site::fold::{CorrectionStatus, SiteModel};
use crate::comment::Site;

/// Finds out what of a site's correction may serve.
type Examine = Arc<dyn Fn(&SiteModel) -> Arc<CorrectionStatus> + Send + Sync>;

/// What is told of the model, and by what a site's correction is judged.
pub struct ModelStatus {
    /// The base model's version.
    pub version: String,
    /// The labels it was trained for.
    pub labels: Vec<String>,
    /// Whether the policy lets one serve.
    pub corrects: bool,
    /// Finds out what of a correction may serve.
    pub serving: Examine,
}

/// Hands on the model and the policy in force.
pub trait ModelStatusSource: Send + Sync {
    /// Returns what is in force for a site, or for those that have no policy of their own.
    fn model_status(&self, site: Option<&Site>) -> ModelStatus;
}
