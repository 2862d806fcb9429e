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

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::open;
use crate::error::Error;

/// How long after an erasure its bytes are overwritten, together with those of all erasures until then.
const AFTER: Duration = Duration::from_secs(5);
/// How long a step looks at pages.
const STEP: Duration = Duration::from_millis(4);
/// How long the writer has for other work between two steps at least, and as a multiple of the time that a step took.
const PAUSE: Duration = Duration::from_millis(20);
const REST: u32 = 9;
/// How long a step waits for those who read from the log.
const READERS: Duration = Duration::from_millis(10);
/// After how long it is logged that somebody does not stop reading from the log.
const BLOCKED: Duration = Duration::from_secs(60);
/// From so many pages on the number of a page can look like the beginning of a B-tree page.
const TOO_MANY: u64 = 0x0200_0000;

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
        let left = open::is_wipe_due(connection)?;
        let now = Instant::now();
        let due = left.then_some(now);
        Ok(Self { file, log: path.with_extension("db-wal"), due, pass: None, next: now, blocked: None, keeps_log })
    }

    /// Something was erased, and that is committed.
    pub fn ask(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + AFTER);
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
        self.next = Instant::now() + PAUSE.max(begun.elapsed() * REST);
    }

    /// Returns whether the pass is complete.
    fn advance(&mut self, connection: &Connection) -> Result<bool, Error> {
        self.read_log().map_err(Error::store)?;
        if !cut_log(connection)? {
            let (since, logged) = self.blocked.get_or_insert_with(|| (Instant::now(), false));
            if since.elapsed() >= BLOCKED && !*logged {
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
        let (Some(pass), Some(log)) = (self.pass.as_mut(), Log::read(&self.log)?) else { return Ok(()) };
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
        if pages >= TOO_MANY {
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
                        open::wipe_is_done(connection)?;
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
fn cut_log(connection: &Connection) -> Result<bool, Error> {
    connection.busy_timeout(READERS)?;
    let cut = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    connection.busy_timeout(open::BUSY)?;
    Ok(!cut?)
}

/// The frames of the log that are of its present round.
struct Log {
    sequence: u32,
    pages: BTreeSet<u32>,
}

impl Log {
    /// Reads the heads of a log. Returns `None` if it is empty.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        const HEAD: usize = 32;
        const FRAME: usize = 24;
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut head = [0; HEAD];
        match file.read_exact_at(&mut head, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let (size, sequence, salts) = (number(&head, 8), number(&head, 12), &head[16..24]);
        let (mut pages, mut frame, mut at) = (BTreeSet::new(), [0; FRAME], HEAD as u64);
        loop {
            match file.read_exact_at(&mut frame, at) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                read => read?,
            }
            if frame[8..16] != *salts {
                break;
            }
            pages.insert(number(&frame, 0));
            at += FRAME as u64 + u64::from(size);
        }
        Ok(Some(Self { sequence, pages }))
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Fills the unallocated space of a page with zeros. Returns whether it held anything else. A page that is of no B-tree, or
/// not what it should be, is left alone: free pages are zeros already, and what overflows fills its pages.
fn clear_unallocated(page: &mut [u8]) -> bool {
    /// Kinds of B-tree pages, and the length of their heads.
    const HEADS: [(u8, usize); 4] = [(2, 12), (5, 12), (10, 8), (13, 8)];
    let Some((_, head)) = HEADS.into_iter().find(|(kind, _)| page.first() == Some(kind)) else { return false };
    let short = |page: &[u8], at: usize| page.get(at..at + 2).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
    let cells = short(page, 3);
    let (gap, mut content) = (head + 2 * cells, short(page, 5));
    if content == 0 {
        content = 65_536;
    }
    if gap > content || content > page.len() {
        return false;
    }
    let mut unallocated = Vec::new();
    unallocated.push(gap..content);
    // Blocks within the content that are free: each begins with where the next is, and its own length.
    let mut block = short(page, 1);
    while block != 0 {
        let (next, length) = (short(page, block), short(page, block + 2));
        let end = block + length;
        if block < content || length < 4 || end > page.len() || next != 0 && next < end {
            return false;
        }
        unallocated.push(block + 4..end);
        block = next;
    }
    let mut found = false;
    for space in unallocated {
        let space = &mut page[space];
        if space.iter().any(|byte| *byte != 0) {
            space.fill(0);
            found = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::params;

    use super::*;

    const TRACE: &str = "xylophonequarrel";

    fn traces(folder: &Path) -> usize {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.map(|bytes| bytes.windows(TRACE.len()).filter(|found| *found == TRACE.as_bytes()).count()).sum()
    }

    /// Numbers that look random, the same in each run.
    fn numbers() -> impl FnMut(i64) -> i64 {
        let mut random = fastrand::Rng::with_seed(7);
        move |below| random.i64(0..below)
    }

    /// Writes, edits and removes trails of comments, some of which hold the trace and are all removed in the end.
    fn use_all(connection: &Connection) {
        let mut number = numbers();
        connection.execute_batch("BEGIN").unwrap();
        let text = |words: &str, length: i64| words.repeat(1 + usize::try_from(length).unwrap());
        for round in 0..3_000 {
            let (site, id) = (number(5), format!("c{}", number(900)));
            let hers = number(4) == 0;
            let id = if hers { format!("{id}-hers") } else { id };
            let body = text(if hers { TRACE } else { "something else " }, number(if round % 50 == 0 { 900 } else { 60 }));
            let mut put = connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO past (site, id, number, before, event, verdict) \
                 VALUES (?1, ?2, ?3, 0, ?4, x'')",
                )
                .unwrap();
            put.execute(params![site, id, number(4), body.as_bytes()]).unwrap();
        }
        assert!(connection.execute("DELETE FROM past WHERE id LIKE '%-hers'", []).unwrap() > 100);
        connection.execute_batch("COMMIT").unwrap();
    }

    fn content(connection: &Connection) -> Vec<(i64, String, i64, Vec<u8>)> {
        let mut all = connection.prepare("SELECT site, id, number, event FROM past ORDER BY site, id, number").unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn is_whole(connection: &Connection) {
        let told: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(told, "ok");
    }

    #[test]
    fn no_byte_of_what_was_erased_is_left_and_all_else_is_as_it_was_while_others_write() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("gatepost.db");
        let connection = open::writable(&path).unwrap();
        use_all(&connection);
        open::ask_for_wipe(&connection).unwrap();
        let before = content(&connection);
        let mut wipe = Wipe::new(&path, &connection, Arc::default()).unwrap();
        assert!(cut_log(&connection).unwrap());
        assert!(traces(folder.path()) > 10, "there are copies in the file itself");
        assert!(wipe.is_due(), "what was left is done at once");

        let (mut steps, mut written) = (0, 0_i64);
        while wipe.pass.is_some() || wipe.due.is_some() {
            wipe.step(&connection);
            // Splits and merges pages before and behind the place where the pass stands.
            if steps < 40 {
                for _ in 0..20 {
                    written += 1;
                    let id = format!("new-{}", written * 7919 % 1_000);
                    let mut put = connection
                        .prepare_cached(
                            "INSERT OR REPLACE INTO past (site, id, number, before, event, verdict) \
                 VALUES (?1, ?2, 9, 0, ?3, x'')",
                        )
                        .unwrap();
                    put.execute(params![written % 5, id, vec![7_u8; usize::try_from(written % 700).unwrap()]]).unwrap();
                }
            }
            steps += 1;
            assert!(steps < 10_000);
        }

        assert_eq!(traces(folder.path()), 0);
        is_whole(&connection);
        let kept: Vec<_> = content(&connection).into_iter().filter(|(_, id, ..)| !id.starts_with("new-")).collect();
        assert!(kept == before);
        assert!(!open::is_wipe_due(&connection).unwrap());
        // Nothing comes back from a cache with the next changes.
        connection.execute("UPDATE past SET event = x'00'", []).unwrap();
        assert_eq!(traces(folder.path()), 0);
        is_whole(&connection);
    }

    #[test]
    fn what_is_erased_during_a_pass_has_another_one() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("gatepost.db");
        let connection = open::writable(&path).unwrap();
        use_all(&connection);
        open::ask_for_wipe(&connection).unwrap();
        let mut wipe = Wipe::new(&path, &connection, Arc::default()).unwrap();
        (wipe.due, wipe.pass) = (None, Some(Pass::new()));
        wipe.ask();
        while wipe.pass.is_some() {
            wipe.step(&connection);
        }
        assert!(open::is_wipe_due(&connection).unwrap() && wipe.due.is_some());
    }

    #[test]
    fn nothing_is_overwritten_while_another_program_reads_and_all_of_it_afterwards() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("gatepost.db");
        let connection = open::writable(&path).unwrap();
        use_all(&connection);
        let reader = open::readable(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM past").unwrap();
        connection
            .execute(
                "INSERT INTO past (site, id, number, before, event, verdict) \
                 VALUES (1, 'more', 1, 0, x'', x'')",
                [],
            )
            .unwrap();
        let mut wipe = Wipe::new(&path, &connection, Arc::default()).unwrap();
        wipe.ask();
        (0..5).for_each(|_| wipe.step(&connection));
        assert!(wipe.pass.is_some() && wipe.blocked.is_some());
        drop(reader);
        while wipe.pass.is_some() {
            wipe.step(&connection);
        }
        assert_eq!(traces(folder.path()), 0);
        is_whole(&connection);
    }

    proptest! {
        #[test]
        fn no_page_whatever_it_holds_fails(mut page in prop::collection::vec(any::<u8>(), 512), kind in 0..16u8) {
            page[0] = kind;
            clear_unallocated(&mut page);
        }
    }
}
