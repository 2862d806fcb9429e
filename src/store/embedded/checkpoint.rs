//! Moves the log into the file in the background, so that no comment waits for it.
//!
//! SQLite would do it at the end of whichever commit makes the log long enough. The more comments there are, the more
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

/// How often the log is looked at.
const INTERVAL: Duration = Duration::from_millis(250);
/// A shorter log is left alone, in bytes.
const MIN_LOG_BYTES: u64 = 4 << 20;

/// Ends the work when dropped, and lets go of the file.
pub(super) struct CheckpointThread {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for CheckpointThread {
    /// Waits, since SQLite removes the log when the last who has the file open lets go of it in good order.
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Begins to look after the log of this file, except while somebody else `keeps_log`. Calls `tick` each time, so that the
/// writer has an occasion for its chores even if nobody asks it anything.
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

/// Moves what it can without making anybody wait. What stays is moved the next time, or by the writer when the log has
/// grown very long.
fn checkpoint(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}
