//! Streams that stay open: bounded in number, since each keeps something of the store for as long as it lasts, and ended
//! when whoever opened them may not have them any more, or does not read them.

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

/// Most streams open at once on a server.
const MAX_STREAMS: usize = 1_024;
/// How often it is asked whether a stream may go on.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// How long an answer waits for a client that does not read.
const MAX_UNREAD: Duration = Duration::from_secs(30);

/// Places for streams, shared between callers. Clones share them.
#[derive(Clone)]
pub struct StreamPlaces(ConcurrencyLimiter);

/// A stream of answers.
pub type AnswerStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What a stream holds while it is open.
pub struct StreamPlace {
    _place: ConcurrencyPermit,
    /// From the moment the place is taken, so that the connection is never idle between the call and its stream.
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
    /// Takes a place for a stream, before anything of the store is taken for it. `site` is empty if the stream is of none in
    /// particular.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when none is left for this caller.
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
    /// Succeeds if the stream may go on.
    fn check_authority(&self) -> Result<(), Error> {
        self.call.authority().caller()?.check_site(&self.site)
    }
}

/// Answers with a stream that gives its place back at its end. It ends within half a second of the moment when its caller's key or
/// certificate does, when its client goes away, and when its client does not read for some time.
pub fn respond<T: Send + 'static>(held: StreamPlace, stream: AnswerStream<T>) -> Response<AnswerStream<T>> {
    let (sender, receiver) = mpsc::channel(1);
    // A task of its own: what hyper does not send it does not ask for either.
    tokio::spawn(forward(held, stream, sender));
    Response::new(Box::pin(ReceiverStream::new(receiver)))
}

async fn forward<T: Send>(held: StreamPlace, mut stream: AnswerStream<T>, client: mpsc::Sender<Result<T, Status>>) {
    let mut ticks = interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut waiting, mut since): (Option<Result<T, Status>>, _) = (None, Instant::now());
    loop {
        tokio::select! {
            permit = client.reserve(), if waiting.is_some() => {
                let (Ok(permit), Some(answer)) = (permit, waiting.take()) else { return };
                let last = answer.is_err();
                permit.send(answer);
                if last {
                    return;
                }
            }
            answer = stream.next(), if waiting.is_none() => match answer {
                Some(answer) => (waiting, since) = (Some(answer), Instant::now()),
                None => return,
            },
            _ = ticks.tick() => {
                if let Err(error) = held.check_authority() {
                    let _ = client.try_send(Err(error.into()));
                    return;
                }
                if waiting.is_some() && since.elapsed() > MAX_UNREAD {
                    return;
                }
            }
            () = client.closed() => return,
        }
    }
}
