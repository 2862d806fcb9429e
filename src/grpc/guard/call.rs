//! The context of an authorized call, with the place that it holds while it is processed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::authority::CallAuthority;
use super::connection::{ConnectionUse, OpenCallCount};
use super::quotas::Quotas;
use crate::error::Error;
use crate::fair::{ConcurrencyLimiter, ConcurrencyPermit, FairPermit, FairSemaphore};
use crate::keys::Caller;
use crate::telemetry::METRICS;

/// The context of an authorized call. Clones refer to the same call.
#[derive(Clone)]
pub struct CallContext {
    /// The caller as authenticated at the start of the call.
    caller: Caller,
    authority: CallAuthority,
    /// The quotas of keys, or `None` if the number of calls is unlimited.
    quotas: Option<Arc<Quotas>>,
    /// The places from which the call takes one.
    places: ConcurrencyLimiter,
    /// The place that the call holds while it is processed.
    slot: Arc<Mutex<Option<InFlightCall>>>,
    /// The turns from which the call takes one, or `None` for a comment check.
    turns: Option<FairSemaphore>,
    connection: Option<ConnectionUse>,
}

impl CallContext {
    /// Returns the context of an authorized call that holds no place yet.
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

    /// Returns the caller as authenticated at the start of the call.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns the authority of the call, for later checks.
    pub fn authority(&self) -> &CallAuthority {
        &self.authority
    }

    /// Counts one more comment of a stream. Returns how long the caller must wait before it, or `None` if within the quota.
    pub fn quota_wait(&self) -> Option<Duration> {
        self.quotas.as_ref().and_then(|quotas| quotas.count(&self.caller))
    }

    /// Marks the connection as in use, so that it is not closed for a newer one. Calls whose message has not arrived do not.
    pub fn busy(&self) -> Option<OpenCallCount> {
        self.connection.as_ref().map(ConnectionUse::count_call)
    }

    /// Takes a place for the call, and waits for its turn unless it is a comment check. Both are released with the call.
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

    /// Releases the place.
    pub(super) fn release_place(&self) {
        if let Ok(mut slot) = self.slot.lock() {
            *slot = None;
        }
    }
}

/// A place that is taken, counted in the metrics.
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
