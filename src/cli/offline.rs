//! The judge for commands that work without a server.

use std::path::Path;

use anyhow::{Result, anyhow};

use crate::judge::Judge;
use crate::server;

/// Site of comments that name none. The compiled-in policy applies to it.
pub const OFFLINE_SITE: &str = "check";

/// Returns the judge for commands that work without a server, with the model file and the policy files if they are given.
///
/// # Errors
/// Returns an error if the model or a policy cannot be loaded.
pub fn offline_judge(model: Option<&Path>, policy_dir: Option<&Path>) -> Result<Judge> {
    server::judge(model, policy_dir).map_err(|error| anyhow!(error))
}
