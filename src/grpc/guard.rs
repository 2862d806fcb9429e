//! Asks every call who makes it: a key, or a client certificate. What a role may do stands here, once.
//!
//! A request is opened by [`open`], which asks for its sites and takes a place for the call: by then the caller is known and
//! the message is there, so that nobody holds a place who has no business here or says nothing. Who calls is asked again for
//! each message of a stream ([`Call::authority`]), since keys end and certificates are replaced while it is open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body_util::BodyExt;
use tonic::Status;
use tower::{Layer, Service};

use crate::error::Error;
use crate::fair::{Place, Places, Turn, Turns};
use crate::keys::{Caller, Certificate, Presented, Ring, Role};
use crate::limit::{Gcra, Weighed};
use crate::pb;
use crate::telemetry::METRICS;

/// Services that tell nothing about any site, and ask for no key.
const OPEN: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
/// How many keys' quotas are remembered.
const QUOTAS: usize = 10_000;
/// How many calls that are not comments are worked on at once, and how many of one caller.
const AT_ONCE: u32 = 4;
const EACH: u32 = 2;
/// The fewest places for calls that are not comments.
const FEWEST: usize = 8;
/// What proxies add to the calls that they pass on.
const FORWARDED: [&str; 8] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-cluster-client-ip",
];
/// With what the names of others begin that they add.
const FORWARDED_LIKE: [&str; 3] = ["x-forwarded-", "x-envoy-", "x-original-"];
/// How many bytes of a refused call are heard out, and for how long: a message follows its headers at once, and a stream
/// that waits for an answer before it goes on is not kept waiting.
const HEARD_OUT: usize = 64 * 1024;
const HEARING: Duration = Duration::from_millis(200);

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
    /// Places for comments, and for everything else: a desk that waits for the store must not keep comments waiting.
    comments: Places,
    others: Places,
    /// Turns of everything else.
    turns: Turns,
}

impl Guard {
    /// Asks for these keys, each of which may make so many calls, or send so many comments of a stream, a second (0: any
    /// number), and lets so many calls be worked on at once.
    pub fn with(ring: Ring, quota: u32, places: usize) -> Self {
        let gcra = Gcra::new(quota, Duration::from_secs(1), quota.max(1));
        let quotas = |gcra| Arc::new(Quotas { gcra, start: Instant::now(), arrivals: Mutex::default() });
        Self {
            ring,
            quota: gcra.filter(|_| quota > 0).map(quotas),
            comments: Places::new(places),
            others: Places::new((places / 2).max(FEWEST)),
            turns: Turns::new(AT_ONCE, EACH),
        }
    }

    /// Returns who makes a call, or `None` if the call asks for no key.
    async fn call(&self, asked: Asked) -> Result<Option<Call>, Error> {
        let Asked { uri, credential, local, connection } = asked;
        let (service, method) = named_call(&uri);
        let of_comments = method == "CheckComment";
        if OPEN.contains(&service) {
            return Ok(None);
        }
        let caller = match &credential {
            // A key that is not known yet may have been made on another server.
            Credential::Key(key) if self.ring.asks_for_keys() => self.ring.caller(key).await?,
            _ => credential.caller(&self.ring)?,
        };
        if !local && !self.ring.asks_for_keys() {
            return Err(Error::Unauthenticated {
                reason: "KEY_MISSING",
                problem: "this server has no keys yet and so answers only callers on its own machine, addressed as localhost \
                          or 127.0.0.1 and without a proxy in between; make a key there (`gatepost keys create`) and send it \
                          as `authorization: Bearer KEY`",
            });
        }
        let authority = Authority { ring: self.ring.clone(), credential, uri };
        authority.may(&caller)?;
        if let Some(retry) = self.over_quota(&caller) {
            return Err(Error::OverQuota(retry));
        }
        let places = if of_comments { &self.comments } else { &self.others };
        Ok(Some(Call {
            caller,
            authority,
            guard: self.clone(),
            places: places.clone(),
            slot: Arc::default(),
            turns: (!of_comments).then(|| self.turns.clone()),
            connection,
        }))
    }

    /// Counts one more call or comment. Returns how long a caller must wait who is over the quota.
    fn over_quota(&self, caller: &Caller) -> Option<Duration> {
        self.quota.as_ref().and_then(|quotas| quotas.refuses(&caller.id))
    }
}

/// Returns the service and the method that a call is of.
fn named_call(uri: &http::Uri) -> (&str, &str) {
    uri.path().trim_start_matches('/').split_once('/').unwrap_or_default()
}

/// What a caller shows.
#[derive(Clone)]
enum Credential {
    Key(Presented),
    Certificate(Certificate),
    None,
}

impl Credential {
    /// Returns who it is by what is known now.
    fn caller(&self, ring: &Ring) -> Result<Caller, Error> {
        match self {
            // A server that never had a key believes everybody on its machine, also those with one of another server.
            Self::Key(_) | Self::None if !ring.asks_for_keys() => Ok(Caller::anybody()),
            Self::Key(key) => ring.current(key),
            Self::Certificate(certificate) => certificate.caller().ok_or(Error::Unauthenticated {
                reason: "CERTIFICATE_UNKNOWN",
                problem: "this client certificate is in none of the lines of tls_clients, or has ended; send a key instead as \
                          `authorization: Bearer KEY`",
            }),
            // Whether anybody needs a key is not known yet.
            Self::None if !ring.is_known() => Err(Error::Starting),
            Self::None => Err(Error::Unauthenticated {
                reason: "KEY_MISSING",
                problem: "this server asks for a key: send it as `authorization: Bearer KEY`",
            }),
        }
    }
}

/// What a request says of who makes it.
struct Asked {
    uri: http::Uri,
    credential: Credential,
    /// Whether it comes from this machine and from nobody behind a proxy or a web page, through which everybody could come.
    local: bool,
    connection: Option<Connection>,
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Self {
        let credential = match (bearer(request), request.extensions().get::<Certificate>()) {
            (Some(key), _) => Credential::Key(Presented::of(&key)),
            (None, Some(certificate)) => Credential::Certificate(certificate.clone()),
            (None, None) => Credential::None,
        };
        let connection = request.extensions().get::<Connection>().cloned();
        Self { uri: request.uri().clone(), credential, local: is_local(request), connection }
    }
}

/// Returns whether a request comes from a program on this machine, as far as its headers tell.
fn is_local<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let added = |name: &http::HeaderName| FORWARDED_LIKE.iter().any(|start| name.as_str().starts_with(start));
    let by_proxy = FORWARDED.iter().any(|name| headers.contains_key(*name)) || headers.keys().any(added);
    // Browsers say on whose behalf they ask, and no page can ask for gRPC without them asking first.
    let by_page = headers.contains_key("origin") || headers.contains_key("sec-fetch-site");
    let grpc = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let through = by_proxy || by_page || !grpc;
    // HTTP/2 names the host in the address, HTTP/1 in a header.
    let header = || request.headers().get(http::header::HOST)?.to_str().ok()?.parse().ok();
    let authority: Option<http::uri::Authority> = request.uri().authority().cloned().or_else(header);
    let here = authority.is_some_and(|authority| {
        let host = authority.host().trim_matches(['[', ']']);
        let plain = !authority.as_str().contains('@');
        plain && (host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    });
    here && !through
}

/// Who makes a call, to be asked again for as long as it goes on.
#[derive(Clone)]
pub struct Authority {
    ring: Ring,
    credential: Credential,
    /// Names the call.
    uri: http::Uri,
}

impl Authority {
    /// Returns who makes the call, if whoever it is may still make it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key or certificate that has ended; [`Error::Forbidden`] for one that may do less now.
    pub fn caller(&self) -> Result<Caller, Error> {
        let caller = self.credential.caller(&self.ring)?;
        self.may(&caller)?;
        Ok(caller)
    }

    fn may(&self, caller: &Caller) -> Result<(), Error> {
        let (service, method) = named_call(&self.uri);
        if may(caller.role, service, method) {
            return Ok(());
        }
        let problem = format!("{method} is not for keys with the role {}", caller.role.as_str());
        Err(Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem })
    }
}

/// What the guard knows of a call. Clones are of the same call.
#[derive(Clone)]
pub struct Call {
    caller: Caller,
    authority: Authority,
    guard: Guard,
    places: Places,
    /// The place that the call holds while it is worked on.
    slot: Arc<Mutex<Option<InFlight>>>,
    /// Turns that it takes. `None`: it is a comment's.
    turns: Option<Turns>,
    connection: Option<Connection>,
}

impl Call {
    /// Returns what tells who makes the call whenever it is asked.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Returns how long the caller must wait before its next comment on a stream, which is counted.
    pub fn over_quota(&self) -> Option<Duration> {
        self.guard.over_quota(&self.caller)
    }

    /// Returns what keeps the connection from being closed for a newer one. A call whose message has not come holds none.
    pub fn busy(&self) -> Option<Busy> {
        self.connection.as_ref().map(Connection::busy)
    }

    /// Takes a place for the call, and waits for its turn if it is no comment's. Both end with the call.
    async fn enter(&self, site: &str) -> Result<(), Error> {
        let Some(place) = self.places.take(&self.caller.id, site) else {
            METRICS.shed("concurrency");
            return Err(Error::Overloaded);
        };
        let turn = match &self.turns {
            Some(turns) => Some(turns.take(&self.caller.id, 1).await),
            None => None,
        };
        if let Ok(mut slot) = self.slot.lock() {
            *slot = Some(InFlight::new(place, self.busy(), turn));
        }
        Ok(())
    }

    fn leave(&self) {
        if let Ok(mut slot) = self.slot.lock() {
            *slot = None;
        }
    }
}

/// A place that is taken, as the metrics count it.
struct InFlight {
    _place: Place,
    _busy: Option<Busy>,
    _turn: Option<Turn>,
}

impl InFlight {
    fn new(place: Place, busy: Option<Busy>, turn: Option<Turn>) -> Self {
        METRICS.calls_in_flight.inc();
        Self { _place: place, _busy: busy, _turn: turn }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        METRICS.calls_in_flight.dec();
    }
}

/// A connection, as its calls know it.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<AtomicUsize>);

impl Connection {
    /// Returns whether a caller who may be here has a call or stream open.
    pub fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Counts one more call or stream of a caller who may be here, until it is dropped.
    pub fn busy(&self) -> Busy {
        self.0.fetch_add(1, Ordering::Relaxed);
        Busy(Self(Arc::clone(&self.0)))
    }
}

/// Counts one open call or stream of a connection.
#[derive(Debug)]
pub struct Busy(Connection);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
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
    A: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let guard = self.guard.clone();
        // The one that is ready goes along, as tower asks for.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let asked = Asked::of(&request);
        Box::pin(async move {
            match guard.call(asked).await {
                Ok(Some(call)) => {
                    request.extensions_mut().insert(call.clone());
                    let answered = inner.call(request).await;
                    call.leave();
                    answered
                }
                Ok(None) => inner.call(request).await,
                Err(error) => {
                    count(&error);
                    Ok(turned_away(request, error.into()).await)
                }
            }
        })
    }
}

/// The answer to a call that goes no further. What it still has to say is heard out first: HTTP/2 counts what comes for a
/// call that was answered before its end as a fault of the client, and after some hundreds of them h2 ends the connection.
async fn turned_away<B, A>(mut request: Request<B>, status: Status) -> Response<A>
where
    B: http_body::Body + Unpin,
    A: Default,
{
    let hearing = async {
        let mut heard = 0;
        while let Some(Ok(frame)) = request.body_mut().frame().await {
            heard += frame.data_ref().map_or(0, bytes::Buf::remaining);
            if heard > HEARD_OUT {
                break;
            }
        }
    };
    // Whoever says more than that, or says it slowly, is cut short.
    let _ = tokio::time::timeout(HEARING, hearing).await;
    status.into_http()
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

/// Returns a request's message, if its caller may still make the call and speak for the sites that it names, and there is a place
/// for the call. Calls of moderators and operators wait for their turn, so that they never take the store or the processor
/// from comments.
///
/// # Errors
/// [`Error::Unauthenticated`]; [`Error::Forbidden`]; [`Error::Overloaded`].
pub async fn open<T: Named>(request: tonic::Request<T>) -> Result<T, Error> {
    let call = request.extensions().get::<Call>().cloned();
    let message = request.into_inner();
    // Asked again: the message may have come long after the headers.
    let caller = call.as_ref().map_or_else(|| Ok(Caller::nobody()), |call| call.authority.caller())?;
    allowed(&caller, &message)?;
    if let Some(call) = call {
        call.enter(message.sites().first().copied().unwrap_or_default()).await?;
    }
    Ok(message)
}

/// Succeeds if a caller may speak for the sites that a message names.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn allowed(caller: &Caller, message: &impl Named) -> Result<(), Error> {
    message.sites().into_iter().try_for_each(|site| caller.may_speak_for(site)).inspect_err(|_| METRICS.not_allowed("site"))
}

/// Returns who makes a call, as the guard has told: nobody, if a call came past it.
pub fn caller<T>(request: &tonic::Request<T>) -> Caller {
    request.extensions().get::<Call>().map_or_else(Caller::nobody, |call| call.caller.clone())
}

/// Returns what the guard knows of a call.
///
/// # Errors
/// [`Error::Forbidden`] for one that came past it.
pub fn call<T>(request: &tonic::Request<T>) -> Result<Call, Error> {
    let past = || Error::Forbidden { reason: "ROLE_NOT_ALLOWED", problem: "this call asks for a key".to_owned() };
    request.extensions().get::<Call>().cloned().ok_or_else(past)
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

/// These name no site: the first one's sites are asked for by the handler, and the second's answer tells of the caller's only.
impl Named for pb::RevokeKeyRequest {
    fn sites(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl Named for pb::ReloadPolicyRequest {
    fn sites(&self) -> Vec<&str> {
        Vec::new()
    }
}
