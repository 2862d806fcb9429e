//! Options of `gatepost check`.

use std::path::PathBuf;

use super::comment_args::GivenArgs;
use crate::cli::connect::ConnectArgs;
use crate::cli::offline::OFFLINE_SITE;
use crate::cli::output::FormatArgs;
use crate::cli::rows::FieldCondition;
use crate::verdict::Decision;

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub given: GivenArgs,
    /// Judge every line of a JSONL file, gzipped or not; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "GivenArgs")]
    pub file: Option<PathBuf>,
    /// Only lines whose field has this value, or does not with FIELD!=VALUE; all conditions must hold
    #[arg(long = "where", requires = "file", value_name = "FIELD=VALUE")]
    pub only: Vec<FieldCondition>,
    /// Also list the comments with this decision; formats other than the table print only those
    #[arg(long, requires = "file", value_enum, value_name = "DECISION")]
    pub show: Vec<ShownDecision>,
    /// Do not record, count or queue anything on the server
    #[arg(long)]
    pub dry_run: bool,
    /// Model file to use instead of the compiled-in one, without a server
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Folder of policy files (*.toml), without a server
    #[arg(long, value_name = "DIR")]
    pub policy_dir: Option<PathBuf>,
    /// Exit with 0 for approve, 10 for hold, 11 for reject
    #[arg(long, conflicts_with = "file")]
    pub exit_code: bool,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum ShownDecision {
    Approve,
    Hold,
    Reject,
}

impl From<ShownDecision> for Decision {
    fn from(shown: ShownDecision) -> Self {
        match shown {
            ShownDecision::Approve => Self::Approve,
            ShownDecision::Hold => Self::Hold,
            ShownDecision::Reject => Self::Reject,
        }
    }
}

impl CheckArgs {
    /// Returns the site of comments that name none.
    pub fn site(&self) -> &str {
        self.connect.site_if_any().unwrap_or(OFFLINE_SITE)
    }

    /// Returns whether a server judges the comments.
    pub fn is_online(&self) -> bool {
        self.connect.server().is_some()
    }
}
