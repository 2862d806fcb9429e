//! The two kinds of load: an open loop sends calls when they are due, a closed loop as fast as answers arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::call::LoadClient;
use super::pacer::Pacer;
use super::schedule::Schedule;
use crate::cli::failure::Failure;

/// Number of calls after which a sender that is behind schedule yields, so that other tasks can read answers.
const CALLS_BEFORE_YIELD: u64 = 16;

/// A receiver that becomes true when the load must stop early.
pub type Stop = watch::Receiver<bool>;

/// The limit on calls in flight. It bounds the memory of this program.
pub struct InFlight {
    permits: Arc<Semaphore>,
    max: u32,
}

impl InFlight {
    /// Returns a limit of `max` calls, none of which is in flight.
    pub fn new(max: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(usize::try_from(max).unwrap_or(Semaphore::MAX_PERMITS))), max }
    }

    /// Waits until no call is in flight.
    pub async fn drained(&self) {
        // The semaphore is never closed.
        let _ = self.permits.acquire_many(self.max).await;
    }
}

/// Runs an open loop: sends every call of the schedule when it is due, or records it as not sent if too many calls are in
/// flight.
///
/// # Errors
/// Returns an error if the thread of the pacer cannot be started.
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
            Ok(permit) => {
                let caller = Arc::clone(caller);
                tokio::spawn(async move {
                    caller.call(number, due).await;
                    drop(permit);
                });
            }
            Err(_) => caller.with_record(|record| record.record_not_sent(due)),
        }
    }
    Ok(())
}

/// Runs a closed loop until a point in time: each caller makes its next call when it has the answer to the last one.
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
