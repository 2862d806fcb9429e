//! The comment as it came in: parsed once, valid ever after.

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

/// How much is kept of each text of a comment that a limit rejects, in bytes.
const MAX_TRUNCATED_TEXT: usize = 256;

/// A comment whose every field has been checked. E-mail and IP address are kept apart from what is stored.
#[derive(Debug, Clone)]
pub struct Comment {
    site: Site,
    id: CommentId,
    /// As sent, less `author.email`, `client.ip` and `post.text`: this is what the store keeps.
    message: pb::Comment,
    text: PlainText,
    /// The links of `text`.
    links: Vec<Link>,
    author_host: Option<String>,
    /// The author's web address as a browser opens it, if that is another than a reader sees.
    author_address: Option<String>,
    /// The hosts of the post and of the site.
    site_hosts: [Option<String>; 2],
    email: String,
    ip: Option<IpAddr>,
    /// A client's address was sent, and is none.
    malformed_ip: bool,
    post_text: String,
    submitted_at: SystemTime,
    published_at: Option<SystemTime>,
    fingerprint: Fingerprint,
    body_fingerprint: Fingerprint,
}

impl Comment {
    /// The blog.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The host's name for it.
    pub fn id(&self) -> &CommentId {
        &self.id
    }

    /// What the store keeps: as sent, without e-mail, IP address and post text.
    pub fn stored_message(&self) -> &pb::Comment {
        &self.message
    }

    /// Returns what the store keeps of a comment that a limit rejects: the beginning of it, so that a flood cannot fill the
    /// store.
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

    /// The body reduced to plain text, links included.
    pub fn text(&self) -> &PlainText {
        &self.text
    }

    /// Turns a byte range of [`PlainText::torn`] into scalar values of the body as sent.
    pub fn span_of_joined(&self, range: std::ops::Range<usize>) -> Option<Span> {
        self.span_of_source(self.text.source_of_joined(range)?)
    }

    /// Returns the links of the body, with the hosts that a browser opens.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Returns the host that a browser opens for the author's web address. Returns `None` if there is none.
    pub fn author_host(&self) -> Option<&str> {
        self.author_host.as_deref()
    }

    /// Returns the author's web address as a browser opens it. Empty: none.
    pub fn author_address(&self) -> &str {
        self.author_address.as_deref().unwrap_or(self.author_url())
    }

    /// Returns the hosts of the site itself: that of the post, and the site's name if it is a host name.
    pub fn site_hosts(&self) -> impl Iterator<Item = &str> {
        self.site_hosts.iter().flatten().map(String::as_str)
    }

    /// Tells this text and author from others under the same id.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Tells this text from others under the same id, whoever wrote it. Earlier versions kept this one.
    pub fn body_fingerprint(&self) -> Fingerprint {
        self.body_fingerprint
    }

    /// Returns when the host says that this text was sent, in microseconds since 1970, or `None` if it does not say. Of two
    /// texts under one id the one that was sent later stands.
    pub fn sent_at(&self) -> Option<u64> {
        self.message.submitted_at.as_ref()?;
        let since = self.submitted_at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        u64::try_from(since.as_micros()).ok()
    }

    /// The author's name. Empty: unknown.
    pub fn author_name(&self) -> &str {
        self.message.author.as_ref().map_or("", |author| &author.name)
    }

    /// The author's web site, as typed. Empty: none.
    pub fn author_url(&self) -> &str {
        self.message.author.as_ref().and_then(|author| author.url.as_deref()).unwrap_or_default()
    }

    /// Returns what was sent.
    pub fn kind(&self) -> CommentKind {
        CommentKind::from_wire(self.message.kind)
    }

    /// Returns the author's role at the host. Empty if it has none.
    pub fn author_role(&self) -> &str {
        self.message.author.as_ref().map_or("", |author| &author.role)
    }

    /// Returns whether it is certain who wrote it: somebody signed in, or somebody whose e-mail address the host has verified.
    pub fn author_is_authenticated(&self) -> bool {
        !self.user_id().is_empty() || self.email_is_verified()
    }

    /// Returns whether the author is told apart from somebody else who types the same: by being certain, or by coming from a
    /// client of their own.
    pub fn author_is_distinguishable(&self) -> bool {
        self.author_is_authenticated() || self.public_ip().is_some()
    }

    /// The host's id of the author. Empty: not signed in.
    pub fn user_id(&self) -> &str {
        self.message.author.as_ref().map_or("", |author| &author.user_id)
    }

    /// Returns whether the host has verified the author's e-mail address. One that it has not is what somebody typed.
    pub fn email_is_verified(&self) -> bool {
        !self.email.is_empty() && self.message.author.as_ref().is_some_and(|author| author.email_verified == Some(true))
    }

    /// The author's e-mail address in lower case, as typed. Empty: none.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Returns whether a client's address was sent that is none: limits and lists then cannot know the client.
    pub fn has_malformed_ip(&self) -> bool {
        self.malformed_ip
    }

    /// Returns the client's address if it is one client's. A private or local address is a proxy's or a container's, behind
    /// which there may be anybody.
    pub fn public_ip(&self) -> Option<IpAddr> {
        self.ip.filter(|ip| client::is_public(*ip))
    }

    /// The client's address. `None`: none, or malformed.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The post's title. Empty: unknown.
    pub fn post_title(&self) -> &str {
        self.message.post.as_ref().map_or("", |post| &post.title)
    }

    /// The post's text, at most [`MAX_CONTEXT`] bytes.
    pub fn post_text(&self) -> &str {
        &self.post_text
    }

    /// The text of the comment this one answers, at most [`MAX_CONTEXT`] bytes.
    pub fn parent_text(&self) -> &str {
        &self.message.parent_text
    }

    /// BCP 47 tag of its language, else of its post's; empty when the host knows neither.
    pub fn language(&self) -> &str {
        let post = self.message.post.as_ref().map_or("", |post| &post.language);
        if self.message.language.is_empty() { post } else { &self.message.language }
    }

    /// When it was sent; the server's clock where the host did not say.
    pub fn submitted_at(&self) -> SystemTime {
        self.submitted_at
    }

    /// When its post appeared.
    pub fn published_at(&self) -> Option<SystemTime> {
        self.published_at
    }

    /// What was typed where people cannot see. Empty: nothing.
    pub fn honeypot(&self) -> &str {
        self.message.form.as_ref().map_or("", |form| form.honeypot.trim())
    }

    /// Seconds between showing the form and sending it.
    pub fn fill_seconds(&self) -> Option<f64> {
        self.message.form.as_ref().and_then(|form| form.fill_seconds)
    }

    /// Turns a byte range of [`Comment::text`] into scalar values of the body as sent.
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
