//! Parses comments from protocol messages.

use std::time::{Duration, SystemTime};

use super::bounds::{bound_host_fields, bound_visitor_fields, check_body};
use super::format::Format;
use super::id::{CommentId, Site};
use super::kind::CommentKind;
use super::markup::PlainText;
use super::size::{MAX_CONTEXT, truncate, truncated};
use super::{Comment, client, fingerprint};
use crate::error::Violation;
use crate::pb;
use crate::reading::{host, link};

/// Earliest accepted timestamp, in seconds since 1970: 1990-01-01T00:00:00Z, before the first blog.
const EARLIEST_TIMESTAMP: i64 = 631_152_000;

/// Maximum time by which a host's clock may be ahead of the server's.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

impl Comment {
    /// Parses a comment and checks all of its fields. `now` is the server's clock.
    ///
    /// # Errors
    /// Returns all violations at once, each with the path of its field.
    pub fn parse(mut message: pb::Comment, now: SystemTime) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let site = Site::parse("comment.site", &message.site).map_err(|v| violations.push(v)).ok();
        let id = CommentId::parse("comment.comment_id", &message.comment_id).map_err(|v| violations.push(v)).ok();

        check_body(&mut message, &mut violations);
        let format = format_of(&message, &mut violations);
        bound_visitor_fields(&mut message);
        bound_host_fields(&mut message);
        let submitted_at = timestamp("comment.submitted_at", message.submitted_at.as_ref(), now, &mut violations);
        let published = message.post.as_ref().and_then(|post| post.published_at.as_ref());
        let published_at = timestamp("comment.post.published_at", published, now, &mut violations);

        let (Some(site), Some(id), Some(format), true) = (site, id, format, violations.is_empty()) else {
            return Err(violations);
        };
        truncate(&mut message.parent_text, MAX_CONTEXT);
        let private = PrivateFields::take(&mut message);
        let body_fingerprint = fingerprint::of_body(format, &message.body);
        let kind = CommentKind::from_wire(message.kind);
        let fingerprint = fingerprint::of_comment(body_fingerprint, kind, message.author.as_ref(), &private.email);
        let text = PlainText::reduce(&message.body, format);
        let author_url = message.author.as_ref().and_then(|author| author.url.as_deref()).unwrap_or_default();
        let post_url = message.post.as_ref().map_or("", |post| &post.url);
        let ip = client::parse_address(&private.ip);
        Ok(Self {
            links: link::find_links(text.as_str()),
            text,
            author_host: host::canonical_host(author_url),
            author_address: host::resolved_address(author_url),
            site_hosts: [site_host(post_url), site_host(site.as_str())],
            site,
            id,
            ip,
            malformed_ip: ip.is_none() && !private.ip.trim().is_empty(),
            post_text: truncated(&private.post_text, MAX_CONTEXT).to_owned(),
            submitted_at: submitted_at.unwrap_or(now),
            published_at,
            fingerprint,
            body_fingerprint,
            email: private.email,
            message,
        })
    }
}

/// Fields that are taken out of a message because the store does not keep them.
struct PrivateFields {
    post_text: String,
    /// The e-mail address, in lower case and without white space around it.
    email: String,
    ip: String,
}

impl PrivateFields {
    fn take(message: &mut pb::Comment) -> Self {
        let email = message.author.as_mut().map(|author| std::mem::take(&mut author.email)).unwrap_or_default();
        Self {
            post_text: message.post.as_mut().map(|post| std::mem::take(&mut post.text)).unwrap_or_default(),
            email: email.trim().to_lowercase(),
            ip: message.client.as_mut().map(|client| std::mem::take(&mut client.ip)).unwrap_or_default(),
        }
    }
}

/// Returns the format of the body. Returns `None` and adds a violation if this version does not know the format.
fn format_of(message: &pb::Comment, violations: &mut Vec<Violation>) -> Option<Format> {
    match pb::BodyFormat::try_from(message.body_format) {
        Ok(pb::BodyFormat::Unspecified | pb::BodyFormat::Plain) => Some(Format::Plain),
        Ok(pb::BodyFormat::Html) => Some(Format::Html),
        Ok(pb::BodyFormat::Markdown) => Some(Format::Markdown),
        Err(_) => {
            let problem = format!("{} is not a BodyFormat; send PLAIN (1), HTML (2) or MARKDOWN (3)", message.body_format);
            violations.push(Violation::new("comment.body_format", problem));
            None
        }
    }
}

/// Returns the time of a timestamp. Returns `None` if it is missing or out of bounds; the latter adds a violation.
fn timestamp(
    field: &str,
    timestamp: Option<&prost_types::Timestamp>,
    now: SystemTime,
    violations: &mut Vec<Violation>,
) -> Option<SystemTime> {
    let timestamp = timestamp?;
    let time = (0..1_000_000_000)
        .contains(&timestamp.nanos)
        .then(|| u64::try_from(timestamp.seconds).ok())
        .flatten()
        .filter(|_| timestamp.seconds >= EARLIEST_TIMESTAMP)
        .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, timestamp.nanos.unsigned_abs())))
        .filter(|time| *time <= now + MAX_CLOCK_SKEW);
    if time.is_none() {
        violations.push(Violation::new(field, "must lie between 1990-01-01 and one day ahead of the server's clock"));
    }
    time
}

/// Returns the host of the site's own URL without `www.`. Returns `None` for a name without a dot.
fn site_host(address: &str) -> Option<String> {
    let host = host::canonical_host(address)?;
    let host = host.strip_prefix("www.").unwrap_or(&host);
    host.contains('.').then(|| host.to_owned())
}
