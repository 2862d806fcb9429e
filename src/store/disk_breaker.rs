//! Notices when the disk of the embedded store fails: then comments wait for it only briefly, and the log says so once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::local_limits::LocalLimits;
use crate::error::Error;

/// How long the way of a comment waits for the disk, which is longer than any healthy one takes.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long it waits once the disk has failed.
const TIMEOUT_WHILE_FAILING: Duration = Duration::from_millis(250);

/// Whether the disk works, as far as the last calls tell.
pub(super) struct DiskBreaker {
    /// It failed, and that was logged.
    failing: AtomicBool,
    /// What counts comments meanwhile.
    local: Arc<LocalLimits>,
}

impl DiskBreaker {
    /// Returns the state of a disk that works.
    pub fn new(local: Arc<LocalLimits>) -> Self {
        Self { failing: AtomicBool::new(false), local }
    }

    /// Waits for the disk, but not for long: the caller is on the way of a comment. What it did not take in time it may
    /// take all the same, and a comment that is sent again finds that.
    pub async fn with_timeout<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
        wrote: impl FnOnce(&T) -> bool,
    ) -> Result<T, Error> {
        let patience = if self.failing.load(Ordering::Relaxed) { TIMEOUT_WHILE_FAILING } else { TIMEOUT };
        let outcome = tokio::time::timeout(patience, work).await;
        let late = || Error::store(format!("the disk took longer than {patience:?}"));
        self.observe(outcome.unwrap_or_else(|_| Err(late())), wrote)
    }

    /// Says that the disk fails, and that it works again, once each: not for every comment that comes meanwhile.
    /// `wrote` tells of an outcome whether something was written for it.
    pub fn observe<T>(&self, outcome: Result<T, Error>, wrote: impl FnOnce(&T) -> bool) -> Result<T, Error> {
        match &outcome {
            Ok(outcome) if !wrote(outcome) => {}
            Ok(_) => {
                if self.failing.load(Ordering::Relaxed) && self.failing.swap(false, Ordering::Relaxed) {
                    self.local.store_recovered();
                    tracing::info!("the store works again");
                }
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    let cause = std::error::Error::source(error).unwrap_or(error);
                    tracing::error!(%cause, "the store fails: until it works again nothing is recorded, and limits count here");
                }
            }
        }
        outcome
    }
}
