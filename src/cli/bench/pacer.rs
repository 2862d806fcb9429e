//! A thread that sleeps until calls are due, because the timers of the runtime have a resolution of one millisecond.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::schedule::Schedule;
use crate::cli::failure::Failure;

/// Minimum time between two wake-ups. Waking more often costs more than it gains: a delay of this size is small and shows
/// in the report.
const MIN_WAKE_INTERVAL: Duration = Duration::from_micros(100);
/// Longest time that the thread sleeps before it checks whether it must stop.
const MAX_SLEEP: Duration = Duration::from_millis(50);

/// Wakes the sender each time a call is due. The thread ends when this is dropped.
pub struct Pacer {
    wake: Arc<Notify>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Starts a thread that wakes the sender at the times of a schedule.
    ///
    /// # Errors
    /// Returns an error if the thread cannot be started.
    pub fn start(schedule: Schedule) -> Result<Self, Failure> {
        let (wake, stopped) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let (thread_wake, thread_stopped) = (Arc::clone(&wake), Arc::clone(&stopped));
        let thread =
            thread::Builder::new().name("pacer".to_owned()).spawn(move || pace(schedule, &thread_wake, &thread_stopped));
        let thread = thread.map_err(|error| Failure::failed(format!("cannot start a thread: {error}")))?;
        Ok(Self { wake, stopped, thread: Some(thread) })
    }

    /// Waits until a time of the schedule.
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

/// Notifies `wake` at each time of the schedule, until the schedule ends or `stopped` is set.
fn pace(schedule: Schedule, wake: &Notify, stopped: &AtomicBool) {
    let mut now = Instant::now();
    for due in schedule {
        // The wake-up at `now` covers every call that was due by then.
        if due <= now {
            continue;
        }
        let wake_at = due.max(now + MIN_WAKE_INTERVAL);
        loop {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            now = Instant::now();
            let Some(left) = wake_at.checked_duration_since(now).filter(|left| !left.is_zero()) else { break };
            thread::sleep(left.min(MAX_SLEEP));
        }
        wake.notify_one();
    }
}
