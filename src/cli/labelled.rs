//! Labelled comments, for the commands that measure: which rows of which files, read on all cores with a bar.

use std::path::{Path, PathBuf};
use std::thread;

use serde::Serialize;
use serde_json::Value;

use super::failure::{self, Failure};
use super::lines::{self, Fields, Line};
use super::on_cores::on_cores;
use super::rows::{self, Where};
use super::{bar, term, text};

/// Which rows count.
#[derive(Debug, clap::Args)]
pub struct ChoiceArgs {
    /// Only rows whose field is this, or with != is not; several must all hold
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    only: Vec<Where>,
    /// Also rows with `"ambiguous": true`, on which annotators disagreed
    #[arg(long)]
    ambiguous: bool,
}

/// How many rows were not measured, and why.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct LeftOut {
    /// Not asked for.
    pub not_asked_for: u64,
    /// Annotators disagreed.
    pub ambiguous: u64,
    /// Not a comment.
    pub unreadable: u64,
}

/// What became of a line.
enum Outcome<T> {
    NotAskedFor,
    Ambiguous,
    Bad(u64, String),
    Read(T),
}

/// Reads every row that counts: `work` understands one, on whatever core; `take` gets what came of it, with the place
/// of its file in `files`, in the order of the rows.
pub fn read<T: Send>(
    files: &[PathBuf],
    choice: &ChoiceArgs,
    work: impl Fn(usize, &Line, Fields) -> Result<T, String> + Sync,
    mut take: impl FnMut(usize, T),
) -> Result<LeftOut, Failure> {
    let bar = bar::on_terminal();
    bar::expect(&bar, files.iter().map(|file| Some(file.metadata().ok()?.len())).sum());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut left_out = LeftOut::default();
    for (place, file) in files.iter().enumerate() {
        bar.set_message(text::line(&name(file), 40));
        let lines = lines::open(file, |source, _| Box::new(bar.wrap_read(source)))?;
        let outcome = |line: &Line| match line.fields() {
            Err(problem) => Outcome::Bad(line.number, problem),
            Ok(fields) if !choice.only.iter().all(|only| only.holds(&fields)) => Outcome::NotAskedFor,
            Ok(fields) if !choice.ambiguous && fields.get("ambiguous") == Some(&Value::Bool(true)) => Outcome::Ambiguous,
            Ok(fields) => match work(place, line, fields) {
                Ok(read) => Outcome::Read(read),
                Err(problem) => Outcome::Bad(line.number, problem),
            },
        };
        on_cores(lines, file, cores, outcome, |outcome| {
            match outcome {
                Outcome::NotAskedFor => left_out.not_asked_for += 1,
                Outcome::Ambiguous => left_out.ambiguous += 1,
                Outcome::Bad(number, problem) => {
                    left_out.unreadable += 1;
                    let problem = failure::one_line(&problem);
                    let file = text::line(&file.display().to_string(), 200);
                    bar.suspend(|| term::tell(&format!("{file}:{number}: {problem}")));
                }
                Outcome::Read(read) => take(place, read),
            }
            Ok(())
        })?;
    }
    bar.finish_and_clear();
    Ok(left_out)
}

/// A file's name without folder and endings: what a source is called.
pub fn name(file: &Path) -> String {
    if file == Path::new("-") {
        return "stdin".to_owned();
    }
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".json")).unwrap_or(name).to_owned()
}

/// What a row says of itself in `label` or `gold`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A word: `ham`, `spam`, `toxic`, or one of the file's own.
    Word(String),
    /// Yes or no to a question that the row does not name.
    Binary(bool),
}

/// Reads `label`, else `gold`. `None`: the row has neither.
pub fn said(fields: &Fields) -> Option<Said> {
    let value = ["label", "gold"].into_iter().filter_map(|name| fields.get(name)).find(|value| !value.is_null())?;
    if let Some(yes) = yes_or_no(value) {
        return Some(Said::Binary(yes));
    }
    match rows::plain(value).as_str() {
        "0" => Some(Said::Binary(false)),
        "1" => Some(Said::Binary(true)),
        word => Some(Said::Word(word.to_lowercase())),
    }
}

/// What `true`, `false` and numbers mean: anything above zero is yes.
pub fn yes_or_no(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_f64().map(|number| number > 0.0))
}

/// The value at a path with dots.
pub fn at<'v>(fields: &'v Fields, path: &str) -> Option<&'v Value> {
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
        assert_eq!(name(Path::new("/a/b.c.jsonl.gz")), "b.c");
        assert_eq!(name(Path::new("b.csv")), "b.csv");
        assert_eq!(name(Path::new("-")), "stdin");
    }

    #[test]
    fn labels_are_words_or_yes_and_no() {
        let said = |value| said(&fields(value));
        assert_eq!(said(json!({"label": "Spam", "gold": 0})), Some(Said::Word("spam".into())));
        assert_eq!(said(json!({"label": null, "gold": 1})), Some(Said::Binary(true)));
        assert_eq!(said(json!({"gold": "0"})), Some(Said::Binary(false)));
        assert_eq!(said(json!({"gold": false})), Some(Said::Binary(false)));
        assert_eq!(said(json!({"text": "t"})), None);
    }

    #[test]
    fn paths_with_dots_lead_into_a_row() {
        let row = fields(json!({"labels": {"kinds": {"A b": 2}}, "a.b": 1}));
        assert_eq!(at(&row, "labels.kinds.A b"), Some(&json!(2)));
        assert_eq!(at(&row, "a.b"), Some(&json!(1)));
        assert_eq!(at(&row, "labels.other"), None);
    }
}
