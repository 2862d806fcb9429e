//! The operations of the embedded store on its database: each function is a step inside the writer's transaction.
//!
//! This module holds the transaction and the memory that changes with it; the submodules hold the steps.

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

/// Maximum number of sites whose ids are cached.
const MAX_SITES: usize = 10_000;

/// The database, with the state in memory that belongs to it.
pub(super) struct Database {
    connection: Connection,
    limits: LimitCounts,
    /// Cached ids of sites.
    sites: LruCache<Site, i64>,
    /// The number of the newest change of any site that this transaction has made, or `None` if it has made none.
    event: Option<i64>,
    /// Whether data was erased since the last call of [`take_erased`](Self::take_erased).
    erased: bool,
    versions: Arc<Versions>,
    touched: Touched,
}

/// The versions that a transaction raises with its commit, since other parts cache what it has changed.
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

    /// Returns the version of the records that all sites share, including the changes of this transaction.
    pub fn records_version(&self) -> u64 {
        self.versions.records_version() + self.touched.records
    }

    /// Raises the version of the shared records with the commit.
    pub fn touch_records(&mut self) {
        self.touched.records += 1;
    }

    /// Raises the version of a site's block and allow entries with the commit.
    pub fn touch_lists(&mut self, site: &Site) {
        self.touched.lists.push(site.clone());
    }

    /// Raises the version of a site's outcome log with the commit.
    pub fn touch_outcomes(&mut self, site: &Site) {
        self.touched.outcomes.push(site.clone());
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn limits(&mut self) -> &mut LimitCounts {
        &mut self.limits
    }

    /// Requests that erased data is overwritten later, even after a crash.
    pub fn request_wipe(&mut self) -> Result<(), Error> {
        self.erased = true;
        chore::request_wipe(&self.connection)
    }

    /// Returns whether data was erased since the last call.
    pub fn take_erased(&mut self) -> bool {
        std::mem::take(&mut self.erased)
    }

    /// Begins a transaction.
    pub fn begin(&mut self) -> Result<(), Error> {
        Ok(self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?)
    }

    /// Commits the transaction durably. Returns the number of its newest change, or `None` if it made none.
    pub fn commit(&mut self) -> Result<Option<i64>, Error> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.limits.commit();
        let Touched { records, lists, outcomes } = std::mem::take(&mut self.touched);
        self.versions.records.fetch_add(records, Ordering::Relaxed);
        lists.iter().for_each(|site| self.versions.lists.bump(site));
        outcomes.iter().for_each(|site| self.versions.outcomes.bump(site));
        Ok(self.event.take())
    }

    /// Rolls back everything since [`begin`](Self::begin).
    pub fn roll_back(&mut self) {
        // After some errors, such as a full disk, SQLite has already rolled back, and refuses to do it again.
        let _ = self.connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        self.limits.roll_back();
        self.sites.clear();
        self.touched = Touched::default();
        self.event = None;
    }

    /// Moves the write-ahead log into the file, so that a single file holds everything once all connections are closed.
    pub fn finish(&mut self) {
        // A failure is harmless: the log is as durable as the file, and the next start reads it.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// Returns an error if the database cannot be read.
    pub fn ping(&mut self) -> Result<(), Error> {
        self.connection.prepare_cached("SELECT max(key) FROM site")?.query_row([], |_| Ok(()))?;
        Ok(())
    }

    /// Returns the id of a site. A new site gets an id and a random secret.
    pub fn site_id(&mut self, site: &Site) -> Result<i64, Error> {
        if let Some(id) = self.sites.get(site) {
            return Ok(*id);
        }
        let id = match read::site_id(&self.connection, site)? {
            Some(id) => id,
            None => {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|error| Error::store(error.to_string()))?;
                let mut insert = self.connection.prepare_cached("INSERT INTO site (name, secret) VALUES (?1, ?2)")?;
                insert.insert(params![site.as_str(), secret])?
            }
        };
        self.sites.put(site.clone(), id);
        Ok(id)
    }
}
