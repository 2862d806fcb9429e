//! The Redis store: state that any number of servers share.
//!
//! What must be atomic is a script ([`script`]); all else is a plain command. Nothing that matters is kept in
//! this process.

mod erase;
mod keys;
mod read;
mod script;
mod upkeep;
mod watch;
mod write;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Pipeline, RedisError};

use super::cursor::Cursor;
use super::entry::Kept;
use super::page::{Filling, ListPage, ListQuery};
use super::person::Person;
use super::record::Row;
use super::settings::{StoreSettings, redacted};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::History;

use keys::Keys;
use script::Scripts;

pub(super) use watch::Watch;

/// A store on a Redis server.
pub(super) struct Redis {
    client: Client,
    connection: ConnectionManager,
    scripts: Scripts,
    prefix: String,
    keep: Duration,
    keep_events: u32,
    timeout: Duration,
    /// When each site's indexes were looked after.
    upkeep: Mutex<HashMap<Site, upkeep::Kept>>,
}

impl Redis {
    /// Connects.
    pub async fn open(url: &str, settings: &StoreSettings) -> Result<Self, Error> {
        if settings.prefix.contains(['{', '}']) {
            return Err(Error::store(format!("the key prefix {:?} holds braces, which are for the site", settings.prefix)));
        }
        let failed = |error: RedisError| Error::store(format!("the store {}: {error}", redacted(url)));
        let client = Client::open(url).map_err(failed)?;
        // No retries inside a call: the caller has a deadline, and the next call connects anew.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(settings.timeout))
            .set_response_timeout(Some(settings.timeout));
        let connection = ConnectionManager::new_with_config(client.clone(), config).await.map_err(failed)?;
        Ok(Self {
            client,
            connection,
            scripts: Scripts::new(),
            prefix: settings.prefix.clone(),
            // To Redis, no lifetime at all is an error.
            keep: Duration::from_secs(u64::from(settings.keep_days.max(1)) * 24 * 3600),
            keep_events: settings.keep_events,
            timeout: settings.timeout,
            upkeep: Mutex::default(),
        })
    }

    pub async fn ping(&self) -> Result<(), Error> {
        Ok(::redis::cmd("PING").query_async(&mut self.connection.clone()).await?)
    }

    pub async fn site_secret(&self, site: &Site, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        let key = self.keys(site).secret();
        let mut both = Pipeline::with_capacity(2);
        both.cmd("SET").arg(&key).arg(fresh.as_slice()).arg("NX").ignore().cmd("GET").arg(&key);
        let (secret,): (Vec<u8>,) = both.query_async(&mut self.connection.clone()).await?;
        secret.try_into().map_err(|_| Error::store(format!("the secret of {:?} is damaged", site.as_str())))
    }

    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<Kept>, Error> {
        read::comment(&self.connection, &self.keys(site), id).await?.map(Row::kept).transpose()
    }

    pub async fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        read::history(&self.connection, &self.keys(site), author).await
    }

    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        let keys = self.keys(site);
        let mut filling = Filling::new(query)?;
        while let Some((after, count)) = filling.wants() {
            let places = read::places(&self.connection, &keys, query, after, count).await?;
            let rows = read::rows(&self.connection, &keys, &places).await?;
            let kept = |row: Option<Row>| row.map(Row::kept).transpose();
            let rows = places.into_iter().zip(rows).map(|(place, row)| Ok((place, kept(row)?)));
            filling.take(count, rows.collect::<Result<_, Error>>()?);
        }
        Ok(filling.page())
    }

    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        read::latest_event(&self.connection, &self.keys(site)).await
    }

    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watch, Error> {
        Watch::new(self.client.clone(), self.timeout, self.keys(site).events(), after).await
    }

    fn keys(&self, site: &Site) -> Keys {
        Keys::new(&self.prefix, site)
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        Self::store(error)
    }
}
