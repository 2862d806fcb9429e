//! Responses to refused calls.

use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;

use crate::error::Error;
use crate::telemetry::METRICS;

/// Maximum number of bytes that are read of a refused call: a message usually follows its headers at once.
const MAX_DRAINED_BYTES: usize = 64 * 1024;
/// Maximum time for which a refused call is read, since a stream may wait for a response before it sends more.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

/// Returns the response to a refused call. First reads the rest of the request: frames that arrive after the response count as
/// protocol errors of the client in HTTP/2, and h2 closes the connection after some hundreds of them.
pub(super) async fn refuse_call<B, A>(mut request: Request<B>, error: Error) -> Response<A>
where
    B: http_body::Body + Unpin,
    A: Default,
{
    count_refusal(&error);
    let drain = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = request.body_mut().frame().await {
            drained += frame.data_ref().map_or(0, bytes::Buf::remaining);
            if drained > MAX_DRAINED_BYTES {
                break;
            }
        }
    };
    // Longer or slower requests are cut off.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, drain).await;
    tonic::Status::from(error).into_http()
}

fn count_refusal(error: &Error) {
    match error {
        Error::OverQuota(_) => METRICS.shed("quota"),
        Error::Unauthenticated { reason, .. } => METRICS.not_allowed(match *reason {
            "KEY_MISSING" => "missing",
            "KEY_EXPIRED" => "expired",
            _ => "unknown",
        }),
        Error::Forbidden { .. } => METRICS.not_allowed("role"),
        _ => {}
    }
}
