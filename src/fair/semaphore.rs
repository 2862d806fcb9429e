//! Turns at work that takes long, for which everybody waits: so much of it is done at once, and so much for each caller, so
//! that who asks for a lot waits behind himself and not before others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many callers are remembered before those that wait for nothing are forgotten.
const MAX_REMEMBERED_CALLERS: usize = 1_024;

/// Turns. Clones share them.
#[derive(Debug, Clone)]
pub struct FairSemaphore {
    total: Arc<Semaphore>,
    by_caller: Arc<Mutex<HashMap<Arc<str>, Arc<Semaphore>>>>,
    max_per_caller: u32,
}

/// A turn. It ends when it is dropped.
#[derive(Debug)]
pub struct FairPermit {
    // Given back in this order: first what everybody waits for.
    _total: Option<OwnedSemaphorePermit>,
    _caller: Option<OwnedSemaphorePermit>,
}

impl FairSemaphore {
    /// Lets so many units of work be done at once, and so many of them for one caller.
    pub fn new(all: u32, each: u32) -> Self {
        let semaphore = Semaphore::new(usize::try_from(all).unwrap_or(usize::MAX));
        Self { total: Arc::new(semaphore), by_caller: Arc::default(), max_per_caller: each.min(all) }
    }

    /// Waits for a turn at so many units of work. More units than a caller may have at once are as many as it may.
    pub async fn acquire(&self, caller: &str, units: u32) -> FairPermit {
        let units = units.clamp(1, self.max_per_caller.max(1));
        // A semaphore is never closed here: without a permit the work is done all the same.
        let own = self.caller_semaphore(caller).acquire_many_owned(units).await.ok();
        let all = Arc::clone(&self.total).acquire_many_owned(units).await.ok();
        FairPermit { _total: all, _caller: own }
    }

    fn caller_semaphore(&self, caller: &str) -> Arc<Semaphore> {
        let fresh = || Arc::new(Semaphore::new(usize::try_from(self.max_per_caller).unwrap_or(usize::MAX)));
        let Ok(mut each) = self.by_caller.lock() else { return fresh() };
        if each.len() >= MAX_REMEMBERED_CALLERS {
            // Whoever holds a turn or waits for one holds the semaphore.
            each.retain(|_, own| Arc::strong_count(own) > 1);
        }
        Arc::clone(each.entry(caller.into()).or_insert_with(fresh))
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
        let turns = FairSemaphore::new(4, 2);
        let _held = [turns.acquire("flood", 1).await, turns.acquire("flood", 1).await];
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { drop(turns.acquire("flood", 1).await) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(timeout(SOON, turns.acquire("other", 2)).await.is_ok());
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    }

    #[tokio::test]
    async fn more_units_than_there_are_wait_for_all_of_them_and_not_for_ever() {
        let turns = FairSemaphore::new(4, 4);
        let small = turns.acquire("a", 1).await;
        assert!(timeout(SOON, turns.acquire("a", 100)).await.is_err());
        drop(small);
        assert!(timeout(SOON, turns.acquire("a", 100)).await.is_ok());
    }

    #[tokio::test]
    async fn callers_that_wait_for_nothing_are_forgotten() {
        let turns = FairSemaphore::new(1, 1);
        for caller in 0..3 * MAX_REMEMBERED_CALLERS {
            drop(turns.acquire(&caller.to_string(), 1).await);
        }
        assert!(turns.by_caller.lock().unwrap().len() <= MAX_REMEMBERED_CALLERS);
    }
}
