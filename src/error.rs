//! Why there is no answer: a closed set of failures, each something the caller can act on.

use std::error::Error as StdError;

/// A boxed cause, for our log only; it never reaches the wire.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call has no answer. A rejected comment is a verdict, not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request cannot be understood. Sending it again unchanged fails again.
    #[error("the request is invalid: {}", join_violations(.0))]
    Invalid(Vec<Violation>),

    /// No such comment on this site.
    #[error("no comment {comment_id:?} on site {site:?}")]
    NotFound {
        /// The site asked for.
        site: String,
        /// The comment asked for.
        comment_id: String,
    },

    /// Changes after this cursor are no longer kept. Going on from it would miss them.
    #[error(
        "changes after this cursor are no longer kept: list what was decided since you last heard \
         (ListComments with the filter `decision=any since=…`), and watch on from `now`"
    )]
    CursorExpired,

    /// The store did not answer in time or refused. A retry may help.
    #[error("the store is unavailable; retry shortly")]
    Store(#[source] BoxError),

    /// The server has not read its keys yet, since the store did not answer so far. A retry may help.
    #[error("starting: the store does not answer yet; retry shortly")]
    Starting,

    /// The answer took longer than the server allows. It may have been recorded: sending the comment again tells.
    #[error("the server did not answer in time; send it again")]
    TimedOut,

    /// Who calls is not known. Calling again with another key may help.
    #[error("{problem}")]
    Unauthenticated {
        /// A word for programs.
        reason: &'static str,
        /// What is wrong, and what to do.
        problem: &'static str,
    },

    /// Who calls is known and may not do this.
    #[error("{problem}")]
    Forbidden {
        /// A word for programs.
        reason: &'static str,
        /// What is not allowed.
        problem: String,
    },

    /// So many calls are being worked on that one more would make all of them slow. Nothing was done.
    #[error("the server has as much to do as it can; retry shortly")]
    Overloaded,

    /// The caller's key has made as many calls as it may, for so long. Nothing was done.
    #[error("this key has made as many calls as it may; retry later")]
    OverQuota(std::time::Duration),

    /// The server is leaving. Another one, or the next one, will answer.
    #[error("the server is shutting down; reconnect")]
    ShuttingDown,
}

/// The cause of [`Error::Store`] while nobody is let through to a store that is away: the log said so when it went.
#[derive(Debug, thiserror::Error)]
#[error("the store is away")]
pub struct StoreUnavailable;

impl Error {
    /// One violation, for requests with a single thing to say.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, problem)])
    }

    /// Wraps whatever the store's engine said.
    pub fn store(cause: impl Into<BoxError>) -> Self {
        Self::Store(cause.into())
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

impl From<Vec<Violation>> for Error {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations)
    }
}

/// One field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field from the request's root, in the names of the proto, e.g. `comment.author.user_id`.
    pub field: String,
    /// Which rule it breaks, and what would be accepted.
    pub problem: String,
}

impl Violation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

fn join_violations(violations: &[Violation]) -> String {
    let each: Vec<String> = violations.iter().map(|v| format!("{}: {}", v.field, v.problem)).collect();
    each.join("; ")
}
