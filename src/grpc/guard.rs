//! Asks every call who makes it: a key, or a client certificate. What a role may do stands here, once.
//!
//! A request is opened by [`open_request`], which asks for its sites and takes a place for the call: by then the caller is known and
//! the message is there, so that nobody holds a place who has no business here or says nothing. Who calls is asked again for
//! each message of a stream ([`CallContext::authority`]), since keys end and certificates are replaced while it is open.

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

/// Services that tell nothing about any site, and ask for no key.
const OPEN_SERVICES: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
/// How many calls that are not comments are worked on at once, and how many of one caller.
const MAX_TURNS: u32 = 4;
const MAX_TURNS_PER_CALLER: u32 = 2;
/// The fewest places for calls that are not comments.
const MIN_PLACES: usize = 8;

/// The layer.
#[derive(Clone)]
pub struct AuthLayer {
    ring: KeyRing,
    /// `None`: every caller may make any number of calls.
    quotas: Option<Arc<Quotas>>,
    /// Places for comments, and for everything else: a desk that waits for the store must not keep comments waiting.
    comments: ConcurrencyLimiter,
    others: ConcurrencyLimiter,
    /// Turns of everything else.
    turns: FairSemaphore,
}

impl AuthLayer {
    /// Asks for these keys, each of which may make so many calls, or send so many comments of a stream, a second (0: any
    /// number), and lets so many calls be worked on at once.
    pub fn new(ring: KeyRing, quota: u32, places: usize) -> Self {
        Self {
            ring,
            quotas: Quotas::new(quota).map(Arc::new),
            comments: ConcurrencyLimiter::new(places),
            others: ConcurrencyLimiter::new((places / 2).max(MIN_PLACES)),
            turns: FairSemaphore::new(MAX_TURNS, MAX_TURNS_PER_CALLER),
        }
    }

    /// Returns who makes a call, or `None` if the call asks for no key.
    async fn admit(&self, asked: CallCredentials) -> Result<Option<CallContext>, Error> {
        let CallCredentials { uri, credential, local, connection } = asked;
        let (service, method) = service_and_method(&uri);
        let of_comments = method == "CheckComment";
        if OPEN_SERVICES.contains(&service) {
            return Ok(None);
        }
        let caller = credential.authenticate(&self.ring, local).await?;
        let authority = CallAuthority::new(self.ring.clone(), credential, uri);
        authority.check_role(&caller)?;
        if let Some(retry) = self.quotas.as_ref().and_then(|quotas| quotas.count(&caller)) {
            return Err(Error::OverQuota(retry));
        }
        let places = if of_comments { &self.comments } else { &self.others };
        let turns = (!of_comments).then(|| self.turns.clone());
        Ok(Some(CallContext::new(caller, authority, self.quotas.clone(), places.clone(), turns, connection)))
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService { inner, guard: self.clone() }
    }
}

/// A service within the layer.
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
        // The one that is ready goes along, as tower asks for.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let asked = CallCredentials::from_request(&request);
        Box::pin(async move {
            match guard.admit(asked).await {
                Ok(Some(call)) => {
                    request.extensions_mut().insert(call.clone());
                    let answered = inner.call(request).await;
                    call.release_place();
                    answered
                }
                Ok(None) => inner.call(request).await,
                Err(error) => Ok(refuse_call(request, error).await),
            }
        })
    }
}
