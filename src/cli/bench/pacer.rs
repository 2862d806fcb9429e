//! A clock finer than the runtime's, whose timers tick in milliseconds: a thread that sleeps until calls are due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::schedule::Schedule;
use crate::cli::failure::Failure;

/// The least time between two wakes: each costs more than a call that is so much late, and says so in the report.
const MIN_WAKE_INTERVAL: Duration = Duration::from_micros(100);
/// How long the thread sleeps at most before it looks whether it is still wanted.
const MAX_SLEEP: Duration = Duration::from_millis(50);

/// Wakes whoever sends, each time something is due. The thread ends when this is dropped.
pub struct Pacer {
    wake: Arc<Notify>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Begins to wake at the moments of a schedule.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(schedule: Schedule) -> Result<Self, Failure> {
        let (due, over) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let (wake, ended) = (Arc::clone(&due), Arc::clone(&over));
        let thread = thread::Builder::new().name("pacer".to_owned()).spawn(move || pace(schedule, &wake, &ended));
        let thread = thread.map_err(|error| Failure::failed(format!("cannot start a thread: {error}")))?;
        Ok(Self { wake: due, stopped: over, thread: Some(thread) })
    }

    /// Waits until a moment of the schedule has come.
    pub async fn sleep_until(&self, due: Instant) {
        while Instant::now() < due {
            self.wake.notified().await;
        }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn pace(schedule: Schedule, wake: &Notify, over: &AtomicBool) {
    let mut now = Instant::now();
    for due in schedule {
        // Whoever was woken then sends all that was due by then.
        if due <= now {
            continue;
        }
        let wake_at = due.max(now + MIN_WAKE_INTERVAL);
        loop {
            if over.load(Ordering::Relaxed) {
                return;
            }
            now = Instant::now();
            let Some(left) = wake_at.checked_duration_since(now).filter(|left| !left.is_zero()) else { break };
            thread::sleep(left.min(MAX_SLEEP));
        }
        wake.notify_one();
    }
}
