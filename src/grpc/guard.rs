//! Asks every call who makes it: a key, or a client certificate. What a role may do stands here, once; which sites a caller
//! may speak for is asked where the request is opened.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{Request, Response};
use tower::{Layer, Service};

use super::gate::turned_away;
use crate::error::Error;
use crate::keys::{Caller, Ring, Role};
use crate::limit::{Gcra, Weighed};
use crate::pb;
use crate::telemetry::METRICS;

/// Services that tell nothing about any site, and ask for no key.
const OPEN: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
/// How many keys' quotas are remembered.
const QUOTAS: usize = 10_000;

/// Whether a role may make a call. What is not named here only an admin may, so that a new call is never open by mistake.
pub fn may(role: Role, service: &str, method: &str) -> bool {
    match (role, service) {
        (Role::Admin, _) => true,
        (Role::Host, "gatepost.v1.ModerationService") => matches!(
            method,
            "CheckComment"
                | "CheckComments"
                | "GetVerdict"
                | "WatchVerdicts"
                | "ReportOutcome"
                | "ForgetAuthor"
                | "ExportAuthor"
        ),
        // What became of a comment concerns both sides.
        (Role::Moderator, "gatepost.v1.ModerationService") => matches!(method, "GetVerdict" | "WatchVerdicts"),
        (Role::Moderator, "gatepost.v1.ReviewService") => matches!(
            method,
            "ListComments"
                | "GetComment"
                | "ClaimComments"
                | "ReleaseComments"
                | "DecideComments"
                | "UndoDecision"
                | "ListAuditEvents"
                | "GetQueueStats"
                | "WatchQueue"
        ),
        // Whom and what to block is decided where comments are, and what comes of it is seen there.
        (Role::Moderator, "gatepost.v1.AdminService") => {
            matches!(method, "PutListEntry" | "ListEntries" | "DeleteListEntry" | "GetModelInfo")
        }
        (Role::Host | Role::Moderator, _) => false,
    }
}

/// The layer.
#[derive(Clone)]
pub struct Guard {
    ring: Ring,
    quota: Option<Arc<Quotas>>,
}

impl Guard {
    /// Asks for these keys, each of which may make so many calls a second. 0: any number.
    pub fn with(ring: Ring, quota: u32) -> Self {
        let gcra = Gcra::new(quota, Duration::from_secs(1), quota.max(1));
        let quotas = |gcra| Arc::new(Quotas { gcra, start: Instant::now(), arrivals: Mutex::default() });
        Self { ring, quota: gcra.filter(|_| quota > 0).map(quotas) }
    }

    async fn caller(&self, key: Option<String>, certificate: Option<Caller>, path: &str) -> Result<Caller, Error> {
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        if OPEN.contains(&service) || !self.ring.asks_for_keys() && certificate.is_none() {
            return Ok(Caller::anybody());
        }
        let caller = match (key, certificate) {
            (Some(key), _) => self.ring.caller(&key).await?,
            (None, Some(caller)) => caller,
            (None, None) => {
                return Err(Error::Unauthenticated {
                    reason: "KEY_MISSING",
                    problem: "this server asks for a key: send it as `authorization: Bearer KEY`",
                });
            }
        };
        if !may(caller.role, service, method) {
            let problem = format!("{method} is not for keys with the role {}", caller.role.as_str());
            return Err(Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem });
        }
        match self.quota.as_ref().and_then(|quotas| quotas.refuses(&caller.id)) {
            Some(retry) => Err(Error::OverQuota(retry)),
            None => Ok(caller),
        }
    }
}

/// Counts calls by key, each server for itself.
struct Quotas {
    gcra: Gcra,
    start: Instant,
    arrivals: Mutex<HashMap<Arc<str>, u64>>,
}

impl Quotas {
    /// How long a caller must wait who is over the quota.
    fn refuses(&self, caller: &Arc<str>) -> Option<Duration> {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut arrivals = self.arrivals.lock().ok()?;
        match self.gcra.weigh(arrivals.get(caller).copied().unwrap_or(0), now) {
            Weighed::Admitted { tat, .. } => {
                if arrivals.len() >= QUOTAS {
                    arrivals.retain(|_, tat| *tat > now);
                }
                arrivals.insert(Arc::clone(caller), tat);
                None
            }
            Weighed::Refused { retry_after } => Some(retry_after),
        }
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { inner, guard: self.clone() }
    }
}

/// A service within the layer.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    guard: Guard,
}

impl<S, B, A> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: http_body::Body + Send + Unpin + 'static,
    B::Data: Send,
    A: Default + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let key = bearer(&request);
        let certificate = request.extensions().get::<Caller>().cloned();
        let guard = self.guard.clone();
        // The one that is ready goes along, as tower asks for.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        Box::pin(async move {
            match guard.caller(key, certificate, request.uri().path()).await {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                    inner.call(request).await
                }
                Err(error) => {
                    count(&error);
                    Ok(turned_away(request, error.into()).await)
                }
            }
        })
    }
}

fn count(error: &Error) {
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

/// The key that a call brings.
fn bearer<B>(request: &Request<B>) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}

/// A request's message, if its caller may speak for the sites that it names.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn open<T: Named>(request: tonic::Request<T>) -> Result<T, Error> {
    let caller = caller(&request);
    let message = request.into_inner();
    allowed(&caller, &message)?;
    Ok(message)
}

/// Succeeds if a caller may speak for the sites that a message names.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn allowed(caller: &Caller, message: &impl Named) -> Result<(), Error> {
    message.sites().into_iter().try_for_each(|site| caller.may_speak_for(site)).inspect_err(|_| METRICS.not_allowed("site"))
}

/// Who makes a call, as the guard has told. Nobody, if a call came past it.
pub fn caller<T>(request: &tonic::Request<T>) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or_else(Caller::nobody)
}

/// A message that names sites.
pub trait Named {
    /// The sites that it names.
    fn sites(&self) -> Vec<&str>;
}

/// Messages with a field `site`.
macro_rules! named {
    ($($message:ident)*) => {
        $(impl Named for pb::$message {
            fn sites(&self) -> Vec<&str> {
                vec![&self.site]
            }
        })*
    };
}

named! {
    GetVerdictRequest WatchVerdictsRequest ForgetAuthorRequest ExportAuthorRequest
    ListCommentsRequest GetCommentRequest ClaimCommentsRequest ReleaseCommentsRequest DecideCommentsRequest UndoDecisionRequest
    ListAuditEventsRequest GetQueueStatsRequest WatchQueueRequest
    ListKeysRequest PutListEntryRequest ListEntriesRequest DeleteListEntryRequest GetModelInfoRequest GetUsageRequest
    UpdateLearningRequest RotateSecretRequest
}

impl Named for pb::CheckCommentRequest {
    fn sites(&self) -> Vec<&str> {
        self.comment.iter().map(|comment| comment.site.as_str()).collect()
    }
}

impl Named for pb::CheckCommentsRequest {
    fn sites(&self) -> Vec<&str> {
        self.comment.iter().map(|comment| comment.site.as_str()).collect()
    }
}

impl Named for pb::ReportOutcomeRequest {
    fn sites(&self) -> Vec<&str> {
        match &self.target {
            Some(pb::report_outcome_request::Target::Comment(comment)) => vec![&self.site, &comment.site],
            _ => vec![&self.site],
        }
    }
}

impl Named for pb::CreateKeyRequest {
    fn sites(&self) -> Vec<&str> {
        // All sites are asked for where the key is made.
        self.sites.iter().map(String::as_str).filter(|site| *site != "*").collect()
    }
}
