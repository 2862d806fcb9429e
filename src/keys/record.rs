//! The stored record of a key.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::access::{AllowedSites, Role};
use crate::error::Error;

/// The stored record of a key. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// SHA-256 of the key's text, in hex.
    hash: String,
    /// Name of the key's owner, for people.
    pub name: String,
    /// Role of the key.
    pub role: Role,
    /// Sites for which the key may be used.
    pub sites: AllowedSites,
    /// Time at which the key was created.
    created_at: u64,
    /// Time at which the key expires.
    expires_at: Option<u64>,
}

impl KeyRecord {
    pub(super) fn new(text: &str, name: String, role: Role, sites: AllowedSites, expires_at: Option<SystemTime>) -> Self {
        let hash = super::secret::hash(text).iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            hash,
            name,
            role,
            sites,
            created_at: to_unix_seconds(SystemTime::now()),
            expires_at: expires_at.map(to_unix_seconds),
        }
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(Error::store)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(Error::store)
    }

    /// Returns whether this is the hash of the key's text.
    pub(super) fn matches(&self, hash: &[u8; 32]) -> bool {
        let mut stored = [0; 32];
        let digits = self.hash.as_bytes().as_chunks::<2>().0;
        for (byte, digits) in stored.iter_mut().zip(digits) {
            let digit = std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(digit) = digit else { return false };
            *byte = digit;
        }
        digits.len() == stored.len() && super::secret::constant_time_eq(&stored, hash)
    }

    /// Returns the time at which the key was created.
    pub fn created_at(&self) -> SystemTime {
        from_unix_seconds(self.created_at)
    }

    /// Returns the time at which the key expires, or `None` if it does not.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at.map(from_unix_seconds)
    }

    /// Returns whether the key can create other keys without limits: it is an admin's, for all sites, and does not expire.
    pub(super) fn is_unlimited_admin(&self) -> bool {
        self.role == Role::Admin && self.sites == AllowedSites::All && self.expires_at.is_none()
    }

    pub(super) fn has_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| to_unix_seconds(SystemTime::now()) >= at)
    }
}

pub(super) fn to_unix_seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(super) fn from_unix_seconds(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_knows_its_key_and_no_other() {
        let key = crate::keys::secret::generate().unwrap().text;
        let record = KeyRecord::new(&key, "blog".into(), Role::Host, AllowedSites::All, None);
        let read = KeyRecord::from_bytes(&record.to_bytes().unwrap()).unwrap();
        assert_eq!(read, record);
        let hash = crate::keys::secret::hash;
        assert!(read.matches(&hash(&key)));
        assert!(!read.matches(&hash(&crate::keys::secret::generate().unwrap().text)));
        assert!(!String::from_utf8(record.to_bytes().unwrap()).unwrap().contains(&key));
    }

    proptest! {
        #[test]
        fn whatever_is_stored_is_a_record_or_refused(
            text in "\\{\"hash\":\"[0-9a-zA-Zé]{0,66}\",\"name\":\"\",\"role\":\"(host|admin|king)\",\"sites\":(\"all\"|\\{\"these\":\\[\\]\\}),\"created_at\":[0-9]{1,21},\"expires_at\":(null|[0-9]{1,21})\\}|.{0,40}",
        ) {
            if let Ok(record) = KeyRecord::from_bytes(text.as_bytes()) {
                prop_assert!(!record.matches(&crate::keys::secret::hash("gp-x")));
                let _ = (record.created_at(), record.expires_at(), record.has_expired());
            }
        }
    }

    #[test]
    fn a_damaged_hash_fits_nothing() {
        let key = "gp-x";
        let record = KeyRecord::new(key, String::new(), Role::Host, AllowedSites::All, None);
        for hash in ["", "zz", &record.hash[2..]] {
            assert!(!KeyRecord { hash: hash.to_owned(), ..record.clone() }.matches(&crate::keys::secret::hash(key)));
        }
    }
}
