//! A reader for backups of Remark42: a line about the site, followed by one comment per line.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::claims::StatusClaims;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition, read_problem};
use super::field::{parse_timestamp, truncate};
use super::merged::MergedJson;
use super::status::ImportedStatus;
use crate::cli::lines::{Fields, Line, Lines};
use crate::cli::text;
use crate::comment::{MAX_ID, MAX_NAME, MAX_TITLE_OR_URL, external_id_problem};
use crate::pb;

/// Prefix of the ids of users who only typed a name, as anyone may.
const ANONYMOUS: &str = "anonymous_";
/// Fields of a comment that are left out without notice, such as votes.
const IGNORED_FIELDS: [&str; 8] = ["score", "votes", "vote", "voted_ips", "controversy", "edit", "pin", "imported"];
/// Fields of an author that are left out without notice, such as the picture, and the hash of the IP address, which cannot
/// be compared.
const IGNORED_USER_FIELDS: [&str; 8] =
    ["picture", "ip", "admin", "verified", "site_id", "email_subscription", "paid_sub", "telegram"];

/// Maximum number of unknown fields that are reported per comment.
const MAX_UNKNOWN: usize = 32;
/// Maximum length of the reported name of an unknown field, in characters.
const MAX_UNKNOWN_NAME: usize = 64;

/// A reader for backups of Remark42.
pub struct Remark42Reader {
    lines: Lines,
    site: String,
    /// Ids of the users that the site has blocked, or `None` if the line that lists them cannot be read.
    blocked: Option<HashSet<String>>,
}

/// The users listed on the first line.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Users {
    users: Option<Vec<Fields>>,
}

/// A comment of a backup.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Remark42Comment {
    id: String,
    pid: String,
    text: String,
    orig: String,
    user: User,
    locator: Locator,
    time: String,
    title: String,
    /// All other fields, among them those that state the status.
    #[serde(flatten)]
    rest: Fields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    id: String,
    name: String,
    #[serde(flatten)]
    rest: Fields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Locator {
    url: String,
}

impl Remark42Reader {
    /// Returns a reader that starts at the first line.
    pub fn new(lines: Lines, site: &str) -> Self {
        Self { lines, site: site.to_owned(), blocked: Some(HashSet::new()) }
    }

    /// Returns the next comment, or `None` at the end of the file.
    ///
    /// # Errors
    /// Returns an error if the rest of the file cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        loop {
            let line = self.lines.next().map_err(read_problem)?;
            let Some(line) = line else { return Ok(None) };
            // The first line lists the site's users and posts, and may be longer than any comment.
            if line.number == 1 && !line.fields().is_ok_and(|fields| fields.contains_key("id")) {
                self.blocked = blocked_users(&line).ok();
                continue;
            }
            let (mut claims, mut unknown) = (StatusClaims::default(), Vec::new());
            let found = self.read_content(&line, &mut claims, &mut unknown).unwrap_or_else(EntryContent::Invalid);
            return Ok(Some(ArchiveEntry {
                unknown,
                doubts: claims.doubts(),
                ..ArchiveEntry::new(EntryPosition::Line(line.number), found)
            }));
        }
    }

    fn read_content(&self, line: &Line, claims: &mut StatusClaims, unknown: &mut Vec<String>) -> Result<EntryContent, String> {
        let MergedJson(value) = line.parse_json()?;
        let mut row: Remark42Comment =
            serde_json::from_value(value).map_err(|error| format!("is not a comment of Remark42: {error}"))?;
        claims.extract(&mut row.rest);
        claims.extract_author(&mut row.user.rest);
        match &self.blocked {
            Some(blocked) if blocked.contains(&row.user.id) => claims.add(ImportedStatus::HELD),
            Some(_) => {}
            None => claims.add_doubt("unreadable list of blocked users".to_owned()),
        }
        let more = row.rest.keys().filter(|name| !IGNORED_FIELDS.contains(&name.as_str())).map(String::to_owned);
        let of_user = row.user.rest.keys().filter(|name| !IGNORED_USER_FIELDS.contains(&name.as_str()));
        let all = more.chain(of_user.map(|name| format!("user.{name}"))).take(MAX_UNKNOWN);
        unknown.extend(all.map(|name| text::escape_line(&name, MAX_UNKNOWN_NAME)));
        let status = claims.status().unwrap_or(ImportedStatus::APPROVED);
        let (body, format) = match row.text {
            // `text` is rendered from `orig`. Older backups may lack it.
            text if text.is_empty() => (row.orig, pb::BodyFormat::Markdown),
            text => (text, pb::BodyFormat::Html),
        };
        let is_signed_in = !row.user.id.starts_with(ANONYMOUS) && external_id_problem(&row.user.id).is_none();
        let author = pb::Author {
            name: truncate(row.user.name, MAX_NAME),
            user_id: if is_signed_in { row.user.id } else { String::new() },
            ..pb::Author::default()
        };
        let url = truncate(row.locator.url, MAX_TITLE_OR_URL);
        let post = pb::Post {
            id: truncate(url.clone(), MAX_ID),
            url,
            title: truncate(row.title, MAX_TITLE_OR_URL),
            ..pb::Post::default()
        };
        let comment = pb::Comment {
            site: self.site.clone(),
            comment_id: row.id,
            parent_id: row.pid,
            author: Some(author),
            post: Some(post),
            body,
            body_format: format.into(),
            submitted_at: parse_timestamp(&row.time),
            ..pb::Comment::default()
        };
        Ok(EntryContent::Comment(Box::new(comment), Some(status)))
    }
}

/// Returns the ids of the users that the first line lists as blocked, for good or until some time.
fn blocked_users(line: &Line) -> Result<HashSet<String>, String> {
    let MergedJson(value) = line.parse_json()?;
    let all: Users = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let blocked = all.users.into_iter().flatten().filter_map(|mut user| {
        // On the first line the flag is one level deeper: `{"blocked": {"status": true, "until": ...}}`.
        for name in ["blocked", "block"] {
            if let Some(status) = user.get_mut(name).and_then(|blocked| blocked.get_mut("status")).map(Value::take) {
                user.insert(name.to_owned(), status);
            }
        }
        let mut claims = StatusClaims::default();
        claims.extract_author(&mut user);
        claims.status()?;
        user.get("id")?.as_str().map(str::to_owned)
    });
    Ok(blocked.collect())
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

    fn entries(text: &str) -> Vec<ArchiveEntry> {
        let mut backup = Remark42Reader::new(Lines::new(Box::new(std::io::Cursor::new(text.to_owned()))), "site");
        std::iter::from_fn(|| backup.next().unwrap()).collect()
    }

    #[test]
    fn comments_come_with_their_post_and_deleted_ones_are_deleted() {
        let entries = entries(BACKUP);
        assert_eq!(entries.len(), 4);
        assert_eq!(entries[0].position, EntryPosition::Line(2));
        let EntryContent::Comment(comment, status) = &entries[0].content else { panic!("no comment") };
        assert_eq!(*status, Some(ImportedStatus::APPROVED));
        assert_eq!((comment.comment_id.as_str(), comment.body.as_str()), ("c1", "<p>Rye.</p>"));
        assert_eq!((comment.site.as_str(), comment.body_format()), ("site", pb::BodyFormat::Html));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_902_400);
        assert_eq!(comment.author.as_ref().unwrap().user_id, "github_1");
        let post = comment.post.as_ref().unwrap();
        assert_eq!((post.url.as_str(), post.title.as_str()), ("https://blog.example/bread", "On bread"));

        let EntryContent::Comment(comment, _) = &entries[1].content else { panic!("no comment") };
        assert_eq!((comment.body.as_str(), comment.body_format()), ("*Oat*.", pb::BodyFormat::Markdown));
        assert_eq!(comment.author.as_ref().unwrap().user_id, "", "a name that anybody may type is nobody's id");
        assert_eq!(comment.parent_id, "c1");
        assert!(matches!(entries[2].content, EntryContent::Comment(_, Some(ImportedStatus::Deleted))));
        assert!(matches!(&entries[3].content, EntryContent::Invalid(problem) if problem.contains("Remark42")));
    }

    #[test]
    fn a_backup_without_its_first_line_is_read_from_its_first_comment_on() {
        assert_eq!(entries(BACKUP.split_once('\n').unwrap().1).len(), 4);
    }

    #[test]
    fn what_says_that_a_comment_or_its_author_is_gone_counts_whatever_it_is_called() {
        let first = r#"{"version":1,"users":[{"id":"u1","blocked":{"status":true,"until":"2022-01-01T00:00:00Z"}},{"id":"u2","blocked":{"status":false,"until":"0001-01-01T00:00:00Z"}}],"posts":[]}"#;
        for (fields, expected) in [
            (r#""user":{"id":"u1"}"#, ImportedStatus::HELD),
            (r#""user":{"id":"u2"}"#, ImportedStatus::APPROVED),
            (r#""user":{"id":"u3","block":true}"#, ImportedStatus::HELD),
            (r#""user":{"id":"u3","blocked":false,"verified":true}"#, ImportedStatus::APPROVED),
            (r#""delete":"true""#, ImportedStatus::Deleted),
            (r#""deleted":true"#, ImportedStatus::Deleted),
            (r#""Delete":true,"delete":false"#, ImportedStatus::Deleted),
            (r#""delete":true,"delete":false"#, ImportedStatus::Deleted),
            (r#""hidden":1"#, ImportedStatus::HELD),
            (r#""status":"perhaps""#, ImportedStatus::HELD),
        ] {
            let entry = entries(&format!("{first}\n{{\"id\":\"c\",\"text\":\"x\",{fields}}}\n")).remove(0);
            let EntryContent::Comment(_, status) = entry.content else { panic!("no comment: {fields}") };
            assert_eq!((status, entry.unknown.len()), (Some(expected), 0), "{fields}");
        }
    }

    #[test]
    fn unknown_fields_are_named() {
        let line = r#"{"id":"c","text":"x","hue":1,"votes":{},"user":{"id":"u","shoe":43,"ip":""}}"#;
        assert_eq!(entries(line)[0].unknown, ["hue", "user.shoe"]);
    }

    #[test]
    fn comments_are_held_where_the_line_that_says_who_is_blocked_cannot_be_read() {
        let entry = entries("{\"version\":1,\"users\":[{\n{\"id\":\"c\",\"text\":\"x\"}\n").remove(0);
        assert!(matches!(entry.content, EntryContent::Comment(_, Some(ImportedStatus::HELD))));
        assert_eq!(entry.doubts.len(), 1);
    }
}
