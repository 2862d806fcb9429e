//! The load: calls sent when they are due whatever becomes of the earlier ones, or as fast as answers come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::call::LoadClient;
use super::pacer::Pacer;
use super::schedule::Schedule;
use crate::cli::failure::Failure;

/// After so many calls at one go others get their turn: who is behind must not keep answers from being read.
const CALLS_BEFORE_YIELD: u64 = 16;

/// Told when to stop before the end.
pub type Stop = watch::Receiver<bool>;

/// Calls on their way, as many as may be. They hold memory here, not at the server.
pub struct InFlight {
    permits: Arc<Semaphore>,
    max: u32,
}

impl InFlight {
    /// None yet.
    pub fn new(most: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS))), max: most }
    }

    /// Waits until none is left.
    pub async fn drained(&self) {
        // It is never closed.
        let _ = self.permits.acquire_many(self.max).await;
    }
}

/// Open loop: every call of the schedule is sent when it is due, or counted as not sent.
///
/// # Errors
/// The system gives no thread for the clock.
pub async fn run_open_loop(
    caller: &Arc<LoadClient>,
    schedule: Schedule,
    in_flight: &InFlight,
    mut stop: Stop,
) -> Result<(), Failure> {
    let pacer = Pacer::start(schedule.clone())?;
    for (number, due) in (0..).zip(schedule) {
        if Instant::now() < due {
            tokio::select! {
                () = pacer.sleep_until(due) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        } else if number % CALLS_BEFORE_YIELD == 0 {
            if *stop.borrow() {
                break;
            }
            tokio::task::yield_now().await;
        }
        match Arc::clone(&in_flight.permits).try_acquire_owned() {
            Ok(place) => {
                let caller = Arc::clone(caller);
                tokio::spawn(async move {
                    caller.call(number, due).await;
                    drop(place);
                });
            }
            Err(_) => caller.with_record(|record| record.record_not_sent(due)),
        }
    }
    Ok(())
}

/// Closed loop: so many callers, each of which calls again when it has its answer, until a moment.
pub async fn run_closed_loop(caller: &Arc<LoadClient>, callers: usize, until: Instant, stop: Stop) {
    let numbers = Arc::new(AtomicU64::new(0));
    let mut all = JoinSet::new();
    for _ in 0..callers {
        let (caller, numbers, stop) = (Arc::clone(caller), Arc::clone(&numbers), stop.clone());
        all.spawn(async move {
            loop {
                let now = Instant::now();
                if now >= until || *stop.borrow() {
                    return;
                }
                caller.call(numbers.fetch_add(1, Ordering::Relaxed), now).await;
            }
        });
    }
    all.join_all().await;
}
