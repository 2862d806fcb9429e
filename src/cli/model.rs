//! `gatepost model`: trains, measures and inspects models, and controls what sites learn.

mod evaluate;
mod info;
mod learning;
mod problem;
mod train;

use std::process::ExitCode;

use super::failure::Failure;
use super::terminal::TerminalOutput;
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost model info
  gatepost model info --site blog.example
  gatepost model rollback --site blog.example --to 120
  gatepost model evaluate comments.jsonl.gz
  gatepost model train --recipe models/base.toml --data data/ --out base.gpmodel";

/// Train, measure or inspect a classifier, or control what a site learns.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ModelCommand {
    /// Train a model from a recipe and labelled comments; the same recipe and data give the same bytes
    #[command(
        after_help = "Examples:\n  gatepost model train --help\n  gatepost model --help         shows a complete command line"
    )]
    Train(train::TrainArgs),
    /// Measure a model on labelled comments
    #[command(after_help = evaluate::EXAMPLES)]
    Evaluate(Box<evaluate::EvaluateArgs>),
    /// Print a model's version, labels and sizes; with --site, show what a site has learned and whether it is in use
    #[command(after_help = "Examples:\n  gatepost model info\n  gatepost model info --site blog.example")]
    Info(info::InfoArgs),
    /// Freeze a site's learning; later decisions are logged but not learned
    #[command(after_help = "Examples:\n  gatepost model freeze --site blog.example")]
    Freeze(learning::ChangeArgs),
    /// Resume a site's learning, with all outcomes in its log
    #[command(after_help = "Examples:\n  gatepost model thaw --site blog.example")]
    Thaw(learning::ChangeArgs),
    /// Roll a site's learning back to an earlier outcome
    #[command(after_help = "Examples:\n  gatepost model rollback --site blog.example --to 120")]
    Rollback(learning::RollbackArgs),
    /// Reset a site's learning, so that it starts from nothing
    #[command(after_help = "Examples:\n  gatepost model reset --site blog.example")]
    Reset(learning::ChangeArgs),
}

/// Runs the command.
///
/// # Errors
/// Returns an error if a file cannot be read or written, a file is invalid, or the server fails.
pub fn run(args: &ModelArgs) -> Result<ExitCode, Failure> {
    let output = match &args.command {
        ModelCommand::Evaluate(args) => return evaluate::run(args),
        ModelCommand::Train(args) => train::run(args),
        ModelCommand::Info(args) => match args.of_site() {
            Some((connect, format)) => return super::block_on(learning::info(connect, format)),
            None => info::run(args),
        },
        ModelCommand::Freeze(args) => return super::block_on(learning::change(args, pb::LearningChange::Freeze)),
        ModelCommand::Thaw(args) => return super::block_on(learning::change(args, pb::LearningChange::Thaw)),
        ModelCommand::Reset(args) => return super::block_on(learning::change(args, pb::LearningChange::Reset)),
        ModelCommand::Rollback(args) => return super::block_on(learning::rollback(args)),
    };
    let output = output.map_err(|problem| Failure::failed(problem.to_string()))?;
    let mut screen = TerminalOutput::new();
    screen.write(output.as_bytes())?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
