//! Forgets what has been kept long enough, a little at a time, between the writer's other work.
//!
//! It walks over the tables in the order of their rows instead of by an index on age, which every write would pay
//! for. A quiet store is swept when somebody next asks it something.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use crate::classify::site::lesson::Lesson;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::retention::{Retention, Retentions};
use crate::store::StoreSettings;
use crate::store::record::{self, now_micros};
use crate::verdict::Decision;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// How many rows of a table are looked at each time: more than a million a day.
const STEP: i64 = 512;
/// How long a verdict may be on its way.
const RESERVED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Where the sweep stands.
pub(super) struct Sweep {
    retention: Retentions,
    keep_events: u32,
    /// Rises when outcomes were forgotten: what was learned from them is to be folded anew.
    taught: Arc<AtomicU64>,
    /// This step has forgotten some.
    unlearned: Cell<bool>,
    last: Instant,
    /// The last row of `comment` looked at.
    row: i64,
    /// The last row of `author` looked at.
    author: (i64, Vec<u8>),
    /// The last site whose events were counted.
    site: i64,
}

/// For how long the data of sites is kept, by their numbers.
struct Known<'a> {
    connection: &'a Connection,
    retention: &'a Retentions,
    sites: HashMap<i64, Retention>,
}

impl Sweep {
    pub fn new(settings: &StoreSettings, taught: Arc<AtomicU64>) -> Self {
        let (retention, keep_events) = (settings.retention.clone(), settings.keep_events);
        Self {
            retention,
            keep_events,
            taught,
            unlearned: Cell::new(false),
            last: Instant::now(),
            row: 0,
            author: (0, Vec::new()),
            site: 0,
        }
    }

    pub fn due(&self) -> bool {
        self.last.elapsed() >= EVERY
    }

    /// What the step did is committed.
    pub fn committed(&self) {
        if self.unlearned.take() {
            self.taught.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One step, inside a transaction.
    pub fn step(&mut self, connection: &Connection) -> Result<(), Error> {
        self.last = Instant::now();
        let retention = self.retention.clone();
        let mut known = Known { connection, retention: &retention, sites: HashMap::new() };
        self.comments(&mut known)?;
        self.authors(&mut known)?;
        self.events(&mut known)?;
        let mut reservations = connection.prepare_cached("DELETE FROM reservation WHERE received_at < ?1")?;
        reservations.execute([ago(RESERVED_FOR)])?;
        Ok(())
    }

    /// Looks at the next comments, from the first again after the last.
    fn comments(&mut self, known: &mut Known<'_>) -> Result<(), Error> {
        let connection = known.connection;
        let mut select = connection
            .prepare_cached("SELECT rowid, site, decision, changed_at FROM comment WHERE rowid > ?1 ORDER BY rowid LIMIT ?2")?;
        let rows = select.query_map([self.row, STEP], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i32>(2)?, row.get::<_, i64>(3)?))
        })?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        self.row = rows.last().map_or(0, |(row, ..)| *row);
        for (row, site, decision, changed_at) in rows {
            let decision = Decision::from_wire(decision).filter(|decision| *decision != Decision::Hold);
            let Some(decision) = decision else { continue };
            if changed_at < ago(known.of(site)?.of(decision)) {
                let mut trail = connection
                    .prepare_cached("DELETE FROM past WHERE (site, id) = (SELECT site, id FROM comment WHERE rowid = ?1)")?;
                trail.execute([row])?;
                connection.prepare_cached("DELETE FROM comment WHERE rowid = ?1")?.execute([row])?;
            }
        }
        Ok(())
    }

    /// Looks at the next authors' counts, from the first again after the last.
    fn authors(&mut self, known: &mut Known<'_>) -> Result<(), Error> {
        let connection = known.connection;
        let mut select = connection.prepare_cached(
            "SELECT site, person, changed_at FROM author WHERE (site, person) > (?1, ?2) ORDER BY site, person LIMIT ?3",
        )?;
        let rows = select.query_map(params![self.author.0, self.author.1, STEP], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?))
        })?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        self.author = rows.last().map_or((0, Vec::new()), |(site, person, _)| (*site, person.clone()));
        for (site, person, changed_at) in rows {
            if changed_at < ago(known.of(site)?.authors) {
                let mut delete = connection.prepare_cached("DELETE FROM author WHERE site = ?1 AND person = ?2")?;
                delete.execute(params![site, person])?;
            }
        }
        Ok(())
    }

    /// Cuts the events of the next site down to the newest, and to those that are young enough.
    fn events(&mut self, known: &mut Known<'_>) -> Result<(), Error> {
        let connection = known.connection;
        let mut next = connection.prepare_cached("SELECT min(key) FROM site WHERE key > ?1")?;
        self.site = next.query_row([self.site], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0);
        let mut oldest =
            connection.prepare_cached("SELECT number FROM event WHERE site = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2")?;
        let many = oldest.query_row(params![self.site, self.keep_events], |row| row.get::<_, i64>(0)).optional()?;
        let mut first =
            connection.prepare_cached("SELECT number, verdict FROM event WHERE site = ?1 ORDER BY number LIMIT ?2")?;
        let first = first.query_map([self.site, STEP], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let kept = known.of(self.site)?.changes;
        let mut old = None;
        for event in first {
            let (number, verdict) = event?;
            // A clock that was set back makes it young.
            if record::verdict(&verdict)?.decided_at.elapsed().unwrap_or_default() < kept {
                break;
            }
            old = Some(number);
        }
        self.audit(known)?;
        self.outcomes(known)?;
        if let Some(cut) = many.max(old) {
            connection.prepare_cached("DELETE FROM event WHERE site = ?1 AND number <= ?2")?.execute([self.site, cut])?;
            let mut tell = connection.prepare_cached("UPDATE site SET forgotten = max(forgotten, ?2) WHERE key = ?1")?;
            tell.execute([self.site, cut])?;
        }
        Ok(())
    }
}

impl Sweep {
    /// Forgets the old part of the same site's log of outcomes.
    fn outcomes(&self, known: &mut Known<'_>) -> Result<(), Error> {
        let connection = known.connection;
        let oldest = ago(known.of(self.site)?.outcomes);
        let mut first =
            connection.prepare_cached("SELECT number, record FROM outcome WHERE site = ?1 ORDER BY number LIMIT ?2")?;
        let first = first.query_map([self.site, STEP], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut cut = None;
        for row in first {
            let (number, record) = row?;
            // One that cannot be read tells no time: it goes with the next that does.
            let Some(lesson) = Lesson::from_bytes(&record) else { continue };
            if lesson.at >= oldest {
                break;
            }
            cut = Some(number);
        }
        if let Some(cut) = cut {
            let mut delete = connection.prepare_cached("DELETE FROM outcome WHERE site = ?1 AND number <= ?2")?;
            let gone = delete.execute([self.site, cut])?;
            let mut tell = connection.prepare_cached("UPDATE site SET outcome_gone = outcome_gone + ?2 WHERE key = ?1")?;
            tell.execute(params![self.site, i64::try_from(gone).unwrap_or(i64::MAX)])?;
            self.unlearned.set(true);
        }
        Ok(())
    }

    /// Forgets the old part of the same site's audit, and keeps the hash that the rest goes on from.
    fn audit(&self, known: &mut Known<'_>) -> Result<(), Error> {
        let connection = known.connection;
        let kept = known.of(self.site)?.audit;
        let mut first = connection.prepare_cached(
            "SELECT number, hash, record FROM audit WHERE site = ?1 AND length(record) > 0 ORDER BY number LIMIT ?2",
        )?;
        let first = first.query_map([self.site, STEP], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let mut cut = None;
        for row in first {
            let (number, hash, record) = row?;
            // Erased ones tell no time: they go with the next that does.
            let event = <pb::AuditEvent as prost::Message>::decode(&*record).unwrap_or_default();
            let Some(at) = event.at.and_then(|at| SystemTime::try_from(at).ok()) else { continue };
            if at.elapsed().unwrap_or_default() < kept {
                break;
            }
            cut = Some((number, hash));
        }
        if let Some((number, hash)) = cut {
            let mut delete = connection.prepare_cached("DELETE FROM audit WHERE site = ?1 AND number <= ?2")?;
            delete.execute([self.site, number])?;
            let mut tell = connection.prepare_cached("UPDATE site SET audit_number = ?2, audit_hash = ?3 WHERE key = ?1")?;
            tell.execute(params![self.site, number, hash])?;
        }
        Ok(())
    }
}

impl Known<'_> {
    fn of(&mut self, site: i64) -> Result<Retention, Error> {
        if let Some(known) = self.sites.get(&site) {
            return Ok(*known);
        }
        let mut select = self.connection.prepare_cached("SELECT name FROM site WHERE key = ?1")?;
        let name = select.query_row([site], |row| row.get::<_, String>(0)).optional()?;
        // What belongs to no site that could be named is kept, rather than lost by a mistake.
        let site_named = name.and_then(|name| Site::parse("site", &name).ok());
        let retention = site_named.map_or(Retention::days(36_500), |site| self.retention.of(&site));
        self.sites.insert(site, retention);
        Ok(retention)
    }
}

/// A moment that lies so long back, in microseconds since 1970.
fn ago(span: Duration) -> i64 {
    now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}
