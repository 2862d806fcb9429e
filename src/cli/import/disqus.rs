//! A reader for exports of Disqus: first the threads, one per page, then each comment as a `<post>` that refers to its
//! thread.

use super::claims::StatusClaims;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition};
use super::field::{parse_timestamp, truncate};
use super::posts::Posts;
use super::status::ImportedStatus;
use super::xml::{Attributes, Tag, XmlReader, local_name};
use crate::comment::{MAX_ID, MAX_NAME, MAX_TITLE_OR_URL, external_id_problem};
use crate::pb;

/// A reader for exports of Disqus.
pub struct DisqusReader {
    xml: XmlReader,
    site: String,
    threads: Posts,
    element: OpenElement,
}

/// The element being read.
enum OpenElement {
    /// Neither a thread nor a comment.
    Nothing,
    Thread(Box<pb::Post>, StatusClaims),
    Post(Box<DisqusPost>),
}

/// A comment that has been read in part.
#[derive(Default)]
struct DisqusPost {
    line: u64,
    comment: pb::Comment,
    author: pb::Author,
    client: pb::Client,
    thread: String,
    anonymous: bool,
    spam: StatusClaims,
    claims: StatusClaims,
}

impl DisqusReader {
    /// Returns a reader that starts after the opening tag of the root element.
    pub fn new(xml: XmlReader, site: &str) -> Self {
        Self { xml, site: site.to_owned(), threads: Posts::default(), element: OpenElement::Nothing }
    }

    /// Returns the next comment, or `None` at the end of the export.
    ///
    /// # Errors
    /// Returns an error if the rest of the file cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        while let Some(tag) = self.xml.next()? {
            match tag {
                Tag::Open { name, attributes } => self.open(&name, &attributes),
                Tag::Close { name, text } => match (&mut self.element, name.as_str()) {
                    (OpenElement::Thread(..), "thread") => self.remember(),
                    (OpenElement::Thread(thread, _), "link") => thread.url = truncate(text, MAX_TITLE_OR_URL),
                    (OpenElement::Thread(thread, _), "title") => thread.title = truncate(text, MAX_TITLE_OR_URL),
                    (OpenElement::Thread(thread, _), "createdAt") => thread.published_at = parse_timestamp(&text),
                    (OpenElement::Thread(_, claims), name) => claims.add_element(name, &text),
                    (OpenElement::Post(_), "post") => {
                        if let OpenElement::Post(draft) = std::mem::replace(&mut self.element, OpenElement::Nothing) {
                            return Ok(Some(self.entry(*draft)));
                        }
                    }
                    (OpenElement::Post(draft), name) => draft.close_tag(name, text),
                    _ => {}
                },
            }
        }
        Ok(None)
    }

    fn open(&mut self, name: &str, attributes: &Attributes) {
        // An id that is too long stays invalid: cut to the maximum, it might equal another id.
        let id = truncate(attributes.get("dsq:id").to_owned(), MAX_ID + 1);
        match (&mut self.element, name) {
            (OpenElement::Nothing, "thread") => {
                self.element = OpenElement::Thread(Box::new(pb::Post { id, ..pb::Post::default() }), StatusClaims::default());
            }
            (OpenElement::Nothing, "post") => {
                let comment = pb::Comment { comment_id: id, ..pb::Comment::default() };
                self.element =
                    OpenElement::Post(Box::new(DisqusPost { line: self.xml.line(), comment, ..DisqusPost::default() }));
            }
            (OpenElement::Post(draft), "thread") => draft.thread = id,
            (OpenElement::Post(draft), "parent") => draft.comment.parent_id = id,
            _ => {}
        }
    }

    /// Remembers the thread that was read.
    fn remember(&mut self) {
        if let OpenElement::Thread(post, claims) = std::mem::replace(&mut self.element, OpenElement::Nothing) {
            self.threads.remember(*post, claims.status() >= Some(ImportedStatus::Deleted));
        }
    }

    fn entry(&self, draft: DisqusPost) -> ArchiveEntry {
        // Disqus also deletes spam; rejected is the more specific status.
        let status = if draft.spam.status() == Some(ImportedStatus::REJECTED) {
            ImportedStatus::REJECTED
        } else if self.threads.is_deleted(&draft.thread) {
            ImportedStatus::PostDeleted
        } else {
            draft.claims.status().unwrap_or(ImportedStatus::APPROVED)
        };
        let mut author = draft.author;
        if draft.anonymous || author.user_id.is_empty() || external_id_problem(&author.user_id).is_some() {
            author.user_id.clear();
        }
        let comment = pb::Comment {
            site: self.site.clone(),
            author: Some(author),
            client: Some(draft.client),
            post: Some(self.threads.find(draft.thread)),
            body_format: pb::BodyFormat::Html.into(),
            ..draft.comment
        };
        let found = EntryContent::Comment(Box::new(comment), Some(status));
        ArchiveEntry { doubts: draft.claims.doubts(), ..ArchiveEntry::new(EntryPosition::Line(draft.line), found) }
    }
}

impl DisqusPost {
    /// Handles a closing tag within a comment or its author, and the text before it.
    fn close_tag(&mut self, name: &str, text: String) {
        self.claims.add_element(name, &text);
        match local_name(name) {
            "message" => self.comment.body = text,
            "createdAt" => self.comment.submitted_at = parse_timestamp(&text),
            "isSpam" => self.spam.add_element(name, &text),
            "name" => self.author.name = truncate(text, MAX_NAME),
            "username" => self.author.user_id = text.trim().to_owned(),
            "email" => self.author.email = truncate(text, MAX_NAME),
            "isAnonymous" => self.anonymous |= text.trim().eq_ignore_ascii_case("true"),
            "ipAddress" => self.client.ip = truncate(text, MAX_NAME / 4),
            _ => {}
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::xml::tests::xml;
    use super::*;

    pub const EXPORT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<category dsq:id="1"><forum>blog</forum><title>General</title></category>
<thread dsq:id="100"><id>p7</id><category dsq:id="1"/><link>https://blog.example/tea</link><title>On tea</title>
  <createdAt>2021-03-04T05:06:07Z</createdAt><author><name>Ed</name></author></thread>
<post dsq:id="900"><id/><message><![CDATA[<p>Green, please.</p>]]></message><createdAt>2021-03-05T00:00:00Z</createdAt>
  <isDeleted>false</isDeleted><isSpam>false</isSpam>
  <author><name>Ann</name><isAnonymous>false</isAnonymous><username>ann7</username></author>
  <ipAddress>192.0.2.1</ipAddress><thread dsq:id="100"/></post>
<post dsq:id="901"><message>Buy</message><isDeleted>true</isDeleted><isSpam>true</isSpam>
  <author><name>Bo</name><isAnonymous>true</isAnonymous><username>bo b</username></author>
  <thread dsq:id="999"/><parent dsq:id="900"/></post>
<post dsq:id="902"><message>Gone</message><isDeleted>true</isDeleted><isSpam>false</isSpam><thread dsq:id="100"/></post>
</disqus>"#;

    #[test]
    fn comments_come_with_their_thread_and_their_status() {
        let mut disqus = DisqusReader::new(xml(EXPORT), "site");
        let mut next = || match disqus.next().unwrap().unwrap() {
            ArchiveEntry { position: place, content: EntryContent::Comment(comment, Some(status)), .. } => {
                (place, *comment, status)
            }
            _ => panic!("no comment"),
        };
        let (place, comment, status) = next();
        assert_eq!((place, status), (EntryPosition::Line(6), ImportedStatus::APPROVED));
        assert_eq!((comment.comment_id.as_str(), comment.body.as_str()), ("900", "<p>Green, please.</p>"));
        let author = comment.author.unwrap();
        assert_eq!((author.name.as_str(), author.user_id.as_str()), ("Ann", "ann7"));
        let post = comment.post.unwrap();
        assert_eq!((post.id.as_str(), post.title.as_str(), post.url.as_str()), ("100", "On tea", "https://blog.example/tea"));

        let (_, comment, status) = next();
        assert_eq!(status, ImportedStatus::REJECTED);
        assert_eq!((comment.parent_id.as_str(), comment.author.unwrap().user_id.as_str()), ("900", ""));
        let post = comment.post.unwrap();
        assert_eq!((post.id.as_str(), post.title.as_str()), ("999", ""));
        assert_eq!(next().2, ImportedStatus::Deleted);
        assert!(disqus.next().unwrap().is_none());
    }

    #[test]
    fn the_strictest_of_what_is_said_counts_however_it_is_written() {
        for (elements, expected) in [
            ("<isDeleted>True</isDeleted>", ImportedStatus::Deleted),
            ("<isDeleted>1</isDeleted>", ImportedStatus::Deleted),
            ("<isDeleted>true</isDeleted><isDeleted>false</isDeleted>", ImportedStatus::Deleted),
            ("<dsq:isDeleted>true</dsq:isDeleted>", ImportedStatus::Deleted),
            ("<isApproved>False</isApproved>", ImportedStatus::HELD),
            ("<isApproved>0</isApproved><isApproved>true</isApproved>", ImportedStatus::HELD),
            ("<isApproved>perhaps</isApproved>", ImportedStatus::HELD),
            ("<isSpam>1</isSpam><isSpam>false</isSpam><isApproved>true</isApproved>", ImportedStatus::REJECTED),
            ("<isApproved>true</isApproved><isDeleted>false</isDeleted>", ImportedStatus::APPROVED),
            ("<thread dsq:id=\"7\"/>", ImportedStatus::PostDeleted),
        ] {
            let threads = "<thread dsq:id=\"7\"><isDeleted>true</isDeleted></thread><thread dsq:id=\"7\"/>";
            let text = format!("<disqus>{threads}<post dsq:id=\"1\">{elements}</post></disqus>");
            let entry = DisqusReader::new(xml(text), "site").next().unwrap().unwrap();
            let EntryContent::Comment(_, status) = entry.content else { panic!("no comment") };
            assert_eq!(status, Some(expected), "{elements}");
        }
    }
}
