//! In front of everything: so many calls at once, and no more. What comes beyond them is refused at once, so that those
//! that were let in stay fast.

use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tonic::Status;
use tower::{Layer, Service};

use crate::error::Error;
use crate::telemetry::METRICS;

/// How many bytes of a refused call are heard out, and for how long: a message follows its headers at once, and a stream
/// that waits for an answer before it goes on is not kept waiting.
const HEARD_OUT: usize = 64 * 1024;
const HEARING: Duration = Duration::from_millis(200);

/// Made once: under load nothing is said more often.
static OVERLOADED: LazyLock<Status> = LazyLock::new(|| Error::Overloaded.into());

/// The answer to a call that goes no further. What it still has to say is heard out first: HTTP/2 counts what comes for a
/// call that was answered before its end as a fault of the client, and after some hundreds of them h2 ends the connection.
pub async fn turned_away<B, A>(mut request: Request<B>, status: Status) -> Response<A>
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            METRICS.shed("concurrency");
            return Box::pin(async { Ok(turned_away(request, OVERLOADED.clone()).await) });
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
