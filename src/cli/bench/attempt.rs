//! One attempt at a call, within its deadline.

use std::error::Error;
use std::time::Instant;

use http::uri::PathAndQuery;
use tokio::time::timeout_at;
use tonic::client::Grpc;
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::StatusExt;

use super::codec::{CHECK_COMMENT_PATH, CheckCodec, CountedVerdict, EncodedRequest};
use super::outcome::CallFailure;
use crate::cli::connect::Service;
use crate::cli::text;

/// Longest error message that is kept as an example, in characters.
const MAX_EXAMPLE_CHARS: usize = 200;

/// Sends a request once and returns the verdict.
///
/// # Errors
/// Returns an error if the call fails, has no answer by the deadline, or the answer holds no verdict.
pub async fn send(client: &Grpc<Service>, request: EncodedRequest, deadline: Instant) -> Result<CountedVerdict, CallFailure> {
    let too_late = || CallFailure {
        code: Code::DeadlineExceeded,
        reason: "timeout".to_owned(),
        message: "no answer in time".to_owned(),
        retry_after: None,
    };
    let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or_else(too_late)?;
    let mut request = tonic::Request::new(request);
    request.set_timeout(left);
    let mut client = client.clone();
    let answering = async {
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        client.unary(request, PathAndQuery::from_static(CHECK_COMMENT_PATH), CheckCodec).await
    };
    // The channel has a timer too, but that does not run while a call waits for the connection.
    match timeout_at(deadline.into(), answering).await {
        Err(_) => Err(too_late()),
        Ok(Ok(answer)) => answer.into_inner().verdict.ok_or_else(|| CallFailure {
            code: Code::Internal,
            reason: "no_verdict".to_owned(),
            message: "the answer holds no verdict".to_owned(),
            retry_after: None,
        }),
        Ok(Err(status)) if caused_by::<TimeoutExpired>(&status) => Err(too_late()),
        Ok(Err(status)) => Err(failure_from_status(&status)),
    }
}

/// Converts a gRPC status into the failure that the report counts.
fn failure_from_status(status: &Status) -> CallFailure {
    let message = text::escape_line(status.message(), MAX_EXAMPLE_CHARS);
    if let Some(cause) = status.source() {
        // A status with a source was made by the client because the connection broke. For a host that is UNAVAILABLE,
        // whatever code tonic chose.
        let message = format!("{message}: {}", text::escape_line(&innermost(cause), MAX_EXAMPLE_CHARS));
        return CallFailure { code: Code::Unavailable, reason: "connection".to_owned(), message, retry_after: None };
    }
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| text::escape_line(&info.reason, 64)).unwrap_or_default();
    let retry_after = details.retry_info().and_then(|info| info.retry_delay);
    CallFailure { code: status.code(), reason, message, retry_after }
}

/// Returns the message of the last error in a chain of sources.
fn innermost(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

/// Returns whether an error of type `E` is among the sources of a status.
fn caused_by<E: Error + 'static>(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn reasons_and_pauses_are_read_from_the_details() {
        let pause = Some(Duration::from_millis(200));
        let mut details = ErrorDetails::new();
        details.set_error_info("OVERLOADED", "gatepost", []);
        details.set_retry_info(pause);
        let failure = failure_from_status(&Status::with_error_details(Code::ResourceExhausted, "busy", details));
        assert_eq!((failure.reason.as_str(), failure.retry_after), ("OVERLOADED", pause));
    }
}
