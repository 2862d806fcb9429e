//! The Redis engine: state that any number of servers share.
//!
//! Atomic steps are Lua scripts ([`script`]); everything else is plain commands. The process keeps no state of its own that
//! must not be lost.

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

/// Timeout for connecting, and for commands that no comment waits for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The Redis engine.
pub(super) struct Redis {
    connector: Connector,
    connection: Connection,
    /// Number of connections that `connection` uses.
    connections: u32,
    /// Connection for `WAIT`, which blocks every other command on its connection. `None` if replicas are not waited for.
    replica_connection: Option<Connection>,
    /// Parts of Redis that can be unavailable independently: the whole server, or sixteen parts of a cluster's slots.
    parts: Vec<Part>,
    /// Whether replicas fail to confirm held comments, which was logged.
    unconfirmed: AtomicBool,
    scripts: Scripts,
    prefix: String,
    retention: RetentionLookup,
    keep_events: u32,
    /// Timeout of one command that a comment waits for.
    timeout: Duration,
    /// Number of replicas that must have a held comment before it counts as recorded; 0 relies on the master alone.
    wait_replicas: u32,
    breaker: Breaker,
    /// Rate limits counted by this process, used while Redis is unavailable.
    local_limits: Arc<LocalLimits>,
    /// Counts of near-duplicate comments, which the servers share with each other.
    near_duplicates: Arc<NearDuplicateCounter>,
    /// Sites for which sealing of the audit is scheduled.
    sealing: Mutex<HashSet<Site>>,
    /// Times at which each site's indexes are due for upkeep.
    upkeep_schedule: UpkeepSchedule,
}

impl Redis {
    /// Returns the part of Redis that stores a site.
    fn part(&self, site: &Site) -> &Part {
        match self.parts.as_slice() {
            [all] => all,
            parts => &parts[usize::from(slot(&self.keys(site).secret())) * parts.len() / SLOTS],
        }
    }

    /// Returns a number that increases when Redis may have lost data.
    pub fn generation(&self) -> u64 {
        self.connection.generation()
    }

    /// Returns the names of a site's keys.
    fn keys(&self, site: &Site) -> Keys {
        if site.is_server() {
            // The server's own keys share a slot with the API keys, so that a script can change both.
            return Keys::in_slot_of(&self.prefix, &self.records_key(RecordKind::Keys));
        }
        Keys::new(&self.prefix, site)
    }

    /// Returns the Redis key of the records of a kind. It has no braces, because it belongs to no site.
    fn records_key(&self, kind: RecordKind) -> String {
        format!("{}{}", self.prefix, kind.as_str())
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        Self::store(error)
    }
}
