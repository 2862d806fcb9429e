//! Reads labelled comments from JSONL, plain or gzipped, and reads their labels by a recipe's rules.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use super::Input;

/// What rows are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose and calibrate with.
    Dev,
    /// To report on.
    Test,
}

/// What the `post_text` of a source's rows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostIs {
    /// The text of the post.
    #[default]
    Post,
    /// The comment that is answered.
    Parent,
}

/// How a head reads a row's label.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a rule is \"never\", \"ham\", { never = SHARE }, { field, is } or { field, above }")]
pub enum Rule {
    /// One word for the whole source.
    Word(WordRule),
    /// No row is positive, and only a share of them is learned.
    Never(NeverRule),
    /// Positive where a field has a value.
    Is(IsRule),
    /// Positive where a number is above another; a missing field counts as zero.
    Above(AboveRule),
}

/// Rules that are one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordRule {
    /// No row is positive.
    Never,
    /// Rows labelled `ham` are negative, the others say nothing.
    Ham,
}

/// See [`Rule::Never`].
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverRule {
    /// The chance that a row is learned, anew for each epoch: a large source of harmless rows would else teach what its
    /// style is, and that every other style is suspect.
    pub never: f32,
}

/// See [`Rule::Is`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsRule {
    /// Path into the row, with dots: `labels.threat`.
    pub field: String,
    /// A number or a string.
    pub is: Value,
}

/// See [`Rule::Above`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboveRule {
    /// Path into the row, with dots: `labels.span_types.Threat`.
    pub field: String,
    /// What the number must exceed.
    pub above: f64,
}

impl Rule {
    /// The path into the row that the rule reads, if it reads one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Rule::Word(_) | Rule::Never(_) => None,
            Rule::Is(IsRule { field, .. }) | Rule::Above(AboveRule { field, .. }) => Some(field),
        }
    }

    /// The chance that a row is learned in an epoch.
    pub fn share(&self) -> f32 {
        match self {
            Rule::Never(NeverRule { never }) => *never,
            Rule::Word(_) | Rule::Is(_) | Rule::Above(_) => 1.0,
        }
    }

    /// Whether the row is positive; `None` when it says nothing.
    pub fn read(&self, row: &Row) -> Option<bool> {
        match self {
            Rule::Word(WordRule::Never) | Rule::Never(_) => Some(false),
            Rule::Word(WordRule::Ham) => (row.label == "ham").then_some(false),
            Rule::Is(IsRule { field, is }) if field == "label" => Some(is.as_str() == Some(&row.label)),
            Rule::Is(IsRule { field, is }) => row.field(field).map(|value| value == is),
            Rule::Above(AboveRule { field, above }) => Some(row.field(field).and_then(Value::as_f64).unwrap_or(0.0) > *above),
        }
    }
}

/// One labelled comment.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// The comment.
    pub text: String,
    /// The one word for it: `ham`, `spam` or `toxic`.
    #[serde(default)]
    pub label: String,
    /// The post, or what the recipe says it is.
    #[serde(default)]
    pub post_text: String,
    /// The title of the post.
    #[serde(default)]
    pub post_title: String,
    /// ISO 639-1 code of the language.
    #[serde(default)]
    pub lang: String,
    /// The name the author gave.
    #[serde(default)]
    pub author_name: String,
    /// What the row is for; a row without is for nothing.
    pub split: Option<Split>,
    /// Annotators disagreed: not learned, not measured.
    #[serde(default)]
    pub ambiguous: bool,
    /// The source's own labels.
    #[serde(default)]
    pub labels: Value,
}

impl Row {
    /// What the classifier sees of the row.
    pub fn input(&self, post: PostIs) -> Input<'_> {
        let mut input =
            Input { text: &self.text, post_title: &self.post_title, author_name: &self.author_name, ..Input::default() };
        match post {
            PostIs::Post => input.post_text = &self.post_text,
            PostIs::Parent => input.parent_text = &self.post_text,
        }
        input
    }

    fn field(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.');
        match steps.next() {
            Some("labels") => steps.try_fold(&self.labels, |value, step| value.get(step)),
            _ => None,
        }
    }
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum RowsError {
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{path}:{line}: {source}")]
    Line { path: String, line: usize, source: serde_json::Error },
}

/// Reads every row of a file that is not ambiguous.
///
/// # Errors
/// When the file cannot be read or a line is not a row.
pub fn read(path: &Path, ambiguous: bool) -> Result<Vec<Row>, RowsError> {
    let shown = || path.display().to_string();
    let file_error = |source| RowsError::File { path: shown(), source };
    let file = File::open(path).map_err(file_error)?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut rows = Vec::new();
    for (at, line) in BufReader::new(reader).lines().enumerate() {
        let line = line.map_err(file_error)?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(&line).map_err(|source| RowsError::Line { path: shown(), line: at + 1, source })?;
        if ambiguous || !row.ambiguous {
            rows.push(row);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::{PostIs, Row, Rule};

    fn row(json: &str) -> Row {
        serde_json::from_str(json).expect("a row")
    }

    fn rule(toml: &str) -> Rule {
        let table: toml::Table = format!("rule = {toml}").parse().expect("TOML");
        table["rule"].clone().try_into().expect("a rule")
    }

    #[test]
    fn rules_read_labels() {
        let spam = row(r#"{"text": "x", "label": "spam", "labels": {"threat": 1, "kinds": {"A b": 2}}}"#);
        let ham = row(r#"{"text": "x", "label": "ham", "labels": {"threat": 0}}"#);
        let both = |toml: &str| (rule(toml).read(&spam), rule(toml).read(&ham));
        assert_eq!(both(r#"{ field = "label", is = "spam" }"#), (Some(true), Some(false)));
        assert_eq!(both(r#"{ field = "labels.threat", is = 1 }"#), (Some(true), Some(false)));
        assert_eq!(both(r#"{ field = "labels.kinds.A b", above = 0 }"#), (Some(true), Some(false)));
        assert_eq!(both(r#"{ field = "labels.other", is = 1 }"#), (None, None));
        assert_eq!(both(r#""ham""#), (None, Some(false)));
        assert_eq!(both(r#""never""#), (Some(false), Some(false)));
        assert_eq!(both("{ never = 0.5 }"), (Some(false), Some(false)));
        assert_eq!((rule("{ never = 0.5 }").share(), rule(r#""never""#).share()), (0.5, 1.0));
    }

    #[test]
    fn the_post_is_put_where_the_recipe_says() {
        let row = row(r#"{"text": "x", "post_text": "p"}"#);
        assert_eq!(row.input(PostIs::Post).post_text, "p");
        assert_eq!(row.input(PostIs::Parent).parent_text, "p");
        assert_eq!(row.input(PostIs::Parent).post_text, "");
    }
}
