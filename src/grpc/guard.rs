//! Authenticates the caller of every call, by key or client certificate, and checks its permissions and limits.
//!
//! Handlers open requests with [`open_request`], which checks the sites that the request names and takes a place for the
//! call. By then the caller is known and the message has arrived, so that unauthorized callers and silent connections hold no
//! place. Each message of a stream checks the caller again ([`CallContext::authority`]), since keys expire and certificates
//! are replaced while a stream is open.

mod authority;
mod call;
mod connection;
mod credential;
mod open;
mod permissions;
mod quotas;
mod refusal;
mod sites;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::{Layer, Service};

use crate::error::Error;
use crate::fair::{ConcurrencyLimiter, FairSemaphore};
use crate::keys::KeyRing;
use authority::{CallAuthority, service_and_method};
use credential::CallCredentials;
use quotas::Quotas;
use refusal::refuse_call;

pub use call::CallContext;
pub use connection::{ConnectionUse, OpenCallCount};
pub use open::{call, caller, open_as_moderator, open_request};
pub use permissions::may_call;
pub use sites::check_sites;

/// Services that reveal nothing about any site and need no key.
const OPEN_SERVICES: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
/// Maximum number of calls other than comment checks that are processed at once.
const MAX_TURNS: u32 = 4;
/// Maximum number of such calls of one caller.
const MAX_TURNS_PER_CALLER: u32 = 2;
/// Minimum number of places for calls other than comment checks.
const MIN_PLACES: usize = 8;

/// The layer that authenticates and limits calls.
#[derive(Clone)]
pub struct AuthLayer {
    ring: KeyRing,
    /// The quotas of keys, or `None` if the number of calls is unlimited.
    quotas: Option<Arc<Quotas>>,
    /// Places for comment checks, separate from other calls so that a review call that waits for the store does not block them.
    comments: ConcurrencyLimiter,
    /// Places for all other calls.
    others: ConcurrencyLimiter,
    /// Turns for all other calls.
    turns: FairSemaphore,
}

impl AuthLayer {
    /// Returns a layer that accepts the keys of `ring`. `quota` limits the calls and streamed comments of each key per second;
    /// 0 is unlimited. `places` limits the concurrent comment checks.
    pub fn new(ring: KeyRing, quota: u32, places: usize) -> Self {
        Self {
            ring,
            quotas: Quotas::new(quota).map(Arc::new),
            comments: ConcurrencyLimiter::new(places),
            others: ConcurrencyLimiter::new((places / 2).max(MIN_PLACES)),
            turns: FairSemaphore::new(MAX_TURNS, MAX_TURNS_PER_CALLER),
        }
    }

    /// Authenticates and authorizes a call. Returns its context, or `None` if the service needs no key.
    async fn admit(&self, credentials: CallCredentials) -> Result<Option<CallContext>, Error> {
        let CallCredentials { uri, credential, local, connection } = credentials;
        let (service, method) = service_and_method(&uri);
        let is_comment_check = method == "CheckComment";
        if OPEN_SERVICES.contains(&service) {
            return Ok(None);
        }
        let caller = credential.authenticate(&self.ring, local).await?;
        let authority = CallAuthority::new(self.ring.clone(), credential, uri);
        authority.check_role(&caller)?;
        if let Some(retry) = self.quotas.as_ref().and_then(|quotas| quotas.count(&caller)) {
            return Err(Error::OverQuota(retry));
        }
        let places = if is_comment_check { &self.comments } else { &self.others };
        let turns = (!is_comment_check).then(|| self.turns.clone());
        Ok(Some(CallContext::new(caller, authority, self.quotas.clone(), places.clone(), turns, connection)))
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService { inner, guard: self.clone() }
    }
}

/// A service wrapped by [`AuthLayer`].
#[derive(Clone)]
pub struct AuthService<S> {
    inner: S,
    guard: AuthLayer,
}

impl<S, B, A> Service<Request<B>> for AuthService<S>
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
        // Uses the service that is ready, and keeps a clone for the next call, as tower requires.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let credentials = CallCredentials::from_request(&request);
        Box::pin(async move {
            match guard.admit(credentials).await {
                Ok(Some(call)) => {
                    request.extensions_mut().insert(call.clone());
                    let response = inner.call(request).await;
                    call.release_place();
                    response
                }
                Ok(None) => inner.call(request).await,
                Err(error) => Ok(refuse_call(request, error).await),
            }
        })
    }
}
