//! Detects failures of the disk that the embedded store writes to, logs them once and shortens the timeout meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::local_limits::LocalLimits;
use crate::error::Error;

/// Time that a comment waits for the disk. A healthy disk is always faster.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Time that a comment waits for a disk whose last write failed.
const TIMEOUT_WHILE_FAILING: Duration = Duration::from_millis(250);

/// The state of the disk, derived from the outcomes of recent calls.
pub(super) struct DiskBreaker {
    /// Whether the disk is failing, which was logged.
    failing: AtomicBool,
    /// Limits that this process counts while the disk fails.
    local: Arc<LocalLimits>,
}

impl DiskBreaker {
    /// Creates the state of a working disk.
    pub fn new(local: Arc<LocalLimits>) -> Self {
        Self { failing: AtomicBool::new(false), local }
    }

    /// Runs work that a comment waits for, with a timeout. Work that times out may still be completed; a comment that is sent
    /// again then finds its result. `wrote` is as for [`observe`](Self::observe).
    ///
    /// # Errors
    /// Returns the error of the work, or an error if the disk does not answer in time.
    pub async fn with_timeout<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
        wrote: impl FnOnce(&T) -> bool,
    ) -> Result<T, Error> {
        let limit = if self.failing.load(Ordering::Relaxed) { TIMEOUT_WHILE_FAILING } else { TIMEOUT };
        let outcome = tokio::time::timeout(limit, work).await;
        let late = || Error::store(format!("the disk took longer than {limit:?}"));
        self.observe(outcome.unwrap_or_else(|_| Err(late())), wrote)
    }

    /// Logs once when the disk begins to fail and once when it works again, and returns the outcome unchanged. `wrote` returns
    /// whether an outcome involved a write: only a write proves that the disk works.
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
                    tracing::error!(
                        %cause,
                        "the store fails: until it works again, nothing is recorded and this process counts the limits"
                    );
                }
            }
        }
        outcome
    }
}
