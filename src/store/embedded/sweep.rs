//! Forgets what has been kept long enough, in short slices between the writer's other work.
//!
//! A round looks at each site and asks indexes whether anything of it is due, which costs a few reads where nothing is. While
//! there is more the next slice follows soon, so that the sweep keeps up with whatever comes; the writer has several times
//! as long for other work in between, and sweeps without a pause when there is none. Authors' counts are walked over in the
//! order of their rows instead: an index on their age would cost every comment.

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

/// How long a slice may take, to a row.
const SLICE: Duration = Duration::from_millis(4);
/// How many times as long the writer has for other work until the next slice.
const REST_FACTOR: u32 = 3;
/// The least time between two rounds,
const MIN_ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// and how many times as long as the last round took, so that looking for nothing stays cheap with very many sites.
const ROUND_INTERVAL_FACTOR: u32 = 20;
/// How often the authors are walked over.
const AUTHOR_WALK_INTERVAL: Duration = Duration::from_secs(600);

/// Where the sweep stands.
pub(super) struct Sweep {
    retention: RetentionLookup,
    keep_events: u32,
    /// Rises when outcomes were forgotten: what was learned from them is to be folded anew.
    versions: Arc<Versions>,
    /// This slice has forgotten some.
    outcomes_forgotten: Cell<bool>,
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
        if self.outcomes_forgotten.take() {
            self.versions.outcomes.bump_all();
        }
    }

    /// What the slice did is not: the disk is full, or worse. It is tried again later.
    pub fn rolled_back(&mut self) {
        self.outcomes_forgotten.set(false);
        self.round = None;
        self.next = Instant::now() + MIN_ROUND_INTERVAL;
    }

    /// Does a slice of the work, inside a transaction.
    pub fn slice(&mut self, connection: &Connection) -> Result<(), Error> {
        let begun = Instant::now();
        let until = Deadline(begun + SLICE);
        let retention = self.retention.clone();
        let mut periods = SiteRetentions::new(connection, &retention);
        let mut round = self.round.take().unwrap_or_default();
        let over = loop {
            if until.has_passed() {
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
            self.next = Instant::now() + MIN_ROUND_INTERVAL.max(round.took * ROUND_INTERVAL_FACTOR);
        } else {
            self.round = Some(round);
            self.next = Instant::now() + took * REST_FACTOR;
        }
        Ok(())
    }

    /// Forgets what is due of a site. Returns whether there is more.
    fn visit(&self, periods: &mut SiteRetentions<'_>, site: i64, until: Deadline) -> Result<bool, Error> {
        let connection = periods.connection;
        let kept = periods.get(site)?;
        let mut more = false;
        // Written out, since the index serves only a query that says which rows are in it.
        for decision in [Decision::Approve, Decision::Reject] {
            let mut select = connection.prepare_cached(&format!(
                "SELECT rowid, id FROM comment WHERE site = ?1 AND decision = {} AND decision <> 2 AND changed_at < ?2 \
                 ORDER BY changed_at LIMIT ?3",
                decision.to_wire() as i32
            ))?;
            let rows = select.query_map(params![site, ago(kept.for_decision(decision)), MAX_ROWS_PER_VISIT], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            more |= rows.len() == MAX_ROWS_PER_VISIT as usize;
            for (row, id) in rows {
                if until.has_passed() {
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
            self.outcomes_forgotten.set(true);
        }
        Ok(more || left)
    }

    /// Forgets authors of whom nothing moved for long enough, from the first again after a while. Returns whether the walk
    /// is still under way.
    fn walk_authors(&mut self, periods: &mut SiteRetentions<'_>, until: Deadline) -> Result<bool, Error> {
        if self.author.is_none() && Instant::now() < self.authors {
            return Ok(false);
        }
        let connection = periods.connection;
        let (site, person) = self.author.take().unwrap_or_default();
        let mut select = connection.prepare_cached(
            "SELECT site, person, changed_at FROM author WHERE (site, person) > (?1, ?2) ORDER BY site, person LIMIT ?3",
        )?;
        let rows = select.query_map(params![site, person, MAX_ROWS_PER_VISIT], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?))
        })?;
        for row in rows.collect::<Result<Vec<_>, _>>()? {
            let (site, person, changed_at) = row;
            if changed_at < ago(periods.get(site)?.authors) {
                let mut delete = connection.prepare_cached("DELETE FROM author WHERE site = ?1 AND person = ?2")?;
                delete.execute(params![site, person])?;
            }
            self.author = Some((site, person));
            if until.has_passed() {
                return Ok(true);
            }
        }
        if self.author.is_none() {
            self.authors = Instant::now() + AUTHOR_WALK_INTERVAL;
        }
        Ok(self.author.is_some())
    }
}

fn next_site(connection: &Connection, after: i64) -> Result<Option<i64>, Error> {
    let mut next = connection.prepare_cached("SELECT min(key) FROM site WHERE key > ?1")?;
    Ok(next.query_row([after], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
