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
mod script;
mod upkeep;
mod watch;
mod write;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redis::{Pipeline, RedisError};
use tokio::time::timeout;

use super::breaker::{self, After, Breaker};
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
use script::{Scripts, call, run};

pub(super) use watch::Watch;

/// How long to connect for when the server starts, when nobody waits for a verdict yet.
const START: Duration = Duration::from_secs(5);

/// A store on Redis.
pub(super) struct Redis {
    setup: Setup,
    connection: Connection,
    /// How many connections that is.
    connections: u32,
    /// To ask replicas over: whoever waits for them keeps a connection from everything else.
    confirming: Option<Connection>,
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
    upkeep: Mutex<HashMap<Site, upkeep::Kept>>,
}

impl Redis {
    /// Connects.
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
        let connection = match timeout(START, setup.connect(settings.connections)).await {
            Ok(connection) => connection.map_err(|error| failed(&error))?,
            Err(_) => return Err(failed(&"no answer")),
        };
        let confirming = match settings.wait_replicas {
            0 => None,
            _ => Some(
                timeout(START, setup.connect(1)).await.map_err(|_| failed(&"no answer"))?.map_err(|error| failed(&error))?,
            ),
        };
        let redis = Arc::new(Self {
            setup,
            connection,
            connections: settings.connections,
            confirming,
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
            upkeep: Mutex::default(),
        });
        durability::warn(&redis.connection).await;
        gossip::start(&redis);
        Ok(redis)
    }

    /// Does work that a comment waits for: not at all while Redis is away, and no longer than the deadline.
    async fn guarded<T>(self: &Arc<Self>, site: &Site, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.reachable(site)?;
        let circuit = &self.circuit(site);
        let outcome = timeout(self.timeout, work).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Error::store(format!("redis took longer than {:?}", self.timeout))));
        match &outcome {
            Ok(_) => self.breaker.succeeded(circuit),
            Err(error) => {
                if self.breaker.failed(circuit) == After::Opened {
                    self.wait_for(circuit.clone(), site.clone(), error);
                }
            }
        }
        outcome
    }

    /// Says that Redis is away, waits until it is back, and says that too: one line each, however many comments come.
    fn wait_for(self: &Arc<Self>, circuit: String, site: Site, error: &Error) {
        let cause = std::error::Error::source(error).unwrap_or(error);
        tracing::error!(circuit, %cause, "redis is away: until it is back limits count here, and nothing is recorded");
        let redis = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(breaker::interval()).await;
                if redis.probe(&redis.connection, &site).await.is_ok() {
                    break;
                }
                // The way may lead nowhere any more: to a server that was cut off, or one that is no master now.
                if let Ok(Ok(fresh)) = timeout(START, redis.setup.connect(redis.connections)).await
                    && redis.probe(&fresh, &site).await.is_ok()
                {
                    redis.connection.follow(&fresh);
                    break;
                }
            }
            if let Some(confirming) = &redis.confirming
                && let Ok(Ok(fresh)) = timeout(START, redis.setup.connect(1)).await
            {
                confirming.follow(&fresh);
            }
            redis.connection.changed();
            redis.local.relieved();
            let away = redis.breaker.close(&circuit);
            tracing::info!(circuit, away = ?away, "redis is back");
        });
    }

    /// Succeeds when Redis takes writes again: one that is full or a replica answers everything else.
    async fn probe(&self, connection: &Connection, site: &Site) -> Result<(), Error> {
        let mut write = ::redis::cmd("SET");
        write.arg(self.keys(site).probe()).arg(1).arg("PX").arg(1_000);
        let answer = timeout(self.timeout, write.query_async(&mut connection.clone())).await;
        Ok(answer.map_err(|_| Error::store("no answer"))??)
    }

    /// Fails at once while Redis is away.
    fn reachable(&self, site: &Site) -> Result<(), Error> {
        if self.breaker.is_open(&self.circuit(site)) { Err(Error::store(Away)) } else { Ok(()) }
    }

    /// What is away as one: a server, or a sixteenth of a cluster's slots, as its masters keep runs of them.
    fn circuit(&self, site: &Site) -> String {
        if self.setup.is_cluster() {
            format!("{}/16", connection::slot(&self.keys(site).secret()) / 1_024)
        } else {
            String::new()
        }
    }

    /// Rises when Redis may have lost what it knew.
    pub fn generation(&self) -> u64 {
        self.connection.generation()
    }

    /// Waits for an answer for as long as somebody may who is not on the way of a comment.
    async fn briefly<T>(&self, answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, Error> {
        if self.breaker.is_open("") {
            return Err(Error::store(Away));
        }
        Ok(timeout(START, answer).await.map_err(|_| Error::store("no answer"))??)
    }

    pub async fn ping(&self) -> Result<(), Error> {
        self.briefly(::redis::cmd("PING").query_async(&mut self.connection.clone())).await
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
