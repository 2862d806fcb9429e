//! An archive of JSON lines: what `check --file` reads, with what was decided, or what `queue --format jsonl` writes.

use serde_json::Value;

use super::archive::{Entry, Found, Status};
use crate::cli::rows::{Fields, Line, Lines, plain};
use crate::comment::MAX_CONTEXT;

/// Fields that say what was decided.
const DECIDED: [&str; 3] = ["decided", "status", "decision"];

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
        Ok(line.map(|line| Entry { line: line.number, found: self.found(&line).unwrap_or_else(Found::Bad) }))
    }

    fn found(&self, line: &Line) -> Result<Found, String> {
        let mut fields = unwrapped(line.fields()?);
        let mut status = None;
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

/// What `queue` writes has the comment beside its verdict; with the decision it is a comment of an archive.
fn unwrapped(mut fields: Fields) -> Fields {
    let Some(Value::Object(mut comment)) = fields.get_mut("comment").map(Value::take) else { return fields };
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
    use crate::pb;
    use crate::verdict::Decision;

    fn read(text: &str) -> Vec<Result<(pb::Comment, Option<Status>), String>> {
        let mut jsonl = Jsonl::new(Lines::new(Box::new(std::io::Cursor::new(text.to_owned()))), "site");
        let entries = std::iter::from_fn(|| jsonl.next().unwrap());
        let found = entries.map(|entry| match entry.found {
            Found::Comment(comment, status) => Ok((*comment, status)),
            Found::Other(what) => Err(what.to_owned()),
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
    fn a_line_of_the_queue_is_understood() {
        let line = r#"{"comment":{"site":"s","comment_id":"c","body":"b"},"verdict":{"decision":"DECISION_HOLD"},"received_at":"2021-03-04T05:06:07Z"}"#;
        let (comment, status) = read(line).remove(0).unwrap();
        assert_eq!((comment.site.as_str(), comment.comment_id.as_str()), ("s", "c"));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_834_367);
        assert_eq!(status, Some(Status::Decided(Decision::Hold)));
    }
}
