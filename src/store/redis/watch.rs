//! Watches a site's changes in Redis by blocking reads of its stream, on a separate connection.

use std::time::Duration;

use ::redis::FromRedisValue as _;
use ::redis::streams::StreamReadReply;
use tokio::time::timeout;

use super::connection::{Connection, Connector};
use super::{Redis, read};
use crate::comment::Site;
use crate::error::Error;
use crate::store::change::ChangeEvent;
use crate::store::cursor::Cursor;
use crate::store::row::decode_verdict;

/// Maximum number of changes delivered at once.
const CHUNK: usize = 256;
/// Time to wait for the answer in addition to the time for which Redis blocks.
const GRACE: Duration = Duration::from_secs(5);
/// Maximum time for which Redis blocks, in milliseconds.
const MAX_BLOCK_MILLIS: u128 = 24 * 3600 * 1000;

/// A watcher of one site's changes.
pub(in crate::store) struct Watch {
    connector: Connector,
    stream: String,
    after: Cursor,
    /// Open connection, or `None` if the next call must connect.
    connection: Option<Connection>,
}

impl Redis {
    /// Returns the cursor of the newest change, or the cursor before all changes if there is none.
    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        read::latest_event(&self.connection, &self.keys(site)).await
    }

    /// Returns the cursor of the oldest change kept if older ones were dropped.
    pub async fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        read::forgotten_before(&self.connection, &self.keys(site)).await
    }

    /// Creates a watcher of the changes after a cursor.
    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watch, Error> {
        Watch::new(self.connector.clone(), self.keys(site).events(), after).await
    }
}

impl Watch {
    /// Creates a watcher and connects it.
    async fn new(connector: Connector, stream: String, after: Cursor) -> Result<Self, Error> {
        let mut watch = Self { connector, stream, after, connection: None };
        watch.connection = Some(watch.connect().await?);
        Ok(watch)
    }

    /// Waits up to `wait` for the next changes. Returns an empty list if there are none.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<ChangeEvent>, Error> {
        // The connection is taken out while in use, so that it is dropped if this future fails or is dropped. Otherwise the
        // next call would have to wait for the answer to this one.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let mut command = ::redis::cmd("XREAD");
        // For Redis, 0 milliseconds means no timeout.
        let block = wait.as_millis().clamp(1, MAX_BLOCK_MILLIS).to_string();
        command.arg("COUNT").arg(CHUNK).arg("BLOCK").arg(block).arg("STREAMS").arg(&self.stream).arg(self.after.to_string());
        let answer = timeout(wait + GRACE, command.query_async::<Option<StreamReadReply>>(&mut connection)).await;
        let answer = answer.map_err(|_| Error::store("redis did not answer in time"))??;

        let mut events = Vec::new();
        for entry in answer.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            let malformed = || Error::store(format!("unreadable event {:?}", entry.id));
            let verdict = entry.map.get("v").ok_or_else(malformed)?;
            let verdict = Vec::<u8>::from_redis_value_ref(verdict).map_err(|_| malformed())?;
            let cursor = Cursor::parse_stream(&entry.id).ok_or_else(malformed)?;
            events.push(ChangeEvent { verdict: decode_verdict(&verdict)?, cursor });
        }
        if let Some(last) = events.last() {
            self.after = last.cursor;
        }
        self.connection = Some(connection);
        Ok(events)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let connection = timeout(GRACE, self.connector.connect_blocking()).await;
        Ok(connection.map_err(|_| Error::store("redis did not answer in time"))??)
    }
}
