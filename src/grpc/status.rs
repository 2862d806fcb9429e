//! Converts an [`Error`] to a gRPC status. This is the only place that does.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{Error, StoreUnavailable, Violation};
use crate::pb;

/// The domain of the error reasons.
const DOMAIN: &str = "gatepost";
/// Retry delay if the store is unavailable: long enough for a failover to make progress.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(1);
/// Retry delay if the call was shed: the calls ahead of it have finished by then.
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
        let retry_delay = match &error {
            Error::OverQuota(wait) => Some(*wait),
            Error::Overloaded => Some(RETRY_OVERLOADED),
            _ if matches!(code, Code::Unavailable | Code::DeadlineExceeded) => Some(RETRY_UNAVAILABLE),
            _ => None,
        };
        if let Some(delay) = retry_delay {
            details.set_retry_info(Some(delay));
        }
        details.set_error_info(reason, DOMAIN, [("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
        Status::with_error_details(code, error.to_string(), details)
    }
}

/// Returns the code and the reason of an error. The cause of a failure goes only to the log, since it may name hosts and files.
fn code_and_reason(error: &Error) -> (Code, &'static str) {
    match error {
        Error::Invalid(_) => (Code::InvalidArgument, "INVALID_REQUEST"),
        Error::NotFound { .. } => (Code::NotFound, "COMMENT_NOT_FOUND"),
        Error::CursorExpired => (Code::FailedPrecondition, "CURSOR_EXPIRED"),
        Error::Store(cause) => {
            // The outage itself was logged when it began.
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
        // Not Cancelled: clients retry on Unavailable, and another server may already be there.
        Error::ShuttingDown => (Code::Unavailable, "SHUTTING_DOWN"),
    }
}

/// Returns the error of one item in a response of several.
pub fn item_error(comment_id: String, error: &Error) -> pb::ItemError {
    let (_, reason) = code_and_reason(error);
    pb::ItemError { comment_id, reason: reason.to_owned(), message: error.to_string() }
}

/// Returns a clearer status for an error of the transport, or `None` if it is not one of those below.
pub fn translate_transport_error(code: Code, message: &str) -> Option<Status> {
    // tonic reports this for messages over the limit, before any handler runs.
    let violation = if code == Code::OutOfRange {
        Violation::new("request", format!("is longer than {} bytes", super::MAX_MESSAGE))
    } else if code == Code::Internal && message.contains("decode") {
        Violation::new("request", "is not a message of this RPC: it cannot be decoded as the expected protobuf message")
    } else if code == Code::Internal && message.starts_with("Missing request message") {
        // Usually a client that gave up before it had sent its request.
        Violation::new("request", "is missing: the call ended before its message arrived")
    } else {
        return None;
    };
    Some(Error::from(violation).into())
}
