//! The read-only connections: a small pool, so that slow reads do not block others, with a timeout for each read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::blocking::blocking;
use super::connection;
use crate::error::Error;

/// Maximum number of concurrent reads.
const MAX_READS: u32 = 4;
/// Maximum number of concurrent long reads. One place is always left for the short reads that a comment waits for.
const MAX_LONG_READS: u32 = MAX_READS - 1;
/// Maximum time of a read, including the wait for its turn.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Number of steps of SQLite's virtual machine between two checks of the deadline.
const STEPS_PER_TIME_CHECK: i32 = 10_000;

/// The size of a read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadSize {
    /// A few rows.
    Short,
    /// A page, or a part of a walk over a site.
    Long,
}

/// A pool of read-only connections.
pub(super) struct ReadPool {
    path: PathBuf,
    /// Unused connections. More are opened on demand.
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl ReadPool {
    /// Returns a pool for a file that [`connection::writable`] has prepared.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let idle = Mutex::new(vec![connection::readable(path)?]);
        let places = |count: u32| Arc::new(Semaphore::new(count as usize));
        Ok(Self { path: path.to_owned(), idle, places: places(MAX_READS), long: places(MAX_LONG_READS) })
    }

    /// Runs a read on a thread that may block.
    ///
    /// # Errors
    /// Returns an error if the read times out or the store is closed, and otherwise any error of `work`.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        size: ReadSize,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let deadline = Instant::now() + TIMEOUT;
        let timed_out = || Error::store(format!("reading took longer than {TIMEOUT:?}"));
        let places = timeout(TIMEOUT, self.places(size)).await.map_err(|_| timed_out())??;
        let readers = Arc::clone(self);
        // The read goes on if the caller cancels; the deadline ends it.
        blocking(move || {
            let mut connection = readers.take()?;
            connection.progress_handler(STEPS_PER_TIME_CHECK, Some(move || Instant::now() >= deadline))?;
            let result = work(&connection);
            connection.progress_handler(0, None::<fn() -> bool>)?;
            readers.give_back(connection);
            drop(places);
            result.map_err(|error| if Instant::now() >= deadline { timed_out() } else { error })
        })
        .await
    }

    /// Waits for a place: one in the pool, and for a long read also one of the long reads'.
    async fn places(&self, size: ReadSize) -> Result<(Option<OwnedSemaphorePermit>, OwnedSemaphorePermit), Error> {
        let closed = |_| Error::store("the store is closed");
        let long = match size {
            ReadSize::Short => None,
            ReadSize::Long => Some(Arc::clone(&self.long).acquire_owned().await.map_err(closed)?),
        };
        Ok((long, Arc::clone(&self.places).acquire_owned().await.map_err(closed)?))
    }

    fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle().pop();
        idle.map_or_else(|| connection::readable(&self.path), Ok)
    }

    fn give_back(&self, connection: Connection) {
        // A connection that is still in a transaction would go on reading an outdated snapshot.
        if connection.is_autocommit() {
            self.idle().push(connection);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // Each change of the list is a single step, so a panic of another thread leaves it consistent.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the current reads and closes all connections. Later reads fail.
    pub async fn close(&self) {
        // Fails if the pool is closed already.
        let all = self.places.acquire_many(MAX_READS).await;
        self.places.close();
        self.long.close();
        drop(all);
        self.idle().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query that runs far longer than any test waits.
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    fn readers(folder: &tempfile::TempDir) -> Arc<ReadPool> {
        let path = folder.path().join("gatepost.db");
        drop(connection::writable(&path).unwrap());
        Arc::new(ReadPool::open(&path).unwrap())
    }

    fn endless(connection: &Connection) -> Result<i64, Error> {
        Ok(connection.query_row(ENDLESS, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn slow_pages_keep_nobody_from_reading_a_few_rows_and_end_by_themselves() {
        let folder = tempfile::TempDir::new().unwrap();
        let readers = readers(&folder);
        let mut slow = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let readers = Arc::clone(&readers);
            slow.spawn(async move { readers.run(ReadSize::Long, endless).await });
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = Instant::now();
        for _ in 0..20 {
            let one = readers
                .run(ReadSize::Short, |connection| Ok(connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
            assert_eq!(one.await.unwrap(), 1);
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert!(slow.join_all().await.iter().all(Result::is_err));
        assert!(started.elapsed() < 2 * TIMEOUT, "{:?}", started.elapsed());
        readers.run(ReadSize::Long, |connection| Ok(connection.execute_batch("SELECT 1")?)).await.unwrap();
    }

    #[tokio::test]
    async fn a_closed_pool_refuses_and_waits_for_who_reads() {
        let folder = tempfile::TempDir::new().unwrap();
        let readers = readers(&folder);
        let reading = {
            let readers = Arc::clone(&readers);
            tokio::spawn(async move {
                let sleep = |_: &Connection| {
                    std::thread::sleep(Duration::from_millis(300));
                    Ok(())
                };
                readers.run(ReadSize::Short, sleep).await
            })
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        readers.close().await;
        readers.close().await;
        assert!(reading.is_finished() || reading.await.unwrap().is_ok());
        assert!(readers.run(ReadSize::Short, |_| Ok(())).await.is_err());
    }
}
