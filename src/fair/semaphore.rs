//! A semaphore for long work, for which callers wait. It limits the units of work in total and for each caller, so that the
//! requests of a busy caller wait for each other and do not delay other callers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Number of callers from which on idle ones are forgotten.
const MAX_REMEMBERED_CALLERS: usize = 1_024;

/// A semaphore with a limit for all callers together and one for each caller. Clones share it.
#[derive(Debug, Clone)]
pub struct FairSemaphore {
    total: Arc<Semaphore>,
    by_caller: Arc<Mutex<HashMap<Arc<str>, Arc<Semaphore>>>>,
    max_per_caller: u32,
}

/// A permit for units of work, which are returned when it is dropped.
#[derive(Debug)]
pub struct FairPermit {
    // Fields are dropped in this order: first the permit for which all callers wait.
    _total: Option<OwnedSemaphorePermit>,
    _caller: Option<OwnedSemaphorePermit>,
}

impl FairSemaphore {
    /// Creates a semaphore for `total` units of work at once, of which one caller may have `per_caller`.
    pub fn new(total: u32, per_caller: u32) -> Self {
        let semaphore = Semaphore::new(usize::try_from(total).unwrap_or(usize::MAX));
        Self { total: Arc::new(semaphore), by_caller: Arc::default(), max_per_caller: per_caller.min(total) }
    }

    /// Waits for a permit for `units` units of work. A request for more units than a caller may have is reduced to that number.
    pub async fn acquire(&self, caller: &str, units: u32) -> FairPermit {
        let units = units.clamp(1, self.max_per_caller.max(1));
        // The semaphores are never closed. Without a permit the work would be done all the same.
        let own = self.caller_semaphore(caller).acquire_many_owned(units).await.ok();
        let total = Arc::clone(&self.total).acquire_many_owned(units).await.ok();
        FairPermit { _total: total, _caller: own }
    }

    fn caller_semaphore(&self, caller: &str) -> Arc<Semaphore> {
        let fresh = || Arc::new(Semaphore::new(usize::try_from(self.max_per_caller).unwrap_or(usize::MAX)));
        let Ok(mut by_caller) = self.by_caller.lock() else { return fresh() };
        if by_caller.len() >= MAX_REMEMBERED_CALLERS {
            // A caller that holds a permit or waits for one holds a reference to its semaphore.
            by_caller.retain(|_, own| Arc::strong_count(own) > 1);
        }
        Arc::clone(by_caller.entry(caller.into()).or_insert_with(fresh))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn who_asks_for_a_lot_waits_behind_himself() {
        let semaphore = FairSemaphore::new(4, 2);
        let _held = [semaphore.acquire("flood", 1).await, semaphore.acquire("flood", 1).await];
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let semaphore = semaphore.clone();
                tokio::spawn(async move { drop(semaphore.acquire("flood", 1).await) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(timeout(SOON, semaphore.acquire("other", 2)).await.is_ok());
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    }

    #[tokio::test]
    async fn more_units_than_there_are_wait_for_all_of_them_and_not_for_ever() {
        let semaphore = FairSemaphore::new(4, 4);
        let small = semaphore.acquire("a", 1).await;
        assert!(timeout(SOON, semaphore.acquire("a", 100)).await.is_err());
        drop(small);
        assert!(timeout(SOON, semaphore.acquire("a", 100)).await.is_ok());
    }

    #[tokio::test]
    async fn callers_that_wait_for_nothing_are_forgotten() {
        let semaphore = FairSemaphore::new(1, 1);
        for caller in 0..3 * MAX_REMEMBERED_CALLERS {
            drop(semaphore.acquire(&caller.to_string(), 1).await);
        }
        assert!(semaphore.by_caller.lock().unwrap().len() <= MAX_REMEMBERED_CALLERS);
    }
}
