//! The input mode, which determines the meaning of keys.

use crate::verdict::Decision;

/// The current meaning of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputMode {
    /// Keys trigger actions on the list.
    Browse,
    /// The help is shown; any key closes it.
    Help,
    /// Asks for confirmation of a decision on several comments.
    Confirm { decision: Decision, ids: Vec<String> },
    /// Asks for the reason of a rejection.
    Reason { ids: Vec<String>, bulk: bool },
    /// A line is typed: a note on a comment or a search.
    TextInput { purpose: LinePurpose, text: String },
    /// Asks for confirmation that an author is to be blocked.
    Block { name: String, id: String },
}

/// The purpose of a line being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinePurpose {
    Note { id: String },
    Search,
}
