//! Runs work on threads that may wait for the disk.

use crate::error::Error;

/// Runs what may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::store)?
}
