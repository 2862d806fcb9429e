//! A reader for exports of Commento and Comentario: a JSON object with lists of comments, of authors and, in newer
//! exports, of pages.
//!
//! The authors come last, so an export is read as a whole, up to a maximum size.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;
use std::vec::IntoIter;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, SeqAccess, Visitor};

use super::claims::StatusClaims;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition};
use super::field::{parse_timestamp, truncate};
use super::merged::MergedJson;
use super::status::ImportedStatus;
use crate::cli::lines::{ContentReader, Fields};
use crate::cli::text;
use crate::comment::{Format, MAX_ID, MAX_NAME, MAX_TITLE_OR_URL, PlainText, external_id_problem};
use crate::pb;

/// Maximum size of an export, in bytes, uncompressed.
const MAX_SIZE: u64 = 256 * 1024 * 1024;
/// Maximum number of comments, authors or pages of an export.
const MAX_ROWS: usize = 1_000_000;
/// Maximum length of an error message, in characters. The parser quotes what it did not expect.
const MAX_PROBLEM: usize = 300;
/// Text that Commento writes in place of a deleted comment.
const DELETED_TEXT: &str = "[deleted]";
/// Maximum length of the HTML of a deleted comment, in bytes.
const MAX_DELETED: usize = 200;

/// A reader for exports of Commento and Comentario.
pub struct CommentoReader {
    site: String,
    comments: IntoIter<Result<CommentoComment, String>>,
    number: u64,
    commenters: HashMap<String, Commenter>,
    pages: HashMap<String, Page>,
}

/// An export as a whole.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Export {
    comments: LenientList<CommentoComment>,
    commenters: LenientList<Commenter>,
    pages: LenientList<Page>,
}

/// A comment of Commento or Comentario. Comentario before version 3 uses the field names of Commento.
#[derive(Deserialize)]
struct CommentoComment {
    #[serde(rename = "commentHex", alias = "id")]
    id: String,
    #[serde(default, rename = "commenterHex", alias = "userCreated")]
    author: Option<String>,
    #[serde(default, rename = "parentHex", alias = "parentId")]
    parent: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    /// Path of the page, in Commento.
    #[serde(default)]
    url: Option<String>,
    /// Path of the page, in early versions of Comentario.
    #[serde(default)]
    path: Option<String>,
    #[serde(default, rename = "pageId")]
    page: Option<String>,
    #[serde(default)]
    markdown: Option<String>,
    #[serde(default)]
    html: Option<String>,
    #[serde(default, rename = "creationDate", alias = "createdTime")]
    created_at: String,
    #[serde(default, rename = "authorName")]
    author_name: Option<String>,
    /// All other fields, among them those that state the status.
    #[serde(flatten)]
    rest: Fields,
}

/// An author.
#[derive(Deserialize)]
struct Commenter {
    #[serde(rename = "commenterHex", alias = "id")]
    id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default, rename = "link", alias = "websiteUrl")]
    url: Option<String>,
}

/// A page with comments.
#[derive(Deserialize)]
struct Page {
    id: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    title: Option<String>,
}

/// A list whose items are parsed one by one, so that an invalid item does not affect the others.
struct LenientList<T>(Vec<Result<T, String>>);

impl<T> Default for LenientList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for LenientList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientListVisitor(PhantomData))
    }
}

struct LenientListVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for LenientListVisitor<T> {
    type Value = LenientList<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    // A list without items may be written as `null`.
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(LenientList::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(MergedJson(value)) = list.next_element::<MergedJson>()? {
            if rows.len() == MAX_ROWS {
                return Err(A::Error::custom(format_args!("a list has more than {MAX_ROWS} items; import it in parts")));
            }
            rows.push(serde_json::from_value(value).map_err(|error| text::escape_line(&error.to_string(), MAX_PROBLEM)));
        }
        Ok(LenientList(rows))
    }
}

impl CommentoReader {
    /// Reads the whole export.
    ///
    /// # Errors
    /// Returns an error if the content is not an export, or is too long.
    pub fn new(content: ContentReader, site: &str) -> Result<Self, String> {
        let mut content = BufReader::new(content.take(MAX_SIZE));
        let export: Result<Export, _> = serde_json::from_reader(&mut content);
        let export = export.map_err(|error| match content.get_ref().limit() {
            0 => format!("is longer than {} MiB, the maximum for this format; split it", MAX_SIZE / 1024 / 1024),
            _ => {
                let error = text::escape_line(&error.to_string(), MAX_PROBLEM);
                format!("is not an export of Commento or Comentario: {error}; is the file complete?")
            }
        })?;
        let commenters = export.commenters.0.into_iter().flatten().map(|one| (one.id.clone(), one)).collect();
        let pages = export.pages.0.into_iter().flatten().map(|page| (page.id.clone(), page)).collect();
        Ok(Self { site: site.to_owned(), comments: export.comments.0.into_iter(), number: 0, commenters, pages })
    }

    /// Returns the next comment, or `None` at the end of the list.
    pub fn next(&mut self) -> Option<ArchiveEntry> {
        let row = self.comments.next()?;
        self.number += 1;
        let mut claims = StatusClaims::default();
        let found = row
            .map_err(|error| format!("is not a comment of an export: {error}"))
            .and_then(|mut row| self.read_content(row.status(&mut claims)?, row));
        let found = found.unwrap_or_else(EntryContent::Invalid);
        let mut entry = ArchiveEntry { doubts: claims.doubts(), ..ArchiveEntry::new(EntryPosition::Index(self.number), found) };
        if let EntryContent::Comment(comment, _) = &entry.content {
            entry.repaired = comment.body.contains('\u{fffd}');
        }
        Some(entry)
    }

    fn read_content(&self, status: ImportedStatus, row: CommentoComment) -> Result<EntryContent, String> {
        let commenter = row.author.as_ref().and_then(|id| self.commenters.get(id));
        let name = row.author_name.filter(|name| !name.is_empty());
        let mut author = pb::Author { name: truncate(name.unwrap_or_default(), MAX_NAME), ..pb::Author::default() };
        // Authors outside the list have not signed in.
        if let Some(known) = commenter {
            if author.name.is_empty() {
                author.name = truncate(known.name.clone().unwrap_or_default(), MAX_NAME);
            }
            author.email = truncate(known.email.clone().unwrap_or_default(), MAX_NAME);
            author.url = known.url.clone().map(|url| truncate(url, MAX_TITLE_OR_URL));
            author.user_id = Some(known.id.clone()).filter(|id| is_signed_in(id)).unwrap_or_default();
        }
        let page = row.page.as_ref().and_then(|id| self.pages.get(id));
        let path = page.map(|page| page.path.clone()).or(row.path).or(row.url).unwrap_or_default();
        let url = row
            .domain
            .filter(|domain| !domain.is_empty() && path.starts_with('/'))
            .map(|domain| format!("https://{domain}{path}"));
        let post = pb::Post {
            id: truncate(path, MAX_ID),
            url: truncate(url.unwrap_or_default(), MAX_TITLE_OR_URL),
            title: truncate(page.and_then(|page| page.title.clone()).unwrap_or_default(), MAX_TITLE_OR_URL),
            ..pb::Post::default()
        };
        let (body, format) = match row.markdown {
            Some(markdown) if !markdown.is_empty() => (markdown, pb::BodyFormat::Markdown),
            _ => (row.html.unwrap_or_default(), pb::BodyFormat::Html),
        };
        let comment = pb::Comment {
            site: self.site.clone(),
            comment_id: row.id,
            // Commento writes "root" for a comment without a parent.
            parent_id: row.parent.filter(|parent| parent != "root").unwrap_or_default(),
            author: Some(author),
            post: Some(post),
            body,
            body_format: format.into(),
            submitted_at: parse_timestamp(&row.created_at),
            ..pb::Comment::default()
        };
        Ok(EntryContent::Comment(Box::new(comment), Some(status)))
    }
}

impl CommentoComment {
    /// Returns the strictest status that the comment states, and adds all statements to `claims`.
    ///
    /// # Errors
    /// Returns an error if the comment states no status.
    fn status(&mut self, claims: &mut StatusClaims) -> Result<ImportedStatus, String> {
        // In Comentario a comment that is neither approved nor pending was rejected by a moderator.
        let is_false = |name| self.rest.get(name).is_some_and(|value| value == false);
        if is_false("isApproved") && (is_false("isPending") || !self.rest.contains_key("isPending")) {
            claims.add(ImportedStatus::REJECTED);
        }
        // Exports of Commento leave out the flag, so that only the text shows the deletion.
        if self.has_deleted_text() {
            claims.add(ImportedStatus::Deleted);
        }
        claims.extract(&mut self.rest);
        claims.status().ok_or_else(|| "has no status that says whether it was approved".to_owned())
    }

    /// Returns whether the text is the placeholder of a deleted comment.
    fn has_deleted_text(&self) -> bool {
        let is_placeholder = |text: &str| text.trim().eq_ignore_ascii_case(DELETED_TEXT);
        match self.markdown.as_deref().unwrap_or_default() {
            "" => self.html.as_deref().is_some_and(|html| {
                html.len() <= MAX_DELETED && is_placeholder(PlainText::reduce(html, Format::Html).as_str())
            }),
            markdown => is_placeholder(markdown),
        }
    }
}

/// Returns whether an id belongs to an author who has signed in. All others share an id of zeros.
fn is_signed_in(id: &str) -> bool {
    id != "anonymous" && id.bytes().any(|byte| !b"0-".contains(&byte)) && external_id_problem(id).is_none()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const EXPORT: &str = r#"{"version":1,"comments":[
{"commentHex":"a1","domain":"blog.example","url":"/tea.html","commenterHex":"f7","markdown":"Ginger.","html":"","parentHex":"root","score":1,"state":"approved","creationDate":"2021-03-05T00:00:00.722181Z","direction":0},
{"commentHex":"a2","domain":"blog.example","url":"/tea.html","commenterHex":"anonymous","markdown":"Mint.","html":"","parentHex":"a1","score":0,"state":"unapproved","creationDate":"2021-03-05T00:00:00Z","direction":0},
{"commentHex":"a3","commenterHex":"anonymous","markdown":"Buy.","parentHex":"root","state":"flagged","creationDate":"2021-03-05T00:00:00Z"},
{"commentHex":"a4","commenterHex":"anonymous","markdown":"[deleted]","parentHex":"root","state":"approved","creationDate":"2021-03-05T00:00:00Z"},
{"commentHex":"a5","markdown":"x","state":"perhaps"},
{"commentHex":6}
],"commenters":[{"commenterHex":"f7","email":"ann@mail.example","name":"Ann","link":"https://ann.example","photo":"undefined","provider":"commento","joinDate":"2021-03-01T00:00:00Z","isModerator":false},7]}"#;

    pub const COMENTARIO: &str = r#"{"version":3,"pages":[{"id":"p1","domainId":"d","path":"/jam/","title":"On jam"}],"comments":[
{"id":"b1","pageId":"p1","parentId":null,"markdown":"","html":"<p>Plum.</p>","isApproved":true,"isPending":false,"isDeleted":false,"createdTime":"2021-03-05T00:00:00.000Z","userCreated":"u1"},
{"id":"b2","pageId":"p1","parentId":"b1","markdown":"Fig.","html":"<p>Fig.</p>","isApproved":false,"isPending":true,"createdTime":"2021-03-05T00:00:00.000Z","userCreated":"00000000-0000-0000-0000-000000000000","authorName":"Bo"},
{"id":"b3","pageId":"p1","markdown":"Buy.","isApproved":false,"isPending":false,"userCreated":"u9"},
{"id":"b4","pageId":"p1","markdown":"","isApproved":true,"isPending":false,"isDeleted":true,"userCreated":"u1"},
{"id":"b5","pageId":"p1","markdown":"x"}
],"commenters":[{"id":"u1","email":"ann@mail.example","name":"Ann","websiteUrl":"https://ann.example"},
{"id":"00000000-0000-0000-0000-000000000000","email":"","name":"Anonymous"}]}"#;

    fn open(text: &str) -> Result<CommentoReader, String> {
        CommentoReader::new(Box::new(std::io::Cursor::new(text.to_owned())), "site")
    }

    fn all(text: &str) -> Vec<Result<(pb::Comment, ImportedStatus), String>> {
        let mut export = open(text).unwrap();
        let entries = std::iter::from_fn(|| export.next());
        let found = entries.map(|entry| match entry.content {
            EntryContent::Comment(comment, Some(status)) => Ok((*comment, status)),
            EntryContent::Invalid(problem) => Err(problem),
            _ => panic!("neither"),
        });
        found.collect()
    }

    #[test]
    fn comments_of_commento_come_with_their_authors_and_their_status() {
        let all = all(EXPORT);
        let (comment, status) = all[0].as_ref().unwrap();
        assert_eq!(*status, ImportedStatus::APPROVED);
        assert_eq!((comment.comment_id.as_str(), comment.parent_id.as_str()), ("a1", ""));
        assert_eq!((comment.body.as_str(), comment.body_format()), ("Ginger.", pb::BodyFormat::Markdown));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_902_400);
        let (author, post) = (comment.author.as_ref().unwrap(), comment.post.as_ref().unwrap());
        assert_eq!((author.name.as_str(), author.email.as_str(), author.user_id.as_str()), ("Ann", "ann@mail.example", "f7"));
        assert_eq!((post.id.as_str(), post.url.as_str()), ("/tea.html", "https://blog.example/tea.html"));
        let (comment, status) = all[1].as_ref().unwrap();
        assert_eq!((comment.parent_id.as_str(), *status), ("a1", ImportedStatus::HELD));
        assert_eq!(comment.author.as_ref().unwrap().user_id, "");
        assert_eq!(all[2].as_ref().unwrap().1, ImportedStatus::HELD, "a flag is no verdict");
        assert_eq!(all[3].as_ref().unwrap().1, ImportedStatus::Deleted);
        assert_eq!(all[4].as_ref().unwrap().1, ImportedStatus::HELD, "what is not understood is not published");
        assert!(all[5].is_err(), "a bad one costs no other");
    }

    #[test]
    fn comments_of_comentario_come_with_their_pages_and_their_status() {
        let all = all(COMENTARIO);
        let (comment, status) = all[0].as_ref().unwrap();
        assert_eq!(*status, ImportedStatus::APPROVED);
        assert_eq!((comment.body.as_str(), comment.body_format()), ("<p>Plum.</p>", pb::BodyFormat::Html));
        let (author, post) = (comment.author.as_ref().unwrap(), comment.post.as_ref().unwrap());
        assert_eq!((author.user_id.as_str(), author.url.as_deref()), ("u1", Some("https://ann.example")));
        assert_eq!((post.id.as_str(), post.title.as_str()), ("/jam/", "On jam"));
        let (comment, status) = all[1].as_ref().unwrap();
        assert_eq!((comment.parent_id.as_str(), *status), ("b1", ImportedStatus::HELD));
        let author = comment.author.as_ref().unwrap();
        assert_eq!((author.name.as_str(), author.user_id.as_str()), ("Bo", ""), "who did not sign in is nobody's id");
        assert_eq!(all[2].as_ref().unwrap().1, ImportedStatus::REJECTED);
        assert_eq!(all[3].as_ref().unwrap().1, ImportedStatus::Deleted);
        assert!(all[4].is_err(), "what was decided is not guessed");
    }

    #[test]
    fn lists_may_be_null_and_a_file_that_was_cut_off_says_so() {
        assert_eq!(all(r#"{"version":3,"pages":null,"comments":null,"commenters":null}"#).len(), 0);
        let problem = open(&EXPORT[..EXPORT.len() / 2]).err().unwrap();
        assert!(problem.contains("is the file complete?"), "{problem}");
        let problem = open(&format!("\"{}\"", "x".repeat(100_000))).err().unwrap();
        assert!(problem.contains("is not an export") && problem.len() < 1_000, "{} bytes", problem.len());
    }

    #[test]
    fn the_strictest_of_what_is_said_counts_however_it_is_written() {
        for (fields, expected) in [
            (r#""state":"approved","deletionDate":"2021-05-05""#, ImportedStatus::Deleted),
            (r#""state":"approved","deletionDate":"2021-05-05 06:07""#, ImportedStatus::Deleted),
            (r#""state":"approved","deletionDate":1620172800"#, ImportedStatus::Deleted),
            (r#""state":"approved","deletionDate":"0001-01-01T00:00:00Z""#, ImportedStatus::APPROVED),
            (r#""state":"approved","deletionDate":null,"deleted":false"#, ImportedStatus::APPROVED),
            (r#""state":"approved","deleted":"true""#, ImportedStatus::Deleted),
            (r#""state":"approved","deleted":true,"deleted":false"#, ImportedStatus::Deleted),
            (r#""state":"approved","deleterHex":"f7""#, ImportedStatus::Deleted),
            (r#""state":"approved","markdown":"[deleted]\n""#, ImportedStatus::Deleted),
            (r#""state":"approved","markdown":"","html":"<p>[deleted]</p>\n""#, ImportedStatus::Deleted),
            (r#""state":"flagged","state":"approved""#, ImportedStatus::HELD),
            (r#""state":"unapproved","isApproved":true"#, ImportedStatus::HELD),
            (r#""isApproved":true,"userDeleted":"u1""#, ImportedStatus::Deleted),
            (r#""isApproved":true,"userDeleted":"00000000-0000-0000-0000-000000000000""#, ImportedStatus::APPROVED),
            (r#""isApproved":true,"isPending":true"#, ImportedStatus::HELD),
            (r#""isApproved":false,"isPending":true"#, ImportedStatus::HELD),
            (r#""isApproved":"false""#, ImportedStatus::HELD),
            (r#""isApproved":true,"deletedTime":"2021-05-05T00:00:00Z""#, ImportedStatus::Deleted),
        ] {
            let export = format!(r#"{{"version":1,"comments":[{{"id":"a",{fields}}}]}}"#);
            assert_eq!(all(&export)[0].as_ref().unwrap().1, expected, "{fields}");
        }
    }
}
