//! Builds the classifier's input for a comment.

use crate::classify::{Author, Input};
use crate::comment::Comment;
use crate::policy::{Findings, Policy};

/// Returns the classifier's input for a comment whose scored text is `text`. A web address of the author that is not
/// evidence is left out, as if the host had not sent it.
pub fn input<'a>(comment: &'a Comment, text: &'a str, findings: &Findings, policy: &'a Policy) -> Input<'a> {
    let url = |url: &'a str| Some(url).filter(|url| url.trim().is_empty() || findings.has_author_url());
    Input {
        text,
        author: comment.stored_message().author.as_ref().map(|author| Author {
            name: &author.name,
            url: author.url.as_ref().and_then(|_| url(comment.author_address())),
            email: comment.email(),
        }),
        quoted: comment.text().quotations(),
        post_title: comment.post_title(),
        post_text: comment.post_text(),
        parent_text: comment.parent_text(),
        language: if comment.language().is_empty() {
            policy.site_languages().first().map_or("", String::as_str)
        } else {
            comment.language()
        },
    }
}
