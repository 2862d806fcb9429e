//! What an import takes of an archive: the decisions, only the comments, or only what is held.

use super::status::ImportedStatus;
use crate::verdict::Decision;

/// What is taken of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportSelection {
    /// What was decided.
    Decisions,
    /// Only the comments.
    Comments,
    /// Only what is held.
    Held,
}

impl ImportSelection {
    /// Returns what the options `--judge` and `--held` ask for.
    pub fn new(judge: bool, held: bool) -> Self {
        match (judge, held) {
            (true, _) => Self::Comments,
            (_, true) => Self::Held,
            _ => Self::Decisions,
        }
    }

    /// Returns the word for it in the file that keeps the progress.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Comments => "judge",
            Self::Held => "held",
        }
    }

    /// Returns the decision to record for a comment, or `None` if it is to be judged.
    ///
    /// # Errors
    /// Returns the reason if the comment is to be left out.
    pub fn decision_to_record(self, status: Option<ImportedStatus>) -> Result<Option<Decision>, &'static str> {
        match (self, status) {
            (_, Some(ImportedStatus::Deleted)) => Err("deleted"),
            (_, Some(ImportedStatus::PostDeleted)) => Err("on a deleted post"),
            (Self::Held, None | Some(ImportedStatus::Decided(Decision::Hold))) => Ok(Some(Decision::Hold)),
            (Self::Held, Some(ImportedStatus::Decided(_))) => Err("not held"),
            (Self::Comments, _) | (Self::Decisions, None) => Ok(None),
            (Self::Decisions, Some(ImportedStatus::Decided(decision))) => Ok(Some(decision)),
        }
    }
}
