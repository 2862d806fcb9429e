//! The Redis store: state that any number of servers share.
//!
//! What must be atomic is a script ([`script`]); all else is a plain command. Nothing that matters is kept in
//! this process.

mod address;
mod audit;
mod claim;
mod connection;
mod durability;
mod erase;
mod gossip;
mod keys;
mod listed;
mod outcomes;
mod read;
mod records;
mod recovery;
mod script;
mod upkeep;
mod watch;
mod write;

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redis::{Pipeline, RedisError};
use lru::LruCache;
use tokio::time::timeout;

use super::breaker::Breaker;
use super::cursor::Cursor;
use super::entry::{Kept, Queue};
use super::likes::Likes;
use super::local::Local;
use super::page::{Filling, ListPage, ListQuery};
use super::person::Person;
use super::record::Row;
use super::records::Space;
use super::secrets::Secrets;
use super::settings::{StoreSettings, redacted};
use crate::comment::{CommentId, Site};
use crate::error::{Away, Error};
use crate::facts::History;
use crate::files;
use crate::retention::Retentions;

use address::Address;
use connection::{Connection, Setup};
use keys::Keys;
use recovery::Part;
use script::{Scripts, call, run};

pub(super) use watch::Watch;

/// How long to connect for, and how long to wait for an answer where nobody waits for a verdict.
const START: Duration = Duration::from_secs(5);
/// How long a ping waits at least.
const PING: Duration = Duration::from_secs(1);

/// A store on Redis.
pub(super) struct Redis {
    setup: Setup,
    connection: Connection,
    /// How many connections that is.
    connections: u32,
    /// To ask replicas over: whoever waits for them keeps a connection from everything else.
    confirming: Option<Connection>,
    /// What can be away by itself: all of a server, or each of sixteen parts of a cluster's slots.
    parts: Vec<Part>,
    /// Replicas lack what is held, which was said.
    unconfirmed: AtomicBool,
    scripts: Scripts,
    prefix: String,
    retention: Retentions,
    keep_events: u32,
    /// How long the way of a comment waits for one answer.
    timeout: Duration,
    /// So many replicas must have a held comment before it counts as recorded. 0: the master alone.
    wait_replicas: u32,
    breaker: Breaker,
    /// What this process knows of the limits, for when Redis is away.
    local: Arc<Local>,
    /// Nearly the same comments, of which the servers tell each other.
    likes: Arc<Mutex<Likes>>,
    /// Sites whose acts will be sealed in a moment.
    sealing: Mutex<HashSet<Site>>,
    /// When each site's indexes were looked after.
    upkeep: Mutex<LruCache<Site, upkeep::Kept>>,
}

impl Redis {
    /// Connects. A Redis that cannot be reached yet, or is not ready, is waited for in the background.
    ///
    /// # Errors
    /// What waiting cannot mend: an address or a certificate that is none, a password that is refused.
    pub async fn open(
        url: &str,
        settings: &StoreSettings,
        local: Arc<Local>,
        likes: Arc<Mutex<Likes>>,
    ) -> Result<Arc<Self>, Error> {
        if settings.prefix.contains(['{', '}']) {
            return Err(Error::store(format!("the key prefix {:?} holds braces, which are for the site", settings.prefix)));
        }
        let failed = |error: &dyn std::fmt::Display| Error::store(format!("the store {}: {error}", redacted(url)));
        let ca = match &settings.ca {
            Some(path) => Some(
                files::read(path, files::MAX_TEXT)
                    .map_err(|error| Error::store(format!("cannot read {}: {error}", path.display())))?,
            ),
            None => None,
        };
        let address = Address::parse(url).map_err(|error| failed(&error))?;
        let setup = Setup::new(address, ca).map_err(|error| failed(&error))?;
        let parts = recovery::parts(&settings.prefix, setup.is_cluster());
        let redis = Arc::new(Self {
            setup,
            connection: Connection::unconnected(),
            connections: settings.connections,
            confirming: (settings.wait_replicas > 0).then(Connection::unconnected),
            parts,
            unconfirmed: AtomicBool::new(false),
            scripts: Scripts::new(),
            prefix: settings.prefix.clone(),
            retention: settings.retention.clone(),
            keep_events: settings.keep_events,
            timeout: settings.timeout,
            wait_replicas: settings.wait_replicas,
            breaker: Breaker::default(),
            local,
            likes,
            sealing: Mutex::default(),
            upkeep: Mutex::new(upkeep::cache()),
        });
        recovery::start(&redis).await.map_err(|error| failed(&error))?;
        gossip::start(&redis);
        Ok(redis)
    }

    /// Does work that a comment waits for: not at all while Redis is away, and no longer than the deadline.
    async fn guarded<T>(self: &Arc<Self>, site: &Site, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.reachable(site)?;
        let part = self.part(site);
        let outcome = timeout(self.timeout, work).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Error::store(format!("redis took longer than {:?}", self.timeout))));
        match &outcome {
            Ok(_) => self.breaker.succeeded(&part.circuit),
            Err(error) => self.failed(part, error),
        }
        outcome
    }

    /// Fails at once while Redis is away, or has not been there yet.
    fn reachable(&self, site: &Site) -> Result<(), Error> {
        let away = !self.connection.is_connected() || self.breaker.is_open(&self.part(site).circuit);
        if away { Err(Error::store(Away)) } else { Ok(()) }
    }

    /// The part of Redis that keeps a site.
    fn part(&self, site: &Site) -> &Part {
        match self.parts.as_slice() {
            [all] => all,
            parts => &parts[usize::from(connection::slot(&self.keys(site).secret())) * parts.len() / connection::SLOTS],
        }
    }

    /// Rises when Redis may have lost what it knew.
    pub fn generation(&self) -> u64 {
        self.connection.generation()
    }

    /// Waits for an answer for as long as somebody may who is not on the way of a comment.
    async fn briefly<T>(&self, answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, Error> {
        if !self.connection.is_connected() || self.breaker.is_open("") {
            return Err(Error::store(Away));
        }
        let answer = timeout(START, answer).await;
        if answer.is_err() {
            self.connection.report_trouble();
        }
        Ok(answer.map_err(|_| Error::store("no answer"))??)
    }

    /// Succeeds when Redis answers and takes writes. In a cluster the former must do for all masters.
    pub async fn ping(&self) -> Result<(), Error> {
        match self.parts.as_slice() {
            [all] if self.connection.is_connected() && !self.breaker.is_open(&all.circuit) => {
                self.probe(&self.connection, all, self.timeout.max(PING)).await
            }
            [_] => Err(Error::store(Away)),
            _ => self.briefly(::redis::cmd("PING").query_async(&mut self.connection.clone())).await,
        }
    }

    /// The site's secrets: `ours` if it has none yet.
    pub async fn secrets(self: &Arc<Self>, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        let key = self.keys(site).secret();
        let mut both = Pipeline::with_capacity(2);
        both.cmd("SET").arg(&key).arg(ours.to_bytes()).arg("NX").ignore().cmd("GET").arg(&key);
        let mut connection = self.connection.clone();
        let (secrets,): (Vec<u8>,) = self.guarded(site, async { Ok(both.query_async(&mut connection).await?) }).await?;
        Secrets::from_bytes(&secrets).ok_or_else(|| Error::store(format!("the secrets of {:?} are damaged", site.as_str())))
    }

    /// Puts others in the place of a site's secrets, if those are still the same.
    pub async fn swap_secrets(self: &Arc<Self>, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        self.reachable(site)?;
        let keys = self.keys(site);
        let mut ask = call(&self.scripts.swap, &[keys.secret(), keys.unsealed()]);
        ask.arg(old.to_bytes()).arg(new.to_bytes()).arg(act).arg(self.audit_kept(site));
        let answer = timeout(START, run(&self.connection, &self.scripts.swap, &ask)).await;
        let reply = answer.map_err(|_| Error::store("no answer"))??;
        match reply.word() {
            "swapped" => {
                self.seal_soon(site);
                Ok(true)
            }
            "moved" => Ok(false),
            _ => Err(reply.unexpected()),
        }
    }

    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<Kept>, Error> {
        self.reachable(site)?;
        read::comment(&self.connection, &self.keys(site), id).await?.map(Row::kept).transpose()
    }

    pub async fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        self.reachable(site)?;
        read::history(&self.connection, &self.keys(site), author).await
    }

    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        self.reachable(site)?;
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

    pub async fn queue(&self, site: &Site) -> Result<Queue, Error> {
        self.reachable(site)?;
        let held = self.keys(site).held_by_time();
        let mut both = Pipeline::with_capacity(2);
        both.cmd("ZCARD").arg(&held).cmd("ZRANGE").arg(&held).arg(0).arg(0).arg("WITHSCORES");
        let answer = self.briefly(both.query_async(&mut self.connection.clone())).await?;
        let (comments, first): (u64, Vec<(String, f64)>) = answer;
        // Scores are microseconds, whole numbers that a double holds exactly.
        let oldest = first.first().map(|(_, at)| super::record::from_micros(*at as i64)).transpose()?;
        Ok(Queue { comments, oldest })
    }

    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        read::latest_event(&self.connection, &self.keys(site)).await
    }

    /// Before which cursor changes were forgotten, if any were.
    pub async fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        read::forgotten_before(&self.connection, &self.keys(site)).await
    }

    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watch, Error> {
        Watch::new(self.setup.clone(), self.keys(site).events(), after).await
    }

    fn keys(&self, site: &Site) -> Keys {
        if site.is_server() {
            // Beside the keys of callers, in one slot with them.
            return Keys::beside(&self.prefix, &self.records_key(Space::Keys));
        }
        Keys::new(&self.prefix, site)
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        Self::store(error)
    }
}
