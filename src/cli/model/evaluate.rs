//! `gatepost model evaluate`: measures a model on labelled comments.

mod chart;
mod dimension;
mod measure;
mod page;
mod print;
mod report;
mod score;
mod truth;

use std::path::PathBuf;
use std::process::ExitCode;

use super::train;
use crate::classify::Label;
use crate::classify::recipe::{Recipe, RecipeSource};
use crate::cli::check::OFFLINE_SITE;
use crate::cli::failure::{self, Failure};
use crate::cli::labelled::{self, RowFilterArgs};
use crate::cli::serve::offline_judge;
use crate::cli::terminal::{self, TerminalOutput};
use crate::cli::{json, text};
use crate::comment::Site;
use measure::Measurements;
use report::EvaluationReport;
use score::RowScorer;
use truth::{TruthOverride, TruthReader};

pub const EXAMPLES: &str = "Examples:
  gatepost model evaluate comments.jsonl.gz
  gatepost model evaluate --where split=test --by label --html report.html a.jsonl b.jsonl.gz
  gatepost model evaluate --head spam gold.jsonl          where `gold` is 1 for spam and 0 for the rest
  gatepost model evaluate --head identity_attack --truth identity_attack=labels.class:hate tweets.jsonl
  gatepost model evaluate --format json - < comments.jsonl | jq '.heads[] | {head, auc: .sets[0].auc}'

Each line of a file is a comment, as in `gatepost check --file`, with a label: `label` or `gold` is ham, spam or toxic and
counts for the heads spam and toxicity. The other heads need `labels`, e.g. {\"labels\": {\"insult\": 1}}.
`source` or `set` names the source of a row (default: the file), `lang` or `language` its language.
Nothing is sent anywhere, and the output contains metrics only: no text of the comments is printed or written.";

/// Options of `model evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Files of labelled comments in JSONL, optionally gzipped; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    choice: RowFilterArgs,
    /// Measure only this head; may be repeated
    #[arg(long = "head", value_name = "LABEL", value_parser = truth::head)]
    heads: Vec<Label>,
    /// Read the truth of one head from this field: true if it is true, above zero, or equal to VALUE
    #[arg(long = "truth", value_name = "LABEL=FIELD[:VALUE]")]
    overrides: Vec<TruthOverride>,
    /// Read labels by the rules of this recipe, for files that it names
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Also show metrics for each value of this field, e.g. blog, and their means; may be repeated
    #[arg(long = "by", value_name = "FIELD")]
    by: Vec<String>,
    /// A model file to use instead of the built-in model
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// A folder of policy files (*.toml), by which comments are approved, held or rejected
    #[arg(long, value_name = "DIR")]
    policy_dir: Option<PathBuf>,
    /// The site, and thereby the policy, of rows that name none
    #[arg(long, value_name = "SITE", default_value = OFFLINE_SITE)]
    site: String,
    /// Also write an HTML page with tables and charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// Tables for people
    #[default]
    Table,
    /// One JSON object
    Json,
}

/// Measures the model and prints the report.
pub fn run(args: &EvaluateArgs) -> Result<ExitCode, Failure> {
    let judge = offline_judge(args.model.as_deref(), args.policy_dir.as_deref())
        .map_err(|error| Failure::failed(format!("{error:#}")))?;
    let recipe = args.recipe.as_deref().map(train::recipe).transpose();
    let recipe: Option<Recipe> = recipe.map_err(|problem| Failure::failed(problem.to_string()))?;
    let reading = TruthReader { heads: &args.heads, overrides: &args.overrides, recipe: recipe.as_ref() };
    let sources: Vec<Option<&RecipeSource>> = args.files.iter().map(|file| reading.source(file)).collect();
    if recipe.is_some() {
        for (file, _) in args.files.iter().zip(&sources).filter(|(_, source)| source.is_none()) {
            let file = text::escape_line(&file.display().to_string(), 200);
            terminal::log_line(&format!("gatepost: the recipe does not name {file}; its labels are read without the recipe"));
        }
    }

    let dimensions: Vec<String> =
        ["source", "language"].into_iter().map(str::to_owned).chain(args.by.iter().cloned()).collect();
    let mut measure = Measurements::new(&dimensions);
    let scorer = RowScorer { judge: &judge, reading: &reading, site: &args.site, by: &args.by };
    let left_out = labelled::read_rows(
        &args.files,
        &args.choice,
        |file_index, line, fields| {
            let source = sources.get(file_index).copied().flatten();
            scorer.score(source, args.files.get(file_index).map(PathBuf::as_path), line, fields)
        },
        |_, row| measure.add(row),
    )?;
    let policy = judge.policy(
        &Site::parse("--site", &args.site)
            .map_err(|violation| Failure::usage(format!("{} {}", violation.field, violation.problem)))?,
    );
    let decisions = measure.decisions();
    let report = EvaluationReport {
        model: text::escape_line(judge.model().version(), 256),
        policy: text::escape_line(policy.version(), 256),
        rows: measure.rows(),
        left_out,
        heads: measure.heads(),
        means: measure.means(&decisions),
        decisions,
    };
    if let Some(path) = &args.html {
        let page = page::page(&report, &measure)?;
        std::fs::write(path, page).map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    }
    let mut screen = TerminalOutput::new();
    match args.format {
        Format::Table => print::print(&mut screen, &report)?,
        Format::Json => {
            let document = serde_json::to_string_pretty(&report);
            let document = document.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
            screen.line(&json::escape_unprintable(document))?;
        }
    }
    screen.flush()?;
    Ok(failure::exit_code_of_batch(left_out.unreadable, left_out.unreadable + report.rows as u64))
}
