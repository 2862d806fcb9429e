//! Decisions on comments, and the parts of a comment that can be removed.

use crate::pb;

/// A decision on a comment. The variants are in order of strictness, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Publish the comment.
    Approve,
    /// Hold the comment back until a moderator decides.
    Hold,
    /// Refuse the comment.
    Reject,
}

impl Decision {
    /// All decisions, mildest first.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Hold, Self::Reject];

    /// Returns the name of the decision in filters, policies and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }

    /// Parses the name of a decision, in any case. Returns `None` if it is unknown.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str().eq_ignore_ascii_case(word))
    }

    /// Returns the decision for a number on the wire, or `None` if the number stands for none.
    pub fn from_wire(number: i32) -> Option<Self> {
        match pb::Decision::try_from(number).ok()? {
            pb::Decision::Unspecified => None,
            pb::Decision::Approve => Some(Self::Approve),
            pb::Decision::Hold => Some(Self::Hold),
            pb::Decision::Reject => Some(Self::Reject),
        }
    }

    /// Returns the decision's value on the wire.
    pub fn to_wire(self) -> pb::Decision {
        match self {
            Self::Approve => pb::Decision::Approve,
            Self::Hold => pb::Decision::Hold,
            Self::Reject => pb::Decision::Reject,
        }
    }
}

/// A part of a comment that a host can leave out when it publishes the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovablePart {
    /// The author's web address.
    AuthorUrl,
    /// All links of the body.
    Links,
}

impl RemovablePart {
    /// Both parts.
    pub const ALL: [Self; 2] = [Self::AuthorUrl, Self::Links];

    /// Returns the name of the part on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorUrl => "author-url",
            Self::Links => "links",
        }
    }

    /// Returns the part in words.
    pub fn as_words(self) -> &'static str {
        match self {
            Self::AuthorUrl => "the author's web address",
            Self::Links => "the links",
        }
    }

    /// Returns the part's value on the wire.
    pub fn to_wire(self) -> pb::Part {
        match self {
            Self::AuthorUrl => pb::Part::AuthorUrl,
            Self::Links => pb::Part::Links,
        }
    }

    /// Returns the part for a number on the wire, or `None` if the number stands for none.
    pub fn from_wire(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|part| i32::from(part.to_wire()) == number)
    }
}
