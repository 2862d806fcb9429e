//! The Redis store: state that any number of servers share.
//!
//! What must be atomic is a script ([`script`]); all else is a plain command. Nothing that matters is kept in
//! this process.

mod address;
mod audit;
mod claim;
mod comments;
mod connection;
mod durability;
mod erase;
mod gossip;
mod guard;
mod keys;
mod list_entries;
mod millis;
mod open;
mod outcomes;
mod part;
mod read;
mod records;
mod recovery;
mod schedule;
mod script;
mod secrets;
mod slot;
mod upkeep;
mod watch;
mod write;

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::redis::RedisError;

use super::breaker::Breaker;
use super::local_limits::LocalLimits;
use super::near_duplicates::NearDuplicateCounter;
use super::records::RecordKind;
use crate::comment::Site;
use crate::error::Error;
use crate::retention::RetentionLookup;

use connection::{Connection, Connector};
use keys::Keys;
use part::Part;
use schedule::UpkeepSchedule;
use script::Scripts;
use slot::{SLOTS, slot};

pub(super) use watch::Watch;

/// How long to connect for, and how long to wait for an answer where nobody waits for a verdict.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A store on Redis.
pub(super) struct Redis {
    connector: Connector,
    connection: Connection,
    /// How many connections that is.
    connections: u32,
    /// To ask replicas over: whoever waits for them keeps a connection from everything else.
    replica_connection: Option<Connection>,
    /// What can be away by itself: all of a server, or each of sixteen parts of a cluster's slots.
    parts: Vec<Part>,
    /// Replicas lack what is held, which was said.
    unconfirmed: AtomicBool,
    scripts: Scripts,
    prefix: String,
    retention: RetentionLookup,
    keep_events: u32,
    /// How long the way of a comment waits for one answer.
    timeout: Duration,
    /// So many replicas must have a held comment before it counts as recorded. 0: the master alone.
    wait_replicas: u32,
    breaker: Breaker,
    /// What this process knows of the limits, for when Redis is away.
    local_limits: Arc<LocalLimits>,
    /// Nearly the same comments, of which the servers tell each other.
    near_duplicates: Arc<NearDuplicateCounter>,
    /// Sites whose acts will be sealed in a moment.
    sealing: Mutex<HashSet<Site>>,
    /// When each site's indexes were looked after.
    upkeep_schedule: UpkeepSchedule,
}

impl Redis {
    /// The part of Redis that keeps a site.
    fn part(&self, site: &Site) -> &Part {
        match self.parts.as_slice() {
            [all] => all,
            parts => &parts[usize::from(slot(&self.keys(site).secret())) * parts.len() / SLOTS],
        }
    }

    /// Rises when Redis may have lost what it knew.
    pub fn generation(&self) -> u64 {
        self.connection.generation()
    }

    fn keys(&self, site: &Site) -> Keys {
        if site.is_server() {
            // Beside the keys of callers, in one slot with them.
            return Keys::in_slot_of(&self.prefix, &self.records_key(RecordKind::Keys));
        }
        Keys::new(&self.prefix, site)
    }

    /// Returns the key of the records of a kind. It has no braces, since it belongs to no site.
    fn records_key(&self, space: RecordKind) -> String {
        format!("{}{}", self.prefix, space.as_str())
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        Self::store(error)
    }
}
