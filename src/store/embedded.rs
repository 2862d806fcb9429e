//! The embedded engine: one SQLite database file, for a single process.
//!
//! A single thread ([`writer`]) does all writing, and answers a call when its changes are on disk. Reads use connections of
//! their own and do not wait for that thread.

mod audit;
mod blocking;
mod checkpoint;
mod chore;
mod comments;
mod connection;
mod data_dir;
mod engine;
mod erase;
mod open;
mod outcomes;
mod read;
mod readers;
mod records;
mod schema;
mod secrets;
mod signed;
mod snapshot;
mod sweep;
mod watch;
mod wipe;
mod writer;

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::watch as signal;

use crate::error::Error;

use checkpoint::CheckpointThread;
use readers::{ReadPool, ReadSize};
use writer::Writer;

pub(super) use snapshot::write_snapshot;
pub(super) use watch::Watch;

/// A store that keeps its data in an SQLite file and runs in this process.
pub(super) struct Embedded {
    writer: Writer,
    readers: Arc<ReadPool>,
    /// Number of the newest change of any site.
    newest: signal::Receiver<i64>,
    /// The checkpoint thread, or `None` if the store is closed.
    checkpoints: Mutex<Option<CheckpointThread>>,
}

impl Embedded {
    /// Checks that the writer works.
    pub async fn ping(&self) -> Result<(), Error> {
        self.writer.run(|database| database.ping()).await
    }

    /// Closes the store, after the reads and writes that are under way.
    pub async fn close(&self) {
        let checkpoints = self.checkpoints.lock().ok().and_then(|mut checkpoints| checkpoints.take());
        // Before the writer: SQLite removes the write-ahead log if the last connection to close may write. This may wait for
        // a checkpoint, and so runs on a thread that may block.
        let _ = tokio::task::spawn_blocking(move || drop(checkpoints)).await;
        self.readers.close().await;
        self.writer.stop().await;
    }

    /// Runs a read on one of the read-only connections.
    async fn read<T: Send + 'static>(
        &self,
        size: ReadSize,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.run(size, work).await
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::store(error)
    }
}
