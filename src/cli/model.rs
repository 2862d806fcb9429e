//! `gatepost model`: trains a classifier from a recipe, or says what is in a model file.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::classify::Model;
use crate::classify::recipe::Recipe;
use crate::classify::rows::Split;
use crate::classify::train::{self, Progress, Report};

/// Train a classifier, or look into one.
#[derive(Debug, clap::Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ModelCommand {
    /// Train a model from a recipe and labelled comments; the same recipe and data give the same bytes.
    Train {
        /// What to learn from what, as TOML.
        #[arg(long, value_name = "FILE")]
        recipe: PathBuf,
        /// Directory with the recipe's JSONL or JSONL.gz files.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Where to write the model.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print a model's version, labels and sizes.
    Info {
        /// A model file; the built-in model when left out.
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
    },
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or written, or is not what it should be.
pub fn run(args: &ModelArgs) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let mut shown = String::new();
    match &args.command {
        ModelCommand::Train { recipe, data, out } => {
            let text = std::fs::read_to_string(recipe).map_err(|error| format!("{}: {error}", recipe.display()))?;
            let recipe = Recipe::parse(&text).map_err(|error| format!("{}: {error}", recipe.display()))?;
            let bar = progress_bar();
            let model = train::train(&recipe, data, &|progress| match progress {
                Progress::Reading(file) => bar.set_message(format!("reading {file}")),
                Progress::Learned(done, total) => {
                    bar.set_message("learning");
                    bar.set_length(total as u64);
                    bar.set_position(done as u64);
                }
            })?;
            bar.finish_and_clear();
            let bytes = model.to_bytes();
            std::fs::write(out, &bytes).map_err(|error| format!("{}: {error}", out.display()))?;
            write_reports(&mut shown, &train::report(&model, &recipe, data)?)?;
            writeln!(shown, "\n{}: {}, {} bytes", out.display(), model.version(), bytes.len())?;
        }
        ModelCommand::Info { model } => {
            let model = match model {
                None => Model::builtin()?,
                Some(path) => {
                    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
                    Arc::new(Model::from_bytes(&bytes).map_err(|error| format!("{}: {error}", path.display()))?)
                }
            };
            write_info(&mut shown, &model)?;
        }
    }
    // Whoever reads may have read enough.
    match io::stdout().write_all(shown.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{msg:40} [{bar:30}] {percent:>3} % {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn write_reports(out: &mut String, reports: &[Report]) -> fmt::Result {
    writeln!(
        out,
        "{:28} {:5} {:16} {:>6} {:>6} {:>7} {:>7} {:>11} {:>7} {:>7}",
        "file", "split", "label", "rows", "pos", "AUC", "acc", "rec@0.5%FP", "FP@0.5", "ECE"
    )?;
    for Report { file, split, label, figures } in reports {
        let split = match split {
            Split::Train => "train",
            Split::Dev => "dev",
            Split::Test => "test",
        };
        let file = file.trim_end_matches(".gz").trim_end_matches(".jsonl");
        writeln!(
            out,
            "{file:28} {split:5} {:16} {:>6} {:>6} {:>7} {:>7} {:>11} {:>7} {:>7}",
            label.as_str(),
            figures.rows,
            figures.positives,
            number(figures.auc),
            number(figures.accuracy),
            number(figures.recall),
            number(figures.false_positives),
            number(figures.ece),
        )?;
    }
    Ok(())
}

/// Four decimals, or a dash for what cannot be said.
fn number(value: f64) -> String {
    if value.is_nan() { "-".into() } else { format!("{value:.4}") }
}

fn write_info(out: &mut String, model: &Model) -> fmt::Result {
    writeln!(out, "version  {}", model.version())?;
    writeln!(out, "buckets  {} with weights", model.rows())?;
    writeln!(out, "bytes    {}", model.to_bytes().len())?;
    writeln!(out)?;
    writeln!(
        out,
        "{:9} {:16} {:>8} {:>9} {:>8} {:>7} {:>7}",
        "language", "label", "weights", "largest", "bias", "slope", "offset"
    )?;
    for head in model.heads() {
        writeln!(
            out,
            "{:9} {:16} {:>8} {:>9.3} {:>8.3} {:>7.3} {:>7.3}",
            head.languages.join(","),
            head.label.as_str(),
            head.weights,
            head.largest,
            head.bias,
            head.slope,
            head.offset
        )?;
    }
    Ok(())
}
