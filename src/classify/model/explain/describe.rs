//! Puts contributions into words.

use super::explanation::Contribution;
use super::merge::{Key, Merged};
use crate::classify::Input;
use crate::classify::features::{Evidence, What, Workspace, signal};
use crate::classify::token::{Kind, Token};
use crate::reading::link;

/// Longer quotations in a reason are cut.
const MAX_QUOTED_CHARS: usize = 40;

/// Returns a contribution in words, with the place where it stands.
pub fn contribution(input: &Input, work: &Workspace, merged: &Merged) -> Contribution {
    let Evidence { what, start, end } = merged.evidence;
    let span = work.text.source_span(usize::from(start)..usize::from(end));
    let written = input.text.get(span.clone()).unwrap_or_default();
    let is_common = merged.key == Key::Common;
    let description =
        if is_common { "common words and punctuation".to_owned() } else { describe(input, work, merged.evidence, written) };
    let span = (!is_common && is_located(what)).then_some(span);
    Contribution { what: description, span, weight: merged.weight as f32, of_name: false }
}

/// Returns whether a kind of evidence stands somewhere in the text.
fn is_located(what: What) -> bool {
    match what {
        What::Token | What::Pair | What::Disguise | What::Phone | What::Scope(_) => true,
        What::Signal(..) | What::AuthorName | What::AuthorUrl | What::AuthorEmail | What::OfPost | What::Hostility => false,
    }
}

/// Returns what a piece of evidence is called.
fn describe(input: &Input, work: &Workspace, evidence: Evidence, written: &str) -> String {
    let quoted = quote(written);
    match evidence.what {
        What::Token => {
            let is_it = |token: &&Token| token.start == evidence.start && token.end == evidence.end;
            describe_token(work.tokens.tokens.iter().find(is_it), written)
        }
        What::Pair => format!("the words “{quoted}”"),
        What::Disguise => format!("the disguised word “{quoted}”"),
        What::Phone => format!("the telephone number {quoted}"),
        What::Signal(signal, level) => signal::describe(signal, level),
        What::AuthorName => format!("the author's name “{}”", quote(input.author.map_or("", |author| author.name))),
        What::AuthorUrl => match input.author.and_then(|author| author.url).unwrap_or_default() {
            "" => "that the author gave no web address".to_owned(),
            url => format!("the author's link to {}", quote(link::host(&url.to_lowercase()))),
        },
        What::AuthorEmail => "the domain of the author's e-mail address".to_owned(),
        What::OfPost => "how far it speaks of the post".to_owned(),
        What::Scope(mark) => format!("{} “{quoted}”", mark.describe()),
        What::Hostility => "how hostile it is on the whole".to_owned(),
    }
}

/// Returns what a token is called, or a part of a word if there is no token.
fn describe_token(token: Option<&Token>, written: &str) -> String {
    let quoted = quote(written);
    match token.map(|token| token.kind) {
        Some(Kind::Link) => format!("the link to {}", quote(link::host(&written.to_lowercase()))),
        Some(Kind::Email) => format!("the e-mail address {quoted}"),
        Some(Kind::Handle) => format!("the mention of {quoted}"),
        Some(Kind::Tag) => format!("the tag {quoted}"),
        Some(Kind::Emoji) => format!("the emoji {quoted}"),
        Some(Kind::Number) => format!("the number {quoted}"),
        Some(Kind::Mark) => format!("the mark “{quoted}”"),
        Some(Kind::Ideograph) => format!("the character “{quoted}”"),
        Some(Kind::Word) | None => format!("the word “{quoted}”"),
    }
}

/// Text as it may stand in one line of a reason.
fn quote(text: &str) -> String {
    let mut quoted: String =
        text.chars().take(MAX_QUOTED_CHARS).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    quoted
}
