//! Runs blocking work on threads that may wait for the disk.

use crate::error::Error;

/// Runs blocking work on a thread of tokio's blocking pool.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::store)?
}
