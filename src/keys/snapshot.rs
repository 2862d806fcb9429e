//! All keys as they were read last.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::access::{AllowedSites, Role};
use super::caller::Caller;
use super::record::KeyRecord;
use super::secret::PresentedKey;
use crate::error::Error;

/// How many keys there may be, and how many that name a site: each has shares of its own in what all use.
const MAX_KEYS: usize = 10_000;
const MAX_KEYS_OF_SITE: usize = 100;
/// The record that tells that there has been a key. No key is named like that.
const HAD_KEYS_MARK: &str = "had-keys";

/// The keys as they were read last.
#[derive(Default)]
pub(super) struct KeySnapshot {
    /// Whether they were read at all.
    pub loaded: bool,
    /// Which version of them this is.
    pub version: u64,
    /// Whether there is a key, or ever was one.
    pub ever_had_keys: bool,
    /// The records as the store has them.
    pub records: BTreeMap<String, Vec<u8>>,
    keys: HashMap<String, (KeyRecord, Caller)>,
}

impl KeySnapshot {
    /// Returns what is known when the store was asked and has no keys.
    pub fn empty() -> Self {
        Self { loaded: true, ..Self::default() }
    }

    /// Reads the records of the store. A damaged record is logged and left out.
    pub fn parse(version: u64, records: BTreeMap<String, Vec<u8>>) -> Self {
        let mut keys = HashMap::new();
        for (id, bytes) in records.iter().filter(|(id, _)| *id != HAD_KEYS_MARK) {
            match KeyRecord::from_bytes(bytes) {
                Ok(record) => {
                    let caller = caller(id, &record);
                    keys.insert(id.clone(), (record, caller));
                }
                Err(error) => tracing::error!(id, %error, "a key cannot be read, and is as good as revoked"),
            }
        }
        Self { loaded: true, version, ever_had_keys: !records.is_empty(), records, keys }
    }

    /// Returns whether there is no key that can be read.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns a key by its id.
    pub fn get(&self, id: &str) -> Option<&KeyRecord> {
        self.keys.get(id).map(|(record, _)| record)
    }

    /// Returns all keys with their ids.
    pub fn all(&self) -> impl Iterator<Item = (&String, &KeyRecord)> {
        self.keys.iter().map(|(id, (record, _))| (id, record))
    }

    /// Returns whose key this is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a key that is not known or has expired; [`Error::Starting`] while none are known yet.
    pub fn caller(&self, key: &PresentedKey) -> Result<Caller, Error> {
        let found = key.id.as_deref().and_then(|id| self.keys.get(id)).filter(|(record, _)| record.matches(&key.hash));
        match found {
            None if !self.loaded => Err(Error::Starting),
            None => Err(Error::Unauthenticated { reason: "KEY_UNKNOWN", problem: "this key is not known, or was revoked" }),
            Some((record, _)) if record.has_expired() => {
                Err(Error::Unauthenticated { reason: "KEY_EXPIRED", problem: "this key has expired" })
            }
            Some((_, caller)) => Ok(caller.clone()),
        }
    }

    /// Succeeds if there may be one more key for these sites.
    ///
    /// # Errors
    /// Returns an error if there are as many keys as there may be.
    pub fn check_room(&self, sites: &AllowedSites) -> Result<(), Error> {
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
                "are too many: there may be {MAX_KEYS_OF_SITE} keys for a site and {MAX_KEYS} in all; revoke some first"
            );
            return Err(Error::invalid("keys", problem));
        }
        Ok(())
    }

    /// Succeeds if the first key may be one like this.
    ///
    /// # Errors
    /// Returns an error if the key could not make others.
    pub fn check_first(role: Role, sites: &AllowedSites, ends: bool) -> Result<(), Error> {
        if role == Role::Admin && *sites == AllowedSites::All && !ends {
            return Ok(());
        }
        let problem = "must be an admin's for all sites (*) without an end: once there is a key every caller needs one, and \
                       without such a key nobody could make others";
        Err(Error::invalid("role", problem))
    }

    /// Returns whether this is the only key by which others can be made for good.
    pub fn is_last_unlimited_admin(&self, id: &str) -> bool {
        self.get(id).is_some_and(KeyRecord::is_unlimited_admin)
            && !self.all().any(|(other, record)| other != id && record.is_unlimited_admin())
    }

    /// Returns the sites that keys name.
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

/// Returns the record by which the store tells that there has been a key.
pub(super) fn had_keys_mark() -> (String, Vec<u8>) {
    (HAD_KEYS_MARK.to_owned(), Vec::new())
}

/// Returns whether the store has that record.
pub(super) fn has_had_keys_mark(records: &BTreeMap<String, Vec<u8>>) -> bool {
    records.contains_key(HAD_KEYS_MARK)
}
