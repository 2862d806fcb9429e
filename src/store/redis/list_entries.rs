//! A site's block and allow entries on Redis: one hash in the site's slot, so that admitting a comment can look whether its
//! version is still the one that the comment was looked at with.

use std::sync::Arc;

use super::Redis;
use super::records::{VERSION, records_of};
use crate::comment::Site;
use crate::error::Error;
use crate::store::records::{Records, RecordsUpdate};

/// How many times as long as for anything else a comment waits for the entries: there may be many, and they are read only
/// when they have changed.
const TIMEOUT_FACTOR: u32 = 10;

impl Redis {
    pub async fn list_entries(&self, site: &Site) -> Result<Records, Error> {
        self.check_reachable(site)?;
        let mut ask = ::redis::cmd("HGETALL");
        ask.arg(self.keys(site).listed());
        let answer = tokio::time::timeout(self.timeout * TIMEOUT_FACTOR, ask.query_async(&mut self.connection.clone())).await;
        Ok(records_of(answer.map_err(|_| Error::store("no answer"))??))
    }

    pub async fn list_version(&self, site: &Site) -> Result<u64, Error> {
        self.check_reachable(site)?;
        let mut ask = ::redis::cmd("HGET");
        ask.arg(self.keys(site).listed()).arg(VERSION);
        let version: Option<u64> = self.within_answer_timeout(ask.query_async(&mut self.connection.clone())).await?;
        Ok(version.unwrap_or(0))
    }

    pub async fn update_list_entries(self: &Arc<Self>, site: &Site, amendment: &RecordsUpdate) -> Result<Option<usize>, Error> {
        self.update_hash(&self.keys(site).listed(), site, amendment).await
    }
}
