//! Watches a site's changes on Redis: waits on its stream, on a connection of its own that may block.

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

/// Most changes delivered at once.
const CHUNK: usize = 256;
/// How long to wait for Redis beyond the time it was told to wait itself.
const GRACE: Duration = Duration::from_secs(5);
/// Longest that Redis is told to wait, in milliseconds.
const MAX_BLOCK_MILLIS: u128 = 24 * 3600 * 1000;

/// One watcher.
pub(in crate::store) struct Watch {
    setup: Connector,
    stream: String,
    after: Cursor,
    /// `None`: to be made.
    connection: Option<Connection>,
}

impl Redis {
    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        read::latest_event(&self.connection, &self.keys(site)).await
    }

    /// Before which cursor changes were forgotten, if any were.
    pub async fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        read::forgotten_before(&self.connection, &self.keys(site)).await
    }

    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watch, Error> {
        Watch::new(self.connector.clone(), self.keys(site).events(), after).await
    }
}

impl Watch {
    /// A watcher that is connected.
    async fn new(setup: Connector, stream: String, after: Cursor) -> Result<Self, Error> {
        let mut watch = Self { setup, stream, after, connection: None };
        watch.connection = Some(watch.connect().await?);
        Ok(watch)
    }

    pub async fn next(&mut self, wait: Duration) -> Result<Vec<ChangeEvent>, Error> {
        // Taken out while in use: when this future fails or is dropped, so is the connection, and with it an answer
        // that the next call would have to wait for.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let mut read = ::redis::cmd("XREAD");
        // To Redis, 0 milliseconds are forever.
        let block = wait.as_millis().clamp(1, MAX_BLOCK_MILLIS).to_string();
        read.arg("COUNT").arg(CHUNK).arg("BLOCK").arg(block).arg("STREAMS").arg(&self.stream).arg(self.after.to_string());
        let answer = timeout(wait + GRACE, read.query_async::<Option<StreamReadReply>>(&mut connection)).await;
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
        let connection = timeout(GRACE, self.setup.connect_blocking()).await;
        Ok(connection.map_err(|_| Error::store("redis did not answer in time"))??)
    }
}
