//! `gatepost policy`: proposes thresholds, and checks and describes policy files.

mod check;
mod tune;

use std::process::ExitCode;

use super::failure::Failure;

pub const EXAMPLES: &str = "Examples:
  gatepost policy check /etc/gatepost/policies
  gatepost policy tune --data labelled.jsonl.gz --spam-share 5% --toxic-share 2%";

/// Choose thresholds, and check policy files.
#[derive(Debug, clap::Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PolicyCommand {
    /// Propose thresholds from labelled comments, within limits on mistakes and on the moderators' work
    #[command(after_help = tune::EXAMPLES)]
    Tune(Box<tune::TuneArgs>),
    /// Report every mistake in policy files, or describe what they do
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArgs),
}

/// Runs the command.
pub fn run(args: &PolicyArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        PolicyCommand::Tune(args) => tune::run(args),
        PolicyCommand::Check(args) => check::run(args),
    }
}
