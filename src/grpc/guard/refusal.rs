//! How a call that goes no further is answered.

use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;

use crate::error::Error;
use crate::telemetry::METRICS;

/// How many bytes of a refused call are heard out, and for how long: a message follows its headers at once, and a stream
/// that waits for an answer before it goes on is not kept waiting.
const MAX_DRAINED_BYTES: usize = 64 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

/// Returns the answer to a call that goes no further. What it still has to say is heard out first: HTTP/2 counts what comes for a
/// call that was answered before its end as a fault of the client, and after some hundreds of them h2 ends the connection.
pub(super) async fn refuse_call<B, A>(mut request: Request<B>, error: Error) -> Response<A>
where
    B: http_body::Body + Unpin,
    A: Default,
{
    count_refusal(&error);
    let hearing = async {
        let mut heard = 0;
        while let Some(Ok(frame)) = request.body_mut().frame().await {
            heard += frame.data_ref().map_or(0, bytes::Buf::remaining);
            if heard > MAX_DRAINED_BYTES {
                break;
            }
        }
    };
    // Whoever says more than that, or says it slowly, is cut short.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, hearing).await;
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
