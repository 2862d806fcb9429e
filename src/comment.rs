//! Comments as hosts send them: each is parsed and checked once, and a [`Comment`] that exists is valid.

mod bounds;
mod client;
mod fingerprint;
mod format;
mod id;
mod kind;
mod markup;
mod parse;
mod size;

use std::net::IpAddr;
use std::time::SystemTime;

use crate::pb;
use crate::reading::link::Link;
use crate::verdict::Span;
use size::truncate;

pub use fingerprint::Fingerprint;
pub use format::Format;
pub use id::{CommentId, Site, external_id, external_id_problem};
pub use kind::CommentKind;
pub use markup::{HiddenContent, PlainText};
pub use size::{MAX_BODY, MAX_CONTEXT, MAX_ID, MAX_NAME, MAX_SITE, MAX_TITLE_OR_URL};

/// Maximum length of each text that the store keeps of a comment rejected by a rate limit, in bytes.
const MAX_TRUNCATED_TEXT: usize = 256;

/// A comment whose fields have all been checked. The e-mail and IP address are held apart from the message that the store
/// keeps.
#[derive(Debug, Clone)]
pub struct Comment {
    site: Site,
    id: CommentId,
    /// The message as sent, without `author.email`, `client.ip` and `post.text`. The store keeps this.
    message: pb::Comment,
    text: PlainText,
    /// The links in `text`.
    links: Vec<Link>,
    author_host: Option<String>,
    /// The author's URL as a browser opens it. `None` if a browser would not follow it to another host.
    author_address: Option<String>,
    /// The hosts of the post's URL and of the site's name.
    site_hosts: [Option<String>; 2],
    email: String,
    ip: Option<IpAddr>,
    /// Whether the client's IP address was sent but cannot be parsed.
    malformed_ip: bool,
    post_text: String,
    submitted_at: SystemTime,
    published_at: Option<SystemTime>,
    fingerprint: Fingerprint,
    body_fingerprint: Fingerprint,
}

impl Comment {
    /// Returns the site that the comment belongs to.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Returns the host's id of the comment.
    pub fn id(&self) -> &CommentId {
        &self.id
    }

    /// Returns the message that the store keeps: as sent, without e-mail, IP address and post text.
    pub fn stored_message(&self) -> &pb::Comment {
        &self.message
    }

    /// Returns what the store keeps of a comment rejected by a rate limit. Long texts are truncated, so that a flood cannot
    /// fill the store.
    pub fn truncated_message(&self) -> pb::Comment {
        let mut message = self.message.clone();
        truncate(&mut message.body, MAX_TRUNCATED_TEXT);
        truncate(&mut message.parent_text, 0);
        if let Some(client) = &mut message.client {
            truncate(&mut client.user_agent, MAX_TRUNCATED_TEXT);
            truncate(&mut client.referrer, MAX_TRUNCATED_TEXT);
        }
        message
    }

    /// Returns the body reduced to plain text, including the addresses of links.
    pub fn text(&self) -> &PlainText {
        &self.text
    }

    /// Converts a byte range of [`PlainText::joined_words`] to a range of characters (Unicode scalar values) of the body as
    /// sent. Returns `None` if the range did not come from the body.
    pub fn span_of_joined(&self, range: std::ops::Range<usize>) -> Option<Span> {
        self.span_of_source(self.text.source_of_joined(range)?)
    }

    /// Returns the links in the body, with the hosts that a browser opens.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Returns the host that a browser opens for the author's URL. Returns `None` if there is none.
    pub fn author_host(&self) -> Option<&str> {
        self.author_host.as_deref()
    }

    /// Returns the author's URL as a browser opens it, or as typed if a browser would not follow it to another host. Empty if
    /// the author has none.
    pub fn author_address(&self) -> &str {
        self.author_address.as_deref().unwrap_or(self.author_url())
    }

    /// Returns the hosts of the site itself: the host of the post, and the site's name if it is a host name.
    pub fn site_hosts(&self) -> impl Iterator<Item = &str> {
        self.site_hosts.iter().flatten().map(String::as_str)
    }

    /// Returns the fingerprint of text, format, kind and author. It ignores post, parent and language, and holds 16 bits of the
    /// e-mail address.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Returns the fingerprint of the body alone, without the author. Earlier versions stored this one.
    pub fn body_fingerprint(&self) -> Fingerprint {
        self.body_fingerprint
    }

    /// Returns when the host says that this text was sent, in microseconds since 1970. Returns `None` if the host does not say.
    /// Of two texts under one id, the one sent later counts.
    pub fn sent_at(&self) -> Option<u64> {
        self.message.submitted_at.as_ref()?;
        let since = self.submitted_at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        u64::try_from(since.as_micros()).ok()
    }

    /// Returns the author's name. Empty if unknown.
    pub fn author_name(&self) -> &str {
        self.message.author.as_ref().map_or("", |author| &author.name)
    }

    /// Returns the author's web site as typed. Empty if the author has none.
    pub fn author_url(&self) -> &str {
        self.message.author.as_ref().and_then(|author| author.url.as_deref()).unwrap_or_default()
    }

    /// Returns the kind of comment: a reply, a trackback, a contact form, …
    pub fn kind(&self) -> CommentKind {
        CommentKind::from_wire(self.message.kind)
    }

    /// Returns the author's role at the host. Empty if the author has none.
    pub fn author_role(&self) -> &str {
        self.message.author.as_ref().map_or("", |author| &author.role)
    }

    /// Returns whether the author's identity is certain: the author is signed in, or the host has verified the e-mail address.
    pub fn author_is_authenticated(&self) -> bool {
        !self.user_id().is_empty() || self.email_is_verified()
    }

    /// Returns whether the author can be distinguished from another person who types the same name: the author is
    /// authenticated, or the client has a public IP address.
    pub fn author_is_distinguishable(&self) -> bool {
        self.author_is_authenticated() || self.public_ip().is_some()
    }

    /// Returns the host's id of the author. Empty if the author is not signed in.
    pub fn user_id(&self) -> &str {
        self.message.author.as_ref().map_or("", |author| &author.user_id)
    }

    /// Returns whether the host has verified the author's e-mail address. Anybody can type an unverified one.
    pub fn email_is_verified(&self) -> bool {
        !self.email.is_empty() && self.message.author.as_ref().is_some_and(|author| author.email_verified == Some(true))
    }

    /// Returns the author's e-mail address in lower case, without white space around it. Empty if none was sent.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Returns whether an IP address was sent that cannot be parsed. Limits and lists then cannot identify the client.
    pub fn has_malformed_ip(&self) -> bool {
        self.malformed_ip
    }

    /// Returns the client's IP address if it is public. A private or local address belongs to a proxy or a container, which
    /// many clients may share.
    pub fn public_ip(&self) -> Option<IpAddr> {
        self.ip.filter(|ip| client::is_public(*ip))
    }

    /// Returns the client's IP address. Returns `None` if none was sent or if it is malformed.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Returns the post's title. Empty if unknown.
    pub fn post_title(&self) -> &str {
        self.message.post.as_ref().map_or("", |post| &post.title)
    }

    /// Returns the post's text, at most [`MAX_CONTEXT`] bytes.
    pub fn post_text(&self) -> &str {
        &self.post_text
    }

    /// Returns the text of the comment that this one answers, at most [`MAX_CONTEXT`] bytes.
    pub fn parent_text(&self) -> &str {
        &self.message.parent_text
    }

    /// Returns the BCP 47 tag of the comment's language, or of the post's language. Empty if the host knows neither.
    pub fn language(&self) -> &str {
        let post = self.message.post.as_ref().map_or("", |post| &post.language);
        if self.message.language.is_empty() { post } else { &self.message.language }
    }

    /// Returns when the comment was sent: the host's time, or the server's clock if the host does not say.
    pub fn submitted_at(&self) -> SystemTime {
        self.submitted_at
    }

    /// Returns when the post was published. Returns `None` if the host does not say.
    pub fn published_at(&self) -> Option<SystemTime> {
        self.published_at
    }

    /// Returns what was typed into the form's invisible field. Empty if nothing was.
    pub fn honeypot(&self) -> &str {
        self.message.form.as_ref().map_or("", |form| form.honeypot.trim())
    }

    /// Returns the time between showing the form and sending it, in seconds.
    pub fn fill_seconds(&self) -> Option<f64> {
        self.message.form.as_ref().and_then(|form| form.fill_seconds)
    }

    /// Converts a byte range of [`Comment::text`] to a range of characters (Unicode scalar values) of the body as sent. Returns
    /// `None` if the range did not come from the body.
    pub fn span(&self, range: std::ops::Range<usize>) -> Option<Span> {
        self.span_of_source(self.text.source(range)?)
    }

    fn span_of_source(&self, source: std::ops::Range<usize>) -> Option<Span> {
        let begin = self.message.body.get(..source.start)?.chars().count();
        let length = self.message.body.get(source)?.chars().count();
        // A body is at most 65,536 bytes long, far below 2^32.
        Span::new(u32::try_from(begin).ok()?, u32::try_from(begin + length).ok()?)
    }
}
