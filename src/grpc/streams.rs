//! Streams that stay open: bounded in number, since each keeps something of the store for as long as it lasts, and ended
//! when whoever opened them may not have them any more, or does not read them.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use super::guard::{Busy, Call};
use crate::error::Error;
use crate::fair::{Place, Places};
use crate::telemetry::METRICS;

/// Most streams open at once on a server.
const STREAMS: usize = 1_024;
/// How often it is asked whether a stream may go on.
const EVERY: Duration = Duration::from_millis(250);
/// How long an answer waits for a client that does not read.
const UNREAD: Duration = Duration::from_secs(30);

/// Places for streams, shared between callers. Clones share them.
#[derive(Clone)]
pub struct Streams(Places);

/// A stream of answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What a stream holds while it is open.
pub struct Held {
    _place: Place,
    /// From the moment the place is taken, so that the connection is never idle between the call and its stream.
    _busy: Option<Busy>,
    call: Call,
    site: String,
}

impl Default for Streams {
    fn default() -> Self {
        Self(Places::for_streams(STREAMS))
    }
}

impl Streams {
    /// Takes a place for a stream, before anything of the store is taken for it. `site` is empty if the stream is of none in
    /// particular.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when none is left for this caller.
    pub fn place(&self, call: &Call, site: &str) -> Result<Held, Error> {
        let caller = call.authority().caller()?;
        let place = self.0.take(&caller.id, site).ok_or_else(|| {
            METRICS.shed("streams");
            Error::Overloaded
        })?;
        Ok(Held { _place: place, _busy: call.busy(), call: call.clone(), site: site.to_owned() })
    }
}

impl Held {
    /// Succeeds if the stream may go on.
    fn may_go_on(&self) -> Result<(), Error> {
        self.call.authority().caller()?.may_speak_for(&self.site)
    }
}

/// Answers with a stream that gives its place back at its end. It ends within half a second of the moment when its caller's key or
/// certificate does, when its client goes away, and when its client does not read for some time.
pub fn held<T: Send + 'static>(held: Held, stream: Answers<T>) -> Response<Answers<T>> {
    let (sender, receiver) = mpsc::channel(1);
    // A task of its own: what hyper does not send it does not ask for either.
    tokio::spawn(forward(held, stream, sender));
    Response::new(Box::pin(ReceiverStream::new(receiver)))
}

async fn forward<T: Send>(held: Held, mut stream: Answers<T>, client: mpsc::Sender<Result<T, Status>>) {
    let mut ticks = interval(EVERY);
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
                if let Err(error) = held.may_go_on() {
                    let _ = client.try_send(Err(error.into()));
                    return;
                }
                if waiting.is_some() && since.elapsed() > UNREAD {
                    return;
                }
            }
            () = client.closed() => return,
        }
    }
}
