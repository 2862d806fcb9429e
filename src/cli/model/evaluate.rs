//! `gatepost model evaluate`: how well a model does on labelled comments.

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

A line of a file is one comment, as in `gatepost check --file`, with what it is: `label` or `gold` is ham, spam or toxic,
which speaks for the heads spam and toxicity. The other heads need `labels`, e.g. {\"labels\": {\"insult\": 1}}.
`source` or `set` names where a row is from, else the file does; `lang` or `language` its language.
Nothing is sent anywhere, and only figures leave: no text of the comments is printed or written.";

/// Options of `model evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Files of labelled comments, JSONL, gzipped or not; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    choice: RowFilterArgs,
    /// Only this head; several may be named
    #[arg(long = "head", value_name = "LABEL", value_parser = truth::head)]
    heads: Vec<Label>,
    /// Read one head from this field: it is true or above zero, or it is VALUE
    #[arg(long = "truth", value_name = "LABEL=FIELD[:VALUE]")]
    overrides: Vec<TruthOverride>,
    /// Read labels by the rules that this recipe has for files of these names
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Also figures per value of this field, e.g. blog, and means over its values; several may be named
    #[arg(long = "by", value_name = "FIELD")]
    by: Vec<String>,
    /// A model file in place of the compiled-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// A folder of policy files (*.toml), for what is approved, held and rejected
    #[arg(long, value_name = "DIR")]
    policy_dir: Option<PathBuf>,
    /// The site of rows that name none, for its policy
    #[arg(long, value_name = "SITE", default_value = OFFLINE_SITE)]
    site: String,
    /// Also write a page with tables and curves
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON object
    Json,
}

/// Measures and prints.
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
            terminal::log_line(&format!("gatepost: the recipe does not name {file}; its labels are read as without a recipe"));
        }
    }

    let dimensions: Vec<String> =
        ["source", "language"].into_iter().map(str::to_owned).chain(args.by.iter().cloned()).collect();
    let mut measure = Measurements::new(&dimensions);
    let scorer = RowScorer { judge: &judge, reading: &reading, site: &args.site, by: &args.by };
    let left_out = labelled::read_rows(
        &args.files,
        &args.choice,
        |place, line, fields| {
            let source = sources.get(place).copied().flatten();
            scorer.score(source, args.files.get(place).map(PathBuf::as_path), line, fields)
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
