//! The time of the last use of each key, collected in memory and written to the store periodically.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::record::{from_unix_seconds, to_unix_seconds};
use crate::error::Error;
use crate::store::{RecordKind, RecordsUpdate, Store};

/// Uses of keys that are not yet written to the store. Clones share them.
#[derive(Clone, Default)]
pub(super) struct KeyUses(Arc<Mutex<HashMap<String, u64>>>);

impl KeyUses {
    /// Records a use of a key at this time.
    pub fn add(&self, id: &str) {
        let Ok(mut uses) = self.0.lock() else { return };
        let now = to_unix_seconds(SystemTime::now());
        match uses.get_mut(id) {
            Some(at) => *at = now,
            None => drop(uses.insert(id.to_owned(), now)),
        }
    }

    /// Writes the collected uses to the store.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn write(&self, store: &Store) -> Result<(), Error> {
        let uses = self.0.lock().map(|mut uses| std::mem::take(&mut *uses)).unwrap_or_default();
        if uses.is_empty() {
            return Ok(());
        }
        let records = uses.into_iter().map(|(id, at)| (id, at.to_string().into_bytes()));
        store.update_records(RecordKind::KeyUses, RecordsUpdate::put(records)).await.map(drop)
    }

    /// Returns the time of the last use of each key in the store, by key id.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn read(store: &Store) -> Result<HashMap<String, SystemTime>, Error> {
        let uses = store.records(RecordKind::KeyUses).await?.all;
        let used = |at: &[u8]| std::str::from_utf8(at).ok()?.parse().ok().map(from_unix_seconds);
        Ok(uses.into_iter().filter_map(|(id, at)| Some((id, used(&at)?))).collect())
    }
}
