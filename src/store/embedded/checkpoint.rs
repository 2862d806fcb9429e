//! Moves the write-ahead log into the file in the background, so that no comment waits for it.
//!
//! SQLite itself would do it at the end of the commit that makes the log long enough. The more comments there are, the more
//! pages of the file a log touches, and the longer that commit would take.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::connection;
use crate::error::Error;

/// Time between two checks of the log.
const INTERVAL: Duration = Duration::from_millis(250);
/// Size of the log, in bytes, below which it is left alone.
const MIN_LOG_BYTES: u64 = 4 << 20;

/// A thread that runs checkpoints. Dropping it stops the thread and closes its connection.
pub(super) struct CheckpointThread {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for CheckpointThread {
    /// Waits for the thread, since SQLite removes the log only when the last connection is closed properly.
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported.
            let _ = thread.join();
        }
    }
}

/// Starts the thread for a file. It leaves the log alone while `keeps_log` is set. It calls `tick` at each interval, so that
/// the writer runs its chores even without requests.
pub(super) fn start(
    path: &Path,
    keeps_log: Arc<AtomicBool>,
    tick: impl Fn() + Send + 'static,
) -> Result<CheckpointThread, Error> {
    let connection = connection::for_checkpoints(path)?;
    let log = path.with_extension("db-wal");
    let (stop, stopped) = mpsc::channel();
    let work = move || {
        while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            tick();
            if !keeps_log.load(Ordering::Relaxed) && std::fs::metadata(&log).is_ok_and(|log| log.len() >= MIN_LOG_BYTES) {
                checkpoint(&connection);
            }
        }
    };
    let thread = thread::Builder::new().name("gatepost-log".to_owned()).spawn(work).map_err(Error::store)?;
    Ok(CheckpointThread { stop: Some(stop), thread: Some(thread) })
}

/// Moves as much of the log as possible without blocking anyone. The rest is moved the next time, or by the writer when the
/// log has grown very long.
fn checkpoint(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}
