//! The parts of the way of a comment, as metrics and traces name them.

/// A part of the way of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading and checking the request.
    Parse,
    /// Lists, form, text, model.
    Score,
    /// The store's atomic step.
    Admit,
    /// From score and facts to a verdict.
    Decide,
    /// The store's second step, for what needed a second thought.
    Record,
}

impl Stage {
    /// All of them, in order.
    pub(super) const ALL: [Stage; 5] = [Stage::Parse, Stage::Score, Stage::Admit, Stage::Decide, Stage::Record];

    /// What traces know it by.
    pub(super) fn span(self) -> tracing::Span {
        match self {
            Self::Parse => tracing::debug_span!("parse"),
            Self::Score => tracing::debug_span!("score"),
            Self::Admit => tracing::debug_span!("admit"),
            Self::Decide => tracing::debug_span!("decide"),
            Self::Record => tracing::debug_span!("record"),
        }
    }

    /// Returns the name that metrics know it by.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Score => "score",
            Self::Admit => "admit",
            Self::Decide => "decide",
            Self::Record => "record",
        }
    }
}
