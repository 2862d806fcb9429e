//! Forgets what has been kept long enough, in short slices between the writer's other work.
//!
//! A round looks at each site and asks indexes whether anything of it is due, which costs a few reads where nothing is. While
//! there is more the next slice follows soon, so that the sweep keeps up with whatever comes; the writer has several times
//! as long for other work in between, and sweeps without a pause when there is none. Authors' counts are walked over in the
//! order of their rows instead: an index on their age would cost every comment.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use crate::classify::site::lesson::Lesson;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::retention::{Retention, Retentions};
use crate::store::StoreSettings;
use crate::store::record::{self, now_micros};
use crate::store::versions::Versions;
use crate::verdict::Decision;

/// How long a slice may take, to a row.
const SLICE: Duration = Duration::from_millis(4);
/// How many times as long the writer has for other work until the next slice.
const REST: u32 = 3;
/// The least time between two rounds,
const EVERY: Duration = Duration::from_secs(1);
/// and how many times as long as the last round took, so that looking for nothing stays cheap with very many sites.
const SELDOM: u32 = 20;
/// How often the authors are walked over.
const AUTHORS: Duration = Duration::from_secs(600);
/// How many rows of a kind are looked at in one visit to a site.
const VISIT: i64 = 256;
/// How long a verdict may be on its way.
const RESERVED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Where the sweep stands.
pub(super) struct Sweep {
    retention: Retentions,
    keep_events: u32,
    /// Rises when outcomes were forgotten: what was learned from them is to be folded anew.
    versions: Arc<Versions>,
    /// This slice has forgotten some.
    unlearned: Cell<bool>,
    /// When the next slice may begin.
    next: Instant,
    round: Option<Round>,
    /// The last author looked at. `None`: the walk is over.
    author: Option<(i64, Vec<u8>)>,
    /// When the next walk over the authors may begin.
    authors: Instant,
}

/// A visit to each site.
#[derive(Clone, Copy, Default)]
struct Round {
    /// The last site visited.
    site: i64,
    /// A site has more that is due.
    more: bool,
    /// How long it took so far.
    took: Duration,
}

/// The end of a slice.
#[derive(Clone, Copy)]
struct Until(Instant);

impl Until {
    fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// For how long the data of sites is kept, by their numbers.
struct Periods<'a> {
    connection: &'a Connection,
    retention: &'a Retentions,
    sites: HashMap<i64, Retention>,
}

impl Sweep {
    pub fn new(settings: &StoreSettings, versions: Arc<Versions>) -> Self {
        let now = Instant::now();
        Self {
            retention: settings.retention.clone(),
            keep_events: settings.keep_events,
            versions,
            unlearned: Cell::new(false),
            next: now + EVERY,
            round: None,
            author: None,
            authors: now,
        }
    }

    /// Returns whether it is time for a slice.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Returns whether a round is under way: if nobody needs the writer the next slice may begin at once.
    pub fn is_behind(&self) -> bool {
        self.round.is_some()
    }

    /// What the slice did is committed.
    pub fn committed(&self) {
        if self.unlearned.take() {
            self.versions.taught.raise_all();
        }
    }

    /// What the slice did is not: the disk is full, or worse. It is tried again later.
    pub fn rolled_back(&mut self) {
        self.unlearned.set(false);
        self.round = None;
        self.next = Instant::now() + EVERY;
    }

    /// Does a slice of the work, inside a transaction.
    pub fn slice(&mut self, connection: &Connection) -> Result<(), Error> {
        let begun = Instant::now();
        let until = Until(begun + SLICE);
        let retention = self.retention.clone();
        let mut periods = Periods { connection, retention: &retention, sites: HashMap::new() };
        let mut round = self.round.take().unwrap_or_default();
        let over = loop {
            if until.is_over() {
                break false;
            }
            match next_site(connection, round.site)? {
                Some(site) => {
                    round.more |= self.visit(&mut periods, site, until)?;
                    round.site = site;
                }
                None if round.more => round = Round { took: round.took, ..Round::default() },
                None => break !self.walk_authors(&mut periods, until)? && !forget_reservations(connection)?,
            }
        };
        let took = begun.elapsed();
        round.took += took;
        if over {
            self.next = Instant::now() + EVERY.max(round.took * SELDOM);
        } else {
            self.round = Some(round);
            self.next = Instant::now() + took * REST;
        }
        Ok(())
    }

    /// Forgets what is due of a site. Returns whether there is more.
    fn visit(&self, periods: &mut Periods<'_>, site: i64, until: Until) -> Result<bool, Error> {
        let connection = periods.connection;
        let kept = periods.of(site)?;
        let mut more = false;
        // Written out, since the index serves only a query that says which rows are in it.
        for decision in [Decision::Approve, Decision::Reject] {
            let mut select = connection.prepare_cached(&format!(
                "SELECT rowid, id FROM comment WHERE site = ?1 AND decision = {} AND decision <> 2 AND changed_at < ?2 \
                 ORDER BY changed_at LIMIT ?3",
                decision.to_wire() as i32
            ))?;
            let rows = select.query_map(params![site, ago(kept.of(decision)), VISIT], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            more |= rows.len() == VISIT as usize;
            for (row, id) in rows {
                if until.is_over() {
                    return Ok(true);
                }
                connection.prepare_cached("DELETE FROM past WHERE site = ?1 AND id = ?2")?.execute(params![site, id])?;
                connection.prepare_cached("DELETE FROM comment WHERE rowid = ?1")?.execute([row])?;
            }
        }
        more |= forget_events(connection, site, kept.changes, self.keep_events)?;
        more |= forget_acts(connection, site, kept.audit)?;
        let (outcomes, left) = forget_outcomes(connection, site, kept.outcomes)?;
        if outcomes > 0 {
            self.unlearned.set(true);
        }
        Ok(more || left)
    }

    /// Forgets authors of whom nothing moved for long enough, from the first again after a while. Returns whether the walk
    /// is still under way.
    fn walk_authors(&mut self, periods: &mut Periods<'_>, until: Until) -> Result<bool, Error> {
        if self.author.is_none() && Instant::now() < self.authors {
            return Ok(false);
        }
        let connection = periods.connection;
        let (site, person) = self.author.take().unwrap_or_default();
        let mut select = connection.prepare_cached(
            "SELECT site, person, changed_at FROM author WHERE (site, person) > (?1, ?2) ORDER BY site, person LIMIT ?3",
        )?;
        let rows = select.query_map(params![site, person, VISIT], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?))
        })?;
        for row in rows.collect::<Result<Vec<_>, _>>()? {
            let (site, person, changed_at) = row;
            if changed_at < ago(periods.of(site)?.authors) {
                let mut delete = connection.prepare_cached("DELETE FROM author WHERE site = ?1 AND person = ?2")?;
                delete.execute(params![site, person])?;
            }
            self.author = Some((site, person));
            if until.is_over() {
                return Ok(true);
            }
        }
        if self.author.is_none() {
            self.authors = Instant::now() + AUTHORS;
        }
        Ok(self.author.is_some())
    }
}

fn next_site(connection: &Connection, after: i64) -> Result<Option<i64>, Error> {
    let mut next = connection.prepare_cached("SELECT min(key) FROM site WHERE key > ?1")?;
    Ok(next.query_row([after], |row| row.get(0))?)
}

/// Cuts a site's events down to the newest, and to those that are young enough. Returns whether there is more to cut.
fn forget_events(connection: &Connection, site: i64, kept: Duration, most: u32) -> Result<bool, Error> {
    let mut oldest =
        connection.prepare_cached("SELECT number FROM event WHERE site = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2")?;
    let surplus = oldest.query_row(params![site, most], |row| row.get::<_, i64>(0)).optional()?;
    let mut first = connection.prepare_cached("SELECT number, verdict FROM event WHERE site = ?1 ORDER BY number LIMIT ?2")?;
    let mut events = first.query([site, VISIT])?;
    let (mut cut, mut count) = (None, 0);
    while let Some(event) = events.next()? {
        let number = event.get::<_, i64>(0)?;
        let is_old = || -> Result<bool, Error> {
            // A clock that was set back makes it young.
            let age = record::verdict(&event.get::<_, Vec<u8>>(1)?)?.decided_at.elapsed().unwrap_or_default();
            Ok(age >= kept)
        };
        if surplus.is_none_or(|surplus| number > surplus) && !is_old()? {
            break;
        }
        (cut, count) = (Some(number), count + 1);
    }
    if let Some(cut) = cut {
        connection.prepare_cached("DELETE FROM event WHERE site = ?1 AND number <= ?2")?.execute([site, cut])?;
        let mut tell = connection.prepare_cached("UPDATE site SET forgotten = max(forgotten, ?2) WHERE key = ?1")?;
        tell.execute([site, cut])?;
    }
    Ok(count == VISIT)
}

/// Forgets the old part of a site's log of outcomes. Returns how many those were, and whether there are more.
fn forget_outcomes(connection: &Connection, site: i64, kept: Duration) -> Result<(usize, bool), Error> {
    let oldest = ago(kept);
    let mut first = connection.prepare_cached("SELECT number, record FROM outcome WHERE site = ?1 ORDER BY number LIMIT ?2")?;
    let mut rows = first.query([site, VISIT])?;
    let mut cut = None;
    while let Some(row) = rows.next()? {
        // One that cannot be read tells no time: it goes with the next that does.
        let Some(lesson) = Lesson::from_bytes(&row.get::<_, Vec<u8>>(1)?) else { continue };
        if lesson.at >= oldest {
            break;
        }
        cut = Some(row.get::<_, i64>(0)?);
    }
    let Some(cut) = cut else { return Ok((0, false)) };
    let mut delete = connection.prepare_cached("DELETE FROM outcome WHERE site = ?1 AND number <= ?2")?;
    let gone = delete.execute([site, cut])?;
    let mut tell = connection.prepare_cached("UPDATE site SET outcome_gone = outcome_gone + ?2 WHERE key = ?1")?;
    tell.execute(params![site, i64::try_from(gone).unwrap_or(i64::MAX)])?;
    Ok((gone, gone >= VISIT as usize))
}

/// Forgets the old part of a site's audit, and keeps the hash that the rest goes on from. Returns whether there is more.
fn forget_acts(connection: &Connection, site: i64, kept: Duration) -> Result<bool, Error> {
    let mut first = connection.prepare_cached(
        "SELECT number, hash, record FROM audit WHERE site = ?1 AND length(record) > 0 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = first.query([site, VISIT])?;
    let (mut cut, mut count) = (None, 0);
    while let Some(row) = rows.next()? {
        // Erased ones tell no time: they go with the next that does.
        let event = <pb::AuditEvent as prost::Message>::decode(&*row.get::<_, Vec<u8>>(2)?).unwrap_or_default();
        let Some(at) = event.at.and_then(|at| SystemTime::try_from(at).ok()) else { continue };
        if at.elapsed().unwrap_or_default() < kept {
            break;
        }
        (cut, count) = (Some((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)), count + 1);
    }
    if let Some((number, hash)) = cut {
        let mut delete = connection.prepare_cached("DELETE FROM audit WHERE site = ?1 AND number <= ?2")?;
        delete.execute([site, number])?;
        let mut tell = connection.prepare_cached("UPDATE site SET audit_number = ?2, audit_hash = ?3 WHERE key = ?1")?;
        tell.execute(params![site, number, hash])?;
    }
    Ok(count == VISIT)
}

/// Forgets comments whose verdict never came. Returns whether there are more.
fn forget_reservations(connection: &Connection) -> Result<bool, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM reservation WHERE (site, id) IN (SELECT site, id FROM reservation WHERE received_at < ?1 LIMIT ?2)",
    )?;
    Ok(delete.execute([ago(RESERVED_FOR), VISIT])? == VISIT as usize)
}

impl Periods<'_> {
    fn of(&mut self, site: i64) -> Result<Retention, Error> {
        if let Some(known) = self.sites.get(&site) {
            return Ok(*known);
        }
        let mut select = self.connection.prepare_cached("SELECT name FROM site WHERE key = ?1")?;
        let name = select.query_row([site], |row| row.get::<_, String>(0)).optional()?;
        // What belongs to no site that could be named is kept, rather than lost by a mistake.
        let site_named = name.and_then(|name| match name.as_str() {
            Site::SERVER => Some(Site::server()),
            name => Site::parse("site", name).ok(),
        });
        let retention = site_named.map_or(Retention::days(36_500), |site| self.retention.of(&site));
        self.sites.insert(site, retention);
        Ok(retention)
    }
}

/// A moment that lies so long back, in microseconds since 1970.
fn ago(span: Duration) -> i64 {
    now_micros().saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::open;

    const DAY: i64 = 24 * 3_600 * 1_000_000;

    /// A file with so many sites that keep for a day, and one of each other site's for longer.
    fn file(folder: &tempfile::TempDir, sites: i64, due: i64) -> Connection {
        let connection = open::writable(&folder.path().join("gatepost.db")).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        let (now, long_ago) = (now_micros(), now_micros() - 3 * DAY);
        for site in 1..=sites {
            let name = format!("{}-{site}.example", if site % 10 == 0 { "long" } else { "brief" });
            connection.execute("INSERT INTO site (key, name, secret) VALUES (?1, ?2, x'00')", params![site, name]).unwrap();
            for n in 0..due {
                insert(&connection, site, &format!("old-{n}"), 1 + 2 * (n % 2), long_ago);
            }
            insert(&connection, site, "young", 1, now);
            insert(&connection, site, "held", 2, long_ago);
            connection.execute("INSERT INTO author VALUES (?1, x'01', 1, 0, 0, ?2)", [site, long_ago]).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        connection
    }

    fn insert(connection: &Connection, site: i64, id: &str, decision: i64, at: i64) {
        let mut insert = connection
            .prepare_cached(
                "INSERT INTO comment (site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, \
                 fingerprint, persons, event, verdict, comment) \
                 VALUES (?1, ?2, ?3, 0, 1, 0, ?4, ?4, ?4, x'', x'', x'', zeroblob(300), zeroblob(700))",
            )
            .unwrap();
        insert.execute(params![site, id, decision, at]).unwrap();
        let mut past = connection
            .prepare_cached(
                "INSERT INTO past (site, id, number, before, event, verdict) \
                 VALUES (?1, ?2, 1, 0, x'', x'')",
            )
            .unwrap();
        past.execute(params![site, id]).unwrap();
    }

    fn sweep() -> Sweep {
        let retention = Retentions::new(|site| Retention::days(if site.as_str().starts_with("long") { 10 } else { 1 }));
        let settings = StoreSettings {
            url: None,
            data_dir: std::path::PathBuf::new(),
            prefix: String::new(),
            connections: 1,
            retention,
            keep_events: 10,
            timeout: Duration::from_secs(1),
            ca: None,
            wait_replicas: 0,
        };
        Sweep::new(&settings, Arc::default())
    }

    fn count(connection: &Connection, of: &str) -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {of}"), [], |row| row.get(0)).unwrap()
    }

    /// Takes slices until a round is over. The longest of them.
    fn round(sweep: &mut Sweep, connection: &Connection) -> Duration {
        let mut longest = Duration::ZERO;
        loop {
            let begun = Instant::now();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            sweep.slice(connection).unwrap();
            longest = longest.max(begun.elapsed());
            connection.execute_batch("COMMIT").unwrap();
            if !sweep.is_behind() {
                return longest;
            }
        }
    }

    #[test]
    fn one_round_forgets_all_that_is_due_of_many_sites_in_short_slices() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = file(&folder, 1_000, 20);
        let mut sweep = sweep();
        let begun = Instant::now();
        let longest = round(&mut sweep, &connection);
        let took = begun.elapsed();
        assert_eq!(count(&connection, "comment WHERE id LIKE 'old-%'"), 100 * 20, "only those of sites that keep longer");
        assert_eq!(count(&connection, "past"), 100 * 20 + 2_000);
        assert_eq!(count(&connection, "comment WHERE id IN ('young', 'held')"), 2_000);
        assert_eq!(count(&connection, "author"), 100);
        // 18,000 comments, far beyond 2,000 a second.
        assert!(took < Duration::from_secs(9), "{took:?}");
        assert!(longest < 50 * SLICE, "{longest:?}");
    }

    #[test]
    fn a_round_that_finds_nothing_looks_at_no_comment() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = file(&folder, 3, 2_000);
        let plan: String = connection
            .query_row(
                "EXPLAIN QUERY PLAN SELECT rowid, id FROM comment WHERE site = ?1 AND decision = 1 AND decision <> 2 \
                 AND changed_at < ?2 ORDER BY changed_at LIMIT ?3",
                params![1, 2, 3],
                |row| row.get(3),
            )
            .unwrap();
        assert!(plan.contains("decided_by_change (site=? AND decision=? AND changed_at<?)"), "{plan}");
        let mut sweep = sweep();
        round(&mut sweep, &connection);
        assert_eq!(count(&connection, "comment"), 6);
    }

    #[test]
    fn one_site_with_very_much_does_not_keep_the_others_waiting() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = file(&folder, 3, 10);
        connection.execute_batch("BEGIN").unwrap();
        let long_ago = now_micros() - 3 * DAY;
        (0..4_000).for_each(|n| insert(&connection, 1, &format!("much-{n}"), 1, long_ago));
        connection.execute_batch("COMMIT").unwrap();
        let mut sweep = sweep();
        let mut left = i64::MAX;
        while count(&connection, "comment WHERE site = 2 AND id LIKE 'old-%'") > 0 {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            sweep.slice(&connection).unwrap();
            connection.execute_batch("COMMIT").unwrap();
            left = count(&connection, "comment WHERE site = 1");
        }
        assert!(left > 1_000, "{left}");
        round(&mut sweep, &connection);
        assert_eq!(count(&connection, "comment WHERE site = 1"), 2);
    }
}
