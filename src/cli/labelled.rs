//! Labelled comments, for the commands that measure: which rows of which files, read on all cores with a bar.

use std::path::{Path, PathBuf};
use std::thread;

use serde::Serialize;
use serde_json::Value;

use super::failure::{self, Failure};
use super::lines::{self, Fields, Line};
use super::parallel::map_lines;
use super::rows::{self, FieldCondition};
use super::{progress_bar, terminal, text};

/// Which rows count.
#[derive(Debug, clap::Args)]
pub struct RowFilterArgs {
    /// Only rows whose field is this, or with != is not; several must all hold
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    only: Vec<FieldCondition>,
    /// Also rows with `"ambiguous": true`, on which annotators disagreed
    #[arg(long)]
    ambiguous: bool,
}

/// How many rows were not measured, and why.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct SkippedRows {
    /// Not asked for.
    pub not_asked_for: u64,
    /// Annotators disagreed.
    pub ambiguous: u64,
    /// Not a comment.
    pub unreadable: u64,
}

/// What became of a line.
enum LineOutcome<T> {
    NotAskedFor,
    Ambiguous,
    Bad(u64, String),
    Read(T),
}

/// Reads every row that counts: `work` understands one, on whatever core; `take` gets what came of it, with the place
/// of its file in `files`, in the order of the rows.
pub fn read_rows<T: Send>(
    files: &[PathBuf],
    choice: &RowFilterArgs,
    work: impl Fn(usize, &Line, Fields) -> Result<T, String> + Sync,
    mut take: impl FnMut(usize, T),
) -> Result<SkippedRows, Failure> {
    let bar = progress_bar::on_terminal();
    progress_bar::set_length(&bar, files.iter().map(|file| Some(file.metadata().ok()?.len())).sum());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut left_out = SkippedRows::default();
    for (place, file) in files.iter().enumerate() {
        bar.set_message(text::escape_line(&source_name(file), 40));
        let lines = lines::open(file, |source, _| Box::new(bar.wrap_read(source)))?;
        let outcome = |line: &Line| match line.fields() {
            Err(problem) => LineOutcome::Bad(line.number, problem),
            Ok(fields) if !choice.only.iter().all(|only| only.matches(&fields)) => LineOutcome::NotAskedFor,
            Ok(fields) if !choice.ambiguous && fields.get("ambiguous") == Some(&Value::Bool(true)) => LineOutcome::Ambiguous,
            Ok(fields) => match work(place, line, fields) {
                Ok(read_rows) => LineOutcome::Read(read_rows),
                Err(problem) => LineOutcome::Bad(line.number, problem),
            },
        };
        map_lines(lines, file, cores, outcome, |outcome| {
            match outcome {
                LineOutcome::NotAskedFor => left_out.not_asked_for += 1,
                LineOutcome::Ambiguous => left_out.ambiguous += 1,
                LineOutcome::Bad(number, problem) => {
                    left_out.unreadable += 1;
                    let problem = failure::problem_line(&problem);
                    let file = text::escape_line(&file.display().to_string(), 200);
                    bar.suspend(|| terminal::log_line(&format!("{file}:{number}: {problem}")));
                }
                LineOutcome::Read(read_rows) => take(place, read_rows),
            }
            Ok(())
        })?;
    }
    bar.finish_and_clear();
    Ok(left_out)
}

/// A file's name without folder and endings: what a source is called.
pub fn source_name(file: &Path) -> String {
    if file == Path::new("-") {
        return "stdin".to_owned();
    }
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".json")).unwrap_or(name).to_owned()
}

/// What a row says of itself in `label` or `gold`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowLabel {
    /// A word: `ham`, `spam`, `toxic`, or one of the file's own.
    Word(String),
    /// Yes or no to a question that the row does not name.
    Binary(bool),
}

/// Reads `label`, else `gold`. `None`: the row has neither.
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

/// What `true`, `false` and numbers mean: anything above zero is yes.
pub fn yes_or_no(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_f64().map(|number| number > 0.0))
}

/// The value at a path with dots.
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
        let said = |value| row_label(&fields(value));
        assert_eq!(said(json!({"label": "Spam", "gold": 0})), Some(RowLabel::Word("spam".into())));
        assert_eq!(said(json!({"label": null, "gold": 1})), Some(RowLabel::Binary(true)));
        assert_eq!(said(json!({"gold": "0"})), Some(RowLabel::Binary(false)));
        assert_eq!(said(json!({"gold": false})), Some(RowLabel::Binary(false)));
        assert_eq!(said(json!({"text": "t"})), None);
    }

    #[test]
    fn paths_with_dots_lead_into_a_row() {
        let row = fields(json!({"labels": {"kinds": {"A b": 2}}, "a.b": 1}));
        assert_eq!(value_at(&row, "labels.kinds.A b"), Some(&json!(2)));
        assert_eq!(value_at(&row, "a.b"), Some(&json!(1)));
        assert_eq!(value_at(&row, "labels.other"), None);
    }
}
