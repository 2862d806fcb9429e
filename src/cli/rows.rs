//! The rows of a file of comments: their conditions, and the comment in each, with the field names of common data sets.

use std::str::FromStr;

use serde_json::{Value, json};

use super::json;
pub use super::lines::{Fields, Line, Lines, open, read_failure};
use crate::comment::{CommentId, CommentKind};
use crate::pb;

/// A comment with its label.
pub struct LabelledComment {
    /// The comment, with a site and an id.
    pub comment: pb::Comment,
    /// Label of the row.
    pub label: Option<String>,
}

impl Line {
    /// Parses the line as a row. Returns `None` if the row does not meet the conditions.
    ///
    /// # Errors
    /// Returns a description of the problem if the line is not a valid row.
    pub fn parse_row(&self, site: &str, conditions: &[FieldCondition]) -> Result<Option<LabelledComment>, String> {
        let fields = self.fields()?;
        if !conditions.iter().all(|condition| condition.matches(&fields)) {
            return Ok(None);
        }
        let label = fields.get("label").map(value_text);
        Ok(Some(LabelledComment { comment: self.comment(fields, site)?, label }))
    }

    /// Returns the comment in the fields of the line. A comment that names no site gets `site`.
    ///
    /// # Errors
    /// Returns a description of the problem if the fields are not a comment.
    pub fn comment(&self, mut fields: Fields, site: &str) -> Result<pb::Comment, String> {
        let id = fields.get("id").map(value_text);
        normalize_names(&mut fields);
        let mut comment: pb::Comment =
            json::read(Value::Object(fields)).map_err(|error| format!("is not a comment: {error}"))?;
        if comment.site.is_empty() {
            site.clone_into(&mut comment.site);
        }
        if comment.comment_id.is_empty() {
            let usable = id.filter(|id| CommentId::parse("id", id).is_ok());
            comment.comment_id = usable.unwrap_or_else(|| format!("line-{}", self.number));
        }
        Ok(comment)
    }
}

/// Names that are accepted besides those of the comment's fields: `id`, and those that [`normalize_names`] replaces.
const ALIASES: [&str; 8] = ["id", "text", "lang", "type", "post_text", "post_title", "author_name", "author_url"];

/// Returns the unknown fields of a row, and `kind` or `type` if it names no known kind of comment.
pub fn unknown_fields(row: &Fields) -> Vec<String> {
    let mut unknown = json::unknown_fields::<pb::Comment>(row);
    unknown.retain(|name| !ALIASES.contains(&name.as_str()));
    if kind(row.get("kind")).or_else(|| kind(row.get("type"))).is_none() {
        let is_unknown = |name: &str| {
            let word = row.get(name).and_then(Value::as_str);
            word.is_some_and(|word| !word.is_empty() && word != UNSPECIFIED)
        };
        unknown.extend(["kind", "type"].into_iter().filter(|name| is_unknown(name)).map(str::to_owned));
    }
    unknown
}

/// Name of the unspecified kind on the wire.
const UNSPECIFIED: &str = "COMMENT_KIND_UNSPECIFIED";

/// Returns the kind of comment that a value names, or `None` if it names no known kind.
fn kind(value: Option<&Value>) -> Option<CommentKind> {
    CommentKind::parse(value?.as_str()?.trim_start_matches("COMMENT_KIND_"))
}

/// Renames the fields of data sets, such as `text`, `lang` and `post_text`, to those of a comment. The names of the comment
/// take precedence.
fn normalize_names(row: &mut Fields) {
    if let Some(text) = row.remove("text")
        && row.get("body").is_none_or(Value::is_null)
    {
        row.insert("body".to_owned(), text);
    }
    if let Some(language) = row.remove("lang").filter(Value::is_string) {
        row.entry("language").or_insert(language);
    }
    // Data sets state the kind of comment in `type`, and use `kind` for something else.
    let known = |value: &Value| value.is_i64() || value.as_str() == Some(UNSPECIFIED);
    match kind(row.get("kind")).or_else(|| kind(row.get("type"))) {
        Some(kind) => drop(row.insert("kind".to_owned(), json!(kind.to_wire().as_str_name()))),
        None if row.get("kind").is_some_and(known) => {}
        None => drop(row.remove("kind")),
    }
    for (name, part, field) in [
        ("post_text", "post", "text"),
        ("post_title", "post", "title"),
        ("author_name", "author", "name"),
        ("author_url", "author", "url"),
    ] {
        let Some(value) = row.remove(name).filter(|value| !value.is_null()) else { continue };
        let part = row.entry(part).or_insert_with(|| json!({}));
        if part.is_null() {
            *part = json!({});
        }
        if let Some(part) = part.as_object_mut() {
            part.entry(field).or_insert(value);
        }
    }
}

/// A condition on a top-level field of a row, compared as text.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldCondition {
    field: String,
    value: String,
    equal: bool,
}

impl FromStr for FieldCondition {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let (field, value) = typed.split_once('=').ok_or("must be FIELD=VALUE or FIELD!=VALUE, e.g. split=test")?;
        let (field, equal) = field.strip_suffix('!').map_or((field, true), |field| (field, false));
        Ok(Self { field: field.to_owned(), value: value.to_owned(), equal })
    }
}

impl FieldCondition {
    /// Returns whether a row meets the condition. A missing field is unequal to every value.
    pub fn matches(&self, row: &Fields) -> bool {
        row.get(&self.field).is_some_and(|value| value_text(value) == self.value) == self.equal
    }
}

/// Returns a value as text, with strings unquoted.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Lines {
        Lines::new(Box::new(std::io::Cursor::new(text.to_owned())))
    }

    fn row(text: &str) -> LabelledComment {
        lines(text).next().unwrap().unwrap().parse_row("check", &[]).unwrap().unwrap()
    }

    #[test]
    fn names_of_data_sets_are_understood() {
        let comment =
            row(r#"{"text": "t", "lang": "pt", "post_text": "p", "post": {"title": "x"}, "author_name": "n", "id": "a:1"}"#)
                .comment;
        assert_eq!(comment.author.as_ref().unwrap().name, "n");
        assert_eq!(comment.language, "pt");
        assert_eq!((comment.body.as_str(), comment.comment_id.as_str(), comment.site.as_str()), ("t", "a:1", "check"));
        let post = comment.post.unwrap();
        assert_eq!((post.title.as_str(), post.text.as_str()), ("x", "p"));
    }

    #[test]
    fn what_was_sent_is_read_by_its_name_or_by_its_type() {
        let kind = |more: &str| row(&format!(r#"{{"text": "t"{more}}}"#)).comment.kind();
        assert_eq!(kind(r#", "kind": "COMMENT_KIND_PINGBACK""#), pb::CommentKind::Pingback);
        assert_eq!(kind(r#", "kind": "pharma", "type": "trackback""#), pb::CommentKind::Trackback);
        assert_eq!(kind(r#", "kind": 8"#), pb::CommentKind::Review);
        assert_eq!(kind(r#", "kind": "pharma""#), pb::CommentKind::Unspecified);
        assert_eq!(kind(""), pb::CommentKind::Unspecified);
    }

    #[test]
    fn fields_that_no_comment_has_are_named() {
        let unknown = |text: &str| {
            let line = lines(text).next().unwrap().unwrap();
            unknown_fields(&line.fields().unwrap())
        };
        let known =
            r#"{"id": 1, "text": "t", "lang": "pt", "author_url": "u", "type": "pingback", "kind": "x", "submittedAt": "y"}"#;
        assert_eq!(unknown(known), Vec::<String>::new());
        assert_eq!(unknown(r#"{"text": "t", "hidden": 1, "post": {"slug": "s", "id": "1"}}"#), ["hidden", "post.slug"]);
        assert_eq!(unknown(r#"{"text": "t", "kind": "pharma"}"#), ["kind"]);
        assert_eq!(unknown(r#"{"text": "t", "kind": "COMMENT_KIND_UNSPECIFIED"}"#), Vec::<String>::new());
    }

    #[test]
    fn the_names_of_the_proto_win() {
        let comment = row(r#"{"text": "t", "body": "b", "id": "x", "comment_id": "y", "site": "s"}"#).comment;
        assert_eq!((comment.body.as_str(), comment.comment_id.as_str(), comment.site.as_str()), ("b", "y", "s"));
    }

    #[test]
    fn an_id_that_is_none_is_replaced() {
        assert_eq!(row("\n{\"text\": \"t\", \"id\": \"a b\"}").comment.comment_id, "line-2");
    }

    #[test]
    fn conditions_compare_as_text() {
        let row = json!({"split": "test", "ambiguous": true, "n": 3});
        let row = row.as_object().unwrap();
        for (condition, holds) in [
            ("split=test", true),
            ("split!=test", false),
            ("ambiguous=true", true),
            ("n=3", true),
            ("x=1", false),
            ("x!=1", true),
        ] {
            assert_eq!(condition.parse::<FieldCondition>().unwrap().matches(row), holds, "{condition}");
        }
        assert!("split".parse::<FieldCondition>().is_err());
    }
}
