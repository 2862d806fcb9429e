//! The comment as it came in: parsed once, valid ever after.

mod markup;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::error::Violation;
use crate::pb;
use crate::reading::host;
use crate::reading::link::{self, Link};
use crate::verdict::{Span, is_unseen};

pub use markup::{Hidden, Text};

/// Longest body, in bytes, after white space at both ends is left out.
pub const MAX_BODY: usize = 65_536;
/// How much of a post's or parent's text is looked at, in bytes. Longer ones are cut, not refused:
/// a long article must not cost a blog its comments.
pub const MAX_CONTEXT: usize = 65_536;
/// Longest id, in bytes.
pub const MAX_ID: usize = 256;
/// Longest site, in bytes.
pub const MAX_SITE: usize = 128;
/// Longest name, and longest e-mail address, in bytes.
pub const MAX_NAME: usize = 1_024;

/// Longest title, and longest URL, in bytes.
pub const MAX_LINE: usize = 4_096;
/// How much is kept of each text of a comment that a limit rejects, in bytes.
const MAX_SHORT: usize = 256;
const MAX_LANGUAGE: usize = 35;
/// 1990-01-01T00:00:00Z, before the first blog.
const EARLIEST: i64 = 631_152_000;
/// How far ahead of ours a host's clock may be.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// A blog's name. Cannot hold braces, so it cannot break out of a Redis hash tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site(String);

impl Site {
    /// Parses a site.
    ///
    /// # Errors
    /// Names `field` and the rule when it is empty, longer than [`MAX_SITE`] or has other characters than
    /// letters, digits and `._~:/-`.
    pub fn parse(field: &str, site: &str) -> Result<Self, Violation> {
        let problem = if site.is_empty() {
            "is required: name the blog, e.g. \"blog.example\"".to_owned()
        } else if site.len() > MAX_SITE {
            format!("is {} bytes long; at most {MAX_SITE} are accepted", site.len())
        } else if let Some(odd) = site.chars().find(|c| !(c.is_ascii_alphanumeric() || "._~:/-".contains(*c))) {
            format!("holds {odd:?}; letters, digits and ._~:/- are accepted")
        } else {
            return Ok(Self(site.to_owned()));
        };
        Err(Violation::new(field, problem))
    }

    /// Returns what stands for the server itself where acts are recorded that concern no site in particular. No host's site
    /// has this name.
    pub fn server() -> Self {
        Self(Self::SERVER.to_owned())
    }

    /// Returns whether this is the server itself.
    pub fn is_server(&self) -> bool {
        self.0 == Self::SERVER
    }

    /// The name of the server's own audit.
    pub const SERVER: &str = "*";

    /// The site as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host's name for a comment, unique within its site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommentId(String);

impl CommentId {
    /// Parses an id.
    ///
    /// # Errors
    /// Names `field` and the rule when it is empty, longer than [`MAX_ID`] or has other characters than visible
    /// ASCII without braces, angle brackets, quotes and backslash.
    pub fn parse(field: &str, id: &str) -> Result<Self, Violation> {
        if id.is_empty() {
            return Err(Violation::new(field, "is required: the host's own id of the comment"));
        }
        match id_problem(id) {
            Some(problem) => Err(Violation::new(field, problem)),
            None => Ok(Self(id.to_owned())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns what is wrong with the host's name for a person, a post or an answered comment, which may be in any script.
pub fn outside_id_problem(id: &str) -> Option<String> {
    if id.len() > MAX_ID {
        return Some(format!("is {} bytes long; at most {MAX_ID} are accepted", id.len()));
    }
    let odd = id.chars().find(|c| c.is_control())?;
    Some(format!("holds {odd:?}; text without control characters is accepted"))
}

/// Returns the form in which the host's name for a person, a post or an answered comment is kept: as it is, or, if it has control
/// characters or is longer than [`MAX_ID`], escaped and cut, with a hash of the whole behind it.
pub fn outside_id(id: &str) -> Cow<'_, str> {
    if outside_id_problem(id).is_none() {
        return Cow::Borrowed(id);
    }
    let digest = Sha256::digest(id.as_bytes());
    let hash: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let escaped: String = id
        .chars()
        .take(MAX_ID)
        .flat_map(|c| match c.is_control() {
            true => c.escape_default().to_string().chars().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect();
    Cow::Owned(format!("{}~{hash}", prefix(&escaped, MAX_ID - hash.len() - 1)))
}

/// Tells what is wrong with an id that is not empty.
fn id_problem(id: &str) -> Option<String> {
    if id.len() > MAX_ID {
        return Some(format!("is {} bytes long; at most {MAX_ID} are accepted", id.len()));
    }
    let odd = id.chars().find(|c| !c.is_ascii_graphic() || "{}<>\"'\\`".contains(*c))?;
    Some(format!("holds {odd:?}; visible ASCII without {{ }} < > \" ' \\ ` is accepted"))
}

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommentKind {
    /// A comment on a post.
    Comment,
    /// An answer to another comment.
    Reply,
    /// A site announces that it links to the post.
    Trackback,
    /// The same, with an excerpt that the host has fetched.
    Pingback,
    /// A mention or a like on another site.
    Webmention,
    /// A message from a contact form.
    ContactForm,
    /// The registration of an account.
    Signup,
    /// A review of a product or place.
    Review,
}

impl CommentKind {
    /// Every kind, in the order of the wire.
    pub const ALL: [Self; 8] = [
        Self::Comment,
        Self::Reply,
        Self::Trackback,
        Self::Pingback,
        Self::Webmention,
        Self::ContactForm,
        Self::Signup,
        Self::Review,
    ];

    /// Returns the word for it in policies and import.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Reply => "reply",
            Self::Trackback => "trackback",
            Self::Pingback => "pingback",
            Self::Webmention => "webmention",
            Self::ContactForm => "contact_form",
            Self::Signup => "signup",
            Self::Review => "review",
        }
    }

    /// Returns the kind that a word names. Also understands hyphens for underscores.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(&word.trim().replace('-', "_")))
    }

    /// Returns its number on the wire.
    pub fn to_wire(self) -> pb::CommentKind {
        match self {
            Self::Comment => pb::CommentKind::Comment,
            Self::Reply => pb::CommentKind::Reply,
            Self::Trackback => pb::CommentKind::Trackback,
            Self::Pingback => pb::CommentKind::Pingback,
            Self::Webmention => pb::CommentKind::Webmention,
            Self::ContactForm => pb::CommentKind::ContactForm,
            Self::Signup => pb::CommentKind::Signup,
            Self::Review => pb::CommentKind::Review,
        }
    }

    /// Returns the kind that a number on the wire names. A number of a newer version is a comment: it is evidence, and never
    /// costs a verdict.
    fn from_wire(number: i32) -> Self {
        let wire = pb::CommentKind::try_from(number).unwrap_or_default();
        Self::ALL.into_iter().find(|kind| kind.to_wire() == wire).unwrap_or(Self::Comment)
    }
}

/// A comment whose every field has been checked. E-mail and IP address are kept apart from what is stored.
#[derive(Debug, Clone)]
pub struct Comment {
    site: Site,
    id: CommentId,
    /// As sent, less `author.email`, `client.ip` and `post.text`: this is what the store keeps.
    message: pb::Comment,
    text: Text,
    /// The links of `text`.
    links: Vec<Link>,
    author_host: Option<String>,
    /// The author's web address as a browser opens it, if that is another than a reader sees.
    author_address: Option<String>,
    /// The hosts of the post and of the site.
    own_hosts: [Option<String>; 2],
    email: String,
    ip: Option<IpAddr>,
    /// A client's address was sent, and is none.
    odd_ip: bool,
    post_text: String,
    submitted_at: SystemTime,
    published_at: Option<SystemTime>,
    fingerprint: Fingerprint,
    body_fingerprint: Fingerprint,
}

/// Tells what was sent from anything else under the same id: the first 16 bytes of a SHA-256.
pub type Fingerprint = [u8; 16];

impl Comment {
    /// Checks a comment as it came over the wire. `now` is the server's clock.
    ///
    /// # Errors
    /// Every violation at once, each with the path of its field.
    pub fn parse(mut message: pb::Comment, now: SystemTime) -> Result<Self, Vec<Violation>> {
        let mut wrong = Vec::new();
        let site = Site::parse("comment.site", &message.site).map_err(|v| wrong.push(v)).ok();
        let id = CommentId::parse("comment.comment_id", &message.comment_id).map_err(|v| wrong.push(v)).ok();

        check_body(&mut message, &mut wrong);
        let format = format_of(&message, &mut wrong);
        cut_what_a_visitor_chose(&mut message);
        bound_what_the_host_chose(&mut message);
        let submitted_at = timestamp("comment.submitted_at", message.submitted_at.as_ref(), now, &mut wrong);
        let published = message.post.as_ref().and_then(|post| post.published_at.as_ref());
        let published_at = timestamp("comment.post.published_at", published, now, &mut wrong);

        let (Some(site), Some(id), Some(format), true) = (site, id, format, wrong.is_empty()) else {
            return Err(wrong);
        };
        cut(&mut message.parent_text, MAX_CONTEXT);
        let body_fingerprint = body_fingerprint(format, &message.body);
        let post_text = message.post.as_mut().map(|post| std::mem::take(&mut post.text)).unwrap_or_default();
        let email = message.author.as_mut().map(|author| std::mem::take(&mut author.email)).unwrap_or_default();
        let ip = message.client.as_mut().map(|client| std::mem::take(&mut client.ip)).unwrap_or_default();
        let email = email.trim().to_lowercase();
        let text = Text::reduce(&message.body, format);
        let author_url = message.author.as_ref().and_then(|author| author.url.as_deref()).unwrap_or_default();
        let post_url = message.post.as_ref().map_or("", |post| &post.url);
        Ok(Self {
            links: link::links(text.as_str()),
            text,
            author_host: host::of(author_url),
            author_address: host::opened(author_url),
            own_hosts: [own_host(post_url), own_host(site.as_str())],
            site,
            id,
            ip: client_address(&ip),
            odd_ip: !ip.trim().is_empty() && client_address(&ip).is_none(),
            post_text: prefix(&post_text, MAX_CONTEXT).to_owned(),
            submitted_at: submitted_at.unwrap_or(now),
            published_at,
            fingerprint: fingerprint(body_fingerprint, CommentKind::from_wire(message.kind), message.author.as_ref(), &email),
            body_fingerprint,
            email,
            message,
        })
    }

    /// The blog.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The host's name for it.
    pub fn id(&self) -> &CommentId {
        &self.id
    }

    /// What the store keeps: as sent, without e-mail, IP address and post text.
    pub fn kept(&self) -> &pb::Comment {
        &self.message
    }

    /// Returns what the store keeps of a comment that a limit rejects: the beginning of it, so that a flood cannot fill the
    /// store.
    pub fn kept_in_short(&self) -> pb::Comment {
        let mut message = self.message.clone();
        cut(&mut message.body, MAX_SHORT);
        cut(&mut message.parent_text, 0);
        if let Some(client) = &mut message.client {
            cut(&mut client.user_agent, MAX_SHORT);
            cut(&mut client.referrer, MAX_SHORT);
        }
        message
    }

    /// The body reduced to plain text, links included.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Turns a byte range of [`Text::torn`] into scalar values of the body as sent.
    pub fn span_of_torn(&self, range: std::ops::Range<usize>) -> Option<Span> {
        self.span_of_source(self.text.source_of_torn(range)?)
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
    pub fn own_hosts(&self) -> impl Iterator<Item = &str> {
        self.own_hosts.iter().flatten().map(String::as_str)
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
    pub fn author_is_certain(&self) -> bool {
        !self.user_id().is_empty() || self.email_is_verified()
    }

    /// Returns whether the author is told apart from somebody else who types the same: by being certain, or by coming from a
    /// client of their own.
    pub fn author_is_told_apart(&self) -> bool {
        self.author_is_certain() || self.client_of_its_own().is_some()
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
    pub fn has_odd_ip(&self) -> bool {
        self.odd_ip
    }

    /// Returns the client's address if it is one client's. A private or local address is a proxy's or a container's, behind
    /// which there may be anybody.
    pub fn client_of_its_own(&self) -> Option<IpAddr> {
        self.ip.filter(|ip| is_public(*ip))
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

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Nothing in it is markup.
    Plain,
    /// HTML.
    Html,
    /// CommonMark.
    Markdown,
}

fn format_of(message: &pb::Comment, wrong: &mut Vec<Violation>) -> Option<Format> {
    match pb::BodyFormat::try_from(message.body_format) {
        Ok(pb::BodyFormat::Unspecified | pb::BodyFormat::Plain) => Some(Format::Plain),
        Ok(pb::BodyFormat::Html) => Some(Format::Html),
        Ok(pb::BodyFormat::Markdown) => Some(Format::Markdown),
        Err(_) => {
            let problem = format!("{} is not a BodyFormat; send PLAIN (1), HTML (2) or MARKDOWN (3)", message.body_format);
            wrong.push(Violation::new("comment.body_format", problem));
            None
        }
    }
}

/// Bounds the body, white space at its end apart, which is cut from one that is too long with it.
fn check_body(message: &mut pb::Comment, wrong: &mut Vec<Violation>) {
    if message.body.len() > MAX_BODY {
        message.body.truncate(message.body.trim_end().len());
    }
    let bytes = message.body.len();
    if message.body.trim().is_empty() {
        wrong.push(Violation::new("comment.body", "is empty: 1 to 65,536 bytes of text are accepted"));
    } else if bytes > MAX_BODY {
        wrong.push(Violation::new("comment.body", format!("is {bytes} bytes long; at most 65,536 are accepted")));
    }
}

/// Cuts what the visitor or the visitor's browser chose, so that nobody escapes a verdict by sending much of it. An e-mail or IP
/// address that is too long is none.
fn cut_what_a_visitor_chose(message: &mut pb::Comment) {
    if let Some(author) = &mut message.author {
        if author.name.len() > MAX_NAME {
            // What nobody sees must not take the place of what everybody does.
            author.name.retain(|c| !c.is_control() && !is_unseen(c));
        }
        cut(&mut author.name, MAX_NAME);
        author.url.iter_mut().for_each(cut_address);
        trim(&mut author.email);
        if author.email.len() > MAX_NAME {
            author.email.clear();
        }
    }
    if let Some(client) = &mut message.client {
        cut(&mut client.ip, MAX_ID);
        cut(&mut client.user_agent, MAX_LINE);
        cut(&mut client.referrer, MAX_LINE);
    }
    if let Some(form) = &mut message.form {
        trim(&mut form.honeypot);
        cut(&mut form.honeypot, MAX_LINE);
        // A visitor can send anything as the time, too.
        form.fill_seconds = form.fill_seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    }
}

/// Brings what the host chose into bounds: it is evidence, and none of it costs a verdict.
fn bound_what_the_host_chose(message: &mut pb::Comment) {
    let whole = |id: &mut String| {
        if let Cow::Owned(kept) = outside_id(id) {
            *id = kept;
        }
    };
    let tag = |language: &mut String| {
        if language.len() > MAX_LANGUAGE {
            language.clear();
        }
    };
    if let Some(author) = &mut message.author {
        whole(&mut author.user_id);
        cut(&mut author.role, MAX_ID);
    }
    if let Some(post) = &mut message.post {
        whole(&mut post.id);
        cut(&mut post.url, MAX_LINE);
        cut(&mut post.title, MAX_LINE);
        tag(&mut post.language);
    }
    whole(&mut message.parent_id);
    tag(&mut message.language);
}

fn timestamp(
    field: &str,
    timestamp: Option<&prost_types::Timestamp>,
    now: SystemTime,
    wrong: &mut Vec<Violation>,
) -> Option<SystemTime> {
    let timestamp = timestamp?;
    let time = (0..1_000_000_000)
        .contains(&timestamp.nanos)
        .then(|| u64::try_from(timestamp.seconds).ok())
        .flatten()
        .filter(|_| timestamp.seconds >= EARLIEST)
        .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, timestamp.nanos.unsigned_abs())))
        .filter(|time| *time <= now + AHEAD);
    if time.is_none() {
        wrong.push(Violation::new(field, "must lie between 1990-01-01 and one day ahead of the server's clock"));
    }
    time
}

/// The host of a site's own address, with what stands below its name without `www.`. Returns `None` for a name without a dot.
fn own_host(address: &str) -> Option<String> {
    let host = host::of(address)?;
    let host = host.strip_prefix("www.").unwrap_or(&host);
    host.contains('.').then(|| host.to_owned())
}

fn body_fingerprint(format: Format, body: &str) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update([format as u8]);
    hash.update(body.as_bytes());
    let digest = hash.finalize();
    std::array::from_fn(|i| digest[i])
}

/// The body's fingerprint if nothing is known of the author, else one of body, kind and author together. Of the e-mail address no more
/// than 16 bits go in: they tell that it was changed, and too little to find it by trying addresses.
fn fingerprint(body: Fingerprint, kind: CommentKind, author: Option<&pb::Author>, email: &str) -> Fingerprint {
    let url = author.and_then(|author| author.url.as_deref()).unwrap_or_default();
    let (name, user_id, role) = author.map_or(("", "", ""), |author| (&author.name, &author.user_id, &author.role));
    let verified = author.is_some_and(|author| author.email_verified == Some(true));
    if [url, name, user_id, role, email].iter().all(|field| field.is_empty()) && kind == CommentKind::Comment {
        return body;
    }
    let mut hash = Sha256::new();
    hash.update(body);
    hash.update([kind as u8, u8::from(verified)]);
    for field in [name, url, user_id, role] {
        hash.update(field.as_bytes());
        // No field of a message holds one.
        hash.update([0xff]);
    }
    hash.update(&Sha256::digest(email.as_bytes())[..2]);
    let digest = hash.finalize();
    std::array::from_fn(|i| digest[i])
}

/// Returns whether an address is one of the Internet's, rather than one of a machine, a private network, a link or a
/// carrier's network (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let carrier = a == 100 && (64..128).contains(&b);
            // This network, measurements, several at once, and what is reserved.
            let nowhere = a == 0 || a == 198 && (18..20).contains(&b) || a >= 224;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || carrier || nowhere)
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            // Translated and tunnelled addresses are those of IPv4 (RFC 6052, RFC 3056).
            let pair = |high: u16, low: u16| IpAddr::from((u32::from(high) << 16 | u32::from(low)).to_be_bytes());
            match (a, b, c, d, e, f) {
                (0x64, 0xff9b, 0, 0, 0, 0) => return is_public(pair(g, h)),
                (0x2002, high, low, ..) => return is_public(pair(high, low)),
                _ => {}
            }
            let site = a & 0xffc0 == 0xfec0;
            let local = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || site;
            !(local || v6.is_unspecified() || v6.is_multicast())
        }
    }
}

/// Takes white space away from both ends, where there is any.
fn trim(text: &mut String) {
    let bare = text.trim();
    if bare.len() < text.len() {
        *text = bare.to_owned();
    }
}

/// Cuts a web address. Of one that is too long what a browser opens is kept, as far as it goes: its host comes last in what
/// is in front of it.
fn cut_address(url: &mut String) {
    if url.len() <= MAX_LINE {
        return;
    }
    trim(url);
    if let Some(host) = host::of(url).filter(|host| host.len() < MAX_LINE) {
        *url = format!("http://{host}/");
    }
    cut(url, MAX_LINE);
}

fn prefix(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

/// Reads a client's address, also with a port behind it or in brackets. An IPv4 address in IPv6 clothes is the same client.
fn client_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_internet_is_one_clients_and_others_are_anybodys() {
        for public in ["203.0.113.9", "8.8.8.8", "2001:db8::1", "64:ff9b::203.0.113.9", "2002:cb00:7109::1", "100.128.0.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for shared in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::10.0.0.1",
            "2002:0a00:0001::1",
        ] {
            assert!(!is_public(shared.parse().unwrap()), "{shared}");
        }
    }

    #[test]
    fn an_id_that_is_too_long_or_odd_is_still_one_of_its_own() {
        assert_eq!(outside_id("j\u{fc}rgen o'brien"), "j\u{fc}rgen o'brien");
        let long = "7".repeat(5_000);
        let kept: Vec<_> = [long.clone(), format!("{long}8"), "a\nb".into(), "a\u{0}b".into(), "a\\nb".into()]
            .iter()
            .map(|id| outside_id(id).into_owned())
            .collect();
        assert!(kept.iter().all(|id| outside_id_problem(id).is_none()), "{kept:?}");
        let different: std::collections::HashSet<_> = kept.iter().collect();
        assert_eq!(different.len(), kept.len());
        assert!(kept.iter().all(|id| outside_id(id) == *id), "once is enough");
    }

    #[test]
    fn a_client_is_the_same_with_a_port_or_brackets() {
        let v4: IpAddr = "203.0.113.8".parse().unwrap();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        for text in ["203.0.113.8", " 203.0.113.8 ", "203.0.113.8:51234", "::ffff:203.0.113.8", "[::ffff:203.0.113.8]:443"] {
            assert_eq!(client_address(text), Some(v4), "{text}");
        }
        for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"] {
            assert_eq!(client_address(text), Some(v6), "{text}");
        }
        for text in ["", "203.0.113.8, 198.51.100.7", "unknown", "203.0.113.8:99999", "[2001:db8::1"] {
            assert_eq!(client_address(text), None, "{text}");
        }
    }
}
