//! Facts about a comment: from the store (rate limits, the histories of author and comment), and what this server adds
//! (duplicates, floods).

use std::time::Duration;

use crate::limit::Scope;
use crate::verdict::Decision;

/// What is known about a comment besides its content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// State of each limit, in the order requested. If any limit refused the comment, none counted it.
    pub limits: Vec<LimitState>,
    /// The author's history on this site; `None` if the author is unknown.
    pub author: Option<AuthorCounts>,
    /// Decision on the current text, which this edit replaces; `None` if the comment is new.
    pub previous: Option<PreviousDecision>,
    /// Number of recent near-duplicates.
    pub duplicates: DuplicateCounts,
    /// A rejection of a near-duplicate, or an approval of the same text, within the last hour.
    pub decided_duplicate: Option<DecidedDuplicate>,
    /// What this server knows about a sender over a limit.
    pub flood: FloodCounts,
}

/// Counts of a sender over a limit, as far as this server knows. All zero if it knows nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FloodCounts {
    /// Number of different authors who sent from the client within the last hour, counted up to a few.
    pub authors: u32,
    /// Number of comments over the limit that were held within the last hour.
    pub held: u32,
}

/// A recent decision on a near-duplicate.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedDuplicate {
    /// Id of the comment that was decided.
    pub comment_id: String,
    /// Name of who decided; may be empty.
    pub decided_by: String,
    /// Whether the comment was rejected.
    pub rejected: bool,
    /// Logits of the model for spam and toxicity of that comment; `None` if the model does not score its language.
    pub base_logits: [Option<f32>; 2],
}

/// The number of near-duplicates of a comment in the last one to two hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DuplicateCounts {
    /// On the same site.
    pub here: u32,
    /// On other sites, on any server of the same Redis.
    pub elsewhere: u32,
}

/// The state of a limit after the comment was counted; for a dry run, as if it had been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    /// Scope of the limit.
    pub scope: Scope,
    /// Burst of the limit.
    pub limit: u32,
    /// Number of further comments that may arrive at once.
    pub remaining: u32,
    /// Time to wait; zero if the limit admitted the comment.
    pub retry_after: Duration,
}

impl LimitState {
    /// Returns whether the comment is over this limit.
    pub fn is_exceeded(&self) -> bool {
        !self.retry_after.is_zero()
    }
}

/// The numbers of an author's comments by their present decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuthorCounts {
    /// Number of approved comments.
    pub approved: u32,
    /// Number of held comments.
    pub held: u32,
    /// Number of rejected comments.
    pub rejected: u32,
}

/// The decision on the text that an edit replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousDecision {
    /// Decision that was in force when the edit arrived.
    pub decision: Decision,
    /// Whether a moderator made it.
    pub by_moderator: bool,
}

impl Facts {
    /// Returns the facts with what this process knows about near-duplicates: the higher counts, and its decided duplicate.
    pub fn with_local(self, local: DuplicateCounts, decided_duplicate: Option<&DecidedDuplicate>) -> Self {
        let DuplicateCounts { here, elsewhere } = self.duplicates;
        let duplicates = DuplicateCounts { here: here.max(local.here), elsewhere: elsewhere.max(local.elsewhere) };
        Self { duplicates, decided_duplicate: decided_duplicate.cloned(), ..self }
    }

    /// Returns the tightest limit: the refusal with the longest wait, or else the limit with the fewest comments remaining.
    /// Returns `None` if no limit applies.
    pub fn tightest(&self) -> Option<&LimitState> {
        self.limits.iter().min_by_key(|limit| (std::cmp::Reverse(limit.retry_after), limit.remaining))
    }
}
