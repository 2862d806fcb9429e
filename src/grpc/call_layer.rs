//! A layer around every call: request id, deadline, log and metrics by result, and plain messages for transport errors.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Request, Response};
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::{Layer, Service};
use tracing::Instrument;

use super::status::translate_transport_error;
use crate::error::Error;
use crate::pb;
use crate::telemetry::{self, METRICS};

/// Carries the request id in both directions. A host's own id is kept, so that both logs can be matched.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Maximum number of fields of an invalid request that a log line names.
const MAX_FIELDS: usize = 8;
/// Maximum length of a host's request id, in bytes.
const MAX_REQUEST_ID: usize = 128;

/// The layer around every call.
#[derive(Debug, Clone, Copy)]
pub struct CallLayer {
    timeout: Duration,
}

impl CallLayer {
    /// Returns a layer that limits the time to the response, or to the start of a stream, to `timeout`. This is not left to
    /// tonic, whose response would bypass this layer and lack the request id, the log line and the error details.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout }
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallService { inner, timeout: self.timeout }
    }
}

/// A service wrapped by [`CallLayer`].
#[derive(Debug, Clone)]
pub struct CallService<S> {
    inner: S,
    timeout: Duration,
}

impl<S, B, A> Service<Request<B>> for CallService<S>
where
    S: Service<Request<B>, Response = Response<A>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    A: Default + Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = request_id(&request);
        let span = tracing::info_span!("call", rpc = request.uri().path(), request_id = id.to_str().unwrap_or_default());
        let started = Instant::now();
        telemetry::set_parent(&span, request.headers());
        let rpc = rpc_label(&request);
        // A caller that has stopped waiting needs no response.
        let timeout = deadline(&request).map_or(self.timeout, |deadline| deadline.min(self.timeout));
        let response_in_time = tokio::time::timeout(timeout, self.inner.call(request).instrument(span.clone()));
        Box::pin(async move {
            let mut response = match response_in_time.await {
                Ok(response) => response?,
                Err(_) => Status::from(Error::TimedOut).into_http(),
            };
            if let Some(status) = Status::from_header_map(response.headers()) {
                let status = translate_transport_error(status.code(), status.message()).map_or(status, |status| {
                    response = status.clone().into_http();
                    status
                });
                METRICS.call(rpc, code_label(status.code()), started.elapsed());
                span.in_scope(|| log(&status, started));
            } else {
                METRICS.call(rpc, code_label(Code::Ok), started.elapsed());
                span.in_scope(|| tracing::debug!(micros = micros(started), "answered"));
            }
            response.headers_mut().insert(REQUEST_ID, id);
            Ok(response)
        })
    }
}

/// Returns the name of a known RPC for metrics. Unknown ones share a label, since callers can make up any number of names.
fn rpc_label<B>(request: &Request<B>) -> &'static str {
    RPC_NAMES.get(request.uri().path()).map_or("other", String::as_str)
}

/// The names of all RPCs by path, from the descriptors.
static RPC_NAMES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let files = prost_types::FileDescriptorSet::decode(pb::DESCRIPTORS).unwrap_or_default().file;
    let calls = files.iter().flat_map(|file| {
        file.service.iter().flat_map(move |service| {
            let path = move |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
            service.method.iter().map(move |method| (path(method.name()), method.name().to_owned()))
        })
    });
    calls.collect()
});

/// Returns the time that the caller waits, from the `grpc-timeout` header: digits and a unit.
fn deadline<B>(request: &Request<B>) -> Option<Duration> {
    let text = request.headers().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Returns the label of a code in metrics.
fn code_label(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

/// Returns the request id of the host if it is valid, and otherwise a new one.
fn request_id<B>(request: &Request<B>) -> HeaderValue {
    let header = request.headers().get(REQUEST_ID);
    let is_valid =
        |id: &&HeaderValue| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic);
    header.filter(is_valid).cloned().unwrap_or_else(|| {
        let id = uuid::Uuid::now_v7().to_string();
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    })
}

/// Logs a failed call: errors of the client as information, faults of the server as errors or warnings. Of the client's errors
/// it logs the reason and the field names but never the message, which may repeat user input such as an e-mail address.
fn log(status: &Status, started: Instant) {
    let (code, said, micros) = (status.code(), status.message(), micros(started));
    let (reason, wrong) = reason_and_fields(status);
    match code {
        Code::Ok => tracing::debug!(micros, "answered"),
        Code::Unknown | Code::Internal | Code::DataLoss => tracing::error!(?code, said, micros, "failed"),
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => {
            tracing::warn!(?code, said, micros, "unavailable");
        }
        Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => tracing::info!(?code, reason, wrong, micros, "refused"),
    }
}

/// Returns the reason of an error and the names of the invalid fields. Both are empty for errors of the transport.
fn reason_and_fields(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let violations = details.bad_request().map(|wrong| wrong.field_violations.as_slice()).unwrap_or_default();
    let fields: Vec<&str> = violations.iter().take(MAX_FIELDS).map(|violation| violation.field.as_str()).collect();
    (reason, fields.join(" "))
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}
