//! What the guard knows of a call, and the place that the call holds while it is worked on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::authority::CallAuthority;
use super::connection::{ConnectionUse, OpenCallCount};
use super::quotas::Quotas;
use crate::error::Error;
use crate::fair::{ConcurrencyLimiter, ConcurrencyPermit, FairPermit, FairSemaphore};
use crate::keys::Caller;
use crate::telemetry::METRICS;

/// What the guard knows of a call. Clones are of the same call.
#[derive(Clone)]
pub struct CallContext {
    /// Who makes it.
    caller: Caller,
    authority: CallAuthority,
    /// `None`: the caller may make any number of calls.
    quotas: Option<Arc<Quotas>>,
    /// Where it takes its place.
    places: ConcurrencyLimiter,
    /// The place that the call holds while it is worked on.
    slot: Arc<Mutex<Option<InFlightCall>>>,
    /// Turns that it takes. `None`: it is a comment's.
    turns: Option<FairSemaphore>,
    connection: Option<ConnectionUse>,
}

impl CallContext {
    /// A call that was let in and holds no place yet.
    pub(super) fn new(
        caller: Caller,
        authority: CallAuthority,
        quotas: Option<Arc<Quotas>>,
        places: ConcurrencyLimiter,
        turns: Option<FairSemaphore>,
        connection: Option<ConnectionUse>,
    ) -> Self {
        Self { caller, authority, quotas, places, slot: Arc::default(), turns, connection }
    }

    /// Returns who made the call when it was let in.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns what tells who makes the call whenever it is asked.
    pub fn authority(&self) -> &CallAuthority {
        &self.authority
    }

    /// Returns how long the caller must wait before its next comment on a stream, which is counted.
    pub fn quota_wait(&self) -> Option<Duration> {
        self.quotas.as_ref().and_then(|quotas| quotas.count(&self.caller))
    }

    /// Returns what keeps the connection from being closed for a newer one. A call whose message has not come holds none.
    pub fn busy(&self) -> Option<OpenCallCount> {
        self.connection.as_ref().map(ConnectionUse::count_call)
    }

    /// Takes a place for the call, and waits for its turn if it is no comment's. Both end with the call.
    pub(super) async fn take_place(&self, site: &str) -> Result<(), Error> {
        let Some(place) = self.places.try_acquire(&self.caller.id, site) else {
            METRICS.shed("concurrency");
            return Err(Error::Overloaded);
        };
        let turn = match &self.turns {
            Some(turns) => Some(turns.acquire(&self.caller.id, 1).await),
            None => None,
        };
        if let Ok(mut slot) = self.slot.lock() {
            *slot = Some(InFlightCall::new(place, self.busy(), turn));
        }
        Ok(())
    }

    /// Gives the place back.
    pub(super) fn release_place(&self) {
        if let Ok(mut slot) = self.slot.lock() {
            *slot = None;
        }
    }
}

/// A place that is taken, as the metrics count it.
struct InFlightCall {
    _place: ConcurrencyPermit,
    _busy: Option<OpenCallCount>,
    _turn: Option<FairPermit>,
}

impl InFlightCall {
    fn new(place: ConcurrencyPermit, busy: Option<OpenCallCount>, turn: Option<FairPermit>) -> Self {
        METRICS.calls_in_flight.inc();
        Self { _place: place, _busy: busy, _turn: turn }
    }
}

impl Drop for InFlightCall {
    fn drop(&mut self) {
        METRICS.calls_in_flight.dec();
    }
}
