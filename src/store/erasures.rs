//! Limits erasures to one at a time per site. Each scans all comments of its site, and several at once would only use more
//! of the resources that all sites share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedMutexGuard, Semaphore};

use crate::comment::Site;
use crate::error::Error;

/// Maximum number of erasures that run at once, on different sites.
const MAX_CONCURRENT: usize = 2;
/// Maximum number of erasures per site that run or wait.
const MAX_PER_SITE: usize = 16;

/// The queue of erasures of all sites.
pub(super) struct ErasureQueue {
    sites: Mutex<HashMap<Site, Weak<tokio::sync::Mutex<()>>>>,
    permits: Arc<Semaphore>,
}

/// Permission for one erasure to run. Dropping it lets the next erasure start.
pub(super) struct ErasureTurn {
    _site: OwnedMutexGuard<()>,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Default for ErasureQueue {
    fn default() -> Self {
        Self { sites: Mutex::default(), permits: Arc::new(Semaphore::new(MAX_CONCURRENT)) }
    }
}

impl ErasureQueue {
    /// Waits until an erasure may run on a site.
    ///
    /// # Errors
    /// Returns [`Error::Overloaded`] if too many erasures run or wait on the same site.
    pub async fn wait_turn(&self, site: &Site) -> Result<ErasureTurn, Error> {
        let lock = self.lock(site)?;
        // The site's lock comes before the permit, so that erasures waiting for one site do not block other sites.
        let site = lock.lock_owned().await;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Error::ShuttingDown)?;
        Ok(ErasureTurn { _site: site, _permit: permit })
    }

    fn lock(&self, site: &Site) -> Result<Arc<tokio::sync::Mutex<()>>, Error> {
        let mut sites = self.sites();
        sites.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = sites.get(site).and_then(Weak::upgrade) {
            // Each erasure that runs or waits holds one reference, and so does this call.
            return if Arc::strong_count(&lock) > MAX_PER_SITE { Err(Error::Overloaded) } else { Ok(lock) };
        }
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        sites.insert(site.clone(), Arc::downgrade(&lock));
        Ok(lock)
    }

    fn sites(&self) -> MutexGuard<'_, HashMap<Site, Weak<tokio::sync::Mutex<()>>>> {
        // Every change of the map is a single operation, so that it stays consistent after a panic.
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_works_on_a_site_at_a_time_and_only_so_many_wait() {
        let erasures = Arc::new(ErasureQueue::default());
        let [a, b] = ["a.example", "b.example"].map(|name| Site::parse("site", name).unwrap());
        let first = erasures.wait_turn(&a).await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 1..MAX_PER_SITE {
            let (erasures, a) = (Arc::clone(&erasures), a.clone());
            waiting.spawn(async move { erasures.wait_turn(&a).await.map(drop) });
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(waiting.try_join_next().is_none(), "they wait");
        assert!(matches!(erasures.wait_turn(&a).await, Err(Error::Overloaded)));
        assert!(erasures.wait_turn(&b).await.is_ok(), "another site does not");
        drop(first);
        assert!(waiting.join_all().await.iter().all(Result::is_ok));
        assert!(erasures.wait_turn(&a).await.is_ok());
    }
}
