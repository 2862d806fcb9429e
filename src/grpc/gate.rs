//! In front of everything: so many calls at once, and no more. What comes beyond them is refused at once, before any of it
//! is read, so that those that were let in stay fast.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tokio::sync::Semaphore;
use tonic::Status;
use tower::{Layer, Service};

use crate::error::Error;
use crate::telemetry::METRICS;

/// The layer.
#[derive(Debug, Clone)]
pub struct Gate {
    places: Arc<Semaphore>,
}

impl Gate {
    /// Lets so many calls be worked on at once.
    pub fn with(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)) }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated { inner, places: Arc::clone(&self.places) }
    }
}

/// A service within the layer.
#[derive(Debug, Clone)]
pub struct Gated<S> {
    inner: S,
    places: Arc<Semaphore>,
}

impl<S, B, A> Service<Request<B>> for Gated<S>
where
    S: Service<Request<B>, Response = Response<A>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    A: Default + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            METRICS.shed("concurrency");
            return Box::pin(async { Ok(Status::from(Error::Overloaded).into_http()) });
        };
        METRICS.calls_in_flight.inc();
        let answering = self.inner.call(request);
        // Given back also when the caller goes away and this future is dropped.
        let place = Place(place);
        Box::pin(async move {
            let answered = answering.await;
            drop(place);
            answered
        })
    }
}

/// A place that is taken.
struct Place(#[allow(dead_code, reason = "dropped")] tokio::sync::OwnedSemaphorePermit);

impl Drop for Place {
    fn drop(&mut self) {
        METRICS.calls_in_flight.dec();
    }
}
