//! What keys mean at the moment: they move through the list, answer a question, or type a line.

use crate::verdict::Decision;

/// What keys mean at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputMode {
    Browse,
    Help,
    /// Whether all that is marked shall be decided.
    Confirm {
        decision: Decision,
        ids: Vec<String>,
    },
    /// Which reason a rejection has.
    Reason {
        ids: Vec<String>,
        bulk: bool,
    },
    /// A line is typed: a note on a comment, or what to search for.
    TextInput {
        purpose: LinePurpose,
        text: String,
    },
    /// Whether an author shall be blocked.
    Block {
        name: String,
        id: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinePurpose {
    Note { id: String },
    Search,
}
