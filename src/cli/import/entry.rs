//! An entry of an archive: a comment or something else, with its position and the problems found.

use std::fmt;

use super::status::ImportedStatus;
use crate::pb;

/// An entry of an archive.
pub struct ArchiveEntry {
    /// Position in the archive.
    pub position: EntryPosition,
    /// Content of the entry.
    pub content: EntryContent,
    /// Whether bytes in the entry, or between it and the previous one, were not UTF-8 and were replaced.
    pub repaired: bool,
    /// Names of unknown fields, which were left out.
    pub unknown: Vec<String>,
    /// Statements about its status that are not understood, so that the comment is held.
    pub doubts: Vec<String>,
}

impl ArchiveEntry {
    /// Returns an entry without repairs, unknown fields or doubts.
    pub fn new(position: EntryPosition, content: EntryContent) -> Self {
        Self { position, content, repaired: false, unknown: Vec::new(), doubts: Vec::new() }
    }
}

/// The position of an entry in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryPosition {
    /// The line on which it begins, from 1.
    Line(u64),
    /// The number of a comment in an archive without lines: its place in a list, from 1, or its key in a table.
    Index(u64),
}

impl fmt::Display for EntryPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Index(number) => write!(f, "comment {number}"),
        }
    }
}

/// The content of an entry.
pub enum EntryContent {
    /// A comment and its status, which is `None` if the archive does not state one.
    Comment(Box<pb::Comment>, Option<ImportedStatus>),
    /// Something that no visitor of the blog wrote, with the archive's name for its kind.
    NotAComment(String),
    /// A comment that is invalid, with the reason.
    Invalid(String),
}

/// Returns the message for an archive that cannot be read to its end.
pub fn read_problem(error: impl fmt::Display) -> String {
    format!("cannot be read further: {error}; is the file complete?")
}
