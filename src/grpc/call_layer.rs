//! Around every call: a request id, a deadline, a log line by outcome, and the transport's own errors in our words.

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

/// Carries the request id both ways. A host's own id is kept, so that its log and ours can be laid side by side.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Most fields of a request that a line of the log names.
const MAX_FIELDS: usize = 8;
/// Longest id taken over from a host.
const MAX_REQUEST_ID: usize = 128;

/// The layer.
#[derive(Debug, Clone, Copy)]
pub struct CallLayer {
    timeout: Duration,
}

impl CallLayer {
    /// Every answer, or the beginning of a stream, comes within `timeout`. Here and not in tonic, which would answer
    /// outside of this layer: without request id, log and details.
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

/// A service within the layer.
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
        let called = Instant::now();
        telemetry::set_parent(&span, request.headers());
        let rpc = rpc_label(&request);
        // Whoever has stopped waiting needs no answer.
        let timeout = deadline(&request).map_or(self.timeout, |deadline| deadline.min(self.timeout));
        let answering = tokio::time::timeout(timeout, self.inner.call(request).instrument(span.clone()));
        Box::pin(async move {
            let mut response = match answering.await {
                Ok(answered) => answered?,
                Err(_) => Status::from(Error::TimedOut).into_http(),
            };
            if let Some(status) = Status::from_header_map(response.headers()) {
                let status = translate_transport_error(status.code(), status.message()).map_or(status, |status| {
                    response = status.clone().into_http();
                    status
                });
                METRICS.call(rpc, code_label(status.code()), called.elapsed());
                span.in_scope(|| log(&status, called));
            } else {
                METRICS.call(rpc, code_label(Code::Ok), called.elapsed());
                span.in_scope(|| tracing::debug!(micros = micros(called), "answered"));
            }
            response.headers_mut().insert(REQUEST_ID, id);
            Ok(response)
        })
    }
}

/// The name of a call that there is; others share one, since whoever calls makes them up.
fn rpc_label<B>(request: &Request<B>) -> &'static str {
    RPC_NAMES.get(request.uri().path()).map_or("other", String::as_str)
}

/// The names of all calls that there are, by their paths, from the descriptors.
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

/// How long the caller waits: the header that the protocol has for it, digits and a unit.
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

/// A code as metrics name it.
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

fn request_id<B>(request: &Request<B>) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID);
    let fits = |id: &&HeaderValue| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic);
    given.filter(fits).cloned().unwrap_or_else(|| {
        let id = uuid::Uuid::now_v7().to_string();
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    })
}

/// What is the client's doing is information; what is ours is an error. Of what a client did wrong the reason and the names
/// of the fields are logged, and never the message: it may repeat what somebody typed, such as a person's address.
fn log(status: &Status, called: Instant) {
    let (code, said, micros) = (status.code(), status.message(), micros(called));
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

/// The reason of an error in a word, and the fields that are wrong; their names are ours. Empty: the transport's errors.
fn reason_and_fields(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let violations = details.bad_request().map(|wrong| wrong.field_violations.as_slice()).unwrap_or_default();
    let fields: Vec<&str> = violations.iter().take(MAX_FIELDS).map(|violation| violation.field.as_str()).collect();
    (reason, fields.join(" "))
}

fn micros(called: Instant) -> u64 {
    u64::try_from(called.elapsed().as_micros()).unwrap_or(u64::MAX)
}
