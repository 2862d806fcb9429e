//! A reader for exports of WordPress (WXR): posts as `<item>`, whose comments follow the fields of the post.

use super::claims::StatusClaims;
use super::entry::{ArchiveEntry, EntryContent, EntryPosition};
use super::field::{parse_timestamp, truncate};
use super::status::ImportedStatus;
use super::xml::{Tag, XmlReader};
use crate::comment::{CommentKind, Format, MAX_CONTEXT, MAX_NAME, MAX_TITLE_OR_URL, PlainText};
use crate::pb;

/// Comment types of the webmention plugin other than ordinary comments.
const MENTIONS: [&str; 7] = ["webmention", "mention", "like", "repost", "bookmark", "favorite", "tag"];
/// Maximum size of a post's HTML that is converted to text, in bytes: four times the size of the text that is used.
const MAX_HTML: usize = 4 * MAX_CONTEXT;

/// A reader for exports of WordPress.
pub struct WxrReader {
    xml: XmlReader,
    site: String,
    /// The current post.
    post: pb::Post,
    /// Statements about the status of the current post.
    post_claims: StatusClaims,
    /// The comment being read.
    draft: Option<WxrComment>,
}

/// A comment that has been read in part.
#[derive(Default)]
struct WxrComment {
    line: u64,
    comment: pb::Comment,
    author: pb::Author,
    client: pb::Client,
    kind: String,
    claims: StatusClaims,
    /// Number of open elements within the comment.
    depth: usize,
}

impl WxrReader {
    /// Returns a reader that starts after the opening tag of the root element.
    pub fn new(xml: XmlReader, site: &str) -> Self {
        Self { xml, site: site.to_owned(), post: pb::Post::default(), post_claims: StatusClaims::default(), draft: None }
    }

    /// Returns the next comment, or `None` at the end of the export.
    ///
    /// # Errors
    /// Returns an error if the rest of the file cannot be read.
    pub fn next(&mut self) -> Result<Option<ArchiveEntry>, String> {
        while let Some(tag) = self.xml.next()? {
            match (tag, &mut self.draft) {
                (Tag::Open { .. }, Some(draft)) => draft.depth += 1,
                (Tag::Open { name, .. }, None) => match name.as_str() {
                    "item" => (self.post, self.post_claims) = Default::default(),
                    "wp:comment" => self.draft = Some(WxrComment { line: self.xml.line(), ..WxrComment::default() }),
                    _ => {}
                },
                (Tag::Close { name, text }, Some(draft)) if draft.depth > 0 => {
                    draft.depth -= 1;
                    // Deeper elements hold data of plugins, whose names are arbitrary.
                    if draft.depth == 0 {
                        draft.set_field(&name, text);
                    }
                }
                (Tag::Close { .. }, Some(_)) => {
                    if let Some(draft) = self.draft.take() {
                        return Ok(Some(draft.entry(&self.site, &self.post, self.post_claims.status())));
                    }
                }
                (Tag::Close { name, text }, None) => {
                    if name == "wp:status" {
                        self.post_claims.add_element(&name, &text);
                    }
                    set_post_field(&mut self.post, &name, text);
                }
            }
        }
        Ok(None)
    }
}

/// Returns the kind of comment for a `comment_type`. WordPress before version 5.5 leaves the type of a comment empty.
///
/// Returns `None` if it is not a comment on a post, for example a shop's note on an order.
fn comment_kind(word: &str) -> Option<CommentKind> {
    match word {
        "" => Some(CommentKind::Comment),
        word if MENTIONS.contains(&word) => Some(CommentKind::Webmention),
        word => CommentKind::parse(word),
    }
}

/// Sets a field of a post from an element.
fn set_post_field(post: &mut pb::Post, name: &str, text: String) {
    match name {
        "title" => post.title = truncate(text, MAX_TITLE_OR_URL),
        "link" => post.url = truncate(text, MAX_TITLE_OR_URL),
        "content:encoded" => {
            let html = truncate(text, MAX_HTML);
            post.text = truncate(PlainText::reduce(&html, Format::Html).as_str().to_owned(), MAX_CONTEXT);
        }
        "wp:post_id" => post.id = text.trim().to_owned(),
        // Preferred, because the other dates may be in local time.
        "wp:post_date_gmt" => post.published_at = parse_timestamp(&text).or(post.published_at),
        "pubDate" | "wp:post_date" => post.published_at = post.published_at.or_else(|| parse_timestamp(&text)),
        _ => {}
    }
}

impl WxrComment {
    /// Sets a field of the comment from an element.
    fn set_field(&mut self, name: &str, text: String) {
        match name {
            "wp:comment_id" => self.comment.comment_id = text.trim().to_owned(),
            "wp:comment_author" => self.author.name = truncate(text, MAX_NAME),
            "wp:comment_author_email" => self.author.email = truncate(text, MAX_NAME),
            "wp:comment_author_url" => self.author.url = Some(truncate(text, MAX_TITLE_OR_URL)),
            "wp:comment_author_IP" => self.client.ip = truncate(text, MAX_NAME / 4),
            "wp:comment_user_id" if text.trim() != "0" => self.author.user_id = text.trim().to_owned(),
            "wp:comment_parent" if text.trim() != "0" => self.comment.parent_id = text.trim().to_owned(),
            "wp:comment_date_gmt" => self.comment.submitted_at = parse_timestamp(&text).or(self.comment.submitted_at),
            // Local time of the blog, which may be off by some hours. It is used if the other date is all zeros.
            "wp:comment_date" => self.comment.submitted_at = self.comment.submitted_at.or_else(|| parse_timestamp(&text)),
            "wp:comment_content" => self.comment.body = text,
            "wp:comment_type" => self.kind = text,
            "wp:comment_approved" => self.claims.add_element(name, &text),
            _ => {}
        }
    }

    fn entry(self, site: &str, post: &pb::Post, post_status: Option<ImportedStatus>) -> ArchiveEntry {
        let kind = comment_kind(self.kind.trim());
        let found = if kind.is_none() {
            EntryContent::NotAComment(self.kind)
        } else if let Some(status) = self.claims.status() {
            let post_deleted = post_status >= Some(ImportedStatus::Deleted);
            let comment = pb::Comment {
                site: site.to_owned(),
                author: Some(self.author),
                client: Some(self.client),
                post: Some(post.clone()),
                body_format: pb::BodyFormat::Html.into(),
                kind: kind.map_or(0, |kind| kind.to_wire().into()),
                ..self.comment
            };
            EntryContent::Comment(Box::new(comment), Some(if post_deleted { ImportedStatus::PostDeleted } else { status }))
        } else {
            EntryContent::Invalid("has no status in comment_approved; 1, 0, spam and trash are known".to_owned())
        };
        ArchiveEntry { doubts: self.claims.doubts(), ..ArchiveEntry::new(EntryPosition::Line(self.line), found) }
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::xml::tests::xml;
    use super::*;
    use crate::verdict::Decision;

    pub const EXPORT: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>The blog</title>
<item>
  <title><![CDATA[On tea & biscuits]]></title><link>https://blog.example/?p=7&amp;x=1</link>
  <pubDate>Thu, 04 Mar 2021 05:06:07 +0000</pubDate>
  <content:encoded><![CDATA[<p>Tea is <b>hot</b>.</p>]]></content:encoded><excerpt:encoded><![CDATA[x]]></excerpt:encoded>
  <wp:post_id>7</wp:post_id><wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>
  <wp:comment>
    <wp:comment_id>11</wp:comment_id><wp:comment_author><![CDATA[Ann]]></wp:comment_author>
    <wp:comment_author_email>ann@mail.example</wp:comment_author_email><wp:comment_author_url/>
    <wp:comment_author_IP>192.0.2.1</wp:comment_author_IP><wp:comment_date_gmt>2021-03-05 00:00:00</wp:comment_date_gmt>
    <wp:comment_content><![CDATA[I like <i>green</i> tea.]]></wp:comment_content><wp:comment_approved>1</wp:comment_approved>
    <wp:comment_type>comment</wp:comment_type><wp:comment_parent>0</wp:comment_parent><wp:comment_user_id>3</wp:comment_user_id>
    <wp:commentmeta><wp:meta_key>x</wp:meta_key><wp:meta_value>title</wp:meta_value></wp:commentmeta>
  </wp:comment>
  <wp:comment><wp:comment_id>12</wp:comment_id><wp:comment_approved>spam</wp:comment_approved><wp:comment_parent>11</wp:comment_parent></wp:comment>
  <wp:comment><wp:comment_approved>trash</wp:comment_approved></wp:comment>
  <wp:comment><wp:comment_approved>1</wp:comment_approved><wp:comment_type>pingback</wp:comment_type></wp:comment>
  <wp:comment><wp:comment_approved>perhaps</wp:comment_approved></wp:comment>
</item>
<item><title>Next</title><wp:comment><wp:comment_approved>0</wp:comment_approved></wp:comment></item>
</channel></rss>"#;

    fn entries(text: &str) -> Result<Vec<ArchiveEntry>, String> {
        let mut wxr = WxrReader::new(xml(text), "site");
        std::iter::from_fn(|| wxr.next().transpose()).collect()
    }

    #[test]
    fn comments_come_with_their_post_and_their_status() {
        let entries = entries(EXPORT).unwrap();
        let EntryContent::Comment(comment, status) = &entries[0].content else { panic!("no comment") };
        assert_eq!((entries[0].position, *status), (EntryPosition::Line(8), Some(ImportedStatus::Decided(Decision::Approve))));
        assert_eq!((comment.comment_id.as_str(), comment.parent_id.as_str()), ("11", ""));
        assert_eq!(comment.body, "I like <i>green</i> tea.");
        let author = comment.author.as_ref().unwrap();
        assert_eq!((author.name.as_str(), author.email.as_str(), author.user_id.as_str()), ("Ann", "ann@mail.example", "3"));
        let post = comment.post.as_ref().unwrap();
        assert_eq!((post.id.as_str(), post.title.as_str()), ("7", "On tea & biscuits"));
        assert_eq!((post.url.as_str(), post.text.trim()), ("https://blog.example/?p=7&x=1", "Tea is hot."));
        assert_eq!(post.published_at.unwrap().seconds, 1_614_834_367);

        let EntryContent::Comment(spam, Some(ImportedStatus::Decided(Decision::Reject))) = &entries[1].content else {
            panic!("no spam")
        };
        assert_eq!(spam.parent_id, "11");
        assert!(matches!(entries[2].content, EntryContent::Comment(_, Some(ImportedStatus::Deleted))));
        assert!(
            matches!(&entries[3].content, EntryContent::Comment(comment, _) if comment.kind() == pb::CommentKind::Pingback)
        );
        assert!(matches!(entries[4].content, EntryContent::Comment(_, Some(ImportedStatus::HELD))));
        assert_eq!(entries[4].doubts, ["comment_approved \"perhaps\""]);
        let EntryContent::Comment(held, Some(ImportedStatus::Decided(Decision::Hold))) = &entries[5].content else {
            panic!("not held")
        };
        let post = held.post.as_ref().unwrap();
        assert_eq!((post.title.as_str(), post.text.as_str()), ("Next", ""), "one post's text is not the next one's");
    }

    #[test]
    fn the_blogs_own_time_counts_where_the_other_is_all_zeros_in_any_order() {
        for dates in [
            "<wp:comment_date>2021-03-05 00:00:00</wp:comment_date><wp:comment_date_gmt>0000-00-00 00:00:00</wp:comment_date_gmt>",
            "<wp:comment_date_gmt>0000-00-00 00:00:00</wp:comment_date_gmt><wp:comment_date>2021-03-05 00:00:00</wp:comment_date>",
            "<wp:comment_date>2021-03-05 05:00:00</wp:comment_date><wp:comment_date_gmt>2021-03-05 00:00:00</wp:comment_date_gmt>",
            "<wp:comment_date_gmt>2021-03-05 00:00:00</wp:comment_date_gmt><wp:comment_date>2021-03-05 05:00:00</wp:comment_date>",
        ] {
            let text = format!("<rss><wp:comment>{dates}<wp:comment_approved>1</wp:comment_approved></wp:comment></rss>");
            let EntryContent::Comment(comment, _) = &entries(&text).unwrap()[0].content else { panic!("no comment") };
            assert_eq!(comment.submitted_at.unwrap().seconds, 1_614_902_400, "{dates}");
        }
    }

    #[test]
    fn what_no_reader_wrote_is_named_by_its_kind() {
        let note = "<rss><wp:comment><wp:comment_type>order_note</wp:comment_type></wp:comment></rss>";
        assert!(matches!(&entries(note).unwrap()[0].content, EntryContent::NotAComment(kind) if kind == "order_note"));
    }

    #[test]
    fn types_of_comments_are_kinds_or_nothing_of_a_reader() {
        for (word, expected) in [
            ("", Some(CommentKind::Comment)),
            ("comment", Some(CommentKind::Comment)),
            ("reply", Some(CommentKind::Reply)),
            ("trackback", Some(CommentKind::Trackback)),
            ("like", Some(CommentKind::Webmention)),
            ("review", Some(CommentKind::Review)),
            ("order_note", None),
            ("action_log", None),
        ] {
            assert_eq!(comment_kind(word), expected, "{word}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_gives_what_it_has_and_then_says_where() {
        let cut = &EXPORT[..EXPORT.find("trash").unwrap()];
        let mut wxr = WxrReader::new(xml(cut), "site");
        assert!(wxr.next().unwrap().is_some() && wxr.next().unwrap().is_some());
        let error = wxr.next().err().unwrap();
        assert!(error.starts_with("line 17: the file ends within <wp:comment_approved>"), "{error}");
    }

    #[test]
    fn the_strictest_of_what_is_said_of_the_comment_itself_counts() {
        let approved = |word: &str| format!("<wp:comment_approved>{word}</wp:comment_approved>");
        let nested = |word: &str| format!("<wp:commentmeta><wp:meta_value>{}</wp:meta_value></wp:commentmeta>", approved(word));
        for (fields, expected) in [
            (approved("trash") + nested("1").as_str(), Some(ImportedStatus::Deleted)),
            (approved("0") + "<wp:comment>" + approved("1").as_str() + "</wp:comment>", Some(ImportedStatus::HELD)),
            (approved("spam") + approved("1").as_str(), Some(ImportedStatus::REJECTED)),
            (approved("1") + approved("0").as_str(), Some(ImportedStatus::HELD)),
            (approved("1") + nested("x").as_str(), Some(ImportedStatus::APPROVED)),
            (approved(""), Some(ImportedStatus::HELD)),
            (nested("1"), None),
        ] {
            let text = format!("<rss><item><wp:comment>{fields}</wp:comment></item></rss>");
            match &entries(&text).unwrap()[0].content {
                EntryContent::Comment(_, status) => assert_eq!(*status, expected, "{fields}"),
                _ => assert_eq!(expected, None, "{fields}"),
            }
        }
    }

    #[test]
    fn comments_of_posts_in_the_trash_are_not_comments_of_the_next_ones() {
        let comment = "<wp:comment><wp:comment_approved>1</wp:comment_approved></wp:comment>";
        let text = format!(
            "<rss><item><wp:status>trash</wp:status>{comment}</item><item><wp:status>publish</wp:status>{comment}</item></rss>"
        );
        let statuses: Vec<_> = entries(&text)
            .unwrap()
            .into_iter()
            .map(|entry| if let EntryContent::Comment(_, status) = entry.content { status } else { None })
            .collect();
        assert_eq!(statuses, [Some(ImportedStatus::PostDeleted), Some(ImportedStatus::APPROVED)]);
    }
}
