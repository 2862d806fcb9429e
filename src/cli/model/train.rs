//! `gatepost model train`: trains a model from a recipe and labelled comments.

use std::fmt::{self, Write as _};
use std::io::IsTerminal;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::problem::FileError;
use crate::classify::recipe::Recipe;
use crate::classify::rows::Split;
use crate::classify::train::{self, HeadMetrics, LeaveOut, Progress};
use crate::files;

/// Options of `model train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// The training recipe, as TOML
    #[arg(long, value_name = "FILE")]
    recipe: PathBuf,
    /// A folder with the recipe's files; may be repeated, the first folder that contains a file is used
    #[arg(long, value_name = "DIR", required = true)]
    data: Vec<PathBuf>,
    /// Leave out rows whose field has one of these values, e.g. to measure on them; may be repeated
    #[arg(long, value_name = "FIELD=VALUE[,VALUE]")]
    leave_out: Vec<LeaveOut>,
    /// The model file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Trains a model, writes it, and returns the text to print.
pub fn run(args: &TrainArgs) -> Result<String, FileError> {
    let recipe = recipe(&args.recipe)?;
    let bar = progress_bar();
    let model = train::train(&recipe, &args.data, &args.leave_out, &|progress| match progress {
        Progress::Reading(file) => bar.set_message(format!("reading {file}")),
        Progress::Learned(done, total) => {
            bar.set_message("learning");
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
    })?;
    bar.finish_and_clear();
    let bytes = model.to_bytes();
    std::fs::write(&args.out, &bytes).map_err(|error| format!("{}: {error}", args.out.display()))?;
    let mut output = String::new();
    write_reports(&mut output, &train::measure_heads(&model, &recipe, &args.data)?)?;
    writeln!(output, "\n{}: {}, {} bytes", args.out.display(), model.version(), bytes.len())?;
    Ok(output)
}

/// Reads a recipe.
pub fn recipe(path: &std::path::Path) -> Result<Recipe, FileError> {
    let text = files::read_text(path, files::MAX_TEXT).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Recipe::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Returns a progress bar, which is hidden if standard error is not a terminal.
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

/// Writes the table of metrics.
fn write_reports(out: &mut String, reports: &[HeadMetrics]) -> fmt::Result {
    writeln!(
        out,
        "{:28} {:5} {:16} {:>6} {:>6} {:>7} {:>7} {:>11} {:>7} {:>7}",
        "file", "split", "label", "rows", "pos", "AUC", "acc", "rec@0.5%FP", "FP@0.5", "ECE"
    )?;
    for HeadMetrics { file, split, label, figures } in reports {
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

/// Formats a number with four decimals, or returns a dash if it is NaN.
fn number(value: f64) -> String {
    if value.is_nan() { "-".into() } else { format!("{value:.4}") }
}
