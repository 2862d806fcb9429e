//! What the embedded store does to its database: each function one step, inside the writer's transaction.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lru::LruCache;
use rusqlite::{Connection, OptionalExtension, params};

use super::{open, read};
use crate::comment::{CommentId, Fingerprint, Site};
use crate::error::Error;
use crate::facts::{Facts, Flood, LimitState, Previous, Similar};
use crate::store::audit::with_before;
use crate::store::entry::{Counted, Trust};
use crate::store::facts as facts_text;
use crate::store::limits::Limits;
use crate::store::outcomes::Teaching;
use crate::store::person::Person;
use crate::store::record::{Draft, MOST_PAST, Ruling, now_micros};
use crate::store::versions::Versions;
use crate::verdict::Decision;

/// How many sites' numbers are remembered.
const SITES: usize = 10_000;

/// The database and what belongs to it in memory.
pub(super) struct Engine {
    connection: Connection,
    limits: Limits,
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
    listed: Vec<Site>,
    taught: Vec<Site>,
}

/// What [`Engine::admit`] found.
pub(super) enum Found {
    /// The comment is new and its verdict recorded; the tightest limit.
    New(Option<LimitState>),
    /// The verdict that stands on this body.
    Known(Vec<u8>),
    /// Somebody must decide.
    Open { facts: Facts, verdict_id: String, revision: u32 },
}

/// Which verdict stands after [`Engine::record`].
pub(super) enum Stands {
    /// The one given.
    New,
    /// One recorded before.
    Earlier(Vec<u8>),
}

/// What stands on a comment, without its long columns.
struct Standing {
    row: i64,
    fingerprint: Fingerprint,
    decision: i32,
    revision: u32,
    by_moderator: bool,
    author: Option<Person>,
    /// When the host says that it was sent. 0: it does not say.
    sent_at: u64,
    /// When it came.
    received_at: u64,
}

/// A comment that was counted and whose verdict is on its way.
struct Reservation {
    fingerprint: Fingerprint,
    verdict_id: String,
    revision: u32,
    received_at: i64,
    facts: String,
}

impl Engine {
    pub fn new(connection: Connection, versions: Arc<Versions>) -> Self {
        let sites = LruCache::new(NonZeroUsize::new(SITES).unwrap_or(NonZeroUsize::MIN));
        let (limits, touched) = (Limits::new(), Touched::default());
        Self { connection, limits, sites, event: None, erased: false, versions, touched }
    }

    /// Returns the version of the records that sites share, with what this transaction has changed.
    pub fn records_version(&self) -> u64 {
        self.versions.of_records() + self.touched.records
    }

    /// Raises that version with the commit.
    pub fn touch_records(&mut self) {
        self.touched.records += 1;
    }

    /// Raises the version of a site's entries with the commit.
    pub fn touch_listed(&mut self, site: &Site) {
        self.touched.listed.push(site.clone());
    }

    /// Raises the version of a site's log of outcomes with the commit.
    pub fn touch_taught(&mut self, site: &Site) {
        self.touched.taught.push(site.clone());
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// Has what was erased overwritten later, also after a crash.
    pub fn ask_for_wipe(&mut self) -> Result<(), Error> {
        self.erased = true;
        open::ask_for_wipe(&self.connection)
    }

    /// Returns whether something was erased since this was called last.
    pub fn take_erased(&mut self) -> bool {
        std::mem::take(&mut self.erased)
    }

    // === transactions ===

    pub fn begin(&mut self) -> Result<(), Error> {
        Ok(self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?)
    }

    /// Makes what was done durable. Returns the number of the newest change, if there was one.
    pub fn commit(&mut self) -> Result<Option<i64>, Error> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.limits.commit();
        let Touched { records, listed, taught } = std::mem::take(&mut self.touched);
        self.versions.records.fetch_add(records, Ordering::Relaxed);
        listed.iter().for_each(|site| self.versions.listed.raise(site));
        taught.iter().for_each(|site| self.versions.taught.raise(site));
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

    // === steps ===

    pub fn ping(&mut self) -> Result<(), Error> {
        self.connection.prepare_cached("SELECT max(key) FROM site")?.query_row([], |_| Ok(()))?;
        Ok(())
    }

    pub fn secrets(&mut self, site: &Site, ours: &[u8]) -> Result<Vec<u8>, Error> {
        let mut insert = self.connection.prepare_cached("INSERT OR IGNORE INTO site (name, secret) VALUES (?1, ?2)")?;
        insert.execute(params![site.as_str(), ours])?;
        let mut select = self.connection.prepare_cached("SELECT secret FROM site WHERE name = ?1")?;
        Ok(select.query_row([site.as_str()], |row| row.get(0))?)
    }

    pub fn swap_secrets(&mut self, site: &Site, old: &[u8], new: &[u8]) -> Result<bool, Error> {
        let mut update = self.connection.prepare_cached("UPDATE site SET secret = ?3 WHERE name = ?1 AND secret = ?2")?;
        Ok(update.execute(params![site.as_str(), old, new])? > 0)
    }

    pub fn admit(&mut self, draft: &Draft, limits: &[Counted], trust: Trust) -> Result<Found, Error> {
        let site = self.site(&draft.site)?;
        let standing = self.standing(site, &draft.id)?;
        if let Some(standing) = &standing
            && (draft.is_of(standing.fingerprint) || self.comes_late(site, draft, standing)?)
        {
            return Ok(Found::Known(self.verdict(standing.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        if let Some(Reservation { verdict_id, revision, facts, .. }) =
            reservation.as_ref().filter(|reservation| reservation.fingerprint == draft.fingerprint)
        {
            return Ok(Found::Open {
                facts: facts_text::from_text(facts)?,
                verdict_id: verdict_id.clone(),
                revision: *revision,
            });
        }

        let weighing = self.limits.weigh(site, limits);
        self.limits.count(&weighing);
        let received_at = now_micros();
        let trusted = !trust.asks() || trust.holds(self.history(site, draft.author)?);
        if standing.is_none() && trusted && !weighing.refused() {
            let facts = Facts { limits: weighing.states, ..Facts::default() };
            let mut ruling = draft.ruling.clone();
            ruling.limited(facts.tightest());
            if reservation.is_some() {
                self.unreserve(site, &draft.id)?;
            }
            self.insert(site, draft, &ruling, received_at)?;
            return Ok(Found::New(facts.tightest().copied()));
        }

        let facts = Facts {
            limits: weighing.states,
            author: self.history(site, draft.author)?,
            previous: standing.as_ref().map(Standing::previous).transpose()?,
            // Counted by the process, for all its engines.
            similar: Similar::default(),
            alike: None,
            flood: Flood::default(),
        };
        let revision = standing.map_or(1, |standing| standing.revision.saturating_add(1));
        let verdict_id = draft.ruling.verdict_id.clone();
        self.reserve(site, draft, revision, received_at, &facts)?;
        Ok(Found::Open { facts, verdict_id, revision })
    }

    pub fn look(&mut self, draft: &Draft, limits: &[Counted]) -> Result<Facts, Error> {
        // A site that was never heard of gets no number for being asked about.
        let site = read::site(&self.connection, &draft.site)?.unwrap_or(0);
        let standing = self.standing(site, &draft.id)?.filter(|standing| !draft.is_of(standing.fingerprint));
        Ok(Facts {
            limits: self.limits.weigh(site, limits).states,
            author: self.history(site, draft.author)?,
            previous: standing.as_ref().map(Standing::previous).transpose()?,
            similar: Similar::default(),
            alike: None,
            flood: Flood::default(),
        })
    }

    pub fn record(&mut self, draft: &Draft) -> Result<Stands, Error> {
        let site = self.site(&draft.site)?;
        let standing = self.standing(site, &draft.id)?;
        if let Some(standing) = &standing
            && standing.fingerprint == draft.fingerprint
        {
            return Ok(Stands::Earlier(self.verdict(standing.row)?));
        }
        let reservation = self.reservation(site, &draft.id)?;
        let mine = reservation.as_ref().filter(|reservation| reservation.fingerprint == draft.fingerprint);
        match (mine, &standing) {
            (Some(reservation), Some(standing)) => self.edit(site, draft, standing, reservation.received_at)?,
            (Some(reservation), None) => self.insert(site, draft, &draft.ruling, reservation.received_at)?,
            // The reservation was swept away, or the whole file: better kept late than not.
            (None, None) if reservation.is_none() => self.insert(site, draft, &draft.ruling, now_micros())?,
            // Edited meanwhile: the newer body decides what stands.
            (None, _) => return Ok(Stands::New),
        }
        self.unreserve(site, &draft.id)?;
        Ok(Stands::New)
    }

    pub fn replace(
        &mut self,
        site: &Site,
        id: &CommentId,
        expected: u32,
        ruling: &Ruling,
        event: &[u8],
    ) -> Result<bool, Error> {
        let site = self.site(site)?;
        let Some(standing) = self.standing(site, id)?.filter(|standing| standing.revision == expected) else {
            return Ok(false);
        };
        self.keep_past(site, id, standing.row)?;
        let mut update = self.connection.prepare_cached(
            "UPDATE comment SET decision = ?2, before = decision, revision = ?3, by_moderator = ?4, \
             risk_at = received_at - ?5, changed_at = ?6, event = ?7, verdict = ?8, spot_check = ?9 WHERE rowid = ?1",
        )?;
        let (decision, revision) = (ruling.decision.to_wire() as i32, ruling.revision);
        let now = now_micros();
        update.execute(params![
            standing.row,
            decision,
            revision,
            ruling.by_moderator,
            ruling.lead,
            now,
            event,
            ruling.verdict,
            ruling.spot_check
        ])?;
        drop(update);
        self.move_author(site, standing.author, Some(standing.decision()?), None)?;
        self.move_author(site, standing.author, None, Some(ruling.decision))?;
        self.log(site, event.to_vec())?;
        self.announce(site, id, ruling)?;
        Ok(true)
    }

    /// Records an act that is not on a comment.
    pub fn log_act(&mut self, site: &Site, record: Vec<u8>) -> Result<(), Error> {
        let site = self.site(site)?;
        self.log(site, record)
    }

    /// The number of a site; given now if it has none.
    pub fn number_of(&mut self, site: &Site) -> Result<i64, Error> {
        self.site(site)
    }

    /// Adds to a site's log of outcomes, and takes from it.
    pub fn teach_site(&mut self, site: &Site, teaching: &Teaching) -> Result<(), Error> {
        self.touch_taught(site);
        let site = self.site(site)?;
        self.teach(site, teaching)
    }

    // === rows ===

    /// The number of a site; given now if it has none.
    fn site(&mut self, site: &Site) -> Result<i64, Error> {
        if let Some(number) = self.sites.get(site) {
            return Ok(*number);
        }
        let number = match read::site(&self.connection, site)? {
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

    fn standing(&self, site: i64, id: &CommentId) -> Result<Option<Standing>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT rowid, fingerprint, decision, revision, by_moderator, author, sent_at, received_at \
             FROM comment WHERE site = ?1 AND id = ?2",
        )?;
        let standing = select.query_row(params![site, id.as_str()], |row| {
            Ok(Standing {
                row: row.get(0)?,
                fingerprint: row.get(1)?,
                decision: row.get(2)?,
                revision: row.get(3)?,
                by_moderator: row.get(4)?,
                author: row.get::<_, Option<[u8; 16]>>(5)?.map(Person::from_bytes),
                sent_at: row.get::<_, i64>(6)?.unsigned_abs(),
                received_at: row.get::<_, i64>(7)?.unsigned_abs(),
            })
        });
        Ok(standing.optional()?)
    }

    /// Returns whether a text comes after another that was sent later.
    fn comes_late(&self, site: i64, draft: &Draft, standing: &Standing) -> Result<bool, Error> {
        let mut select = self
            .connection
            .prepare_cached("SELECT 1 FROM past WHERE site = ?1 AND id = ?2 AND fingerprint IN (?3, ?4) LIMIT 1")?;
        let before = select.exists(params![site, draft.id.as_str(), draft.fingerprint, draft.body_fingerprint])?;
        Ok(draft.comes_late(before, standing.sent_at, standing.received_at))
    }

    fn verdict(&self, row: i64) -> Result<Vec<u8>, Error> {
        let mut select = self.connection.prepare_cached("SELECT verdict FROM comment WHERE rowid = ?1")?;
        Ok(select.query_row([row], |row| row.get(0))?)
    }

    fn insert(&mut self, site: i64, draft: &Draft, ruling: &Ruling, received_at: i64) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO comment (site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, \
             fingerprint, author, persons, event, verdict, comment, spot_check, sent_at) \
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?6, ?8, ?9, ?10, x'', ?11, ?12, ?13, ?14)",
        )?;
        insert.execute(params![
            site,
            draft.id.as_str(),
            ruling.decision.to_wire() as i32,
            ruling.revision,
            ruling.by_moderator,
            received_at,
            received_at - ruling.lead,
            draft.fingerprint,
            draft.author.as_ref().map(Person::as_bytes),
            draft.persons_with(&[]),
            ruling.verdict,
            draft.comment,
            ruling.spot_check,
            signed(draft.sent_at),
        ])?;
        drop(insert);
        if let Some(act) = &draft.act {
            self.log(site, act.clone())?;
        }
        self.move_author(site, draft.author, None, Some(ruling.decision))
    }

    /// Puts an edited body and its verdict in the place of what stands.
    fn edit(&mut self, site: i64, draft: &Draft, standing: &Standing, received_at: i64) -> Result<(), Error> {
        let ruling = &draft.ruling;
        self.keep_past(site, &draft.id, standing.row)?;
        let mut select = self.connection.prepare_cached("SELECT persons FROM comment WHERE rowid = ?1")?;
        let persons = draft.persons_with(&select.query_row([standing.row], |row| row.get::<_, Vec<u8>>(0))?);
        drop(select);
        let mut update = self.connection.prepare_cached(
            "UPDATE comment SET decision = ?2, before = decision, revision = ?3, by_moderator = ?4, received_at = ?5, \
             risk_at = ?6, changed_at = ?7, fingerprint = ?8, author = ?9, persons = ?10, event = x'', verdict = ?11, \
             comment = ?12, spot_check = ?13, sent_at = ?14 \
             WHERE rowid = ?1",
        )?;
        update.execute(params![
            standing.row,
            ruling.decision.to_wire() as i32,
            ruling.revision,
            ruling.by_moderator,
            received_at,
            received_at - ruling.lead,
            now_micros(),
            draft.fingerprint,
            draft.author.as_ref().map(Person::as_bytes),
            persons,
            ruling.verdict,
            draft.comment,
            ruling.spot_check,
            signed(draft.sent_at),
        ])?;
        drop(update);
        if let Some(act) = &draft.act {
            self.log(site, with_before(act.clone(), standing.decision))?;
        }
        self.move_author(site, standing.author, Some(standing.decision()?), None)?;
        self.move_author(site, draft.author, None, Some(ruling.decision))?;
        self.announce(site, &draft.id, ruling)
    }

    /// Adds what stands to the comment's trail.
    fn keep_past(&self, site: i64, id: &CommentId, row: i64) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO past (site, id, number, before, event, verdict, fingerprint) \
             SELECT site, id, 1 + (SELECT coalesce(max(number), 0) FROM past WHERE site = ?2 AND id = ?3), \
             before, event, verdict, fingerprint FROM comment WHERE rowid = ?1",
        )?;
        insert.execute(params![row, site, id.as_str()])?;
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM past WHERE site = ?1 AND id = ?2 \
             AND number <= (SELECT max(number) FROM past WHERE site = ?1 AND id = ?2) - ?3",
        )?;
        delete.execute(params![site, id.as_str(), i64::try_from(MOST_PAST).unwrap_or(i64::MAX)])?;
        Ok(())
    }

    fn history(&self, site: i64, author: Option<Person>) -> Result<Option<crate::facts::History>, Error> {
        author.map(|author| read::history_of(&self.connection, site, author)).transpose()
    }

    /// Counts one comment less or more for its author.
    fn move_author(
        &self,
        site: i64,
        author: Option<Person>,
        from: Option<Decision>,
        to: Option<Decision>,
    ) -> Result<(), Error> {
        let Some(author) = author else { return Ok(()) };
        let step = |decision| i32::from(to == Some(decision)) - i32::from(from == Some(decision));
        let [approved, held, rejected] = Decision::ALL.map(step);
        // A count that was forgotten, since nothing moved for long, does not fall below none.
        let mut upsert = self.connection.prepare_cached(
            "INSERT INTO author VALUES (?1, ?2, max(0, ?3), max(0, ?4), max(0, ?5), ?6) ON CONFLICT DO UPDATE SET \
             approved = max(0, approved + ?3), held = max(0, held + ?4), rejected = max(0, rejected + ?5), changed_at = ?6",
        )?;
        upsert.execute(params![site, author.as_bytes(), approved, held, rejected, now_micros()])?;
        Ok(())
    }

    /// Tells watchers of a verdict that took the place of another.
    fn announce(&mut self, site: i64, id: &CommentId, ruling: &Ruling) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached("INSERT INTO event (site, verdict, id) VALUES (?1, ?2, ?3)")?;
        self.event = Some(insert.insert(params![site, ruling.verdict, id.as_str()])?);
        Ok(())
    }

    // === reservations ===

    fn reservation(&self, site: i64, id: &CommentId) -> Result<Option<Reservation>, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT fingerprint, verdict_id, revision, received_at, facts FROM reservation WHERE site = ?1 AND id = ?2",
        )?;
        let reservation = select.query_row(params![site, id.as_str()], |row| {
            Ok(Reservation {
                fingerprint: row.get(0)?,
                verdict_id: row.get(1)?,
                revision: row.get(2)?,
                received_at: row.get(3)?,
                facts: row.get(4)?,
            })
        });
        Ok(reservation.optional()?)
    }

    fn reserve(&self, site: i64, draft: &Draft, revision: u32, received_at: i64, facts: &Facts) -> Result<(), Error> {
        let mut insert =
            self.connection.prepare_cached("INSERT OR REPLACE INTO reservation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        let (id, verdict_id, facts) = (draft.id.as_str(), &draft.ruling.verdict_id, facts_text::to_text(facts));
        insert.execute(params![site, id, draft.fingerprint, verdict_id, revision, received_at, facts])?;
        Ok(())
    }

    fn unreserve(&self, site: i64, id: &CommentId) -> Result<(), Error> {
        let mut delete = self.connection.prepare_cached("DELETE FROM reservation WHERE site = ?1 AND id = ?2")?;
        delete.execute(params![site, id.as_str()])?;
        Ok(())
    }
}

/// SQLite's numbers have a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Standing {
    fn decision(&self) -> Result<Decision, Error> {
        Decision::from_wire(self.decision).ok_or_else(|| Error::store(format!("a comment has the decision {}", self.decision)))
    }

    fn previous(&self) -> Result<Previous, Error> {
        Ok(Previous { decision: self.decision()?, by_moderator: self.by_moderator })
    }
}
