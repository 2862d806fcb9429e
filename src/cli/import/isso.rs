//! A reader for Isso's database: a table of comments and a table of their threads.

use std::collections::VecDeque;
use std::path::Path;

use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::entry::{ArchiveEntry, EntryContent, EntryPosition, read_problem};
use super::field::{timestamp_from_unix, truncate};
use super::status::ImportedStatus;
use crate::comment::{MAX_BODY, MAX_ID, MAX_NAME, MAX_TITLE_OR_URL};
use crate::pb;

/// Rows per query. Between queries the database is not locked, because Isso may be running.
const BATCH: usize = 64;
/// Maximum size of a value or row, in bytes.
const MAX_ROW: i32 = 16 * 1024 * 1024;

/// Query for the rows after an id. The IP address is left out: Isso stores only a part of it, which many people share.
const ROWS: &str = "SELECT c.id, c.parent, c.created, c.mode, c.text, c.author, c.email, c.website, t.uri, t.title
    FROM comments c LEFT JOIN threads t ON t.id = c.tid WHERE c.id > ?1 ORDER BY c.id LIMIT ?2";

/// A reader for Isso's database.
pub struct IssoReader {
    connection: Connection,
    site: String,
    /// Id of the last row that was read.
    last: i64,
    ready: VecDeque<ArchiveEntry>,
}

impl IssoReader {
    /// Opens the database for reading only.
    ///
    /// # Errors
    /// Returns an error if the file is not a database of Isso.
    pub fn open(file: &Path, site: &str) -> Result<Self, String> {
        let open = || -> rusqlite::Result<(Connection, i64)> {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(file, flags)?;
            // The file is untrusted: functions and views that its schema declares must not run.
            connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
            connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_ROW)?;
            let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('comments', 'threads')";
            let tables = connection.query_row(tables, [], |row| row.get(0))?;
            Ok((connection, tables))
        };
        match open() {
            Ok((connection, 2)) => Ok(Self { connection, site: site.to_owned(), last: i64::MIN, ready: VecDeque::new() }),
            Ok(_) => Err("is a database, but not one of Isso: it has no tables `comments` and `threads`".to_owned()),
            Err(error) => Err(format!(
                "is not a readable database of Isso: {error}; give the file itself, not compressed and not on standard input"
            )),
        }
    }

    /// Returns the next comment, or `None` at the end of the table.
    ///
    /// # Errors
    /// Returns an error if the rest of the database cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        if self.ready.is_empty() {
            self.ready = self.batch().map_err(read_problem)?;
        }
        Ok(self.ready.pop_front())
    }

    fn batch(&mut self) -> rusqlite::Result<VecDeque<ArchiveEntry>> {
        let mut statement = self.connection.prepare_cached(ROWS)?;
        let mut rows = statement.query((self.last, BATCH as i64))?;
        let mut entries = VecDeque::with_capacity(BATCH);
        while let Some(row) = rows.next()? {
            self.last = row.get(0)?;
            entries.push_back(entry(row, self.last, &self.site)?);
        }
        Ok(entries)
    }
}

fn entry(row: &Row<'_>, id: i64, site: &str) -> rusqlite::Result<ArchiveEntry> {
    let mut repaired = false;
    let mut text = |column: usize, max_bytes: usize| -> rusqlite::Result<String> {
        let (text, invalid) = text(row.get_ref(column)?);
        repaired |= invalid;
        Ok(truncate(text, max_bytes))
    };
    let (parent, mode) = (text(1, MAX_ID)?, text(3, MAX_NAME)?);
    let author = pb::Author {
        name: text(5, MAX_NAME)?,
        email: text(6, MAX_NAME)?,
        url: Some(text(7, MAX_TITLE_OR_URL)?).filter(|url| !url.is_empty()),
        ..pb::Author::default()
    };
    let post = pb::Post { id: text(8, MAX_ID)?, title: text(9, MAX_TITLE_OR_URL)?, ..pb::Post::default() };
    // More than a comment may have, so that a body that is too long is still rejected.
    let body = text(4, 8 * MAX_BODY)?;
    let comment = pb::Comment {
        site: site.to_owned(),
        comment_id: id.to_string(),
        parent_id: parent,
        author: Some(author),
        post: Some(post),
        body,
        body_format: pb::BodyFormat::Markdown.into(),
        submitted_at: created(row.get_ref(2)?).and_then(timestamp_from_unix),
        ..pb::Comment::default()
    };
    let status = match mode.as_str() {
        "1" => Ok(ImportedStatus::APPROVED),
        "2" => Ok(ImportedStatus::HELD),
        "4" => Ok(ImportedStatus::Deleted),
        other => Err(format!("mode is {:?}; 1, 2 and 4 are understood", truncate(other.to_owned(), 40))),
    };
    let found = status.map_or_else(EntryContent::Invalid, |status| EntryContent::Comment(Box::new(comment), Some(status)));
    Ok(ArchiveEntry { repaired, ..ArchiveEntry::new(EntryPosition::Index(u64::try_from(id).unwrap_or_default()), found) })
}

/// Returns a value of any type as text, and whether invalid UTF-8 was replaced.
fn text(value: ValueRef<'_>) -> (String, bool) {
    match value {
        ValueRef::Null => (String::new(), false),
        ValueRef::Integer(number) => (number.to_string(), false),
        ValueRef::Real(number) => (number.to_string(), false),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            (String::from_utf8_lossy(bytes).into_owned(), str::from_utf8(bytes).is_err())
        }
    }
}

/// Returns a creation time in whole seconds since 1970. Isso stores it with a fraction.
fn created(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(seconds) => Some(seconds),
        // A value out of range becomes the nearest integer, which is not a valid time either.
        ValueRef::Real(seconds) => Some(seconds as i64),
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;
    use crate::verdict::Decision;

    const SCHEMA: &str = "
        CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
        CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL,
            modified FLOAT, mode INTEGER, remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR,
            likes INTEGER DEFAULT 0, dislikes INTEGER DEFAULT 0, voters BLOB NOT NULL, notification INTEGER DEFAULT 0);";

    fn database(folder: &TempDir, more: &str) -> PathBuf {
        let file = folder.path().join("comments.db");
        // Comments may refer to threads that no longer exist.
        Connection::open(&file).unwrap().execute_batch(&format!("PRAGMA foreign_keys = OFF; {more}")).unwrap();
        file
    }

    fn all(file: &Path) -> Vec<ArchiveEntry> {
        let mut isso = IssoReader::open(file, "site").unwrap();
        std::iter::from_fn(|| isso.next().unwrap()).collect()
    }

    #[test]
    fn comments_come_with_their_thread_and_their_status() {
        let folder = TempDir::new().unwrap();
        let rows = "INSERT INTO threads VALUES (1, '/tea/', 'On tea');
            INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author, email, website, voters) VALUES
            (1, 1, NULL, 1614902400.5, 1, '192.0.2.0', 'I like *green* tea.', 'Ann', 'ann@mail.example', 'https://ann.example', x''),
            (1, 2, 1, 1614902400, 2, '192.0.2.0', 'So do I.', NULL, NULL, NULL, x''),
            (1, 3, 1, 1614902400, 4, '192.0.2.0', '', NULL, NULL, NULL, x''),
            (9, 4, NULL, 0, 1, '', CAST(x'4fe468' AS TEXT), 'Cy', NULL, NULL, x''),
            (1, 5, NULL, 1614902400, 7, '', 'x', NULL, NULL, NULL, x'');";
        let entries = all(&database(&folder, &format!("{SCHEMA}{rows}")));
        assert_eq!(entries.len(), 5);
        let EntryContent::Comment(comment, status) = &entries[0].content else { panic!("no comment") };
        assert_eq!((entries[0].position, *status), (EntryPosition::Index(1), Some(ImportedStatus::Decided(Decision::Approve))));
        assert_eq!((comment.comment_id.as_str(), comment.parent_id.as_str()), ("1", ""));
        assert_eq!((comment.body.as_str(), comment.body_format()), ("I like *green* tea.", pb::BodyFormat::Markdown));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_902_400);
        assert_eq!(comment.client, None, "a part of an address is many people's");
        let (author, post) = (comment.author.as_ref().unwrap(), comment.post.as_ref().unwrap());
        assert_eq!((author.name.as_str(), author.email.as_str()), ("Ann", "ann@mail.example"));
        assert_eq!((post.id.as_str(), post.title.as_str()), ("/tea/", "On tea"));
        let EntryContent::Comment(comment, Some(ImportedStatus::Decided(Decision::Hold))) = &entries[1].content else {
            panic!("not held")
        };
        assert_eq!(comment.parent_id, "1");
        assert!(matches!(entries[2].content, EntryContent::Comment(_, Some(ImportedStatus::Deleted))));
        let EntryContent::Comment(comment, _) = &entries[3].content else { panic!("no comment") };
        assert_eq!((comment.body.as_str(), entries[3].repaired, comment.submitted_at), ("O\u{fffd}h", true, None));
        assert!(matches!(&entries[4].content, EntryContent::Invalid(problem) if problem.contains("\"7\"")));
    }

    #[test]
    fn many_come_in_batches_each_once_and_in_order() {
        let folder = TempDir::new().unwrap();
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
            INSERT INTO comments (id, created, mode, text, voters) SELECT i * 3 - 200, 1614902400, 1, 'x', x'' FROM n;";
        let entries = all(&database(&folder, &format!("{SCHEMA}{rows}")));
        let ids: Vec<i64> = entries
            .iter()
            .map(|entry| match &entry.content {
                EntryContent::Comment(comment, _) => comment.comment_id.parse().unwrap(),
                _ => panic!("no comment"),
            })
            .collect();
        assert!(ids.iter().copied().eq((1..=300).map(|i| i * 3 - 200)), "{ids:?}");
    }

    #[test]
    fn another_database_or_no_database_is_refused() {
        let folder = TempDir::new().unwrap();
        let problem = IssoReader::open(&database(&folder, "CREATE TABLE comments (id INTEGER)"), "site").err().unwrap();
        assert!(problem.contains("not one of Isso"), "{problem}");
        // Only tables are accepted: a view may compute without end.
        let folder = TempDir::new().unwrap();
        let views = "CREATE TABLE threads (id INTEGER); CREATE VIEW comments AS SELECT 1 AS id";
        assert!(IssoReader::open(&database(&folder, views), "site").is_err());
        let file = folder.path().join("no.db");
        std::fs::write(&file, "no database, but long enough to be one".repeat(20)).unwrap();
        assert!(IssoReader::open(&file, "site").err().unwrap().contains("not a readable database"));
        assert!(IssoReader::open(Path::new("-"), "site").is_err());
    }
}
