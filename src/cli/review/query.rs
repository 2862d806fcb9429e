//! The query of the list: one of four queues, the filter terms of the command line, and search words.

use crate::verdict::Decision;

/// The comments that the list shows, and their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub queue: QueueFilter,
    /// Filter terms of the command line, without the decision.
    pub terms: String,
    /// Words that the text must contain.
    pub search: String,
    pub order: &'static str,
}

/// The queues that the queue key cycles through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFilter {
    Held,
    Approved,
    Rejected,
    Any,
}

impl Query {
    /// Parses the filter of the command line into a query.
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

    /// Returns the filter for the server.
    pub fn filter(&self) -> String {
        let decision = match self.queue {
            // The default of the server: the held comments, and after them the spot checks.
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
    /// Returns the name that the screen shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Any => "all",
        }
    }

    /// Returns the decision of the comments in this queue, or `None` if they have different ones.
    pub fn decision(self) -> Option<Decision> {
        match self {
            Self::Held => Some(Decision::Hold),
            Self::Approved => Some(Decision::Approve),
            Self::Rejected => Some(Decision::Reject),
            Self::Any => None,
        }
    }

    /// Returns the queue after this one in the cycle.
    pub fn next(self) -> Self {
        match self {
            Self::Held => Self::Approved,
            Self::Approved => Self::Rejected,
            Self::Rejected => Self::Any,
            Self::Any => Self::Held,
        }
    }
}
