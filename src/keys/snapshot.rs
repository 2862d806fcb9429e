//! A snapshot of all keys, as they were read last.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::access::{AllowedSites, Role};
use super::caller::Caller;
use super::record::KeyRecord;
use super::secret::PresentedKey;
use crate::error::Error;

/// Maximum number of keys. Each key gets a share of its own of limited resources.
const MAX_KEYS: usize = 10_000;
/// Maximum number of keys that name the same site.
const MAX_KEYS_OF_SITE: usize = 100;
/// Name of the record that marks that there has been a key. No key has such an id.
const HAD_KEYS_MARK: &str = "had-keys";

/// A snapshot of the keys, as they were read last.
#[derive(Default)]
pub(super) struct KeySnapshot {
    /// Whether the keys have been read.
    pub loaded: bool,
    /// Version of the keys.
    pub version: u64,
    /// Whether there is, or ever was, a key.
    pub ever_had_keys: bool,
    /// Records as they are stored.
    pub records: BTreeMap<String, Vec<u8>>,
    keys: HashMap<String, (KeyRecord, Caller)>,
}

impl KeySnapshot {
    /// Returns the snapshot of a store without keys.
    pub fn empty() -> Self {
        Self { loaded: true, ..Self::default() }
    }

    /// Parses the records of the store. A damaged record is logged and left out.
    pub fn parse(version: u64, records: BTreeMap<String, Vec<u8>>) -> Self {
        let mut keys = HashMap::new();
        for (id, bytes) in records.iter().filter(|(id, _)| *id != HAD_KEYS_MARK) {
            match KeyRecord::from_bytes(bytes) {
                Ok(record) => {
                    let caller = caller(id, &record);
                    keys.insert(id.clone(), (record, caller));
                }
                Err(error) => tracing::error!(id, %error, "a key record cannot be read; the key is not accepted"),
            }
        }
        Self { loaded: true, version, ever_had_keys: !records.is_empty(), records, keys }
    }

    /// Returns whether there are no readable keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the record of a key by its id, or `None` if there is no such key.
    pub fn get(&self, id: &str) -> Option<&KeyRecord> {
        self.keys.get(id).map(|(record, _)| record)
    }

    /// Returns the records of all keys, with their ids.
    pub fn all(&self) -> impl Iterator<Item = (&String, &KeyRecord)> {
        self.keys.iter().map(|(id, (record, _))| (id, record))
    }

    /// Returns the caller that a key stands for.
    ///
    /// # Errors
    /// Returns [`Error::Unauthenticated`] if the key is unknown or has expired, and [`Error::Starting`] if the keys have not
    /// been read yet.
    pub fn caller(&self, key: &PresentedKey) -> Result<Caller, Error> {
        let found = key.id.as_deref().and_then(|id| self.keys.get(id)).filter(|(record, _)| record.matches(&key.hash));
        match found {
            None if !self.loaded => Err(Error::Starting),
            None => Err(Error::Unauthenticated { reason: "KEY_UNKNOWN", problem: "this key is unknown or was revoked" }),
            Some((record, _)) if record.has_expired() => {
                Err(Error::Unauthenticated { reason: "KEY_EXPIRED", problem: "this key has expired" })
            }
            Some((_, caller)) => Ok(caller.clone()),
        }
    }

    /// Checks that another key for the given sites may be created.
    ///
    /// # Errors
    /// Returns an error if the maximum number of keys is reached.
    pub fn check_capacity(&self, sites: &AllowedSites) -> Result<(), Error> {
        let of_site = |site: &String| {
            let named = |record: &KeyRecord| matches!(&record.sites, AllowedSites::These(sites) if sites.contains(site));
            self.all().filter(|(_, record)| named(record)).count()
        };
        let full = match sites {
            AllowedSites::All => false,
            AllowedSites::These(sites) => sites.iter().any(|site| of_site(site) >= MAX_KEYS_OF_SITE),
        };
        if full || self.keys.len() >= MAX_KEYS {
            let problem = format!(
                "are too many: at most {MAX_KEYS_OF_SITE} keys for a site and {MAX_KEYS} in all are possible; revoke some first"
            );
            return Err(Error::invalid("keys", problem));
        }
        Ok(())
    }

    /// Checks that a key may be the first one.
    ///
    /// # Errors
    /// Returns an error unless the key can create others without limits.
    pub fn check_first(role: Role, sites: &AllowedSites, expires: bool) -> Result<(), Error> {
        if role == Role::Admin && *sites == AllowedSites::All && !expires {
            return Ok(());
        }
        let problem = "of the first key must be admin, for all sites (*) and without expiry: once there is a key, every caller \
                       needs one, and only such a key can create others";
        Err(Error::invalid("role", problem))
    }

    /// Returns whether a key is the only one that can create others without limits.
    pub fn is_last_unlimited_admin(&self, id: &str) -> bool {
        self.get(id).is_some_and(KeyRecord::is_unlimited_admin)
            && !self.all().any(|(other, record)| other != id && record.is_unlimited_admin())
    }

    /// Returns all sites that keys name, with repetitions.
    pub fn sites(&self) -> Vec<String> {
        let named = self.all().filter_map(|(_, record)| match &record.sites {
            AllowedSites::All => None,
            AllowedSites::These(sites) => Some(sites),
        });
        named.flatten().cloned().collect()
    }
}

/// Returns the caller that a key stands for.
fn caller(id: &str, record: &KeyRecord) -> Caller {
    let name = if record.name.is_empty() { id } else { record.name.as_str() };
    Caller { id: id.into(), name: name.into(), role: record.role, sites: Arc::new(record.sites.clone()) }
}

/// Returns the name and content of the record that marks that there has been a key.
pub(super) fn had_keys_mark() -> (String, Vec<u8>) {
    (HAD_KEYS_MARK.to_owned(), Vec::new())
}

/// Returns whether the records contain the mark that there has been a key.
pub(super) fn has_had_keys_mark(records: &BTreeMap<String, Vec<u8>>) -> bool {
    records.contains_key(HAD_KEYS_MARK)
}
