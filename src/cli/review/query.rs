//! Which comments the list shows: one of four queues, terms of the command line, words searched for.

use crate::verdict::Decision;

/// Which comments, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub queue: QueueFilter,
    /// The terms given at the start, without the decision.
    pub terms: String,
    /// Words that must be in the text.
    pub search: String,
    pub order: &'static str,
}

/// The queues that one key goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFilter {
    Held,
    Approved,
    Rejected,
    Any,
}

impl Query {
    /// The query of the command line.
    pub fn new(filter: &str, order: &'static str) -> Self {
        let mut query = Self { queue: QueueFilter::Held, terms: String::new(), search: String::new(), order };
        let mut terms = Vec::new();
        for term in filter.split_whitespace() {
            match term {
                "decision=hold" => query.queue = QueueFilter::Held,
                "decision=approve" => query.queue = QueueFilter::Approved,
                "decision=reject" => query.queue = QueueFilter::Rejected,
                "decision=any" => query.queue = QueueFilter::Any,
                term => terms.push(term),
            }
        }
        query.terms = terms.join(" ");
        query
    }

    /// The filter that the server is asked with.
    pub fn filter(&self) -> String {
        let decision = match self.queue {
            // The queue: what is held, and behind it the spot checks.
            QueueFilter::Held => None,
            QueueFilter::Approved => Some("approve"),
            QueueFilter::Rejected => Some("reject"),
            QueueFilter::Any => Some("any"),
        };
        let words = self.search.split_whitespace().map(|word| format!("text={word}"));
        let terms = self.terms.split_whitespace().map(str::to_owned).chain(words);
        decision.map(|decision| format!("decision={decision}")).into_iter().chain(terms).collect::<Vec<_>>().join(" ")
    }
}

impl QueueFilter {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Any => "all",
        }
    }

    /// The decision that all its comments have.
    pub fn decision(self) -> Option<Decision> {
        match self {
            Self::Held => Some(Decision::Hold),
            Self::Approved => Some(Decision::Approve),
            Self::Rejected => Some(Decision::Reject),
            Self::Any => None,
        }
    }

    pub fn next(self) -> Self {
        match self {
            Self::Held => Self::Approved,
            Self::Approved => Self::Rejected,
            Self::Rejected => Self::Any,
            Self::Any => Self::Held,
        }
    }
}
