//! A reader for exports of Blogger: an Atom feed with posts, pages, comments and settings as entries.
//!
//! The old export states the kind of an entry in a category, Google Takeout in `<blogger:type>`.

use super::claims::StatusClaims;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition};
use super::field::{parse_timestamp, truncate};
use super::posts::Posts;
use super::status::ImportedStatus;
use super::xml::{Attributes, Tag, XmlReader, local_name};
use crate::comment::{MAX_ID, MAX_NAME, MAX_TITLE_OR_URL};
use crate::pb;

/// Prefix of the category that states an entry's kind.
const KIND: &str = "http://schemas.google.com/blogger/2008/kind#";
/// E-mail address that Blogger writes for authors whose address it withholds.
const NO_ADDRESS: &str = "noreply@blogger.com";

/// A reader for exports of Blogger.
pub struct BloggerReader {
    xml: XmlReader,
    site: String,
    posts: Posts,
    /// The entry being read.
    draft: Option<BloggerEntry>,
}

/// An entry that has been read in part.
#[derive(Default)]
struct BloggerEntry {
    line: u64,
    id: String,
    kind: String,
    title: String,
    content: String,
    plain: bool,
    published_at: Option<prost_types::Timestamp>,
    /// URL of the page, or of the post that a comment is on.
    url: String,
    /// Id of the post that a comment is on.
    post: String,
    /// Id of the comment that this one replies to.
    parent: String,
    author: pb::Author,
    /// Whether the current tags are within `<author>`.
    in_author: bool,
    /// Statements about the status of the entry.
    claims: StatusClaims,
}

impl BloggerReader {
    /// Returns a reader that starts after the opening tag of the root element.
    pub fn new(xml: XmlReader, site: &str) -> Self {
        Self { xml, site: site.to_owned(), posts: Posts::default(), draft: None }
    }

    /// Returns the next comment, or `None` at the end of the feed.
    ///
    /// # Errors
    /// Returns an error if the rest of the file cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        while let Some(tag) = self.xml.next()? {
            match (tag, &mut self.draft) {
                (Tag::Open { name, .. }, draft @ None) if name == "entry" => {
                    *draft = Some(BloggerEntry { line: self.xml.line(), ..BloggerEntry::default() });
                }
                (Tag::Open { name, attributes }, Some(draft)) => draft.open_tag(&name, &attributes),
                (Tag::Close { name, .. }, draft) if name == "entry" => {
                    if let Some(entry) = draft.take().and_then(|draft| self.entry(draft)) {
                        return Ok(Some(entry));
                    }
                }
                (Tag::Close { name, text }, Some(draft)) => draft.close_tag(&name, text),
                (_, None) => {}
            }
        }
        Ok(None)
    }

    /// Returns an entry if it is a comment. Remembers a post or page for its comments.
    fn entry(&mut self, draft: BloggerEntry) -> Option<ArchiveEntry> {
        match draft.kind.as_str() {
            "post" | "page" => {
                let (id, url, title, published_at) = (draft.id, draft.url, draft.title, draft.published_at);
                let deleted = draft.claims.status() >= Some(ImportedStatus::Deleted);
                self.posts.remember(pb::Post { id, url, title, published_at, ..pb::Post::default() }, deleted);
                None
            }
            "comment" => Some(draft.entry(&self.site, &self.posts)),
            _ => None,
        }
    }
}

impl BloggerEntry {
    /// Handles an opening tag and its attributes.
    fn open_tag(&mut self, name: &str, attributes: &Attributes) {
        match local_name(name) {
            "author" => self.in_author = true,
            "category" => {
                if let Some(kind) = attributes.get("term").strip_prefix(KIND) {
                    self.kind = truncate(kind.to_ascii_lowercase(), MAX_NAME);
                }
            }
            "content" => self.plain = attributes.get("type") == "text",
            "link" if attributes.get("rel") == "alternate" => self.set_url(attributes.get("href")),
            "link" if attributes.get("rel") == "related" => {
                if let Some((_, id)) = attributes.get("href").rsplit_once("/comments/default/") {
                    self.parent = truncate(id.to_owned(), MAX_ID + 1);
                }
            }
            "in-reply-to" => {
                self.post = trailing_number(attributes.get("ref"));
                self.set_url(attributes.get("href"));
            }
            "extendedProperty" if attributes.get("name") == "blogger.contentRemoved" => match attributes.get("value") {
                "" => self.claims.add(ImportedStatus::Deleted),
                value => self.claims.add_element("contentRemoved", value),
            },
            _ => {}
        }
    }

    /// Sets the URL if there is none yet. A comment may have several, each of which leads to the page.
    fn set_url(&mut self, href: &str) {
        if self.url.is_empty() {
            self.url = truncate(href.to_owned(), MAX_TITLE_OR_URL);
        }
    }

    /// Handles a closing tag and the text before it.
    fn close_tag(&mut self, name: &str, text: String) {
        match (self.in_author, name) {
            (_, "author") => self.in_author = false,
            (true, "name") => self.author.name = truncate(text, MAX_NAME),
            (true, "email") if text.trim() != NO_ADDRESS => self.author.email = truncate(text, MAX_NAME),
            (true, "uri") => match text.rsplit_once("blogger.com/profile/") {
                // Only authors who signed in have a profile.
                Some((_, id)) => self.author.user_id = truncate(id.trim().to_owned(), MAX_ID + 1),
                None => self.author.url = Some(truncate(text.trim().to_owned(), MAX_TITLE_OR_URL)),
            },
            (true, _) => {}
            (_, "id") => self.id = trailing_number(&text),
            (_, "title") => self.title = truncate(text, MAX_TITLE_OR_URL),
            (_, "content") => self.content = text,
            (_, "published") => self.published_at = parse_timestamp(&text),
            // Each file chooses the prefixes of its namespaces.
            (_, name) => match local_name(name) {
                "type" => self.kind = truncate(text.trim().to_ascii_lowercase(), MAX_NAME),
                "parent" => self.post = trailing_number(&text),
                "inReplyTo" => self.parent = trailing_number(&text),
                _ => self.claims.add_element(name, &text),
            },
        }
    }

    fn entry(self, site: &str, posts: &Posts) -> ArchiveEntry {
        let status = match self.claims.status() {
            _ if posts.is_deleted(&self.post) => ImportedStatus::PostDeleted,
            // The old kind of feed does not state that a comment is published.
            status => status.unwrap_or(ImportedStatus::APPROVED),
        };
        let mut post = posts.find(self.post);
        if post.url.is_empty() {
            post.url = self.url;
        }
        let format = if self.plain { pb::BodyFormat::Plain } else { pb::BodyFormat::Html };
        let comment = pb::Comment {
            site: site.to_owned(),
            comment_id: self.id,
            parent_id: self.parent,
            author: Some(self.author),
            post: Some(post),
            body: self.content,
            body_format: format.into(),
            submitted_at: self.published_at,
            ..pb::Comment::default()
        };
        let found = EntryContent::Comment(Box::new(comment), Some(status));
        ArchiveEntry { doubts: self.claims.doubts(), ..ArchiveEntry::new(EntryPosition::Line(self.line), found) }
    }
}

/// Returns the number at the end of an id such as `tag:blogger.com,1999:blog-1.post-2`, or the id itself if there is none.
fn trailing_number(id: &str) -> String {
    let id = id.trim();
    let end = id.rsplit_once('-').map(|(_, number)| number);
    let number = end.filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    truncate(number.unwrap_or(id).to_owned(), MAX_ID + 1)
}

#[cfg(test)]
pub mod tests {
    use super::super::xml::tests::xml;
    use super::*;

    pub const EXPORT: &str = r#"<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='http://purl.org/syndication/thread/1.0' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<id>tag:blogger.com,1999:blog-1.archive</id><title type='text'>The blog</title><author><name>Ed</name></author>
<entry><id>tag:blogger.com,1999:blog-1.template</id><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#template'/><content type='text'>x</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-100</id><published>2021-03-04T05:06:07.001-08:00</published>
  <category scheme='http://www.blogger.com/atom/ns#' term='tea'/><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#post'/>
  <title type='text'>On tea</title><content type='html'>&lt;p&gt;Tea.&lt;/p&gt;</content>
  <link rel='edit' href='https://blog.example/feeds/100'/><link rel='alternate' type='text/html' href='https://blog.example/tea.html?a=1&amp;b=2'/></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-201</id><published>2021-03-05T00:00:00.000Z</published>
  <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#comment'/>
  <title type='text'>I like green tea.</title><content type='html'>I like &lt;i&gt;green&lt;/i&gt; tea.</content>
  <link rel='alternate' type='text/html' href='https://blog.example/tea.html?showComment=1'/>
  <author><name>Ann</name><uri>https://www.blogger.com/profile/777</uri><email>noreply@blogger.com</email></author>
  <thr:in-reply-to href='https://blog.example/tea.html' ref='tag:blogger.com,1999:blog-1.post-100' type='text/html'/></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-202</id>
  <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#comment'/>
  <content type='text'>Mine is black.</content><author><name>Bo</name><uri>https://bo.example</uri><email>bo@mail.example</email></author>
  <link rel='related' href='https://www.blogger.com/feeds/1/100/comments/default/201'/>
  <thr:in-reply-to href='https://blog.example/other.html' ref='tag:blogger.com,1999:blog-1.post-999'/></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-203</id>
  <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#comment'/>
  <content type='html'>This comment has been removed by the author.</content><gd:extendedProperty name='blogger.contentRemoved' value='true'/></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-301</id><blogger:parent>tag:blogger.com,1999:blog-1.post-100</blogger:parent>
  <blogger:inReplyTo>tag:blogger.com,1999:blog-1.post-201</blogger:inReplyTo><blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>
  <author><name>Cy</name><uri></uri><blogger:type>ANONYMOUS</blogger:type></author><content type='html'>So do I.</content><blogger:trashed/></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-302</id><blogger:type>COMMENT</blogger:type><blogger:status>SPAM</blogger:status><content type='html'>Buy.</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-303</id><blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status><blogger:trashed>2022-01-01T00:00:00Z</blogger:trashed></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-304</id><blogger:type>COMMENT</blogger:type><blogger:status>PERHAPS</blogger:status></entry>
</feed>"#;

    #[test]
    fn comments_of_both_kinds_of_feeds_come_with_their_post_and_their_status() {
        let mut blogger = BloggerReader::new(xml(EXPORT), "site");
        let mut next = || blogger.next().unwrap().unwrap();
        let decided = |entry: ArchiveEntry| match entry.content {
            EntryContent::Comment(comment, Some(status)) => (*comment, status),
            _ => panic!("no comment"),
        };
        let first = next();
        assert_eq!(first.position, EntryPosition::Line(9));
        let (comment, status) = decided(first);
        assert_eq!(status, ImportedStatus::APPROVED);
        assert_eq!((comment.comment_id.as_str(), comment.body.as_str()), ("201", "I like <i>green</i> tea."));
        assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_902_400);
        let (author, post) = (comment.author.unwrap(), comment.post.unwrap());
        assert_eq!((author.name.as_str(), author.user_id.as_str(), author.email.as_str()), ("Ann", "777", ""));
        assert_eq!(author.url, None);
        assert_eq!((post.id.as_str(), post.title.as_str()), ("100", "On tea"));
        assert_eq!(post.url, "https://blog.example/tea.html?a=1&b=2");

        let (comment, _) = decided(next());
        assert_eq!((comment.parent_id.as_str(), comment.body_format()), ("201", pb::BodyFormat::Plain));
        let (author, post) = (comment.author.unwrap(), comment.post.unwrap());
        assert_eq!((author.email.as_str(), author.url.as_deref()), ("bo@mail.example", Some("https://bo.example")));
        assert_eq!(
            (post.id.as_str(), post.url.as_str()),
            ("999", "https://blog.example/other.html"),
            "a post that is not there"
        );

        assert_eq!(decided(next()).1, ImportedStatus::Deleted);
        let (comment, status) = decided(next());
        assert_eq!((comment.parent_id.as_str(), status), ("201", ImportedStatus::APPROVED));
        assert_eq!(comment.post.unwrap().title, "On tea");
        assert_eq!(decided(next()).1, ImportedStatus::REJECTED);
        assert_eq!(decided(next()).1, ImportedStatus::Deleted);
        let last = next();
        assert_eq!(last.doubts, ["status \"PERHAPS\""]);
        assert_eq!(decided(last).1, ImportedStatus::HELD);
        assert!(blogger.next().unwrap().is_none());
    }

    #[test]
    fn the_strictest_of_what_is_said_counts_under_any_prefix() {
        let removed = |value: &str| format!("<x:extendedProperty name='blogger.contentRemoved' value='{value}'/>");
        for (elements, expected) in [
            ("<ns0:status>EMPTIED</ns0:status>".to_owned(), ImportedStatus::Deleted),
            ("<ns0:status>PENDING</ns0:status>".to_owned(), ImportedStatus::HELD),
            ("<ns0:trashed>2022-01-01T00:00:00Z</ns0:trashed>".to_owned(), ImportedStatus::Deleted),
            ("<pub:control><pub:draft>Yes</pub:draft></pub:control>".to_owned(), ImportedStatus::HELD),
            ("<blogger:status>SPAM</blogger:status><blogger:status>LIVE</blogger:status>".to_owned(), ImportedStatus::REJECTED),
            (
                "<blogger:status>SOFT_TRASHED</blogger:status><blogger:status>LIVE</blogger:status>".to_owned(),
                ImportedStatus::Deleted,
            ),
            (removed("true") + removed("false").as_str(), ImportedStatus::Deleted),
            (removed("false"), ImportedStatus::APPROVED),
            ("<app:draft>no</app:draft><blogger:status>LIVE</blogger:status>".to_owned(), ImportedStatus::APPROVED),
            (
                "<blogger:parent>b.post-9</blogger:parent><blogger:status>LIVE</blogger:status>".to_owned(),
                ImportedStatus::PostDeleted,
            ),
        ] {
            let post = "<entry><id>b.post-9</id><n:type>POST</n:type><n:status>SOFT_TRASHED</n:status></entry>";
            let comment = format!("<entry><id>b.post-1</id><n:type>COMMENT</n:type>{elements}</entry>");
            let entry = BloggerReader::new(xml(format!("<feed>{post}{comment}</feed>")), "site").next().unwrap().unwrap();
            let EntryContent::Comment(_, status) = entry.content else { panic!("no comment") };
            assert_eq!(status, Some(expected), "{elements}");
        }
    }
}
