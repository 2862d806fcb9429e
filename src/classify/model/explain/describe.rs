//! Describes contributions in words.

use super::explanation::Contribution;
use super::merge::{MergeKey, MergedEvidence};
use crate::classify::Input;
use crate::classify::features::{Evidence, EvidenceKind, Workspace, signal};
use crate::classify::token::{Token, TokenKind};
use crate::reading::link;

/// The maximum length of a quotation in a description, in characters. Longer ones are truncated.
const MAX_QUOTED_CHARS: usize = 40;

/// Returns the contribution of merged evidence, with its description and its place in the text.
pub fn describe_contribution(input: &Input, work: &Workspace, merged: &MergedEvidence) -> Contribution {
    let Evidence { kind, start, end } = merged.evidence;
    let span = work.text.source_span(usize::from(start)..usize::from(end));
    let written = input.text.get(span.clone()).unwrap_or_default();
    let is_common = merged.key == MergeKey::Common;
    let description =
        if is_common { "common words and punctuation".to_owned() } else { describe(input, work, merged.evidence, written) };
    let span = (!is_common && is_located(kind)).then_some(span);
    Contribution { description, span, weight: merged.weight as f32, is_author_name: false }
}

/// Returns whether a kind of evidence has a place in the text.
fn is_located(kind: EvidenceKind) -> bool {
    match kind {
        EvidenceKind::Token
        | EvidenceKind::WordPair
        | EvidenceKind::Disguise
        | EvidenceKind::Phone
        | EvidenceKind::ScopeMark(_) => true,
        EvidenceKind::Signal(..)
        | EvidenceKind::AuthorName
        | EvidenceKind::AuthorUrl
        | EvidenceKind::AuthorEmail
        | EvidenceKind::PostOverlap
        | EvidenceKind::Hostility => false,
    }
}

/// Returns the description of a piece of evidence.
fn describe(input: &Input, work: &Workspace, evidence: Evidence, written: &str) -> String {
    let quoted = quote_briefly(written);
    match evidence.kind {
        EvidenceKind::Token => {
            let is_it = |token: &&Token| token.start == evidence.start && token.end == evidence.end;
            describe_token(work.tokens.tokens.iter().find(is_it), written)
        }
        EvidenceKind::WordPair => format!("the words “{quoted}”"),
        EvidenceKind::Disguise => format!("the disguised word “{quoted}”"),
        EvidenceKind::Phone => format!("the telephone number {quoted}"),
        EvidenceKind::Signal(signal, level) => signal::describe(signal, level),
        EvidenceKind::AuthorName => {
            format!("the author's name “{}”", quote_briefly(input.author.map_or("", |author| author.name)))
        }
        EvidenceKind::AuthorUrl => match input.author.and_then(|author| author.url).unwrap_or_default() {
            "" => "no web address from the author".to_owned(),
            url => format!("the author's link to {}", quote_briefly(link::written_host(&url.to_lowercase()))),
        },
        EvidenceKind::AuthorEmail => "the domain of the author's e-mail address".to_owned(),
        EvidenceKind::PostOverlap => "how many words it shares with the post".to_owned(),
        EvidenceKind::ScopeMark(mark) => format!("{} “{quoted}”", mark.describe()),
        EvidenceKind::Hostility => "how hostile the comment is overall".to_owned(),
    }
}

/// Returns the description of a token. `None` stands for a part of a word.
fn describe_token(token: Option<&Token>, written: &str) -> String {
    let quoted = quote_briefly(written);
    match token.map(|token| token.kind) {
        Some(TokenKind::Link) => format!("the link to {}", quote_briefly(link::written_host(&written.to_lowercase()))),
        Some(TokenKind::Email) => format!("the e-mail address {quoted}"),
        Some(TokenKind::Mention) => format!("the mention of {quoted}"),
        Some(TokenKind::Hashtag) => format!("the tag {quoted}"),
        Some(TokenKind::Emoji) => format!("the emoji {quoted}"),
        Some(TokenKind::Number) => format!("the number {quoted}"),
        Some(TokenKind::Punctuation) => format!("the mark “{quoted}”"),
        Some(TokenKind::Ideograph) => format!("the character “{quoted}”"),
        Some(TokenKind::Word) | None => format!("the word “{quoted}”"),
    }
}

/// Returns a text for quotation in one line: white space and control characters become spaces, and long texts are truncated.
fn quote_briefly(text: &str) -> String {
    let mut quoted: String =
        text.chars().take(MAX_QUOTED_CHARS).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    quoted
}
