//! `gatepost model evaluate`: how well a model does on labelled comments.

mod chart;
mod measure;
mod page;
mod print;
mod truth;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use super::train;
use crate::classify::Label;
use crate::classify::recipe::{Recipe, Source};
use crate::cli::check::SITE;
use crate::cli::failure::{self, Failure};
use crate::cli::labelled::{self, ChoiceArgs};
use crate::cli::rows::{Fields, Line, plain};
use crate::cli::serve::offline_judge;
use crate::cli::term::{self, Screen};
use crate::cli::{json, text};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::judge::Judge;
use crate::policy::{Listed, Policy};
use crate::verdict::Decision;
use measure::{Measure, Measured, Report};
use truth::{Override, Reading};

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
    choice: ChoiceArgs,
    /// Only this head; several may be named
    #[arg(long = "head", value_name = "LABEL", value_parser = truth::head)]
    heads: Vec<Label>,
    /// Read one head from this field: it is true or above zero, or it is VALUE
    #[arg(long = "truth", value_name = "LABEL=FIELD[:VALUE]")]
    overrides: Vec<Override>,
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
    #[arg(long, value_name = "SITE", default_value = SITE)]
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
    let reading = Reading { heads: &args.heads, overrides: &args.overrides, recipe: recipe.as_ref() };
    let sources: Vec<Option<&Source>> = args.files.iter().map(|file| reading.source(file)).collect();
    if recipe.is_some() {
        for (file, _) in args.files.iter().zip(&sources).filter(|(_, source)| source.is_none()) {
            let file = text::line(&file.display().to_string(), 200);
            term::tell(&format!("gatepost: the recipe does not name {file}; its labels are read as without a recipe"));
        }
    }

    let dimensions: Vec<String> =
        ["source", "language"].into_iter().map(str::to_owned).chain(args.by.iter().cloned()).collect();
    let mut measure = Measure::new(&dimensions);
    let left_out = labelled::read(
        &args.files,
        &args.choice,
        |place, line, fields| {
            let source = sources.get(place).copied().flatten();
            measured(args, &judge, &reading, source, args.files.get(place).map(PathBuf::as_path), line, fields)
        },
        |_, row| measure.take(row),
    )?;
    let policy = judge.policy(
        &crate::comment::Site::parse("--site", &args.site)
            .map_err(|violation| Failure::usage(format!("{} {}", violation.field, violation.problem)))?,
    );
    let decisions = measure.decisions();
    let report = Report {
        model: text::line(judge.model().version(), 256),
        policy: text::line(policy.version(), 256),
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
    let mut screen = Screen::new();
    match args.format {
        Format::Table => print::print(&mut screen, &report)?,
        Format::Json => {
            let document = serde_json::to_string_pretty(&report);
            let document = document.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
            screen.line(&json::inert(document))?;
        }
    }
    screen.flush()?;
    Ok(failure::of_several(left_out.unreadable, left_out.unreadable + report.rows as u64))
}

/// Scores one row and decides on it.
fn measured(
    args: &EvaluateArgs,
    judge: &Judge,
    reading: &Reading<'_>,
    source: Option<&Source>,
    file: Option<&Path>,
    line: &Line,
    mut fields: Fields,
) -> Result<Measured, String> {
    let (truths, word) = reading.read(&fields, source)?;
    // Of a whole comment `source` and `language` could be objects of another meaning; only words count.
    let named = |names: [&str; 2]| names.into_iter().find_map(|name| fields.get(name)?.as_str().map(str::to_owned));
    let mut values = vec![
        named(["source", "set"]).or_else(|| file.map(labelled::name)),
        named(["lang", "language"]).filter(|language| !language.is_empty()),
    ];
    values.extend(args.by.iter().map(|field| labelled::at(&fields, field).map(plain)));
    let values = values.into_iter().map(|value| value.map(|value| text::line(&value, 60))).collect();

    truth::place_post(&mut fields, source);
    let comment = Comment::parse(line.comment(fields, &args.site)?, SystemTime::now()).map_err(|violations| {
        let each = violations.iter().map(|violation| format!("{}: {}", violation.field, violation.problem));
        each.collect::<Vec<_>>().join("; ")
    })?;
    let case = judge.hear(&comment, Listed::none(), None);
    let ruling = case.ruling(&Facts::default());
    let mut scores = [f32::NAN; Label::ALL.len()];
    for (label, score) in &ruling.scores {
        scores[label.lane()] = *score as f32;
    }
    let beyond = beyond(case.policy, &ruling.scores, ruling.decision);
    let word = word.map(|word| text::line(&word, 40));
    Ok(Measured { scores, truths, word, decision: ruling.decision, beyond, values })
}

/// How far, in log-odds, the row is beyond the hold threshold that it is furthest beyond. What is decided by something
/// else than scores is infinitely far, for no threshold changes it.
fn beyond(policy: &Policy, scores: &[(Label, f64)], decision: Decision) -> f32 {
    let logit = |share: f64| (share / (1.0 - share)).ln();
    let distances = scores.iter().filter_map(|(label, score)| {
        let hold = policy.threshold(*label).hold?;
        Some(logit(*score) - logit(hold)).filter(|distance| !distance.is_nan())
    });
    let furthest = distances.fold(f64::NEG_INFINITY, f64::max) as f32;
    match (decision > Decision::Approve, furthest >= 0.0) {
        (true, false) => f32::INFINITY,
        (false, true) => f32::NEG_INFINITY,
        _ => furthest,
    }
}
