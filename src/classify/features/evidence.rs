//! What a feature is evidence of, for explanations.

use super::scope::ScopeMark;
use super::signal::DenseSignal;
use crate::classify::token::Token;

/// What a feature is evidence of; `start..end` are bytes of the normalised text.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub start: u16,
    pub end: u16,
}

/// The kinds of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EvidenceKind {
    /// A token, or characters within it.
    Token,
    /// Two neighbouring tokens.
    WordPair,
    /// A piece of text that reads differently from how it is written.
    Disguise,
    /// Digits that look like a telephone number.
    Phone,
    /// A dense signal at a level.
    Signal(DenseSignal, u8),
    /// The author's name.
    AuthorName,
    /// The author's web address.
    AuthorUrl,
    /// The domain of the author's e-mail address.
    AuthorEmail,
    /// How many of its words are the post's.
    PostOverlap,
    /// Something hostile or kind that is said of somebody.
    ScopeMark(ScopeMark),
    /// How hostile the comment is on the whole.
    Hostility,
}

/// Returns a token as evidence.
pub fn token_evidence(token: &Token) -> Evidence {
    Evidence { kind: EvidenceKind::Token, start: token.start, end: token.end }
}
