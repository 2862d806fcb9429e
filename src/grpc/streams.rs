//! Long-lived streams. Their number is limited, since each uses the store for as long as it lasts. A stream ends when its
//! caller is no longer authorized or does not read.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use super::guard::{CallContext, OpenCallCount};
use crate::error::Error;
use crate::fair::{ConcurrencyLimiter, ConcurrencyPermit};
use crate::telemetry::METRICS;

/// Maximum number of open streams on a server.
const MAX_STREAMS: usize = 1_024;
/// Time between two checks of whether a stream may go on.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Maximum time that a response waits for a client that does not read.
const MAX_UNREAD: Duration = Duration::from_secs(30);

/// Places for streams, shared fairly between callers. Clones share them.
#[derive(Clone)]
pub struct StreamPlaces(ConcurrencyLimiter);

/// A stream of responses.
pub type AnswerStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The place of an open stream.
pub struct StreamPlace {
    _place: ConcurrencyPermit,
    /// Counted from the moment the place is taken, so that the connection is never idle between the call and its stream.
    _busy: Option<OpenCallCount>,
    call: CallContext,
    site: String,
}

impl Default for StreamPlaces {
    fn default() -> Self {
        Self(ConcurrencyLimiter::for_streams(MAX_STREAMS))
    }
}

impl StreamPlaces {
    /// Takes a place for a stream, before the stream uses the store. `site` is empty if the stream belongs to no site.
    ///
    /// # Errors
    /// Returns [`Error::Overloaded`] if no place is left for this caller.
    pub fn take(&self, call: &CallContext, site: &str) -> Result<StreamPlace, Error> {
        let caller = call.authority().caller()?;
        let place = self.0.try_acquire(&caller.id, site).ok_or_else(|| {
            METRICS.shed("streams");
            Error::Overloaded
        })?;
        Ok(StreamPlace { _place: place, _busy: call.busy(), call: call.clone(), site: site.to_owned() })
    }
}

impl StreamPlace {
    /// Returns an error if the caller may no longer have the stream.
    fn check_authority(&self) -> Result<(), Error> {
        self.call.authority().caller()?.check_site(&self.site)
    }
}

/// Returns a response with a stream that holds its place until it ends. The stream ends within half a second after its caller's
/// key or certificate expires, when the client disconnects, or when the client has not read for 30 seconds.
pub fn respond<T: Send + 'static>(place: StreamPlace, stream: AnswerStream<T>) -> Response<AnswerStream<T>> {
    let (sender, receiver) = mpsc::channel(1);
    // Forwarded by a task of its own, since hyper does not poll a stream that it cannot send.
    tokio::spawn(forward(place, stream, sender));
    Response::new(Box::pin(ReceiverStream::new(receiver)))
}

async fn forward<T: Send>(place: StreamPlace, mut stream: AnswerStream<T>, client: mpsc::Sender<Result<T, Status>>) {
    let mut ticks = interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut pending, mut since): (Option<Result<T, Status>>, _) = (None, Instant::now());
    loop {
        tokio::select! {
            permit = client.reserve(), if pending.is_some() => {
                let (Ok(permit), Some(answer)) = (permit, pending.take()) else { return };
                let last = answer.is_err();
                permit.send(answer);
                if last {
                    return;
                }
            }
            answer = stream.next(), if pending.is_none() => match answer {
                Some(answer) => (pending, since) = (Some(answer), Instant::now()),
                None => return,
            },
            _ = ticks.tick() => {
                if let Err(error) = place.check_authority() {
                    let _ = client.try_send(Err(error.into()));
                    return;
                }
                if pending.is_some() && since.elapsed() > MAX_UNREAD {
                    return;
                }
            }
            () = client.closed() => return,
        }
    }
}
