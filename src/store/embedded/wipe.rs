//! Overwrites what was erased, a few pages at a time, between the writer's other work.
//!
//! `secure_delete` overwrites a row with zeros when it is deleted, and a page when it is freed. It leaves the copies of rows
//! that SQLite has moved to another page before: in the unallocated space of the pages where they were. `VACUUM` would get rid
//! of those, but it keeps the writer from all other work for as long as it takes to write the whole file.
//!
//! So this fills the unallocated space of all pages with zeros, in the file itself, as its format is specified
//! (<https://sqlite.org/fileformat2.html#b_tree_pages>). The space belongs to nobody, so that nothing changes for who reads
//! the file, and a power cut in between does no harm. Nobody else writes to the file meanwhile, since each step
//!
//! - moves the log into the file first and cuts it down to nothing, so that no checkpoint has anything to write, and
//! - holds the database's write lock from then on, so that the log stays empty.
//!
//! Between two steps the writer may move a page from the part of the file that is still to be looked at into the part that
//! has been. All pages written in between are in the log, which is therefore read before it is moved.

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

/// How long after an erasure its bytes are overwritten, together with those of all erasures until then.
const DELAY: Duration = Duration::from_secs(5);
/// How long a step looks at pages.
const STEP: Duration = Duration::from_millis(4);
/// How long the writer has for other work between two steps at least, and as a multiple of the time that a step took.
const PAUSE: Duration = Duration::from_millis(20);
const REST_FACTOR: u32 = 9;
/// How long a step waits for those who read from the log.
const READER_TIMEOUT: Duration = Duration::from_millis(10);
/// After how long it is logged that somebody does not stop reading from the log.
const BLOCKED_WARNING_AFTER: Duration = Duration::from_secs(60);
/// From so many pages on the number of a page can look like the beginning of a B-tree page.
const MAX_PAGES: u64 = 0x0200_0000;

/// Where the work stands.
pub(super) struct Wipe {
    /// Open for as long as SQLite has the file open: closing it would release SQLite's locks on it.
    file: File,
    log: PathBuf,
    /// When the next pass over the file is to begin, if something was erased since the last one began.
    due: Option<Instant>,
    pass: Option<Pass>,
    /// When the next step may be taken.
    next: Instant,
    /// Since when somebody keeps the log from being moved, and whether that was logged.
    blocked: Option<(Instant, bool)>,
    /// Set during a pass: nobody else is to move the log.
    keeps_log: Arc<AtomicBool>,
}

/// A pass over the file.
struct Pass {
    /// The next page.
    next: u32,
    /// Pages before that one which were written since they were looked at.
    again: BTreeSet<u32>,
    /// The sequence number that the log must have if nobody else has begun it anew since it was read last.
    sequence: Option<u32>,
}

impl Pass {
    fn new() -> Self {
        // The first page holds the schema, and nothing else.
        Self { next: 2, again: BTreeSet::new(), sequence: None }
    }
}

impl Wipe {
    /// Goes on with what a process before this one has left to do, if anything.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened.
    pub fn new(path: &Path, connection: &Connection, keeps_log: Arc<AtomicBool>) -> Result<Self, Error> {
        let file = File::options().read(true).write(true).open(path).map_err(Error::store)?;
        let left = chore::is_wipe_due(connection)?;
        let now = Instant::now();
        let due = left.then_some(now);
        Ok(Self { file, log: path.with_extension("db-wal"), due, pass: None, next: now, blocked: None, keeps_log })
    }

    /// Something was erased, and that is committed.
    pub fn request(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + DELAY);
    }

    /// Returns whether it is time for a step.
    pub fn is_due(&self) -> bool {
        let now = Instant::now();
        now >= self.next && (self.pass.is_some() || self.due.is_some_and(|due| now >= due))
    }

    /// Takes a step. Outside a transaction.
    pub fn step(&mut self, connection: &Connection) {
        let begun = Instant::now();
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
            // A later step does what this one could not; whoever writes meets the same trouble and reports it.
            Err(error) => tracing::debug!(cause = ?error, "what was erased could not be overwritten yet"),
        }
        self.next = Instant::now() + PAUSE.max(begun.elapsed() * REST_FACTOR);
    }

    /// Returns whether the pass is complete.
    fn advance(&mut self, connection: &Connection) -> Result<bool, Error> {
        self.read_log().map_err(Error::store)?;
        if !truncate_log(connection)? {
            let (since, logged) = self.blocked.get_or_insert_with(|| (Instant::now(), false));
            if since.elapsed() >= BLOCKED_WARNING_AFTER && !*logged {
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
            // After some failures SQLite has rolled back by itself and refuses to do it again.
            let _ = connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        }
        complete
    }

    /// Notes which pages the log holds of the part of the file that has been looked at.
    fn read_log(&mut self) -> io::Result<()> {
        let (Some(pass), Some(log)) = (self.pass.as_mut(), WalFrames::read(&self.log)?) else { return Ok(()) };
        // If it has begun anew at another time too, what it held before is not known.
        if pass.sequence.is_some_and(|expected| log.sequence != expected) {
            *pass = Pass::new();
        }
        pass.sequence = Some(log.sequence);
        let next = pass.next;
        pass.again.extend(log.pages.into_iter().filter(|page| *page < next));
        Ok(())
    }

    fn overwrite(&mut self, connection: &Connection) -> Result<bool, Error> {
        let Some(pass) = self.pass.as_mut() else { return Ok(true) };
        // Somebody else was faster than the lock.
        if std::fs::metadata(&self.log).is_ok_and(|log| log.len() > 0) {
            return Ok(false);
        }
        let size: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = self.file.metadata().map_err(Error::store)?.len() / u64::from(size);
        if pages >= MAX_PAGES {
            tracing::error!(pages, "the database is too large to overwrite what was erased in it; run VACUUM on it");
            return Ok(true);
        }
        let (begun, mut page) = (Instant::now(), vec![0; size as usize]);
        while begun.elapsed() < STEP {
            let number = match pass.again.pop_first() {
                Some(number) => number,
                None if u64::from(pass.next) <= pages => {
                    pass.next += 1;
                    pass.next - 1
                }
                None => {
                    self.file.sync_data().map_err(Error::store)?;
                    // Pages as they were would be written again with the next change to them.
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

/// Moves the log into the file and cuts it down to nothing. Returns `false` if somebody reads from it.
fn truncate_log(connection: &Connection) -> Result<bool, Error> {
    connection.busy_timeout(READER_TIMEOUT)?;
    let cut = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(!cut?)
}

#[cfg(test)]
mod tests;
