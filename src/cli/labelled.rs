//! Labelled comments for the commands that evaluate: rows of files, filtered and read on all cores with a progress bar.

use std::path::{Path, PathBuf};
use std::thread;

use serde::Serialize;
use serde_json::Value;

use super::failure::{self, Failure};
use super::lines::{self, Fields, Line};
use super::parallel::map_lines;
use super::rows::{self, FieldCondition};
use super::{progress_bar, terminal, text};

/// Options that select rows.
#[derive(Debug, clap::Args)]
pub struct RowFilterArgs {
    /// Only rows whose field has this value, or does not with FIELD!=VALUE; all conditions must hold
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    only: Vec<FieldCondition>,
    /// Include rows with `"ambiguous": true`, on which annotators disagreed
    #[arg(long)]
    ambiguous: bool,
}

/// The numbers of rows that were skipped, by reason.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct SkippedRows {
    /// Rows that do not meet the conditions.
    pub not_asked_for: u64,
    /// Rows on which annotators disagreed.
    pub ambiguous: u64,
    /// Rows that are not valid comments.
    pub unreadable: u64,
}

/// The outcome of a line.
enum LineOutcome<T> {
    NotAskedFor,
    Ambiguous,
    Bad(u64, String),
    Read(T),
}

/// Reads all selected rows of the files, on all cores.
///
/// `work` processes a row on any core. `take` receives its result in row order. Both get the index of the file in `files`.
/// Invalid rows are logged and counted.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub fn read_rows<T: Send>(
    files: &[PathBuf],
    filter: &RowFilterArgs,
    work: impl Fn(usize, &Line, Fields) -> Result<T, String> + Sync,
    mut take: impl FnMut(usize, T),
) -> Result<SkippedRows, Failure> {
    let bar = progress_bar::on_terminal();
    progress_bar::set_length(&bar, files.iter().map(|file| Some(file.metadata().ok()?.len())).sum());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut skipped = SkippedRows::default();
    for (file_index, file) in files.iter().enumerate() {
        bar.set_message(text::escape_line(&source_name(file), 40));
        let lines = lines::open(file, |source, _| Box::new(bar.wrap_read(source)))?;
        let outcome = |line: &Line| match line.fields() {
            Err(problem) => LineOutcome::Bad(line.number, problem),
            Ok(fields) if !filter.only.iter().all(|only| only.matches(&fields)) => LineOutcome::NotAskedFor,
            Ok(fields) if !filter.ambiguous && fields.get("ambiguous") == Some(&Value::Bool(true)) => LineOutcome::Ambiguous,
            Ok(fields) => match work(file_index, line, fields) {
                Ok(result) => LineOutcome::Read(result),
                Err(problem) => LineOutcome::Bad(line.number, problem),
            },
        };
        map_lines(lines, file, cores, outcome, |outcome| {
            match outcome {
                LineOutcome::NotAskedFor => skipped.not_asked_for += 1,
                LineOutcome::Ambiguous => skipped.ambiguous += 1,
                LineOutcome::Bad(number, problem) => {
                    skipped.unreadable += 1;
                    let problem = failure::problem_line(&problem);
                    let file = text::escape_line(&file.display().to_string(), 200);
                    bar.suspend(|| terminal::log_line(&format!("{file}:{number}: {problem}")));
                }
                LineOutcome::Read(result) => take(file_index, result),
            }
            Ok(())
        })?;
    }
    bar.finish_and_clear();
    Ok(skipped)
}

/// Returns the name of a source: the name of its file without folder and extensions, or `stdin`.
pub fn source_name(file: &Path) -> String {
    if file == Path::new("-") {
        return "stdin".to_owned();
    }
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".json")).unwrap_or(name).to_owned()
}

/// The label of a row, from its field `label` or `gold`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowLabel {
    /// A word: `ham`, `spam`, `toxic`, or one of the file's own.
    Word(String),
    /// Yes or no, for a label that the row does not name.
    Binary(bool),
}

/// Returns the value of `label`, or else of `gold`. Returns `None` if the row has neither.
pub fn row_label(fields: &Fields) -> Option<RowLabel> {
    let value = ["label", "gold"].into_iter().filter_map(|name| fields.get(name)).find(|value| !value.is_null())?;
    if let Some(yes) = yes_or_no(value) {
        return Some(RowLabel::Binary(yes));
    }
    match rows::value_text(value).as_str() {
        "0" => Some(RowLabel::Binary(false)),
        "1" => Some(RowLabel::Binary(true)),
        word => Some(RowLabel::Word(word.to_lowercase())),
    }
}

/// Converts `true`, `false` or a number into yes or no. Numbers above zero are yes. Returns `None` for other values.
pub fn yes_or_no(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_f64().map(|number| number > 0.0))
}

/// Returns the value at a dotted path. A top-level field with the whole path as its name takes precedence.
///
/// Returns `None` if there is no value at the path.
pub fn value_at<'v>(fields: &'v Fields, path: &str) -> Option<&'v Value> {
    if let Some(value) = fields.get(path) {
        return Some(value);
    }
    let mut steps = path.split('.');
    let first = fields.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step)).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(fields) => fields,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn a_source_is_called_like_its_file() {
        assert_eq!(source_name(Path::new("/a/b.c.jsonl.gz")), "b.c");
        assert_eq!(source_name(Path::new("b.csv")), "b.csv");
        assert_eq!(source_name(Path::new("-")), "stdin");
    }

    #[test]
    fn labels_are_words_or_yes_and_no() {
        let label = |value| row_label(&fields(value));
        assert_eq!(label(json!({"label": "Spam", "gold": 0})), Some(RowLabel::Word("spam".into())));
        assert_eq!(label(json!({"label": null, "gold": 1})), Some(RowLabel::Binary(true)));
        assert_eq!(label(json!({"gold": "0"})), Some(RowLabel::Binary(false)));
        assert_eq!(label(json!({"gold": false})), Some(RowLabel::Binary(false)));
        assert_eq!(label(json!({"text": "t"})), None);
    }

    #[test]
    fn paths_with_dots_lead_into_a_row() {
        let row = fields(json!({"labels": {"kinds": {"A b": 2}}, "a.b": 1}));
        assert_eq!(value_at(&row, "labels.kinds.A b"), Some(&json!(2)));
        assert_eq!(value_at(&row, "a.b"), Some(&json!(1)));
        assert_eq!(value_at(&row, "labels.other"), None);
    }
}
