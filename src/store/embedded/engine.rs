//! What the embedded store does to its database: each function one step, inside the writer's transaction.
//!
//! Here are the transaction and what it changes beside the file. Its steps are in the parts.

mod admit;
mod reservations;
mod rows;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lru::LruCache;
use rusqlite::{Connection, params};

use super::{chore, read};
use crate::comment::Site;
use crate::error::Error;
use crate::store::limits::LimitCounts;
use crate::store::versions::Versions;

pub(super) use admit::{AdmitResult, RecordResult};

/// How many sites' numbers are remembered.
const MAX_SITES: usize = 10_000;

/// The database and what belongs to it in memory.
pub(super) struct Database {
    connection: Connection,
    limits: LimitCounts,
    /// The numbers of sites.
    sites: LruCache<Site, i64>,
    /// The number of the newest change of any site, if the transaction has made one.
    event: Option<i64>,
    /// Something was erased since the writer asked.
    erased: bool,
    versions: Arc<Versions>,
    touched: Touched,
}

/// What a transaction changes that others keep in memory.
#[derive(Default)]
struct Touched {
    records: u64,
    lists: Vec<Site>,
    outcomes: Vec<Site>,
}

impl Database {
    pub fn new(connection: Connection, versions: Arc<Versions>) -> Self {
        let sites = LruCache::new(NonZeroUsize::new(MAX_SITES).unwrap_or(NonZeroUsize::MIN));
        let (limits, touched) = (LimitCounts::new(), Touched::default());
        Self { connection, limits, sites, event: None, erased: false, versions, touched }
    }

    /// Returns the version of the records that sites share, with what this transaction has changed.
    pub fn records_version(&self) -> u64 {
        self.versions.records_version() + self.touched.records
    }

    /// Raises that version with the commit.
    pub fn touch_records(&mut self) {
        self.touched.records += 1;
    }

    /// Raises the version of a site's entries with the commit.
    pub fn touch_lists(&mut self, site: &Site) {
        self.touched.lists.push(site.clone());
    }

    /// Raises the version of a site's log of outcomes with the commit.
    pub fn touch_outcomes(&mut self, site: &Site) {
        self.touched.outcomes.push(site.clone());
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn limits(&mut self) -> &mut LimitCounts {
        &mut self.limits
    }

    /// Has what was erased overwritten later, also after a crash.
    pub fn request_wipe(&mut self) -> Result<(), Error> {
        self.erased = true;
        chore::request_wipe(&self.connection)
    }

    /// Returns whether something was erased since this was called last.
    pub fn take_erased(&mut self) -> bool {
        std::mem::take(&mut self.erased)
    }

    pub fn begin(&mut self) -> Result<(), Error> {
        Ok(self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?)
    }

    /// Makes what was done durable. Returns the number of the newest change, if there was one.
    pub fn commit(&mut self) -> Result<Option<i64>, Error> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.limits.commit();
        let Touched { records, lists: listed, outcomes: taught } = std::mem::take(&mut self.touched);
        self.versions.records.fetch_add(records, Ordering::Relaxed);
        listed.iter().for_each(|site| self.versions.lists.bump(site));
        taught.iter().for_each(|site| self.versions.outcomes.bump(site));
        Ok(self.event.take())
    }

    /// Forgets what was done since [`begin`](Self::begin).
    pub fn roll_back(&mut self) {
        // After some failures, a full disk for one, SQLite has rolled back by itself and refuses to do it again.
        let _ = self.connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        self.limits.roll_back();
        self.sites.clear();
        self.touched = Touched::default();
        self.event = None;
    }

    /// Moves the log into the file, so that one file holds all when nobody has it open.
    pub fn finish(&mut self) {
        // The log is as durable as the file; the next start reads it.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    pub fn ping(&mut self) -> Result<(), Error> {
        self.connection.prepare_cached("SELECT max(key) FROM site")?.query_row([], |_| Ok(()))?;
        Ok(())
    }

    /// The number of a site; given now if it has none.
    pub fn site_id(&mut self, site: &Site) -> Result<i64, Error> {
        if let Some(number) = self.sites.get(site) {
            return Ok(*number);
        }
        let number = match read::site_id(&self.connection, site)? {
            Some(number) => number,
            None => {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|error| Error::store(error.to_string()))?;
                let mut insert = self.connection.prepare_cached("INSERT INTO site (name, secret) VALUES (?1, ?2)")?;
                insert.insert(params![site.as_str(), secret])?
            }
        };
        self.sites.put(site.clone(), number);
        Ok(number)
    }
}
