//! Errors that end a call without an answer. The set is closed, and the caller can act on each of them.

use std::error::Error as StdError;

/// A boxed cause. It is written to the server's log and never sent to the caller.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// An error that ends a call without an answer. A rejected comment is a verdict and not an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is invalid. Sending it again unchanged fails again.
    #[error("the request is invalid: {}", join_violations(.0))]
    Invalid(Vec<Violation>),

    /// The site has no comment with this id.
    #[error("no comment {comment_id:?} on site {site:?}")]
    NotFound {
        /// The site in the request.
        site: String,
        /// The comment id in the request.
        comment_id: String,
    },

    /// The changes after this cursor are no longer stored. Resuming from the cursor would miss them.
    #[error(
        "changes after this cursor are no longer kept: list what was decided since your last change \
         (ListComments with the filter `decision=any since=…`), and watch on from `now`"
    )]
    CursorExpired,

    /// The store did not answer in time, or refused the operation. A retry may succeed.
    #[error("the store is unavailable; retry shortly")]
    Store(#[source] BoxError),

    /// The server has not loaded its keys yet, because the store has not answered since the start. A retry may succeed.
    #[error("the server is starting and the store does not answer yet; retry shortly")]
    Starting,

    /// The call exceeded the server's deadline. Its effect may have been recorded; sending the comment again returns the
    /// recorded verdict.
    #[error("the server did not answer in time; send it again")]
    TimedOut,

    /// The caller is not authenticated. A call with another key may succeed.
    #[error("{problem}")]
    Unauthenticated {
        /// A machine-readable reason.
        reason: &'static str,
        /// What is wrong, and what the caller can do.
        problem: &'static str,
    },

    /// The caller is authenticated but not allowed to do this.
    #[error("{problem}")]
    Forbidden {
        /// A machine-readable reason.
        reason: &'static str,
        /// The action that is not allowed.
        problem: String,
    },

    /// The server is at its limit of concurrent calls. Nothing was done.
    #[error("the server is overloaded; retry shortly")]
    Overloaded,

    /// The caller's key has used up its rate limit; the value is the time until the next call is allowed. Nothing was done.
    #[error("this key has reached its rate limit; retry later")]
    OverQuota(std::time::Duration),

    /// The server is shutting down. A reconnect reaches another server, or this one after its restart.
    #[error("the server is shutting down; reconnect")]
    ShuttingDown,
}

/// The cause of [`Error::Store`] while the circuit breaker blocks calls to an unavailable store. The outage itself was
/// logged when it began.
#[derive(Debug, thiserror::Error)]
#[error("the store is unavailable")]
pub struct StoreUnavailable;

impl Error {
    /// Creates an [`Error::Invalid`] with a single violation.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, problem)])
    }

    /// Creates an [`Error::Store`] from an error of the storage engine.
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

/// A field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field from the root of the request, in the names of the proto, e.g. `comment.author.user_id`.
    pub field: String,
    /// The rule that the field breaks, and what would be accepted.
    pub problem: String,
}

impl Violation {
    /// Creates a violation for `field`.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

fn join_violations(violations: &[Violation]) -> String {
    let each: Vec<String> = violations.iter().map(|v| format!("{}: {}", v.field, v.problem)).collect();
    each.join("; ")
}
