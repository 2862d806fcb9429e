//! Forgets what has been kept long enough, a little at a time, between the writer's other work.
//!
//! It walks over the comments in the order of their rows instead of by an index on age, which every write would pay
//! for. A quiet store is swept when somebody next asks it something.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Error;
use crate::store::StoreSettings;
use crate::store::record::now_micros;
use crate::verdict::Decision;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// How many rows of a table are looked at each time: more than a million a day.
const STEP: i64 = 512;
/// How long a verdict may be on its way.
const RESERVED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Where the sweep stands.
pub(super) struct Sweep {
    keep: Duration,
    keep_events: u32,
    last: Instant,
    /// The last row of `comment` looked at.
    row: i64,
    /// The last site whose events were counted.
    site: i64,
}

impl Sweep {
    pub fn new(settings: &StoreSettings) -> Self {
        let keep = Duration::from_secs(u64::from(settings.keep_days) * 24 * 3600);
        Self { keep, keep_events: settings.keep_events, last: Instant::now(), row: 0, site: 0 }
    }

    pub fn due(&self) -> bool {
        self.last.elapsed() >= EVERY
    }

    /// One step, inside a transaction.
    pub fn step(&mut self, connection: &Connection) -> Result<(), Error> {
        self.last = Instant::now();
        self.comments(connection)?;
        self.events(connection)?;
        let mut reservations = connection.prepare_cached("DELETE FROM reservation WHERE received_at < ?1")?;
        reservations.execute([ago(RESERVED_FOR)])?;
        let mut authors = connection.prepare_cached("DELETE FROM author WHERE changed_at < ?1")?;
        authors.execute([ago(self.keep)])?;
        Ok(())
    }

    /// Looks at the next rows, from the first again after the last.
    fn comments(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut end = connection
            .prepare_cached("SELECT max(rowid) FROM (SELECT rowid FROM comment WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)")?;
        let Some(end) = end.query_row([self.row, STEP], |row| row.get::<_, Option<i64>>(0))? else {
            self.row = 0;
            return Ok(());
        };
        let forgotten = "rowid > ?1 AND rowid <= ?2 AND changed_at < ?3 AND decision <> ?4";
        let range = params![self.row, end, ago(self.keep), Decision::Hold.to_wire() as i32];
        let mut trails = connection.prepare_cached(&format!(
            "DELETE FROM past WHERE (site, id) IN (SELECT site, id FROM comment WHERE {forgotten})"
        ))?;
        trails.execute(range)?;
        connection.prepare_cached(&format!("DELETE FROM comment WHERE {forgotten}"))?.execute(range)?;
        self.row = end;
        Ok(())
    }

    /// Cuts the events of the next site down to the newest.
    fn events(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut next = connection.prepare_cached("SELECT min(key) FROM site WHERE key > ?1")?;
        self.site = next.query_row([self.site], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0);
        let mut oldest =
            connection.prepare_cached("SELECT number FROM event WHERE site = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2")?;
        let cut = oldest.query_row(params![self.site, self.keep_events], |row| row.get::<_, i64>(0)).optional()?;
        if let Some(cut) = cut {
            connection.prepare_cached("DELETE FROM event WHERE site = ?1 AND number <= ?2")?.execute([self.site, cut])?;
        }
        Ok(())
    }
}

/// A moment that lies so long back, in microseconds since 1970.
fn ago(span: Duration) -> i64 {
    now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}
