//! One entry of an archive: a comment or something else, where it stands, and what is known of it.

use std::fmt;

use super::status::ImportedStatus;
use crate::pb;

/// One comment of an archive, as far as it can be read.
pub struct ArchiveEntry {
    /// Where it stands.
    pub position: EntryPosition,
    /// What it is.
    pub content: EntryContent,
    /// Whether bytes in it, or behind the one before, were not UTF-8 and were replaced.
    pub repaired: bool,
    /// What it has that is not understood, and was left out, by name.
    pub unknown: Vec<String>,
    /// What the archive says became of it and is not understood, so that it is held.
    pub doubts: Vec<String>,
}

impl ArchiveEntry {
    /// Returns an entry that was understood in full.
    pub fn new(place: EntryPosition, found: EntryContent) -> Self {
        Self { position: place, content: found, repaired: false, unknown: Vec::new(), doubts: Vec::new() }
    }
}

/// Where something stands in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryPosition {
    /// The line where it begins, from 1.
    Line(u64),
    /// The comment of that number in an archive that has no lines: its place in a list, from 1, or its key in a table.
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

/// What stands at a place of an archive.
pub enum EntryContent {
    /// A comment, and what was decided on it. `None`: the archive does not say.
    Comment(Box<pb::Comment>, Option<ImportedStatus>),
    /// Something that is no reader's comment, in the archive's word for its kind.
    NotAComment(String),
    /// A comment that cannot be understood, and why.
    Invalid(String),
}

/// Returns what to say of an archive that cannot be read to its end.
pub fn read_problem(error: impl fmt::Display) -> String {
    format!("cannot be read on: {error}; is the file whole?")
}
