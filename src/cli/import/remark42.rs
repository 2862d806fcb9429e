//! A backup of Remark42: a line about the site, and then a comment on each line.

use serde::Deserialize;
use serde_json::Value;

use super::archive::{Entry, Found, Place, Status, fit, moment};
use crate::cli::rows::{Line, Lines};
use crate::comment::{MAX_ID, MAX_LINE, MAX_NAME, outside_id_problem};
use crate::pb;
use crate::verdict::Decision;

/// What the ids of users begin with who only typed a name, which anybody may.
const ANONYMOUS: &str = "anonymous_";

/// Reads it.
pub struct Remark42 {
    lines: Lines,
    site: String,
}

/// A comment as it stands there. Votes are left out, and the hash of an address, which nobody can compare.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Row {
    id: String,
    pid: String,
    text: String,
    orig: String,
    user: User,
    locator: Locator,
    time: String,
    delete: bool,
    title: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    id: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Locator {
    url: String,
}

impl Remark42 {
    /// From the first line on.
    pub fn new(lines: Lines, site: &str) -> Self {
        Self { lines, site: site.to_owned() }
    }

    /// The next comment.
    pub fn next(&mut self) -> Result<Option<Entry>, String> {
        loop {
            let line = self.lines.next().map_err(|error| format!("cannot be read on: {error}; is the file whole?"))?;
            let Some(line) = line else { return Ok(None) };
            // The first is about the site's users and posts, and may be longer than any comment.
            if line.number == 1 && !line.fields().is_ok_and(|fields| fields.contains_key("id")) {
                continue;
            }
            return Ok(Some(Entry::new(Place::Line(line.number), self.found(&line).unwrap_or_else(Found::Bad))));
        }
    }

    fn found(&self, line: &Line) -> Result<Found, String> {
        let row: Row = serde_json::from_value(Value::Object(line.fields()?))
            .map_err(|error| format!("is no comment of Remark42: {error}"))?;
        let status = if row.delete { Status::Deleted } else { Status::Decided(Decision::Approve) };
        let (body, format) = match row.text {
            // What it shows is made of what was typed; an older one may lack it.
            text if text.is_empty() => (row.orig, pb::BodyFormat::Markdown),
            text => (text, pb::BodyFormat::Html),
        };
        let certain = !row.user.id.starts_with(ANONYMOUS) && outside_id_problem(&row.user.id).is_none();
        let author = pb::Author {
            name: fit(row.user.name, MAX_NAME),
            user_id: if certain { row.user.id } else { String::new() },
            ..pb::Author::default()
        };
        let url = fit(row.locator.url, MAX_LINE);
        let post = pb::Post { id: fit(url.clone(), MAX_ID), url, title: fit(row.title, MAX_LINE), ..pb::Post::default() };
        let comment = pb::Comment {
            site: self.site.clone(),
            comment_id: row.id,
            parent_id: row.pid,
            author: Some(author),
            post: Some(post),
            body,
            body_format: format.into(),
            submitted_at: moment(&row.time),
            ..pb::Comment::default()
        };
        Ok(Found::Comment(Box::new(comment), Some(status)))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const BACKUP: &str = concat!(
        r#"{"version":1,"users":[{"id":"github_1","blocked":{"status":false}}],"posts":[{"url":"https://blog.example/bread"}]}"#,
        "\n",
        r#"{"id":"c1","pid":"","text":"<p>Rye.</p>","orig":"Rye.","user":{"name":"Ann","id":"github_1","picture":"","ip":"9af4","admin":false},"locator":{"site":"blog","url":"https://blog.example/bread"},"score":1,"votes":{},"vote":0,"time":"2021-03-05T01:00:00+01:00","title":"On bread"}"#,
        "\n",
        r#"{"id":"c2","pid":"c1","text":"","orig":"*Oat*.","user":{"name":"Bo","id":"anonymous_2"},"locator":{"site":"blog","url":"https://blog.example/bread"},"time":"2021-03-05T01:00:00Z"}"#,
        "\n",
        r#"{"id":"c3","pid":"c1","text":"","user":{"name":"deleted","id":"deleted"},"locator":{"url":"https://blog.example/bread"},"time":"2021-03-05T01:00:00Z","delete":true}"#,
        "\n",
        r#"{"id":4}"#,
        "\n",
    );

    fn entries(text: &str) -> Vec<Entry> {
        let mut backup = Remark42::new(Lines::new(Box::new(std::io::Cursor::new(text.to_owned()))), "site");
        std::iter::from_fn(|| backup.next().unwrap()).collect()
    }

    #[test]
    fn comments_come_with_their_post_and_deleted_ones_are_deleted() {
        let entries = entries(BACKUP);
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0].place, Place::Line(2));
        let Found::Comment(comment, status) = &entries[0].found else { panic!("no comment") };
        assert_eq!(*status, Some(Status::Decided(Decision::Approve)));
        assert_eq!((comment.comment_id.as_str(), comment.body.as_str()), ("c1", "<p>Rye.</p>"));
        assert_eq!((comment.site.as_str(), comment.body_format()), ("site", pb::BodyFormat::Html));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_902_400);
        assert_eq!(comment.author.as_ref().unwrap().user_id, "github_1");
        let post = comment.post.as_ref().unwrap();
        assert_eq!((post.url.as_str(), post.title.as_str()), ("https://blog.example/bread", "On bread"));

        let Found::Comment(comment, _) = &entries[1].found else { panic!("no comment") };
        assert_eq!((comment.body.as_str(), comment.body_format()), ("*Oat*.", pb::BodyFormat::Markdown));
        assert_eq!(comment.author.as_ref().unwrap().user_id, "", "a name that anybody may type is nobody's id");
        assert_eq!(comment.parent_id, "c1");
        assert!(matches!(entries[2].found, Found::Comment(_, Some(Status::Deleted))));
        assert!(matches!(&entries[3].found, Found::Bad(problem) if problem.contains("Remark42")));
    }

    #[test]
    fn a_backup_without_its_first_line_is_read_from_its_first_comment_on() {
        assert_eq!(entries(BACKUP.split_once('\n').unwrap().1).len(), 4);
    }
}
