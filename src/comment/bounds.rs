//! Brings the fields of a comment within their bounds before it is parsed.

use std::borrow::Cow;

use super::id::external_id;
use super::size::{MAX_BODY, MAX_ID, MAX_NAME, MAX_TITLE_OR_URL, truncate};
use crate::error::Violation;
use crate::pb;
use crate::reading::host;
use crate::verdict::is_invisible;

/// Maximum length of a language tag, in bytes. RFC 5646 requires implementations to support no more.
const MAX_LANGUAGE: usize = 35;

/// Checks the length of the body. White space at the end of a body that is too long is removed first.
pub fn check_body(message: &mut pb::Comment, violations: &mut Vec<Violation>) {
    if message.body.len() > MAX_BODY {
        message.body.truncate(message.body.trim_end().len());
    }
    let bytes = message.body.len();
    if message.body.trim().is_empty() {
        violations.push(Violation::new("comment.body", "is empty: 1 to 65,536 bytes of text are accepted"));
    } else if bytes > MAX_BODY {
        violations.push(Violation::new("comment.body", format!("is {bytes} bytes long; at most 65,536 are accepted")));
    }
}

/// Truncates the fields that the visitor or the visitor's browser fills in, so that an oversized field cannot prevent a
/// verdict. An e-mail address that is too long is removed.
pub fn bound_visitor_fields(message: &mut pb::Comment) {
    if let Some(author) = &mut message.author {
        if author.name.len() > MAX_NAME {
            // Invisible characters must not displace visible ones.
            author.name.retain(|c| !c.is_control() && !is_invisible(c));
        }
        truncate(&mut author.name, MAX_NAME);
        author.url.iter_mut().for_each(truncate_url);
        trim(&mut author.email);
        if author.email.len() > MAX_NAME {
            author.email.clear();
        }
    }
    if let Some(client) = &mut message.client {
        truncate(&mut client.ip, MAX_ID);
        truncate(&mut client.user_agent, MAX_TITLE_OR_URL);
        truncate(&mut client.referrer, MAX_TITLE_OR_URL);
    }
    if let Some(form) = &mut message.form {
        trim(&mut form.honeypot);
        truncate(&mut form.honeypot, MAX_TITLE_OR_URL);
        // The form's time is sent by the browser, so a visitor can forge it.
        form.fill_seconds = form.fill_seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    }
}

/// Brings the fields that the host fills in within bounds. They are evidence only, so none of them prevents a verdict.
pub fn bound_host_fields(message: &mut pb::Comment) {
    let normalize_id = |id: &mut String| {
        if let Cow::Owned(normalized) = external_id(id) {
            *id = normalized;
        }
    };
    let clear_long_tag = |language: &mut String| {
        if language.len() > MAX_LANGUAGE {
            language.clear();
        }
    };
    if let Some(author) = &mut message.author {
        normalize_id(&mut author.user_id);
        truncate(&mut author.role, MAX_ID);
    }
    if let Some(post) = &mut message.post {
        normalize_id(&mut post.id);
        truncate(&mut post.url, MAX_TITLE_OR_URL);
        truncate(&mut post.title, MAX_TITLE_OR_URL);
        clear_long_tag(&mut post.language);
    }
    normalize_id(&mut message.parent_id);
    clear_long_tag(&mut message.language);
}

/// Removes white space at both ends.
fn trim(text: &mut String) {
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        *text = trimmed.to_owned();
    }
}

/// Truncates a URL. One that is too long is replaced by the host that a browser opens, since truncating it could cut off the
/// host behind a long user name.
fn truncate_url(url: &mut String) {
    if url.len() <= MAX_TITLE_OR_URL {
        return;
    }
    trim(url);
    if let Some(host) = host::canonical_host(url).filter(|host| host.len() < MAX_TITLE_OR_URL) {
        *url = format!("http://{host}/");
    }
    truncate(url, MAX_TITLE_OR_URL);
}
