//! The part of an archive that an import takes: decisions, comments without them, or held comments.

use super::status::ImportedStatus;
use crate::verdict::Decision;

/// The part of an archive that is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportSelection {
    /// Comments with their decisions.
    Decisions,
    /// Comments without their decisions, which Gatepost judges.
    Comments,
    /// Held comments only.
    Held,
}

impl ImportSelection {
    /// Returns the selection for the options `--judge` and `--held`.
    pub fn new(judge: bool, held: bool) -> Self {
        match (judge, held) {
            (true, _) => Self::Comments,
            (_, true) => Self::Held,
            _ => Self::Decisions,
        }
    }

    /// Returns the name of the selection in the progress file.
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
    /// Returns the reason as the error if the comment is to be left out.
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
