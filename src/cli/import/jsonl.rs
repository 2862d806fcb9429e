//! A reader for archives of JSON lines: what `check --file` reads, with decisions, or what `queue --format jsonl` writes.

use std::mem;

use serde_json::Value;

use super::claims::StatusClaims;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition, read_problem};
use super::field::truncate;
use super::merged::MergedJson;
use crate::cli::json;
use crate::cli::lines::{self, Fields, Line, Lines};
use crate::cli::rows;
use crate::comment::MAX_CONTEXT;
use crate::pb;

/// A reader for archives of JSON lines.
pub struct JsonlReader {
    lines: Lines,
    site: String,
}

impl JsonlReader {
    /// Returns a reader that starts at the first line.
    pub fn new(lines: Lines, site: &str) -> Self {
        Self { lines, site: site.to_owned() }
    }

    /// Returns the comment on the next line, or `None` at the end of the file.
    ///
    /// # Errors
    /// Returns an error if the rest of the file cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        let line = self.lines.next().map_err(read_problem)?;
        Ok(line.map(|line| {
            let (mut claims, mut unknown) = (StatusClaims::default(), Vec::new());
            let found = self.read_content(&line, &mut claims, &mut unknown).unwrap_or_else(EntryContent::Invalid);
            ArchiveEntry { unknown, doubts: claims.doubts(), ..ArchiveEntry::new(EntryPosition::Line(line.number), found) }
        }))
    }

    fn read_content(&self, line: &Line, claims: &mut StatusClaims, unknown: &mut Vec<String>) -> Result<EntryContent, String> {
        let MergedJson(value) = line.parse_json()?;
        let mut fields = unwrap_queue_line(lines::into_object(value)?, claims, unknown);
        claims.extract(&mut fields);
        unknown.extend(rows::unknown_fields(&fields));
        let mut comment = line.comment(fields, &self.site)?;
        // The server reads no more of these texts, and the size of a request is limited.
        comment.parent_text = truncate(comment.parent_text, MAX_CONTEXT);
        if let Some(post) = &mut comment.post {
            post.text = truncate(mem::take(&mut post.text), MAX_CONTEXT);
        }
        Ok(EntryContent::Comment(Box::new(comment), claims.status()))
    }
}

/// Returns the comment of a line that `queue` wrote, in which the comment stands next to its verdict.
///
/// The other fields are added to `claims` or, if they are unknown, to `unknown`. Other lines are returned as they are.
fn unwrap_queue_line(mut fields: Fields, claims: &mut StatusClaims, unknown: &mut Vec<String>) -> Fields {
    if !fields.get("comment").is_some_and(Value::is_object) {
        return fields;
    }
    let Some(Value::Object(mut comment)) = fields.remove("comment") else { return fields };
    claims.extract(&mut fields);
    unknown.extend(json::unknown_fields::<pb::ModeratedComment>(&fields));
    if let Some(received_at) = fields.remove("received_at") {
        comment.entry("submitted_at").or_insert(received_at);
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::super::status::ImportedStatus;
    use super::*;

    fn read(text: &str) -> Vec<Result<(pb::Comment, Option<ImportedStatus>), String>> {
        let mut jsonl = JsonlReader::new(Lines::new(Box::new(std::io::Cursor::new(text.to_owned()))), "site");
        let entries = std::iter::from_fn(|| jsonl.next().unwrap());
        let found = entries.map(|entry| match entry.content {
            EntryContent::Comment(comment, status) => Ok((*comment, status)),
            EntryContent::NotAComment(what) => Err(what),
            EntryContent::Invalid(problem) => Err(problem),
        });
        found.collect()
    }

    #[test]
    fn a_line_may_say_what_was_decided() {
        let read =
            read("{\"text\":\"a\",\"id\":\"1\",\"status\":\"spam\"}\n{\"body\":\"b\"}\n{\"body\":\"c\",\"decided\":\"maybe\"}");
        let (comment, status) = read[0].as_ref().unwrap();
        assert_eq!((comment.comment_id.as_str(), comment.site.as_str()), ("1", "site"));
        assert_eq!(*status, Some(ImportedStatus::REJECTED));
        assert_eq!(read[1].as_ref().unwrap().1, None);
        assert_eq!(read[2].as_ref().unwrap().1, Some(ImportedStatus::HELD), "what is not understood is not published");
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
        let (reject, approve) = (ImportedStatus::REJECTED, ImportedStatus::APPROVED);
        assert_eq!(statuses, [Some(ImportedStatus::Deleted), Some(ImportedStatus::Deleted), Some(reject), Some(approve)]);

        let line = "{\"text\":\"a\",\"score\":0.93,\"locator\":{},\"author\":{\"karma\":1}}\n{\"comment\":{\"body\":\"b\",\"x\":1},\"verdict\":{},\"y\":2}";
        let mut jsonl = JsonlReader::new(Lines::new(Box::new(std::io::Cursor::new(line.to_owned()))), "site");
        assert_eq!(jsonl.next().unwrap().unwrap().unknown, ["author.karma", "locator", "score"]);
        assert_eq!(jsonl.next().unwrap().unwrap().unknown, ["y", "x"]);
    }

    #[test]
    fn a_line_of_the_queue_is_understood() {
        let line = r#"{"comment":{"site":"s","comment_id":"c","body":"b"},"verdict":{"decision":"DECISION_HOLD"},"received_at":"2021-03-04T05:06:07Z"}"#;
        let (comment, status) = read(line).remove(0).unwrap();
        assert_eq!((comment.site.as_str(), comment.comment_id.as_str()), ("s", "c"));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_834_367);
        assert_eq!(status, Some(ImportedStatus::HELD));
    }

    #[test]
    fn what_stands_around_a_comment_counts_as_much_as_what_stands_in_it() {
        for (around, within, expected) in [
            (r#""status":"deleted""#, "", ImportedStatus::Deleted),
            (r#""deleted":true"#, "", ImportedStatus::Deleted),
            (r#""decision":"DECISION_HOLD""#, "", ImportedStatus::HELD),
            (r#""verdict":{"decision":"DECISION_APPROVE"}"#, r#","spam":true"#, ImportedStatus::REJECTED),
            (r#""verdict":{"decision":"DECISION_HOLD"}"#, r#","status":"approved""#, ImportedStatus::HELD),
            (r#""verdict":{"decision":"DECISION_APPROVE"},"deleted_at":"2021-03-04""#, "", ImportedStatus::Deleted),
            (r#""verdict":{"decision":"DECISION_APPROVE"}"#, "", ImportedStatus::APPROVED),
        ] {
            let line = format!(r#"{{"comment":{{"body":"b"{within}}},{around}}}"#);
            assert_eq!(read(&line)[0].as_ref().unwrap().1, Some(expected), "{line}");
        }
        let twice = r#"{"comment":{"body":"a","deleted":true},"comment":{"body":"b"}}"#;
        assert_eq!(read(twice)[0].as_ref().unwrap().1, Some(ImportedStatus::Deleted));
    }

    #[test]
    fn what_is_not_understood_of_a_comments_fate_is_named_and_not_called_unknown() {
        let line = r#"{"text":"a","status":"perhaps","deleted":false,"hue":1}"#;
        let mut jsonl = JsonlReader::new(Lines::new(Box::new(std::io::Cursor::new(line.to_owned()))), "site");
        let entry = jsonl.next().unwrap().unwrap();
        assert_eq!((entry.unknown, entry.doubts), (vec!["hue".to_owned()], vec!["status \"perhaps\"".to_owned()]));
    }
}
