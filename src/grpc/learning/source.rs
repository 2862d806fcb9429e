//! The interface through which the gRPC services see the model and the policies in force.

use std::sync::Arc;

use crate::classify::site::fold::{CorrectionStatus, SiteModel};
use crate::comment::Site;

/// Returns which corrections of a site may be in use.
type Examine = Arc<dyn Fn(&SiteModel) -> Arc<CorrectionStatus> + Send + Sync>;

/// The model and policy in force for a site.
pub struct ModelStatus {
    /// The base model's version.
    pub version: String,
    /// The labels it was trained for.
    pub labels: Vec<String>,
    /// Whether the policy lets corrections be used.
    pub corrects: bool,
    /// Returns which corrections may be in use.
    pub serving: Examine,
}

/// Provides the model and the policy in force.
pub trait ModelStatusSource: Send + Sync {
    /// Returns what is in force for a site; without a site, for the sites without a policy of their own.
    fn model_status(&self, site: Option<&Site>) -> ModelStatus;
}
