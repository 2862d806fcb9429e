//! Overwrites erased data in the file, a few pages at a time, between the writer's other work.
//!
//! `secure_delete` overwrites a row with zeros when it is deleted, and a page when it is freed. It leaves copies of rows that
//! SQLite has moved to another page before, in the unallocated space of the pages where they were. `VACUUM` would remove
//! these, but it blocks the writer for as long as it takes to write the whole file.
//!
//! So this module fills the unallocated space of all pages with zeros, directly in the file, as its format is specified
//! (<https://sqlite.org/fileformat2.html#b_tree_pages>). Nothing refers to that space: readers see no change, and a power cut
//! in between does no harm. There are no other writes to the file during a step, since each step
//!
//! - first moves the write-ahead log into the file and truncates it, so that no checkpoint has anything to write, and
//! - holds the database's write lock from then on, so that the log stays empty.
//!
//! Between two steps the writer may move rows from pages that are still to be visited to pages that have been visited. The log
//! holds all pages written in between, so each step reads it before moving it.

mod log;
mod page;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::chore;
use super::connection::BUSY_TIMEOUT;
use crate::error::Error;

use log::WalFrames;
use page::clear_unallocated;

/// Time from an erasure until its bytes are overwritten, together with those of all erasures until then.
const DELAY: Duration = Duration::from_secs(5);
/// Maximum time that a step spends on pages.
const STEP: Duration = Duration::from_millis(4);
/// Minimum pause between two steps, for the writer's other work.
const PAUSE: Duration = Duration::from_millis(20);
/// Minimum pause between two steps, as a multiple of the time that the last one took.
const REST_FACTOR: u32 = 9;
/// Time that a step waits for readers of the log.
const READER_TIMEOUT: Duration = Duration::from_millis(10);
/// Time after which a reader that blocks the log is logged.
const BLOCKED_WARNING_AFTER: Duration = Duration::from_secs(60);
/// Number of pages from which on a page number can look like the beginning of a B-tree page.
const MAX_PAGES: u64 = 0x0200_0000;

/// The state of the overwriting.
pub(super) struct Wipe {
    /// The database file. It stays open for as long as SQLite has it open: closing it would release SQLite's locks on it.
    file: File,
    log: PathBuf,
    /// When the next pass over the file begins, or `None` if nothing was erased since the last pass began.
    due: Option<Instant>,
    pass: Option<Pass>,
    /// When the next step may be taken.
    next: Instant,
    /// Since when a reader has blocked the log, and whether that was logged.
    blocked: Option<(Instant, bool)>,
    /// Set during a pass, in which nothing else may move the log.
    keeps_log: Arc<AtomicBool>,
}

/// A pass over the file.
struct Pass {
    /// The next page to visit.
    next: u32,
    /// Visited pages that were written again.
    again: BTreeSet<u32>,
    /// The sequence number that the log has if it was not restarted since it was last read, or `None` before the first read.
    sequence: Option<u32>,
}

impl Pass {
    fn new() -> Self {
        // The first page holds only the schema.
        Self { next: 2, again: BTreeSet::new(), sequence: None }
    }
}

impl Wipe {
    /// Returns the state for a database. Resumes the work that an earlier process has left.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened.
    pub fn new(path: &Path, connection: &Connection, keeps_log: Arc<AtomicBool>) -> Result<Self, Error> {
        let file = File::options().read(true).write(true).open(path).map_err(Error::store)?;
        let is_due = chore::is_wipe_due(connection)?;
        let now = Instant::now();
        let due = is_due.then_some(now);
        Ok(Self { file, log: path.with_extension("db-wal"), due, pass: None, next: now, blocked: None, keeps_log })
    }

    /// Schedules a pass for data whose erasure was committed.
    pub fn request(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + DELAY);
    }

    /// Returns whether it is time for a step.
    pub fn is_due(&self) -> bool {
        let now = Instant::now();
        now >= self.next && (self.pass.is_some() || self.due.is_some_and(|due| now >= due))
    }

    /// Runs a step, outside a transaction.
    pub fn step(&mut self, connection: &Connection) {
        let started = Instant::now();
        if self.pass.is_none() {
            (self.due, self.pass) = (None, Some(Pass::new()));
            self.keeps_log.store(true, Ordering::Relaxed);
        }
        match self.advance(connection) {
            Ok(true) => {
                self.pass = None;
                self.keeps_log.store(false, Ordering::Relaxed);
                tracing::debug!("what was erased is overwritten");
            }
            Ok(false) => {}
            // A later step retries. A permanent fault also fails the writer's jobs, which report it.
            Err(error) => tracing::debug!(cause = ?error, "what was erased could not be overwritten yet"),
        }
        self.next = Instant::now() + PAUSE.max(started.elapsed() * REST_FACTOR);
    }

    /// Runs a step, and returns whether the pass is complete.
    fn advance(&mut self, connection: &Connection) -> Result<bool, Error> {
        self.read_log().map_err(Error::store)?;
        if !truncate_log(connection)? {
            let (blocked_since, logged) = self.blocked.get_or_insert_with(|| (Instant::now(), false));
            if blocked_since.elapsed() >= BLOCKED_WARNING_AFTER && !*logged {
                *logged = true;
                tracing::warn!(
                    "what was erased is still in the database's log, since another program is reading the database; end that \
                     program"
                );
            }
            return Ok(false);
        }
        self.blocked = None;
        if let Some(pass) = self.pass.as_mut() {
            pass.sequence = pass.sequence.map(|sequence| sequence.wrapping_add(1));
        }
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let complete = self.overwrite(connection).and_then(|complete| {
            connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(complete)
        });
        if complete.is_err() {
            // After some errors SQLite has already rolled back, and refuses to do it again.
            let _ = connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        }
        complete
    }

    /// Notes the visited pages that the log holds, for another visit.
    fn read_log(&mut self) -> io::Result<()> {
        let (Some(pass), Some(log)) = (self.pass.as_mut(), WalFrames::read(&self.log)?) else { return Ok(()) };
        // If another program has restarted the log, its earlier contents are unknown: start the pass again.
        if pass.sequence.is_some_and(|expected| log.sequence != expected) {
            *pass = Pass::new();
        }
        pass.sequence = Some(log.sequence);
        let next = pass.next;
        pass.again.extend(log.pages.into_iter().filter(|page| *page < next));
        Ok(())
    }

    /// Overwrites the unallocated space of pages for the time of a step. Returns whether the pass is complete.
    fn overwrite(&mut self, connection: &Connection) -> Result<bool, Error> {
        let Some(pass) = self.pass.as_mut() else { return Ok(true) };
        // Another program wrote before this step had the lock.
        if std::fs::metadata(&self.log).is_ok_and(|log| log.len() > 0) {
            return Ok(false);
        }
        let size: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = self.file.metadata().map_err(Error::store)?.len() / u64::from(size);
        if pages >= MAX_PAGES {
            tracing::error!(pages, "the database is too large to overwrite what was erased in it; run VACUUM on it");
            return Ok(true);
        }
        let (started, mut page) = (Instant::now(), vec![0; size as usize]);
        while started.elapsed() < STEP {
            let number = match pass.again.pop_first() {
                Some(number) => number,
                None if u64::from(pass.next) <= pages => {
                    pass.next += 1;
                    pass.next - 1
                }
                None => {
                    self.file.sync_data().map_err(Error::store)?;
                    // Drops cached copies of the old pages, which the next change would write back.
                    connection.execute_batch("PRAGMA shrink_memory")?;
                    if self.due.is_none() {
                        chore::clear_wipe_request(connection)?;
                    }
                    return Ok(true);
                }
            };
            let offset = u64::from(number - 1) * u64::from(size);
            self.file.read_exact_at(&mut page, offset).map_err(Error::store)?;
            if clear_unallocated(&mut page) {
                self.file.write_all_at(&page, offset).map_err(Error::store)?;
            }
        }
        Ok(false)
    }
}

/// Moves the log into the file and truncates it. Returns `false` if a reader blocks it.
fn truncate_log(connection: &Connection) -> Result<bool, Error> {
    connection.busy_timeout(READER_TIMEOUT)?;
    let blocked = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(!blocked?)
}

#[cfg(test)]
mod tests;
