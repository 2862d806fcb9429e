//! Deletes expired data, in short slices between the writer's other work.
//!
//! A round visits each site and looks up expired rows by index, which costs a few reads where nothing has expired. While
//! there is more, the next slice follows soon, so that the sweep keeps up with the load; the writer gets several times as
//! long for other work in between. If there is no other work, the sweep runs without a pause. Authors' counts have no index
//! on their age, since that would cost every comment: they are scanned in the order of their rows instead.

mod due;
mod periods;

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::error::Error;
use crate::retention::RetentionLookup;
use crate::store::StoreSettings;
use crate::store::clock::ago;
use crate::store::versions::Versions;
use crate::verdict::Decision;

use due::{MAX_ROWS_PER_VISIT, forget_acts, forget_events, forget_outcomes, forget_reservations};
use periods::SiteRetentions;

/// Maximum time of a slice, checked after each row.
const SLICE: Duration = Duration::from_millis(4);
/// Minimum pause between two slices, as a multiple of the time that the last one took.
const REST_FACTOR: u32 = 3;
/// Minimum time between two rounds.
const MIN_ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// Minimum time between two rounds, as a multiple of the last round's, so that empty rounds over very many sites stay cheap.
const ROUND_INTERVAL_FACTOR: u32 = 20;
/// Time between two scans of the authors.
const AUTHOR_WALK_INTERVAL: Duration = Duration::from_secs(600);

/// The state of the sweep.
pub(super) struct Sweep {
    retention: RetentionLookup,
    keep_events: u32,
    /// The versions of outcome logs, raised after a commit that removed outcomes so that the corrections are computed again.
    versions: Arc<Versions>,
    /// Whether the current slice has removed outcomes.
    outcomes_forgotten: Cell<bool>,
    /// When the next slice may begin.
    next: Instant,
    round: Option<Round>,
    /// The last author scanned, or `None` if no scan is under way.
    last_author: Option<(i64, Vec<u8>)>,
    /// When the next scan of the authors may begin.
    next_author_walk: Instant,
}

/// A round: one visit to each site, repeated while sites have more expired data.
#[derive(Clone, Copy, Default)]
struct Round {
    /// The last site visited.
    site: i64,
    /// Whether a site has more expired data.
    more: bool,
    /// Time spent so far.
    took: Duration,
}

/// The time at which a slice ends.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }
}

impl Sweep {
    pub fn new(settings: &StoreSettings, versions: Arc<Versions>) -> Self {
        let now = Instant::now();
        Self {
            retention: settings.retention.clone(),
            keep_events: settings.keep_events,
            versions,
            outcomes_forgotten: Cell::new(false),
            next: now + MIN_ROUND_INTERVAL,
            round: None,
            last_author: None,
            next_author_walk: now,
        }
    }

    /// Returns whether it is time for a slice.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Returns whether a round is under way. The next slice may then begin at once if the writer has nothing else to do.
    pub fn is_behind(&self) -> bool {
        self.round.is_some()
    }

    /// Notes that the slice was committed.
    pub fn committed(&self) {
        if self.outcomes_forgotten.take() {
            self.versions.outcomes.bump_all();
        }
    }

    /// Notes that the slice was rolled back, for example because the disk is full. The sweep tries again later.
    pub fn rolled_back(&mut self) {
        self.outcomes_forgotten.set(false);
        self.round = None;
        self.next = Instant::now() + MIN_ROUND_INTERVAL;
    }

    /// Runs a slice, inside a transaction.
    pub fn slice(&mut self, connection: &Connection) -> Result<(), Error> {
        let started = Instant::now();
        let deadline = Deadline(started + SLICE);
        let retention = self.retention.clone();
        let mut retentions = SiteRetentions::new(connection, &retention);
        let mut round = self.round.take().unwrap_or_default();
        let complete = loop {
            if deadline.has_passed() {
                break false;
            }
            match next_site(connection, round.site)? {
                Some(site) => {
                    round.more |= self.visit(&mut retentions, site, deadline)?;
                    round.site = site;
                }
                None if round.more => round = Round { took: round.took, ..Round::default() },
                None => break !self.walk_authors(&mut retentions, deadline)? && !forget_reservations(connection)?,
            }
        };
        let took = started.elapsed();
        round.took += took;
        if complete {
            self.next = Instant::now() + MIN_ROUND_INTERVAL.max(round.took * ROUND_INTERVAL_FACTOR);
        } else {
            self.round = Some(round);
            self.next = Instant::now() + took * REST_FACTOR;
        }
        Ok(())
    }

    /// Deletes a site's expired data. Returns whether there is more.
    fn visit(&self, retentions: &mut SiteRetentions<'_>, site: i64, deadline: Deadline) -> Result<bool, Error> {
        let connection = retentions.connection;
        let retention = retentions.get(site)?;
        let mut more = false;
        // The numbers are literals, since the partial index serves only queries that state its condition.
        for decision in [Decision::Approve, Decision::Reject] {
            let mut select = connection.prepare_cached(&format!(
                "SELECT rowid, id FROM comment WHERE site = ?1 AND decision = {} AND decision <> 2 AND changed_at < ?2 \
                 ORDER BY changed_at LIMIT ?3",
                decision.to_wire() as i32
            ))?;
            let rows = select.query_map(params![site, ago(retention.for_decision(decision)), MAX_ROWS_PER_VISIT], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            more |= rows.len() == MAX_ROWS_PER_VISIT as usize;
            for (row, id) in rows {
                if deadline.has_passed() {
                    return Ok(true);
                }
                connection.prepare_cached("DELETE FROM past WHERE site = ?1 AND id = ?2")?.execute(params![site, id])?;
                connection.prepare_cached("DELETE FROM comment WHERE rowid = ?1")?.execute([row])?;
            }
        }
        more |= forget_events(connection, site, retention.changes, self.keep_events)?;
        more |= forget_acts(connection, site, retention.audit)?;
        let (outcomes, left) = forget_outcomes(connection, site, retention.outcomes)?;
        if outcomes > 0 {
            self.outcomes_forgotten.set(true);
        }
        Ok(more || left)
    }

    /// Deletes the counts of authors that have not changed for long enough. A scan starts again from the first author after
    /// [`AUTHOR_WALK_INTERVAL`]. Returns whether the scan is still under way.
    fn walk_authors(&mut self, retentions: &mut SiteRetentions<'_>, deadline: Deadline) -> Result<bool, Error> {
        if self.last_author.is_none() && Instant::now() < self.next_author_walk {
            return Ok(false);
        }
        let connection = retentions.connection;
        let (site, person) = self.last_author.take().unwrap_or_default();
        let mut select = connection.prepare_cached(
            "SELECT site, person, changed_at FROM author WHERE (site, person) > (?1, ?2) ORDER BY site, person LIMIT ?3",
        )?;
        let rows = select.query_map(params![site, person, MAX_ROWS_PER_VISIT], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?))
        })?;
        for row in rows.collect::<Result<Vec<_>, _>>()? {
            let (site, person, changed_at) = row;
            if changed_at < ago(retentions.get(site)?.authors) {
                let mut delete = connection.prepare_cached("DELETE FROM author WHERE site = ?1 AND person = ?2")?;
                delete.execute(params![site, person])?;
            }
            self.last_author = Some((site, person));
            if deadline.has_passed() {
                return Ok(true);
            }
        }
        if self.last_author.is_none() {
            self.next_author_walk = Instant::now() + AUTHOR_WALK_INTERVAL;
        }
        Ok(self.last_author.is_some())
    }
}

fn next_site(connection: &Connection, after: i64) -> Result<Option<i64>, Error> {
    let mut next = connection.prepare_cached("SELECT min(key) FROM site WHERE key > ?1")?;
    Ok(next.query_row([after], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
