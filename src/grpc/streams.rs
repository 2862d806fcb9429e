//! Streams that stay open: bounded in number, since each keeps something of the store for as long as it lasts.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Response, Status};

use crate::error::Error;
use crate::telemetry::METRICS;

/// Most streams open at once on a server.
const STREAMS: usize = 1_024;

/// Places for streams. Clones share them.
#[derive(Clone)]
pub struct Streams(Arc<Semaphore>);

/// A stream of answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS)))
    }
}

impl Streams {
    /// A place for a stream, before anything of the store is taken for it.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when all are taken.
    pub fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| {
            METRICS.shed("streams");
            Error::Overloaded
        })
    }
}

/// A stream that gives its place back at its end.
pub fn held<T: 'static>(place: OwnedSemaphorePermit, stream: Answers<T>) -> Response<Answers<T>> {
    Response::new(Box::pin(stream.inspect(move |_| {
        let _held = &place;
    })))
}
