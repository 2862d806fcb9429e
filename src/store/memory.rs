//! The memory engine: nothing is kept beyond the process, and of what was decided only the newest. For trying Gatepost,
//! and for measuring what a verdict costs beside its store.

mod audit;
mod forget;
mod listed;
mod outcomes;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use lru::LruCache;
use tokio::sync::watch as signal;
use tokio::time::{Instant, timeout_at};

use super::audit::{Link, Logged, of_machine, with_before};
use super::change::{Change, Event};
use super::cursor::Cursor;
use super::entry::{Admission, Admitted, Kept, Past, Queue};
use super::limits::Limits;
use super::page::{Filling, ListPage, ListQuery, Order, Place};
use super::person::Person;
use super::record::{MOST_PAST, comes_late, from_micros, is_flood, lead, machine_event, now_micros, with_limit};
use super::records::Space;
use super::secrets::Secrets;
use super::settings::StoreSettings;
use crate::comment::{Comment, CommentId, Fingerprint, Site};
use crate::error::Error;
use crate::facts::{Facts, Flood, History, LimitState, Previous, Similar};
use crate::pb;
use crate::verdict::{Decision, Verdict};

/// How many comments are kept, the held ones not counted: some 10 MB.
const MOST: usize = 5_000;
/// How many held ones are kept beside them,
const MOST_HELD: usize = 100_000;
/// and how many bytes of all.
const MOST_BYTES: usize = 128 << 20;
/// How many comments of a site may be on their way.
const MOST_RESERVED: usize = 1_024;
/// How many sites are remembered. Beyond them the one goes of which least would be lost.
const MOST_SITES: usize = 10_000;

/// The engine.
pub(super) struct Memory {
    state: Mutex<State>,
    /// The number of the newest change of any site.
    newest: signal::Sender<i64>,
    keep_events: usize,
}

struct State {
    records: HashMap<Space, BTreeMap<String, Vec<u8>>>,
    sites: HashMap<Site, Shelf>,
    limits: Limits,
    /// In the order in which they came, to forget the oldest first.
    order: VecDeque<(Site, CommentId)>,
    /// How many bytes all comments take.
    bytes: Arc<AtomicUsize>,
}

/// What there is of one site.
struct Shelf {
    /// Names the site in the limits.
    number: i64,
    /// When it was asked for last, by a count of all such occasions.
    used: u64,
    secrets: Option<Secrets>,
    /// Boxed: the table has room for twice as many as there are.
    comments: HashMap<CommentId, Box<Entry>>,
    reserved: LruCache<CommentId, Reservation>,
    authors: HashMap<Person, History>,
    changes: VecDeque<(i64, Verdict)>,
    /// The number of the newest change that is not kept any more.
    forgotten: i64,
    audit: VecDeque<Logged>,
    /// The newest record of the audit that is not kept any more.
    audit_forgotten: Link,
    /// Block and allow entries by name.
    listed: BTreeMap<String, Vec<u8>>,
    outcomes: outcomes::Outcomes,
}

struct Entry {
    /// Counts its bytes while it is there.
    #[allow(dead_code, reason = "dropped")]
    weight: Weight,
    fingerprint: Fingerprint,
    /// When the host says that it was sent. 0: it does not say.
    sent_at: u64,
    /// The texts that it had before.
    texts: Vec<Fingerprint>,
    comment: pb::Comment,
    received_at: i64,
    author: Option<Person>,
    /// All that any text of it came from.
    persons: Vec<Person>,
    standing: Stood,
    trail: Vec<Stood>,
}

/// The bytes of a comment, in the sum of all.
struct Weight {
    bytes: usize,
    total: Arc<AtomicUsize>,
}

impl Weight {
    fn new(comment: &pb::Comment, total: &Arc<AtomicUsize>) -> Self {
        let bytes = prost::Message::encoded_len(comment);
        total.fetch_add(bytes, Ordering::Relaxed);
        Self { bytes, total: Arc::clone(total) }
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What there was of a comment before its present text.
#[derive(Default)]
struct Earlier {
    trail: Vec<Stood>,
    persons: Vec<Person>,
    texts: Vec<Fingerprint>,
}

#[derive(Clone)]
struct Stood {
    verdict: Verdict,
    /// `None`: the machine's, which follows from the verdict and what stood before.
    event: Option<pb::AuditEvent>,
    before: Option<Decision>,
}

/// A comment that was counted and whose verdict is on its way.
struct Reservation {
    fingerprint: Fingerprint,
    facts: Facts,
    verdict_id: String,
    revision: u32,
}

impl Memory {
    /// An empty one.
    pub fn new(settings: &StoreSettings) -> Self {
        let state = State {
            records: HashMap::new(),
            sites: HashMap::new(),
            limits: Limits::new(),
            order: VecDeque::new(),
            bytes: Arc::default(),
        };
        Self {
            state: Mutex::new(state),
            newest: signal::channel(0).0,
            keep_events: usize::try_from(settings.keep_events).unwrap_or(usize::MAX),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        self.state.lock().map_err(super::poisoned)
    }

    pub fn ping(&self) -> Result<(), Error> {
        self.state().map(drop)
    }

    /// The site's secrets: `ours` if it has none yet.
    pub fn secrets(&self, site: &Site, ours: &Secrets) -> Result<Secrets, Error> {
        let mut state = self.state()?;
        let shelf = shelf(&mut state.sites, site);
        Ok(shelf.secrets.get_or_insert_with(|| ours.clone()).clone())
    }

    /// Puts others in the place of a site's secrets, if those are still the same.
    pub fn swap_secrets(&self, site: &Site, old: &Secrets, new: &Secrets, act: &[u8]) -> Result<bool, Error> {
        let mut state = self.state()?;
        let shelf = shelf(&mut state.sites, site);
        let same = shelf.secrets.as_ref() == Some(old);
        if same {
            shelf.secrets = Some(new.clone());
            shelf.log(act.to_vec());
        }
        Ok(same)
    }

    pub fn admit(&self, admission: &Admission<'_>) -> Result<Admitted, Error> {
        let (site, id, fingerprint) = (admission.comment.site(), admission.comment.id(), admission.comment.fingerprint());
        let limits = admission.counted();
        let mut state = self.state()?;
        let State { sites, limits: counts, bytes: total, .. } = &mut *state;
        let shelf = shelf(sites, site);
        let standing = shelf.comments.get(id);
        if let Some(entry) = standing.filter(|entry| entry.has_had(admission.comment)) {
            return Ok(Admitted::Seen(entry.standing.verdict.clone()));
        }
        if let Some(reserved) = shelf.reserved.peek(id).filter(|reserved| reserved.fingerprint == fingerprint) {
            let Reservation { facts, verdict_id, revision, .. } = reserved;
            return Ok(Admitted::Undecided { facts: facts.clone(), verdict_id: verdict_id.clone(), revision: *revision });
        }
        let weighing = counts.weigh(shelf.number, &limits);
        counts.count(&weighing);
        counts.commit();
        let facts = Facts {
            author: shelf.history(admission.persons.author()),
            previous: standing.map(|entry| entry.previous()),
            limits: weighing.states,
            // Counted by the process, for all its engines.
            similar: Similar::default(),
            alike: None,
            flood: Flood::default(),
        };
        if standing.is_none() && admission.trusts(facts.author) && !facts.limits.iter().any(LimitState::refused) {
            let verdict = with_limit(admission.tentative, facts.tightest());
            shelf.reserved.pop(id);
            if let Some(act) = of_machine(&verdict, &admission.persons) {
                shelf.log(act);
            }
            shelf.insert(admission, Stood { verdict: verdict.clone(), event: None, before: None }, Earlier::default(), total);
            state.came(site, id);
            return Ok(Admitted::Recorded(verdict));
        }
        let revision = standing.map_or(1, |entry| entry.standing.verdict.revision.saturating_add(1));
        let verdict_id = admission.tentative.id.clone();
        let reservation = Reservation { fingerprint, facts: facts.clone(), verdict_id: verdict_id.clone(), revision };
        shelf.reserved.put(id.clone(), reservation);
        if shelf.reserved.len() > MOST_RESERVED {
            shelf.reserved.pop_lru();
        }
        Ok(Admitted::Undecided { facts, verdict_id, revision })
    }

    pub fn look(&self, admission: &Admission<'_>) -> Result<Facts, Error> {
        let (site, id) = (admission.comment.site(), admission.comment.id());
        let state = self.state()?;
        // A site that was never heard of gets no shelf for being asked about.
        let shelf = state.sites.get(site);
        let standing = shelf.and_then(|shelf| shelf.comments.get(id));
        let number = shelf.map_or(-1, |shelf| shelf.number);
        Ok(Facts {
            limits: state.limits.weigh(number, &admission.counted()).states,
            author: admission
                .persons
                .author()
                .map(|author| shelf.and_then(|shelf| shelf.history(Some(author))).unwrap_or_default()),
            previous: standing.filter(|entry| !entry.is_of(admission.comment)).map(|entry| entry.previous()),
            similar: Similar::default(),
            alike: None,
            flood: Flood::default(),
        })
    }

    pub fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        let (site, id, fingerprint) = (admission.comment.site(), admission.comment.id(), admission.comment.fingerprint());
        let mut state = self.state()?;
        let State { sites, bytes: total, .. } = &mut *state;
        let shelf = shelf(sites, site);
        if let Some(entry) = shelf.comments.get(id).filter(|entry| entry.fingerprint == fingerprint) {
            return Ok(entry.standing.verdict.clone());
        }
        let standing = shelf.comments.remove(id).map(|entry| *entry);
        let expected = standing.as_ref().map_or(1, |entry| entry.standing.verdict.revision.saturating_add(1));
        let newer = shelf.reserved.peek(id).is_some_and(|reserved| reserved.fingerprint != fingerprint);
        if newer || expected != verdict.revision {
            // Edited meanwhile: the newer body decides what stands.
            shelf.comments.extend(standing.map(|entry| (id.clone(), Box::new(entry))));
            return Ok(verdict.clone());
        }
        shelf.reserved.pop(id);
        let (before, past, first) = match standing {
            None => (None, Earlier::default(), true),
            Some(Entry { standing, mut trail, author, persons, fingerprint, mut texts, .. }) => {
                let before = standing.verdict.decision;
                shelf.uncount(author, before);
                trail.push(standing);
                trail.drain(..trail.len().saturating_sub(MOST_PAST));
                texts.push(fingerprint);
                texts.drain(..texts.len().saturating_sub(MOST_PAST));
                (Some(before), Earlier { trail, persons, texts }, false)
            }
        };
        if let Some(act) = of_machine(verdict, &admission.persons) {
            shelf.log(with_before(act, before.map_or(0, |before| before.to_wire().into())));
        }
        shelf.insert(admission, Stood { verdict: verdict.clone(), event: None, before }, past, total);
        if first {
            state.came(site, id);
        } else {
            self.announce(shelf, verdict);
            state.make_room();
        }
        Ok(verdict.clone())
    }

    pub fn queue(&self, site: &Site) -> Result<Queue, Error> {
        let state = self.state()?;
        let all = state.sites.get(site).into_iter().flat_map(|shelf| shelf.comments.values());
        let held = || all.clone().filter(|entry| entry.standing.verdict.decision == Decision::Hold);
        let oldest = held().map(|entry| entry.received_at).min().map(from_micros).transpose()?;
        Ok(Queue { comments: held().count().try_into().unwrap_or(u64::MAX), oldest })
    }

    pub fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        let mut state = self.state()?;
        let Some(shelf) = state.sites.get_mut(site) else { return Ok(false) };
        let Some(entry) = shelf.comments.get_mut(id) else { return Ok(false) };
        if entry.standing.verdict.revision != change.expected_revision {
            return Ok(false);
        }
        let before = entry.standing.verdict.decision;
        let next = Stood { verdict: change.verdict.clone(), event: Some(change.event.clone()), before: Some(before) };
        entry.trail.push(std::mem::replace(&mut entry.standing, next));
        entry.trail.drain(..entry.trail.len().saturating_sub(MOST_PAST));
        let author = entry.author;
        shelf.uncount(author, before);
        shelf.count(author, change.verdict.decision);
        shelf.log(prost::Message::encode_to_vec(&change.event));
        shelf.outcomes.teach(&change.teaching);
        self.announce(shelf, change.verdict);
        Ok(true)
    }

    pub fn get(&self, site: &Site, id: &CommentId) -> Result<Option<Kept>, Error> {
        let state = self.state()?;
        let entry = state.sites.get(site).and_then(|shelf| shelf.comments.get(id));
        entry.map(|entry| entry.kept(true)).transpose()
    }

    pub fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        let state = self.state()?;
        Ok(state.sites.get(site).and_then(|shelf| shelf.history(Some(*author))).unwrap_or_default())
    }

    pub fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        let mut filling = Filling::new(query)?;
        let state = self.state()?;
        let mut all: Vec<(Place, &Entry)> = Vec::new();
        if let Some(shelf) = state.sites.get(site) {
            let wanted = |entry: &&Entry| {
                let verdict = &entry.standing.verdict;
                query.decision.is_none_or(|decision| decision == verdict.decision)
                    && (!query.spot_checks || verdict.is_spot_check())
            };
            let entries = shelf.comments.values().map(|entry| &**entry).filter(wanted);
            all.extend(entries.map(|entry| (entry.place(query.order), entry)));
        }
        let backwards = query.order == Order::Newest;
        all.sort_by(|a, b| if backwards { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        while let Some((after, count)) = filling.wants() {
            let behind = |place: &Place| after.is_none_or(|after| if backwards { place < after } else { place > after });
            let rows = all.iter().filter(|(place, _)| behind(place)).take(count);
            let rows =
                rows.map(|(place, entry)| Ok((place.clone(), Some(entry.kept(false)?)))).collect::<Result<_, Error>>()?;
            filling.take(count, rows);
        }
        Ok(filling.page())
    }

    pub fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        let state = self.state()?;
        let newest = state.sites.get(site).and_then(|shelf| shelf.changes.back());
        Ok(Cursor::number(newest.map_or(0, |(number, _)| *number)))
    }

    /// Before which cursor changes were forgotten, if any were.
    pub fn forgotten_before(&self, site: &Site) -> Result<Option<Cursor>, Error> {
        let state = self.state()?;
        let forgotten = state.sites.get(site).map_or(0, |shelf| shelf.forgotten);
        Ok((forgotten > 0).then(|| Cursor::number(forgotten)))
    }

    pub fn watch(self: &Arc<Self>, site: &Site, after: Cursor) -> Watch {
        Watch { newest: self.newest.subscribe(), store: Arc::clone(self), site: site.clone(), after: after.as_number() }
    }

    /// Tells watchers of a verdict that took the place of another.
    fn announce(&self, shelf: &mut Shelf, verdict: &Verdict) {
        let mut number = 0;
        // Numbered under the state's lock: a watcher that wakes finds the change in place, or waits for the lock.
        self.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        shelf.changes.push_back((number, verdict.clone()));
        if shelf.changes.len() > self.keep_events {
            shelf.forgotten = shelf.changes.pop_front().map_or(shelf.forgotten, |(number, _)| number);
        }
    }
}

impl State {
    /// Remembers who came, and forgets who came first. Those that are held go to the end of the line instead.
    fn came(&mut self, site: &Site, id: &CommentId) {
        self.order.push_back((site.clone(), id.clone()));
        self.make_room();
    }

    /// Forgets the oldest comments while there are too many.
    fn make_room(&mut self) {
        // Held ones too, when all there is must be bounded: nothing is kept beyond the process anyway.
        while self.order.len() > MOST + MOST_HELD || self.bytes.load(Ordering::Relaxed) > MOST_BYTES {
            let Some((site, id)) = self.order.pop_front() else { return };
            self.forget_comment(&site, &id);
        }
        if self.order.len() <= MOST {
            return;
        }
        // Two for one, so that a line of held comments does not keep the others from being reached.
        for _ in 0..2 {
            let Some((site, id)) = self.order.pop_front() else { return };
            let Some(shelf) = self.sites.get_mut(&site) else { continue };
            match shelf.comments.get(&id) {
                Some(entry) if entry.standing.verdict.decision == Decision::Hold => self.order.push_back((site, id)),
                _ if self.order.len() >= MOST => self.forget_comment(&site, &id),
                _ => self.order.push_front((site, id)),
            }
        }
    }

    fn forget_comment(&mut self, site: &Site, id: &CommentId) {
        let Some(shelf) = self.sites.get_mut(site) else { return };
        if let Some(author) = shelf.comments.remove(id).and_then(|entry| entry.author) {
            shelf.authors.remove(&author);
        }
    }
}

impl Shelf {
    fn new(number: i64) -> Self {
        Self {
            number,
            used: 0,
            secrets: None,
            comments: HashMap::new(),
            // Without a bound of its own, which would take its room at once.
            reserved: LruCache::unbounded(),
            authors: HashMap::new(),
            changes: VecDeque::new(),
            forgotten: 0,
            audit: VecDeque::new(),
            audit_forgotten: Link::default(),
            listed: BTreeMap::new(),
            outcomes: outcomes::Outcomes::default(),
        }
    }

    fn insert(
        &mut self,
        admission: &Admission<'_>,
        standing: Stood,
        Earlier { trail, mut persons, texts }: Earlier,
        total: &Arc<AtomicUsize>,
    ) {
        let author = admission.persons.author().filter(|_| !is_flood(&standing.verdict));
        self.count(author, standing.verdict.decision);
        let earlier = std::mem::replace(&mut persons, admission.persons.all().collect());
        persons.extend(earlier.into_iter().filter(|person| !admission.persons.all().any(|now| now == *person)));
        let comment = match is_flood(&standing.verdict) {
            true => admission.comment.kept_in_short(),
            false => admission.comment.kept().clone(),
        };
        let entry = Entry {
            fingerprint: admission.comment.fingerprint(),
            sent_at: admission.comment.sent_at().unwrap_or(0),
            texts,
            weight: Weight::new(&comment, total),
            comment,
            received_at: now_micros(),
            author,
            persons,
            standing,
            trail,
        };
        self.comments.insert(admission.comment.id().clone(), Box::new(entry));
    }

    fn history(&self, author: Option<Person>) -> Option<History> {
        author.map(|author| self.authors.get(&author).copied().unwrap_or_default())
    }

    fn count(&mut self, author: Option<Person>, decision: Decision) {
        if let Some(author) = author {
            let counter = counter(self.authors.entry(author).or_default(), decision);
            *counter = counter.saturating_add(1);
        }
    }

    fn uncount(&mut self, author: Option<Person>, decision: Decision) {
        if let Some(history) = author.and_then(|author| self.authors.get_mut(&author)) {
            let counter = counter(history, decision);
            *counter = counter.saturating_sub(1);
        }
    }
}

fn counter(history: &mut History, decision: Decision) -> &mut u32 {
    match decision {
        Decision::Approve => &mut history.approved,
        Decision::Hold => &mut history.held,
        Decision::Reject => &mut history.rejected,
    }
}

impl Entry {
    /// Returns whether this text stands.
    fn is_of(&self, comment: &Comment) -> bool {
        self.fingerprint == comment.fingerprint()
    }

    /// Returns whether this text stands, or comes after another that was sent later.
    fn has_had(&self, comment: &Comment) -> bool {
        let before = self.texts.contains(&comment.fingerprint());
        let (sent_at, received_at) = (comment.sent_at().unwrap_or(0), self.received_at.unsigned_abs());
        self.is_of(comment) || comes_late(before, sent_at, self.sent_at, received_at)
    }

    fn previous(&self) -> Previous {
        let verdict = &self.standing.verdict;
        Previous { decision: verdict.decision, by_moderator: !verdict.by_machine() }
    }

    fn place(&self, order: Order) -> Place {
        let key = match order {
            Order::Risk => self.received_at - lead(&self.standing.verdict),
            Order::Newest | Order::Oldest => self.received_at,
        };
        Place { key, id: self.comment.comment_id.clone() }
    }

    fn kept(&self, with_trail: bool) -> Result<Kept, Error> {
        let Past { verdict, event } = self.standing.clone().past();
        let received_at: SystemTime = from_micros(self.received_at)?;
        let trail = if with_trail { self.trail.iter().cloned().map(Stood::past).collect() } else { Vec::new() };
        let persons = self.persons.clone();
        Ok(Kept { comment: self.comment.clone(), verdict, received_at, author: self.author, persons, event, trail })
    }
}

impl Stood {
    fn past(self) -> Past {
        let before = self.before.map_or(0, |before| before.to_wire().into());
        Past { event: self.event.unwrap_or_else(|| machine_event(&self.verdict, before)), verdict: self.verdict }
    }
}

/// One watcher.
pub(super) struct Watch {
    store: Arc<Memory>,
    site: Site,
    after: i64,
    newest: signal::Receiver<i64>,
}

impl Watch {
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<Event>, Error> {
        let deadline = Instant::now() + wait;
        loop {
            // Marked as seen before reading: a change that comes while we read wakes us again.
            self.newest.borrow_and_update();
            let events = self.read()?;
            if let Some(last) = events.last() {
                self.after = last.cursor.as_number();
                return Ok(events);
            }
            match timeout_at(deadline, self.newest.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Error::ShuttingDown),
                Err(_) => return Ok(events),
            }
        }
    }

    fn read(&self) -> Result<Vec<Event>, Error> {
        let state = self.store.state()?;
        let changes = state.sites.get(&self.site).into_iter().flat_map(|shelf| &shelf.changes);
        let news = changes.filter(|(number, _)| *number > self.after);
        Ok(news.map(|(number, verdict)| Event { verdict: verdict.clone(), cursor: Cursor::number(*number) }).collect())
    }
}

/// A site's shelf, put up when the first comes.
fn shelf<'s>(sites: &'s mut HashMap<Site, Shelf>, site: &Site) -> &'s mut Shelf {
    // Of the process: no number names two sites.
    static OCCASIONS: AtomicU64 = AtomicU64::new(0);
    let used = OCCASIONS.fetch_add(1, Ordering::Relaxed);
    if sites.len() >= MOST_SITES && !sites.contains_key(site) {
        let worth = |shelf: &Shelf| {
            let held = shelf.comments.values().any(|entry| entry.standing.verdict.decision == Decision::Hold);
            let taught = !shelf.listed.is_empty() || !shelf.outcomes.is_empty();
            (taught, held, !shelf.comments.is_empty(), shelf.used)
        };
        let least = sites.iter().min_by_key(|(_, shelf)| worth(shelf)).map(|(site, _)| site.clone());
        least.and_then(|least| sites.remove(&least));
    }
    let number = i64::try_from(used).unwrap_or(i64::MAX);
    let shelf = sites.entry(site.clone()).or_insert_with(|| Shelf::new(number));
    shelf.used = used;
    shelf
}
