//! The stages of processing a comment, as metrics and traces name them.

/// A stage of processing a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Parsing and checking the request.
    Parse,
    /// Evaluating lists, form, text and model.
    Score,
    /// The first, atomic step in the store.
    Admit,
    /// Deciding the verdict from scores and facts.
    Decide,
    /// The second step in the store, for a comment whose verdict the facts may change.
    Record,
}

impl Stage {
    /// All stages, in order.
    pub(super) const ALL: [Stage; 5] = [Stage::Parse, Stage::Score, Stage::Admit, Stage::Decide, Stage::Record];

    /// Returns a span with the stage's name for traces.
    pub(super) fn span(self) -> tracing::Span {
        match self {
            Self::Parse => tracing::debug_span!("parse"),
            Self::Score => tracing::debug_span!("score"),
            Self::Admit => tracing::debug_span!("admit"),
            Self::Decide => tracing::debug_span!("decide"),
            Self::Record => tracing::debug_span!("record"),
        }
    }

    /// Returns the stage's name in metrics.
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
