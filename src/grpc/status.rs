//! From an [`Error`] to a gRPC status: the only place.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{Error, StoreUnavailable, Violation};
use crate::pb;

/// Whose error reasons these are.
const DOMAIN: &str = "gatepost";
/// When to ask again after the store was away: long enough for a failover to make progress.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(1);
/// When to ask again after a call was shed: the calls that were in front of it are done by then.
const RETRY_OVERLOADED: Duration = Duration::from_millis(200);

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let mut details = ErrorDetails::new();
        let (code, reason) = code_and_reason(&error);
        if let Error::Invalid(violations) = &error {
            for violation in violations {
                details.add_bad_request_violation(&violation.field, &violation.problem);
            }
        }
        match &error {
            Error::OverQuota(wait) => drop(details.set_retry_info(Some(*wait))),
            Error::Overloaded => drop(details.set_retry_info(Some(RETRY_OVERLOADED))),
            _ if matches!(code, Code::Unavailable | Code::DeadlineExceeded) => {
                drop(details.set_retry_info(Some(RETRY_UNAVAILABLE)))
            }
            _ => {}
        }
        details.set_error_info(reason, DOMAIN, [("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
        Status::with_error_details(code, error.to_string(), details)
    }
}

/// The code of an error and its reason. The cause of a failure goes into our log: it may name hosts and files.
fn code_and_reason(error: &Error) -> (Code, &'static str) {
    match error {
        Error::Invalid(_) => (Code::InvalidArgument, "INVALID_REQUEST"),
        Error::NotFound { .. } => (Code::NotFound, "COMMENT_NOT_FOUND"),
        Error::CursorExpired => (Code::FailedPrecondition, "CURSOR_EXPIRED"),
        Error::Store(cause) => {
            // That the store is away was said when it went.
            if !cause.is::<StoreUnavailable>() {
                tracing::error!(%cause, "the store failed");
            }
            (Code::Unavailable, "STORE_UNAVAILABLE")
        }
        Error::Starting => (Code::Unavailable, "STARTING"),
        Error::TimedOut => (Code::DeadlineExceeded, "TIMED_OUT"),
        Error::Unauthenticated { reason, .. } => (Code::Unauthenticated, reason),
        Error::Forbidden { reason, .. } => (Code::PermissionDenied, reason),
        Error::Overloaded => (Code::ResourceExhausted, "OVERLOADED"),
        Error::OverQuota(_) => (Code::ResourceExhausted, "QUOTA_EXCEEDED"),
        // Not Cancelled: clients retry on Unavailable, and another server may be there already.
        Error::ShuttingDown => (Code::Unavailable, "SHUTTING_DOWN"),
    }
}

/// The same for one item of several, where the others go on.
pub fn item_error(comment_id: String, error: &Error) -> pb::ItemError {
    let (_, reason) = code_and_reason(error);
    pb::ItemError { comment_id, reason: reason.to_owned(), message: error.to_string() }
}

/// A status that the transport made, in the words of this service. `None`: it is fine as it is.
pub fn translate_transport_error(code: Code, message: &str) -> Option<Status> {
    // tonic says so for messages over the limit, before any of our code has run.
    let violation = if code == Code::OutOfRange {
        Violation::new("request", format!("is longer than {} bytes", super::MAX_MESSAGE))
    } else if code == Code::Internal && message.contains("decode") {
        Violation::new("request", "is no message of this RPC: it cannot be decoded as the protobuf it should be")
    } else if code == Code::Internal && message.starts_with("Missing request message") {
        // Mostly a client that gave up before it had sent its request: nothing of ours has failed.
        Violation::new("request", "never came: the call ended before its message was there")
    } else {
        return None;
    };
    Some(Error::from(violation).into())
}
