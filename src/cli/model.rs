//! `gatepost model`: trains a classifier, measures one, or says what is in one.

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

/// Train a classifier, measure one, or look into one.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ModelCommand {
    /// Train a model from a recipe and labelled comments; the same recipe and data give the same bytes
    #[command(
        after_help = "Examples:\n  gatepost model train --help\n  gatepost model --help         a whole command line of it"
    )]
    Train(train::TrainArgs),
    /// Measure a model on labelled comments
    #[command(after_help = evaluate::EXAMPLES)]
    Evaluate(Box<evaluate::EvaluateArgs>),
    /// Print a model's version, labels and sizes; with --site what a site has learned, and whether that serves
    #[command(after_help = "Examples:\n  gatepost model info\n  gatepost model info --site blog.example")]
    Info(info::InfoArgs),
    /// Have a site's learning stand still; what is decided meanwhile is kept
    #[command(after_help = "Examples:\n  gatepost model freeze --site blog.example")]
    Freeze(learning::ChangeArgs),
    /// Have a site's learning go on, with all that its log holds
    #[command(after_help = "Examples:\n  gatepost model thaw --site blog.example")]
    Thaw(learning::ChangeArgs),
    /// Take a site's learning back to what it was after an earlier outcome
    #[command(after_help = "Examples:\n  gatepost model rollback --site blog.example --to 120")]
    Rollback(learning::RollbackArgs),
    /// Have a site's learning begin anew
    #[command(after_help = "Examples:\n  gatepost model reset --site blog.example")]
    Reset(learning::ChangeArgs),
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or written, or is not what it should be.
pub fn run(args: &ModelArgs) -> Result<ExitCode, Failure> {
    let shown = match &args.command {
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
    let shown = shown.map_err(|problem| Failure::failed(problem.to_string()))?;
    let mut screen = TerminalOutput::new();
    screen.write(shown.as_bytes())?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
