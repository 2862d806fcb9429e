//! The embedded store: one SQLite database in a file, for one process.
//!
//! All writing is done by one thread ([`writer`]), which answers a call when what it wrote is on disk. Reading needs no
//! turn there.

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

/// A store in this process.
pub(super) struct Embedded {
    writer: Writer,
    readers: Arc<ReadPool>,
    /// The number of the newest change of any site.
    newest: signal::Receiver<i64>,
    /// `None`: closed.
    checkpoints: Mutex<Option<CheckpointThread>>,
}

impl Embedded {
    pub async fn ping(&self) -> Result<(), Error> {
        self.writer.run(|engine| engine.ping()).await
    }

    pub async fn close(&self) {
        let checkpoints = self.checkpoints.lock().ok().and_then(|mut checkpoints| checkpoints.take());
        // Before the writer: SQLite leaves one file, without a log beside it, if who closes it last may write. Either may be
        // in the middle of something.
        let _ = tokio::task::spawn_blocking(move || drop(checkpoints)).await;
        self.readers.close().await;
        self.writer.stop().await;
    }

    /// Reads from the file.
    async fn read<T: Send + 'static>(
        &self,
        extent: ReadSize,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.run(extent, work).await
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::store(error)
    }
}
