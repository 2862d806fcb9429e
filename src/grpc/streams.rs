//! Streams that stay open: bounded in number, since each keeps something of the store for as long as it lasts, and ended
//! when whoever opened them may not have them any more.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::Either;
use futures_util::stream::select;
use futures_util::{Stream, StreamExt};
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::wrappers::IntervalStream;
use tonic::{Response, Status};

use super::guard::Call;
use crate::error::Error;
use crate::fair::{Place, Places};
use crate::telemetry::METRICS;

/// Most streams open at once on a server.
const STREAMS: usize = 1_024;
/// How often it is asked whether a stream may go on.
const EVERY: Duration = Duration::from_millis(250);

/// Places for streams, shared between callers. Clones share them.
#[derive(Clone)]
pub struct Streams(Places);

/// A stream of answers.
pub type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What a stream holds while it is open.
pub struct Held {
    _place: Place,
    call: Call,
    site: String,
}

impl Default for Streams {
    fn default() -> Self {
        Self(Places::new(STREAMS))
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
        Ok(Held { _place: place, call: call.clone(), site: site.to_owned() })
    }
}

impl Held {
    /// Succeeds if the stream may go on.
    fn may_go_on(&self) -> Result<(), Error> {
        self.call.authority().caller()?.may_speak_for(&self.site)
    }
}

/// Answers with a stream that gives its place back at its end, and that ends within half a second of the moment when its
/// caller's key or certificate does.
pub fn held<T: Send + 'static>(held: Held, stream: Answers<T>) -> Response<Answers<T>> {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The end of the answers is the end of the stream: ticks alone have none.
    let answers = stream.map(|answer| Some(Either::Left(answer))).chain(futures_util::stream::once(async { None }));
    let ticks = IntervalStream::new(ticks).map(|_| Some(Either::Right(())));
    let busy = held.call.busy();
    let both = select(answers, ticks).take_while(|next| std::future::ready(next.is_some()));
    let answers = both.filter_map(move |next| {
        let _busy = &busy;
        let answer = match next {
            Some(Either::Left(answer)) => Some(answer),
            Some(Either::Right(())) => held.may_go_on().err().map(|error| Err(Status::from(error))),
            None => None,
        };
        std::future::ready(answer)
    });
    // The first error is the last word.
    let answers = answers.scan(false, |ended, answer| {
        let next = (!*ended).then_some(answer);
        *ended = next.as_ref().is_none_or(Result::is_err);
        std::future::ready(next)
    });
    Response::new(Box::pin(answers))
}
