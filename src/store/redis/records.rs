//! The small shared sets of records in Redis: one hash per kind, which also contains the version in a field of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Redis;
use super::script::call;
use crate::comment::Site;
use crate::error::{Error, StoreUnavailable};
use crate::store::records::{RecordKind, Records, RecordsUpdate};

/// Name of the field that contains the version. No record has this name.
pub(super) const VERSION: &str = ".";

impl Redis {
    /// Returns the version of the records, or `None` if none were ever written or Redis lost them.
    pub async fn records_version(&self, kind: RecordKind) -> Result<Option<u64>, Error> {
        let mut command = ::redis::cmd("HGET");
        command.arg(self.records_key(kind)).arg(VERSION);
        self.within_answer_timeout(command.query_async(&mut self.connection.clone())).await
    }

    pub async fn records(&self, kind: RecordKind) -> Result<Records, Error> {
        let mut command = ::redis::cmd("HGETALL");
        command.arg(self.records_key(kind));
        Ok(records_of(self.within_answer_timeout(command.query_async(&mut self.connection.clone())).await?))
    }

    pub async fn update_records(self: &Arc<Self>, kind: RecordKind, update: &RecordsUpdate) -> Result<Option<usize>, Error> {
        // The server's audit shares a slot with the API keys, the only records whose changes are audited.
        self.update_hash(&self.records_key(kind), &Site::server(), update).await
    }

    /// Applies an update to a hash and adds its audit record to the audit of `site`, which must share the hash's slot. Returns
    /// the number of removed fields, or `None` if the hash has another version.
    pub(super) async fn update_hash(
        self: &Arc<Self>,
        hash: &str,
        site: &Site,
        update: &RecordsUpdate,
    ) -> Result<Option<usize>, Error> {
        let RecordsUpdate { put, remove, version, act } = update;
        // Without an audit record the second key is unused, and must only be in the slot of the hash.
        let unsealed = if act.is_some() { self.keys(site).unsealed() } else { hash.to_owned() };
        let mut command = call(&self.scripts.amend, &[hash.to_owned(), unsealed]);
        command.arg(version.map(|version| version.to_string()).unwrap_or_default());
        command.arg(act.as_deref().unwrap_or_default());
        command.arg(self.audit_lifetime(site)).arg(put.len());
        for (name, bytes) in put {
            command.arg(name).arg(bytes.as_slice());
        }
        command.arg(remove);
        if self.breaker.is_open("") {
            return Err(Error::store(StoreUnavailable));
        }
        let mut reply = self.run_within_answer_timeout(&self.scripts.amend, &command).await?;
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

/// Splits the fields of a hash into the records and their version.
pub(super) fn records_of(mut all: BTreeMap<String, Vec<u8>>) -> Records {
    let version = all.remove(VERSION).and_then(|version| String::from_utf8(version).ok()?.parse().ok());
    Records { version: version.unwrap_or(0), all }
}
