//! Brings the fields of a comment into bounds before it is parsed.

use std::borrow::Cow;

use super::id::external_id;
use super::size::{MAX_BODY, MAX_ID, MAX_NAME, MAX_TITLE_OR_URL, truncate};
use crate::error::Violation;
use crate::pb;
use crate::reading::host;
use crate::verdict::is_invisible;

/// Longest language tag, in bytes. RFC 5646 asks for no more.
const MAX_LANGUAGE: usize = 35;

/// Bounds the body, white space at its end apart, which is cut from one that is too long with it.
pub fn check_body(message: &mut pb::Comment, wrong: &mut Vec<Violation>) {
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
pub fn bound_visitor_fields(message: &mut pb::Comment) {
    if let Some(author) = &mut message.author {
        if author.name.len() > MAX_NAME {
            // What nobody sees must not take the place of what everybody does.
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
        // A visitor can send anything as the time, too.
        form.fill_seconds = form.fill_seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    }
}

/// Brings what the host chose into bounds: it is evidence, and none of it costs a verdict.
pub fn bound_host_fields(message: &mut pb::Comment) {
    let whole = |id: &mut String| {
        if let Cow::Owned(kept) = external_id(id) {
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
        truncate(&mut author.role, MAX_ID);
    }
    if let Some(post) = &mut message.post {
        whole(&mut post.id);
        truncate(&mut post.url, MAX_TITLE_OR_URL);
        truncate(&mut post.title, MAX_TITLE_OR_URL);
        tag(&mut post.language);
    }
    whole(&mut message.parent_id);
    tag(&mut message.language);
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
