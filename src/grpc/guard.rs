//! Asks every call who makes it: a key, or a client certificate. What a role may do stands here, once.
//!
//! A request is opened by [`open`], which asks for its sites and takes a place for the call: by then the caller is known and
//! the message is there, so that nobody holds a place who has no business here or says nothing. Who calls is asked again for
//! each message of a stream ([`Call::authority`]), since keys end and certificates are replaced while it is open.

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
use crate::fair::{Places, Turns};
use crate::keys::Ring;
use authority::{Authority, named_call};
use credential::Asked;
use quotas::Quotas;
use refusal::turned_away;

pub use call::Call;
pub use connection::{Busy, Connection};
pub use open::{call, caller, named_after_key, open};
pub use permissions::may;
pub use sites::allowed;

/// Services that tell nothing about any site, and ask for no key.
const OPEN: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
/// How many calls that are not comments are worked on at once, and how many of one caller.
const AT_ONCE: u32 = 4;
const EACH: u32 = 2;
/// The fewest places for calls that are not comments.
const FEWEST: usize = 8;

/// The layer.
#[derive(Clone)]
pub struct Guard {
    ring: Ring,
    /// `None`: every caller may make any number of calls.
    quotas: Option<Arc<Quotas>>,
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
        Self {
            ring,
            quotas: Quotas::new(quota).map(Arc::new),
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
        let caller = credential.authenticate(&self.ring, local).await?;
        let authority = Authority::new(self.ring.clone(), credential, uri);
        authority.may(&caller)?;
        if let Some(retry) = self.quotas.as_ref().and_then(|quotas| quotas.refuse(&caller)) {
            return Err(Error::OverQuota(retry));
        }
        let places = if of_comments { &self.comments } else { &self.others };
        let turns = (!of_comments).then(|| self.turns.clone());
        Ok(Some(Call::new(caller, authority, self.quotas.clone(), places.clone(), turns, connection)))
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
                Err(error) => Ok(turned_away(request, error).await),
            }
        })
    }
}
