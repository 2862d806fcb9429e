//! The evidence behind a feature, for explanations.

use super::scope::ScopeMark;
use super::signal::DenseSignal;
use crate::classify::token::Token;

/// The evidence behind a feature occurrence.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    /// The kind of evidence.
    pub kind: EvidenceKind,
    /// The byte offset of its start in the normalised text, or 0 if it has no place there.
    pub start: u16,
    /// The byte offset of its end in the normalised text, or 0 if it has no place there.
    pub end: u16,
}

/// The kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EvidenceKind {
    /// A token, or characters of it.
    Token,
    /// Two neighbouring tokens.
    WordPair,
    /// A disguised word.
    Disguise,
    /// A sequence of digits that looks like a telephone number.
    Phone,
    /// A dense signal at a level.
    Signal(DenseSignal, u8),
    /// The author's name.
    AuthorName,
    /// The author's web address.
    AuthorUrl,
    /// The domain of the author's e-mail address.
    AuthorEmail,
    /// The number of words that the comment shares with the post.
    PostOverlap,
    /// A hostile or kind word with its target and context.
    ScopeMark(ScopeMark),
    /// The hostility of the comment as a whole.
    Hostility,
}

/// Returns the evidence of a token.
pub fn token_evidence(token: &Token) -> Evidence {
    Evidence { kind: EvidenceKind::Token, start: token.start, end: token.end }
}
