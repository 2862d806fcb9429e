//! `gatepost model`: trains a classifier, measures one, or says what is in one.

mod evaluate;
mod info;
mod train;

use std::error::Error;
use std::process::ExitCode;

use super::failure::Failure;
use super::term::Screen;

/// Why a file cannot be used, in words.
type Problem = Box<dyn Error + Send + Sync>;

pub const EXAMPLES: &str = "Examples:
  gatepost model info
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
    /// Print a model's version, labels and sizes
    #[command(after_help = "Examples:\n  gatepost model info\n  gatepost model info --help")]
    Info(info::InfoArgs),
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or written, or is not what it should be.
pub fn run(args: &ModelArgs) -> Result<ExitCode, Failure> {
    let shown = match &args.command {
        ModelCommand::Evaluate(args) => return evaluate::run(args),
        ModelCommand::Train(args) => train::run(args),
        ModelCommand::Info(args) => info::run(args),
    };
    let shown = shown.map_err(|problem| Failure::failed(problem.to_string()))?;
    let mut screen = Screen::new();
    screen.write(shown.as_bytes())?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
