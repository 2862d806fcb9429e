//! The small shared things on Redis: one hash a kind, with its version in a field of its own, so that one key is enough.

use std::collections::BTreeMap;

use ::redis::Pipeline;

use super::Redis;
use crate::error::Error;
use crate::store::records::{Records, Space};

/// The field of the version. No thing is named like that.
const VERSION: &str = ".";

impl Redis {
    /// No braces: it belongs to no site.
    fn records_key(&self, space: Space) -> String {
        format!("{}{}", self.prefix, space.as_str())
    }

    /// `None`: nothing was ever written there, or Redis lost it.
    pub async fn records_version(&self, space: Space) -> Result<Option<u64>, Error> {
        let mut ask = ::redis::cmd("HGET");
        ask.arg(self.records_key(space)).arg(VERSION);
        self.briefly(ask.query_async(&mut self.connection.clone())).await
    }

    pub async fn records(&self, space: Space) -> Result<Records, Error> {
        let mut ask = ::redis::cmd("HGETALL");
        ask.arg(self.records_key(space));
        let mut all: BTreeMap<String, Vec<u8>> = self.briefly(ask.query_async(&mut self.connection.clone())).await?;
        let version = all.remove(VERSION).and_then(|version| String::from_utf8(version).ok()?.parse().ok());
        Ok(Records { version: version.unwrap_or(0), all })
    }

    pub async fn put_records(&self, space: Space, records: &[(String, Vec<u8>)]) -> Result<(), Error> {
        let key = self.records_key(space);
        let mut put = Pipeline::with_capacity(records.len() + 1);
        put.atomic().cmd("HINCRBY").arg(&key).arg(VERSION).arg(1).ignore();
        for (name, bytes) in records {
            put.cmd("HSET").arg(&key).arg(name).arg(bytes.as_slice()).ignore();
        }
        self.briefly(put.query_async(&mut self.connection.clone())).await
    }

    pub async fn remove_record(&self, space: Space, name: &str) -> Result<bool, Error> {
        let key = self.records_key(space);
        let mut remove = Pipeline::with_capacity(2);
        remove.atomic().cmd("HINCRBY").arg(&key).arg(VERSION).arg(1).ignore().cmd("HDEL").arg(&key).arg(name);
        let (removed,): (bool,) = self.briefly(remove.query_async(&mut self.connection.clone())).await?;
        Ok(removed)
    }
}
