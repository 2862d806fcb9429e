//! What the store knows that bears on a comment: limits, its author's past, its own past.

use std::time::Duration;

use crate::limit::Scope;
use crate::verdict::Decision;

/// What the store found when the comment was admitted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// What each limit said, in the order asked. If any refused, none counted the comment.
    pub limits: Vec<LimitState>,
    /// How the author has fared on this site. `None`: the author is unknown.
    pub author: Option<History>,
    /// What was decided on an earlier body of the same comment. `None`: this is its first.
    pub previous: Option<Previous>,
    /// How many comments came of late that were nearly the same.
    pub duplicates: DuplicateCounts,
    /// What was decided within the hour on a comment that is nearly the same. `None`: nothing.
    pub decided_duplicate: Option<DecidedDuplicate>,
    /// What this server knows of whoever is over a limit.
    pub flood: FloodCounts,
}

/// What a server knows of somebody who is over a limit. Zeros: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FloodCounts {
    /// How many different authors have sent from the client within the hour; no more than a few are told apart.
    pub authors: u32,
    /// How many comments over the limit were held within the hour.
    pub held: u32,
}

/// A decision on a comment that is nearly the same.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedDuplicate {
    /// That comment.
    pub comment_id: String,
    /// Who decided; may be empty.
    pub decided_by: String,
    /// Whether it was rejected.
    pub rejected: bool,
    /// The log-odds that the model gave it for spam and toxicity. `None`: none, in its language.
    pub base_logits: [Option<f32>; 2],
}

/// How many comments came in the last one to two hours that were nearly the same as this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DuplicateCounts {
    /// On the same site.
    pub here: u32,
    /// On other sites, to the same server.
    pub elsewhere: u32,
}

/// One limit after the comment was counted; for a dry run, as if it had been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    /// Which limit.
    pub scope: Scope,
    /// Its burst.
    pub limit: u32,
    /// How many more may come at once.
    pub remaining: u32,
    /// How long to wait. Zero: it admitted the comment.
    pub retry_after: Duration,
}

impl LimitState {
    /// Whether the comment is over this limit.
    pub fn is_exceeded(&self) -> bool {
        !self.retry_after.is_zero()
    }
}

/// How many comments of an author stand approved, held and rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Stand approved.
    pub approved: u32,
    /// Stand held.
    pub held: u32,
    /// Stand rejected.
    pub rejected: u32,
}

/// What was decided on an earlier body of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previous {
    /// The decision that stood when the edit came.
    pub decision: Decision,
    /// Whether a moderator had made it.
    pub by_moderator: bool,
}

impl Facts {
    /// With what this process knows of nearly the same comments, where that is more than the store knows.
    pub fn with_local(self, seen: DuplicateCounts, alike: Option<&DecidedDuplicate>) -> Self {
        let DuplicateCounts { here, elsewhere } = self.duplicates;
        let similar = DuplicateCounts { here: here.max(seen.here), elsewhere: elsewhere.max(seen.elsewhere) };
        Self { duplicates: similar, decided_duplicate: alike.cloned(), ..self }
    }

    /// The limit that says most: a refusal with the longest wait, else the one with the fewest left.
    pub fn tightest(&self) -> Option<&LimitState> {
        self.limits.iter().min_by_key(|limit| (std::cmp::Reverse(limit.retry_after), limit.remaining))
    }
}
