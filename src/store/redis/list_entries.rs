//! A site's block and allow entries in Redis: one hash in the site's slot, so that `admit.lua` can check that the entries still
//! have the version with which the comment was evaluated.

use std::sync::Arc;

use super::Redis;
use super::records::{VERSION, records_of};
use crate::comment::Site;
use crate::error::Error;
use crate::store::records::{Records, RecordsUpdate};

/// Factor by which the timeout for reading the entries exceeds that of other commands. There may be many entries, and they
/// are read only after changes.
const TIMEOUT_FACTOR: u32 = 10;

impl Redis {
    pub async fn list_entries(&self, site: &Site) -> Result<Records, Error> {
        self.check_reachable(site)?;
        let mut command = ::redis::cmd("HGETALL");
        command.arg(self.keys(site).listed());
        let answer =
            tokio::time::timeout(self.timeout * TIMEOUT_FACTOR, command.query_async(&mut self.connection.clone())).await;
        Ok(records_of(answer.map_err(|_| Error::store("redis did not answer in time"))??))
    }

    pub async fn list_version(&self, site: &Site) -> Result<u64, Error> {
        self.check_reachable(site)?;
        let mut command = ::redis::cmd("HGET");
        command.arg(self.keys(site).listed()).arg(VERSION);
        let version: Option<u64> = self.within_answer_timeout(command.query_async(&mut self.connection.clone())).await?;
        Ok(version.unwrap_or(0))
    }

    pub async fn update_list_entries(self: &Arc<Self>, site: &Site, update: &RecordsUpdate) -> Result<Option<usize>, Error> {
        self.update_hash(&self.keys(site).listed(), site, update).await
    }
}
