//! Judging without a server, for the commands that can.

use std::path::Path;

use anyhow::{Result, anyhow};

use crate::judge::Judge;
use crate::server;

/// The site of comments that name none: the compiled-in policy answers for it.
pub const OFFLINE_SITE: &str = "check";

/// Returns the judge for commands that work without a server: `model` in place of the compiled-in one, and the policies in
/// `policy_dir`.
pub fn offline_judge(model: Option<&Path>, policy_dir: Option<&Path>) -> Result<Judge> {
    server::judge(model, policy_dir).map_err(|error| anyhow!(error))
}
