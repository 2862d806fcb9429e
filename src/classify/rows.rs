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
pub enum PostTextKind {
    /// The text of the post.
    #[default]
    Post,
    /// The comment that is answered.
    Parent,
}

/// One labelled comment.
#[derive(Debug, Clone)]
pub struct Row {
    /// The comment as the plain text that a served one is reduced to.
    pub text: String,
    /// The one word for it: `ham`, `spam` or `toxic`. Empty if the row has none.
    pub label: String,
    /// The post, or what the recipe says it is.
    pub post_text: String,
    /// The title of the post.
    pub post_title: String,
    /// ISO 639-1 code of the language.
    pub lang: String,
    /// Who wrote it. `None` if the row does not say.
    pub author: Option<RowAuthor>,
    /// What the row is for. `None` if the row does not say.
    pub split: Option<Split>,
    /// Annotators disagreed: not learned, not measured.
    pub ambiguous: bool,
    /// All fields, by the names that they have in the file.
    pub fields: Map<String, Value>,
}

/// The author of a row. A field that is `None` was not recorded; one that is empty was left empty.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RowAuthor {
    /// The name that was given.
    #[serde(default)]
    pub name: String,
    /// The web address that was given.
    #[serde(default)]
    pub url: Option<String>,
    /// The e-mail address that was given, of which only the domain is looked at.
    #[serde(default)]
    pub email: String,
}

impl Row {
    /// Reads a row from the fields of a JSON object: a comment in the form that `gatepost check --file` reads, with its label.
    ///
    /// # Errors
    /// Returns a message if there is no text, or a field has another type than it should have.
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
                // They are kept as text above.
                ["text", "body", "post", "post_text"].iter().for_each(|name| drop(fields.remove(*name)));
                fields
            },
        })
    }

    /// Returns what the classifier sees of the row.
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

    /// Returns the field of this name as text; empty if there is none.
    pub fn text_field(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn value_at(&self, path: &str) -> Option<&Value> {
        let mut steps = path.split('.');
        steps.next().and_then(|first| steps.try_fold(self.fields.get(first)?, |value, step| value.get(step)))
    }
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum RowsError {
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{path}:{line}: {problem}")]
    Line { path: String, line: usize, problem: String },
}

/// Reads the rows of a recipe's source from the first of several folders that has it. A source may be a folder of JSONL files,
/// which are read in the order of their names.
///
/// # Errors
/// Returns an error if no folder has it, a file cannot be read, or a line is not a row.
pub fn read_source(folders: &[PathBuf], name: &str, ambiguous: bool) -> Result<Vec<Row>, RowsError> {
    let places = || folders.iter().map(|folder| folder.join(name));
    let path = places().find(|path| path.exists()).or_else(|| places().next()).unwrap_or_else(|| name.into());
    if !path.is_dir() {
        return read_file(&path, ambiguous);
    }
    let cannot = |source| RowsError::File { path: path.display().to_string(), source };
    let entries = std::fs::read_dir(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(cannot)?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        // Which of the files a row is from: the corpus keeps those of one hand apart.
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut more = read_file(&file, ambiguous)?;
        more.iter_mut().for_each(|row| drop(row.fields.insert("file".to_owned(), stem.clone().into())));
        rows.append(&mut more);
    }
    Ok(rows)
}

/// Reads every row of a file that is not ambiguous.
///
/// # Errors
/// When the file cannot be read or a line is not a row.
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
