//! Reads labelled comments from JSONL, plain or gzipped.

mod rule;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Author, Input};
use crate::comment::{Format, PlainText};

pub use rule::{AboveRule, IsRule, LabelRule, NeverRule, WordRule};

/// The purpose of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Training.
    Train,
    /// Model selection and calibration (dev rows).
    Dev,
    /// The final measurement.
    Test,
}

/// The meaning of the `post_text` field of a source's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostTextKind {
    /// The text of the post.
    #[default]
    Post,
    /// The text of the comment that this one answers.
    Parent,
}

/// A labelled comment.
#[derive(Debug, Clone)]
pub struct Row {
    /// The text, reduced to plain text like a served comment.
    pub text: String,
    /// The label: `ham`, `spam` or `toxic`. Empty if the row has none.
    pub label: String,
    /// The value of `post_text`; see [`PostTextKind`] for its meaning.
    pub post_text: String,
    /// The title of the post.
    pub post_title: String,
    /// ISO 639-1 code of the language.
    pub lang: String,
    /// The author. `None` if the row has none.
    pub author: Option<RowAuthor>,
    /// The split. `None` if the row names none.
    pub split: Option<Split>,
    /// Whether annotators disagreed. Ambiguous rows are neither learned nor measured.
    pub ambiguous: bool,
    /// All fields of the JSON object, except those with the texts of the comment and the post.
    pub fields: Map<String, Value>,
}

/// The author of a row. A field that was not recorded is `None`; a field that the author left empty is empty.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RowAuthor {
    /// The author's name.
    #[serde(default)]
    pub name: String,
    /// The author's web address.
    #[serde(default)]
    pub url: Option<String>,
    /// The author's e-mail address, of which only the domain is used.
    #[serde(default)]
    pub email: String,
}

impl Row {
    /// Reads a row from the fields of a JSON object: a labelled comment in the format of `gatepost check --file`.
    ///
    /// # Errors
    /// Returns a message if there is no text, or a field has the wrong type.
    pub fn from_fields(mut fields: Map<String, Value>) -> Result<Row, String> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let body = text(fields.get("text").or_else(|| fields.get("body"))).ok_or("has neither `text` nor `body`")?;
        let format = match fields.get("body_format").and_then(Value::as_str) {
            Some("BODY_FORMAT_HTML") => Format::Html,
            Some("BODY_FORMAT_MARKDOWN") => Format::Markdown,
            _ => Format::Plain,
        };
        let post = |name: &str| text(fields.get("post").and_then(|post| post.get(name)));
        let author = match fields.get("author").filter(|author| !author.is_null()) {
            Some(author) => Some(serde_json::from_value(author.clone()).map_err(|error| format!("author: {error}"))?),
            None => text(fields.get("author_name")).map(|name| RowAuthor { name, ..RowAuthor::default() }),
        };
        let split = fields.get("split").filter(|split| !split.is_null());
        let split = split.map(|split| serde_json::from_value(split.clone()).map_err(|error| format!("split: {error}")));
        Ok(Row {
            text: if format == Format::Plain { body } else { PlainText::reduce(&body, format).as_str().to_owned() },
            label: text(fields.get("label")).unwrap_or_default(),
            post_text: text(fields.get("post_text")).or_else(|| post("text")).unwrap_or_default(),
            post_title: text(fields.get("post_title")).or_else(|| post("title")).unwrap_or_default(),
            lang: text(fields.get("lang")).unwrap_or_default(),
            author,
            split: split.transpose()?,
            ambiguous: fields.get("ambiguous").and_then(Value::as_bool).unwrap_or(false),
            fields: {
                // These are stored as text above.
                ["text", "body", "post", "post_text"].iter().for_each(|name| drop(fields.remove(*name)));
                fields
            },
        })
    }

    /// Returns the classifier's input for the row.
    pub fn input(&self, post: PostTextKind) -> Input<'_> {
        let author =
            self.author.as_ref().map(|author| Author { name: &author.name, url: author.url.as_deref(), email: &author.email });
        let mut input = Input { text: &self.text, post_title: &self.post_title, author, ..Input::default() };
        match post {
            PostTextKind::Post => input.post_text = &self.post_text,
            PostTextKind::Parent => input.parent_text = &self.post_text,
        }
        input
    }

    /// Returns the value of a text field, or an empty string if there is none.
    pub fn text_field(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the value at a path of field names joined by dots.
    fn value_at(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.');
        steps.next().and_then(|first| steps.try_fold(self.fields.get(first)?, |value, step| value.get(step)))
    }
}

/// An error while reading rows.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum RowsError {
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{path}:{line}: {problem}")]
    Line { path: String, line: usize, problem: String },
}

/// Reads the rows of a recipe's source from the first of the folders that contains it. If the source is a folder, its JSONL
/// files are read in the order of their names.
///
/// # Errors
/// Returns an error if no folder contains the source, a file cannot be read, or a line is not a row.
pub fn read_source(folders: &[PathBuf], name: &str, ambiguous: bool) -> Result<Vec<Row>, RowsError> {
    let candidates = || folders.iter().map(|folder| folder.join(name));
    let path = candidates().find(|path| path.exists()).or_else(|| candidates().next()).unwrap_or_else(|| name.into());
    if !path.is_dir() {
        return read_file(&path, ambiguous);
    }
    let file_error = |source| RowsError::File { path: path.display().to_string(), source };
    let entries = std::fs::read_dir(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(file_error)?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        // The name of the row's file: in the corpus each file has a single author.
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut more = read_file(&file, ambiguous)?;
        more.iter_mut().for_each(|row| drop(row.fields.insert("file".to_owned(), stem.clone().into())));
        rows.append(&mut more);
    }
    Ok(rows)
}

/// Reads the rows of a file. Ambiguous rows are skipped unless `ambiguous` is set.
///
/// # Errors
/// Returns an error if the file cannot be read or a line is not a row.
pub fn read_file(path: &Path, ambiguous: bool) -> Result<Vec<Row>, RowsError> {
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
        let wrong = |problem| RowsError::Line { path: shown(), line: at + 1, problem };
        let fields = serde_json::from_str(&line).map_err(|error| wrong(error.to_string()))?;
        let row = Row::from_fields(fields).map_err(wrong)?;
        if ambiguous || !row.ambiguous {
            rows.push(row);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::{PostTextKind, Row};

    fn row(json: &str) -> Row {
        Row::from_fields(serde_json::from_str(json).expect("JSON")).expect("a row")
    }

    #[test]
    fn the_post_is_put_where_the_recipe_says() {
        let row = row(r#"{"text": "x", "post_text": "p"}"#);
        assert_eq!(row.input(PostTextKind::Post).post_text, "p");
        assert_eq!(row.input(PostTextKind::Parent).parent_text, "p");
        assert_eq!(row.input(PostTextKind::Parent).post_text, "");
    }
}
