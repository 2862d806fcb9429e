//! An archive of JSON lines: what `check --file` reads, with what was decided, or what `queue --format jsonl` writes.

use serde_json::Value;

use super::archive::{Entry, Found, Place, Status};
use crate::cli::json;
use crate::cli::rows::{self, Fields, Line, Lines, plain};
use crate::comment::MAX_CONTEXT;
use crate::pb;
use crate::verdict::Decision;

/// Fields that say what was decided.
const DECIDED: [&str; 3] = ["decided", "status", "decision"];
/// Fields that say in one word that a comment was thrown away, or was spam: other systems' names for it.
const DELETED: [&str; 4] = ["deleted", "delete", "is_deleted", "isDeleted"];
const SPAM: [&str; 3] = ["spam", "is_spam", "isSpam"];

/// Reads them.
pub struct Jsonl {
    lines: Lines,
    site: String,
}

impl Jsonl {
    /// From the first line on.
    pub fn new(lines: Lines, site: &str) -> Self {
        Self { lines, site: site.to_owned() }
    }

    /// The next line.
    pub fn next(&mut self) -> Result<Option<Entry>, String> {
        let line = self.lines.next().map_err(|error| format!("cannot be read on: {error}; is the file whole?"))?;
        Ok(line.map(|line| {
            let mut unknown = Vec::new();
            let found = self.found(&line, &mut unknown).unwrap_or_else(Found::Bad);
            Entry { unknown, ..Entry::new(Place::Line(line.number), found) }
        }))
    }

    fn found(&self, line: &Line, unknown: &mut Vec<String>) -> Result<Found, String> {
        let mut fields = unwrapped(line.fields()?, unknown);
        let (deleted, spam) = (flag(&mut fields, &DELETED), flag(&mut fields, &SPAM));
        let mut status = spam.then_some(Status::Decided(Decision::Reject));
        for name in DECIDED {
            if let Some(value) = fields.remove(name).filter(|value| !value.is_null()) {
                let word = plain(&value);
                let unknown = || {
                    let word: String = word.chars().take(40).collect();
                    format!("{name} is {word:?}; approved, held, spam, rejected and deleted are understood")
                };
                status = Some(Status::parse(&word).ok_or_else(unknown)?);
            }
        }
        if deleted {
            status = Some(Status::Deleted);
        }
        unknown.extend(rows::unknown_fields(&fields));
        let mut comment = line.comment(fields, &self.site)?;
        // The server looks at no more of them, and the message has bounds.
        cut(&mut comment.parent_text);
        if let Some(post) = &mut comment.post {
            cut(&mut post.text);
        }
        Ok(Found::Comment(Box::new(comment), status))
    }
}

fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_CONTEXT));
}

/// Takes out the fields of these names that say yes or no, and tells whether one says yes. Others stay, such as a score.
fn flag(fields: &mut Fields, names: &[&str]) -> bool {
    let mut set = false;
    for name in names {
        let says = fields.get(*name).and_then(|value| match value {
            Value::Null => Some(false),
            value => match plain(value).to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true),
                "" | "false" | "no" | "0" => Some(false),
                _ => None,
            },
        });
        if let Some(says) = says {
            fields.remove(*name);
            set |= says;
        }
    }
    set
}

/// What `queue` writes has the comment beside its verdict; with the decision it is a comment of an archive.
fn unwrapped(mut fields: Fields, unknown: &mut Vec<String>) -> Fields {
    if !fields.get("comment").is_some_and(Value::is_object) {
        return fields;
    }
    let Some(Value::Object(mut comment)) = fields.remove("comment") else { return fields };
    unknown.extend(json::unknown_fields::<pb::ModeratedComment>(&fields));
    if let Some(decision) = fields.get("verdict").and_then(|verdict| verdict.get("decision")) {
        comment.insert("decision".to_owned(), decision.clone());
    }
    if let Some(received_at) = fields.remove("received_at") {
        comment.entry("submitted_at").or_insert(received_at);
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(pb::Comment, Option<Status>), String>> {
        let mut jsonl = Jsonl::new(Lines::new(Box::new(std::io::Cursor::new(text.to_owned()))), "site");
        let entries = std::iter::from_fn(|| jsonl.next().unwrap());
        let found = entries.map(|entry| match entry.found {
            Found::Comment(comment, status) => Ok((*comment, status)),
            Found::Other(what) => Err(what),
            Found::Bad(problem) => Err(problem),
        });
        found.collect()
    }

    #[test]
    fn a_line_may_say_what_was_decided() {
        let read =
            read("{\"text\":\"a\",\"id\":\"1\",\"status\":\"spam\"}\n{\"body\":\"b\"}\n{\"body\":\"c\",\"decided\":\"maybe\"}");
        let (comment, status) = read[0].as_ref().unwrap();
        assert_eq!((comment.comment_id.as_str(), comment.site.as_str()), ("1", "site"));
        assert_eq!(*status, Some(Status::Decided(Decision::Reject)));
        assert_eq!(read[1].as_ref().unwrap().1, None);
        assert!(read[2].as_ref().unwrap_err().contains("\"maybe\""));
    }

    #[test]
    fn other_systems_words_for_deleted_and_spam_are_understood_and_the_rest_is_named() {
        let statuses: Vec<_> = read(concat!(
            "{\"text\":\"a\",\"delete\":true}\n{\"text\":\"b\",\"deleted\":\"1\",\"status\":\"approved\"}\n",
            "{\"text\":\"c\",\"is_spam\":true}\n{\"text\":\"d\",\"deleted\":false,\"spam\":null,\"status\":\"approved\"}\n",
        ))
        .into_iter()
        .map(|line| line.unwrap().1)
        .collect();
        let (reject, approve) = (Status::Decided(Decision::Reject), Status::Decided(Decision::Approve));
        assert_eq!(statuses, [Some(Status::Deleted), Some(Status::Deleted), Some(reject), Some(approve)]);

        let line = "{\"text\":\"a\",\"spam\":0.93,\"locator\":{},\"author\":{\"karma\":1}}\n{\"comment\":{\"body\":\"b\",\"x\":1},\"verdict\":{},\"y\":2}";
        let mut jsonl = Jsonl::new(Lines::new(Box::new(std::io::Cursor::new(line.to_owned()))), "site");
        assert_eq!(jsonl.next().unwrap().unwrap().unknown, ["author.karma", "locator", "spam"]);
        assert_eq!(jsonl.next().unwrap().unwrap().unknown, ["y", "x"]);
    }

    #[test]
    fn a_line_of_the_queue_is_understood() {
        let line = r#"{"comment":{"site":"s","comment_id":"c","body":"b"},"verdict":{"decision":"DECISION_HOLD"},"received_at":"2021-03-04T05:06:07Z"}"#;
        let (comment, status) = read(line).remove(0).unwrap();
        assert_eq!((comment.site.as_str(), comment.comment_id.as_str()), ("s", "c"));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_834_367);
        assert_eq!(status, Some(Status::Decided(Decision::Hold)));
    }
}
