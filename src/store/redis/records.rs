//! The small shared things on Redis: one hash a kind, with its version in a field of its own, so that one key is enough.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Redis;
use super::script::call;
use crate::comment::Site;
use crate::error::{Error, StoreUnavailable};
use crate::store::records::{RecordKind, Records, RecordsUpdate};

/// The field of the version. No thing is named like that.
pub(super) const VERSION: &str = ".";

impl Redis {
    /// `None`: nothing was ever written there, or Redis lost it.
    pub async fn records_version(&self, space: RecordKind) -> Result<Option<u64>, Error> {
        let mut ask = ::redis::cmd("HGET");
        ask.arg(self.records_key(space)).arg(VERSION);
        self.within_answer_timeout(ask.query_async(&mut self.connection.clone())).await
    }

    pub async fn records(&self, space: RecordKind) -> Result<Records, Error> {
        let mut ask = ::redis::cmd("HGETALL");
        ask.arg(self.records_key(space));
        Ok(records_of(self.within_answer_timeout(ask.query_async(&mut self.connection.clone())).await?))
    }

    pub async fn update_records(
        self: &Arc<Self>,
        space: RecordKind,
        amendment: &RecordsUpdate,
    ) -> Result<Option<usize>, Error> {
        // The server's own audit lies in the slot of the keys; nothing else here is an act.
        self.update_hash(&self.records_key(space), &Site::server(), amendment).await
    }

    /// Does what an amendment of a hash says, and records the act in the audit of `site`, which lies in the hash's slot.
    /// Returns how many were removed, or `None` if the version is another.
    pub(super) async fn update_hash(
        self: &Arc<Self>,
        hash: &str,
        site: &Site,
        amendment: &RecordsUpdate,
    ) -> Result<Option<usize>, Error> {
        let RecordsUpdate { put, remove, version, act } = amendment;
        // Other hashes than those with an audit share no slot with it: then it is not named.
        let acts = if act.is_some() { self.keys(site).unsealed() } else { hash.to_owned() };
        let mut ask = call(&self.scripts.amend, &[hash.to_owned(), acts]);
        ask.arg(version.map(|version| version.to_string()).unwrap_or_default());
        ask.arg(act.as_deref().unwrap_or_default());
        ask.arg(self.audit_lifetime(site)).arg(put.len());
        for (name, bytes) in put {
            ask.arg(name).arg(bytes.as_slice());
        }
        ask.arg(remove);
        if self.breaker.is_open("") {
            return Err(Error::store(StoreUnavailable));
        }
        let mut reply = self.run_within_answer_timeout(&self.scripts.amend, &ask).await?;
        match reply.word() {
            "moved" => Ok(None),
            "amended" => {
                if act.is_some() {
                    self.schedule_seal(site);
                }
                Ok(Some(reply.number()?))
            }
            _ => Err(reply.unexpected()),
        }
    }
}

/// Returns the records of a hash and their version.
pub(super) fn records_of(mut all: BTreeMap<String, Vec<u8>>) -> Records {
    let version = all.remove(VERSION).and_then(|version| String::from_utf8(version).ok()?.parse().ok());
    Records { version: version.unwrap_or(0), all }
}
