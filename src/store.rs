//! State: what was decided on which comment, the queue, limits, histories and changes, kept by one of three engines.
//!
//! `embedded` keeps it in one SQLite file, for one process; `redis` keeps it where many servers share it; `memory` keeps
//! nothing beyond the process. One conformance suite, `tests/it/store.rs`, holds all to the same answers.

mod audit;
mod breaker;
mod change;
mod claims;
mod cursor;
mod embedded;
mod entry;
mod erasures;
mod facts;
mod forget;
mod likes;
mod limits;
mod listed;
mod local;
mod memory;
mod outcomes;
mod page;
mod person;
mod quotes;
mod record;
mod records;
mod redis;
mod secrets;
mod settings;
mod snapshot;
mod versions;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::classify::Likeness;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{Facts, History, LimitState, Similar};
use crate::verdict::Verdict;

use lru::LruCache;

use embedded::Embedded;
use likes::Likes;
use local::Local;
use memory::Memory;
use redis::Redis;

pub use audit::{AuditPage, Link, Logged};
pub use change::{Change, Event};
pub use claims::{Claim, Claimed, MOST_CLAIMS, Wish};
pub use cursor::Cursor;
pub use entry::{Admission, Admitted, Kept, Past, Queue, Trust};
pub use forget::Forgotten;
pub use outcomes::{OutcomeHead, Teaching};
pub use page::{ListPage, ListQuery, Order};
pub use person::{Identity, Person, Persons};
pub use records::{Amendment, Records, Space};
use secrets::Known;
pub use secrets::Secrets;
pub use settings::StoreSettings;
pub use snapshot::Snapshot;
use versions::Versions;

/// How long the way of a comment waits for the disk, which is longer than any healthy one takes,
const PATIENCE: Duration = Duration::from_secs(2);
/// and how long once it has failed.
const IMPATIENCE: Duration = Duration::from_millis(250);
/// How often a person's comments are looked for again who goes on sending some while being erased.
const WALKS: usize = 3;

/// Copies the embedded store of a data directory into a file, while a server may be running on it. The copy is what the
/// store was at one moment; a server that finds it as `gatepost.db` in its data directory goes on from there.
///
/// # Errors
/// [`Error::Store`], whose source says what is wrong: no database there, one of a newer Gatepost, a file that is there
/// already (unless `force`), no room. Nothing is left of a copy that failed.
pub fn snapshot(data_dir: &Path, file: &Path, force: bool) -> Result<Snapshot, Error> {
    embedded::take(data_dir, file, force)
}

/// The state of all sites. Cheap to clone; clones share one engine.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    /// Every comment needs its site's secrets, which hardly ever change.
    known: Arc<Mutex<LruCache<Site, Known>>>,
    /// The limits as this process alone has counted them.
    local: Arc<Local>,
    /// Nearly the same comments that came to this process.
    likes: Arc<Mutex<Likes>>,
    /// Who is at work on what, where no other process shares the engine.
    claims: Arc<claims::Claims>,
    /// Who is being erased.
    erasures: Arc<erasures::Erasures>,
    /// The engine in this process failed, which was said.
    failing: Arc<AtomicBool>,
    /// The versions of what an engine keeps that only this process writes to.
    versions: Arc<Versions>,
}

/// Where the state is.
#[derive(Clone)]
enum Engine {
    Memory(Arc<Memory>),
    Embedded(Arc<Embedded>),
    Redis(Arc<Redis>),
}

impl Store {
    /// Opens the store that the settings name. A Redis that does not answer yet is waited for in the background: calls fail
    /// until it does.
    ///
    /// # Errors
    /// [`Error::Store`], whose source says what is wrong: an address that is not understood, a password that is refused, a
    /// directory that is in use by another process or was written by a newer Gatepost.
    pub async fn open(settings: &StoreSettings) -> Result<Self, Error> {
        let (local, likes) = (Arc::<Local>::default(), Arc::new(Mutex::new(Likes::new())));
        let versions = Arc::<Versions>::default();
        let engine = match settings.url.as_deref() {
            None => Engine::Embedded(Arc::new(Embedded::open(settings, Arc::clone(&versions)).await?)),
            Some("memory:") => Engine::Memory(Arc::new(Memory::new(settings))),
            Some(url) if url.starts_with("redis") => {
                Engine::Redis(Redis::open(url, settings, Arc::clone(&local), Arc::clone(&likes)).await?)
            }
            Some(url) => return Err(settings::refuse(url)),
        };
        Ok(Self {
            engine,
            known: Arc::new(Mutex::new(secrets::cache())),
            local,
            likes,
            claims: Arc::default(),
            erasures: Arc::default(),
            failing: Arc::default(),
            versions,
        })
    }

    /// `embedded`, `memory` or `redis`.
    pub fn kind(&self) -> &'static str {
        match &self.engine {
            Engine::Memory(_) => "memory",
            Engine::Embedded(_) => "embedded",
            Engine::Redis(_) => "redis",
        }
    }

    /// Returns whether an engine that fails now may work later without a restart.
    pub fn may_come(&self) -> bool {
        matches!(self.engine, Engine::Redis(_))
    }

    /// Succeeds when the engine does its work right now.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.ping(),
            Engine::Embedded(engine) => engine.ping().await,
            Engine::Redis(engine) => engine.ping().await,
        }
    }

    /// How many comments came to this process of late that were nearly the same.
    pub fn similar(&self, site: &Site, likeness: Option<&Likeness>) -> Similar {
        let likes = likeness.zip(self.likes.lock().ok());
        likes.map_or_else(Similar::default, |(likeness, mut likes)| likes.similar(site, likeness))
    }

    /// Admits a comment, in one atomic step: tells a repeat from an edit from a new one, counts it in its limits,
    /// and records the tentative verdict unless a fact bears on it.
    pub async fn admit(&self, admission: &Admission<'_>) -> Result<Admitted, Error> {
        let admitted = match &self.engine {
            Engine::Memory(engine) => engine.admit(admission),
            Engine::Embedded(engine) => {
                // A repeat is answered from what is there, also when nothing more can be written.
                self.bounded(engine.admit(admission), |admitted| !matches!(admitted, Admitted::Seen(_))).await
            }
            Engine::Redis(engine) => engine.admit(admission).await,
        };
        // A repeat was counted when it first came, an edit is no other comment, and what the store did not take is sent again.
        let first = match &admitted {
            Ok(Admitted::Recorded(_)) => true,
            Ok(Admitted::Undecided { facts, .. }) => facts.previous.is_none(),
            Ok(Admitted::Seen(_) | Admitted::Listed) | Err(_) => false,
        };
        let counted = match &admitted {
            Ok(Admitted::Undecided { facts, .. }) => !facts.limits.iter().any(LimitState::refused),
            admitted => first && admitted.is_ok(),
        };
        if counted && !matches!(self.engine, Engine::Memory(_)) {
            self.local.warm(admission);
        }
        if first && let Some((likeness, mut likes)) = admission.likeness.zip(self.likes.lock().ok()) {
            likes.count(admission.comment.site(), &likeness);
        }
        admitted
    }

    /// What this process alone knows of a comment that the store cannot be asked about: its limits, as far as it has
    /// counted them itself. Counts the comment in them, if `count`.
    pub fn alone(&self, admission: &Admission<'_>, count: bool) -> Facts {
        self.local.weigh(admission, count)
    }

    /// Tells what [`admit`](Self::admit) would find if the comment came now. Counts and writes nothing. `None`: the site's
    /// block and allow entries are others by now.
    pub async fn look(&self, admission: &Admission<'_>) -> Result<Option<Facts>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.look(admission).map(Some),
            Engine::Embedded(engine) => self.bounded(engine.look(admission), |_| false).await.map(Some),
            Engine::Redis(engine) => engine.look(admission).await,
        }
    }

    /// Records the verdict on an undecided comment and returns the one that stands: an earlier one on the same body
    /// if there is one. If the comment was edited meanwhile the verdict is returned but not kept.
    pub async fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Verdict, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.record(admission, verdict),
            Engine::Embedded(engine) => self.bounded(engine.record(admission, verdict), |_| true).await,
            Engine::Redis(engine) => engine.record(admission, verdict).await,
        }
    }

    /// Everything known of a comment.
    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<Kept>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.get(site, id),
            Engine::Embedded(engine) => engine.get(site, id).await,
            Engine::Redis(engine) => engine.get(site, id).await,
        }
    }

    /// How many comments of an author stand approved, held and rejected.
    pub async fn history(&self, site: &Site, author: &Person) -> Result<History, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.history(site, author),
            Engine::Embedded(engine) => engine.history(site, author).await,
            Engine::Redis(engine) => engine.history(site, author).await,
        }
    }

    /// One page of a site's comments. A long search may end a page early: the last page is the one without `next`.
    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.list(site, query),
            Engine::Embedded(engine) => engine.list(site, query).await,
            Engine::Redis(engine) => engine.list(site, query).await,
        }
    }

    /// A site's queue.
    pub async fn queue(&self, site: &Site) -> Result<Queue, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.queue(site),
            Engine::Embedded(engine) => engine.queue(site).await,
            Engine::Redis(engine) => engine.queue(site).await,
        }
    }

    /// Puts another verdict in the place of the one that stands, if that is still at the expected revision.
    /// `false`: it is not, or the comment is gone.
    pub async fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        match &self.engine {
            Engine::Memory(engine) => {
                let replaced = engine.replace(site, id, change);
                if !change.teaching.is_empty() {
                    self.versions.taught.raise(site);
                }
                replaced
            }
            Engine::Embedded(engine) => self.noted(engine.replace(site, id, change).await, |replaced| *replaced),
            Engine::Redis(engine) => engine.replace(site, id, change).await,
        }
    }

    /// The comments that came from a person: of which any text, the present or an earlier one, was sent under this
    /// identity. A walk over all comments of the site, a few at a time; one that comes meanwhile may be missed.
    pub async fn find(&self, site: &Site, person: &Person) -> Result<Vec<CommentId>, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.find(site, person),
            Engine::Embedded(engine) => engine.find(site, person).await,
            Engine::Redis(engine) => engine.find(site, person).await,
        }
    }

    /// Erases a person: each comment that [`find`](Self::find) tells with all that belongs to it, and what was counted
    /// for the person. Each comment goes as a whole or not at all. When this has returned no answer tells of them any more;
    /// where Redis and memory keep their state no bytes of them are left, and the embedded store overwrites those in its file
    /// within minutes, also after a crash. When it has failed, repeating it does the rest.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many erasures wait for their turn on the site.
    pub async fn forget(&self, site: &Site, person: &Person) -> Result<Forgotten, Error> {
        let _turn = self.erasures.turn(site).await?;
        self.local.forget(site, *person);
        let mut forgotten = self.forget_once(site, person).await?;
        // Comments may have come behind the walk's back.
        for _ in 0..WALKS {
            let more = self.forget_once(site, person).await?;
            forgotten += more;
            if more.comments == 0 {
                break;
            }
        }
        Ok(forgotten)
    }

    async fn forget_once(&self, site: &Site, person: &Person) -> Result<Forgotten, Error> {
        // Before the comments: they tell which records are about the person, and whoever repeats this finds them again.
        let ids = self.find(site, person).await?;
        let mut acts = self.blank(site, person, &ids).await?;
        let listed = self.unlist_person(site, person).await?;
        let outcomes = self.unlearn_person(site, person, &ids).await?;
        let quotes = self.unquote(site, &ids).await?;
        let mut forgotten = match &self.engine {
            Engine::Memory(engine) => engine.forget(site, person),
            Engine::Embedded(engine) => engine.forget(site, person).await,
            Engine::Redis(engine) => engine.forget(site, person).await,
        }?;
        if forgotten.comments > 0 {
            // What was done to them meanwhile.
            acts += self.blank(site, person, &ids).await?;
        }
        (forgotten.acts, forgotten.listed, forgotten.outcomes, forgotten.quotes) = (acts, listed, outcomes, quotes);
        Ok(forgotten)
    }

    /// Reads a cursor. Checks its form only.
    pub fn parse_cursor(&self, text: &str) -> Option<Cursor> {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Cursor::parse_number(text),
            Engine::Redis(_) => Cursor::parse_stream(text),
        }
    }

    /// The cursor before all changes.
    pub fn first_cursor(&self) -> Cursor {
        match &self.engine {
            Engine::Memory(_) | Engine::Embedded(_) => Cursor::number(0),
            Engine::Redis(_) => Cursor::STREAM_START,
        }
    }

    /// The cursor of the newest change, or the one before all changes.
    pub async fn latest_cursor(&self, site: &Site) -> Result<Cursor, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.latest_cursor(site),
            Engine::Embedded(engine) => engine.latest_cursor(site).await,
            Engine::Redis(engine) => engine.latest_cursor(site).await,
        }
    }

    /// Watches a site's changes, beginning right after `after`.
    ///
    /// # Errors
    /// [`Error::CursorExpired`] when changes after that cursor may have been forgotten.
    pub async fn watch(&self, site: &Site, after: Cursor) -> Result<Watcher, Error> {
        let forgotten_before = match &self.engine {
            Engine::Memory(engine) => engine.forgotten_before(site)?,
            Engine::Embedded(engine) => engine.forgotten_before(site).await?,
            Engine::Redis(engine) => engine.forgotten_before(site).await?,
        };
        // Who begins at the start asks for what there is, not for what there was.
        if after != self.first_cursor() && forgotten_before.is_some_and(|cursor| after < cursor) {
            return Err(Error::CursorExpired);
        }
        Ok(Watcher(match &self.engine {
            Engine::Memory(engine) => Watching::Memory(engine.watch(site, after)),
            Engine::Embedded(engine) => Watching::Embedded(Embedded::watch(engine, site, after)),
            Engine::Redis(engine) => Watching::Redis(Box::new(engine.watch(site, after).await?)),
        }))
    }

    /// Waits for the disk, but not for long: the caller is on the way of a comment. What it did not take in time it may
    /// take all the same, and a comment that is sent again finds that.
    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
        wrote: impl FnOnce(&T) -> bool,
    ) -> Result<T, Error> {
        let patience = if self.failing.load(Ordering::Relaxed) { IMPATIENCE } else { PATIENCE };
        let outcome = tokio::time::timeout(patience, work).await;
        let late = || Error::store(format!("the disk took longer than {patience:?}"));
        self.noted(outcome.unwrap_or_else(|_| Err(late())), wrote)
    }

    /// Says that the disk fails, and that it works again, once each: not for every comment that comes meanwhile.
    /// `wrote` tells of an outcome whether something was written for it.
    fn noted<T>(&self, outcome: Result<T, Error>, wrote: impl FnOnce(&T) -> bool) -> Result<T, Error> {
        match &outcome {
            Ok(outcome) if !wrote(outcome) => {}
            Ok(_) => {
                if self.failing.load(Ordering::Relaxed) && self.failing.swap(false, Ordering::Relaxed) {
                    self.local.relieved();
                    tracing::info!("the store works again");
                }
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    let cause = std::error::Error::source(error).unwrap_or(error);
                    tracing::error!(%cause, "the store fails: until it works again nothing is recorded, and limits count here");
                }
            }
        }
        outcome
    }

    /// Finishes what is under way and lets go of the store. Later calls fail.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Embedded(engine) => engine.close().await,
            // Nothing is buffered here: a write that was answered is in Redis.
            Engine::Memory(_) | Engine::Redis(_) => {}
        }
    }
}

/// Delivers a site's changes, each once and in order.
pub struct Watcher(Watching);

enum Watching {
    Memory(memory::Watch),
    Embedded(embedded::Watch),
    /// Boxed: its connection details are five times as large as the other.
    Redis(Box<redis::Watch>),
}

impl Watcher {
    /// The next changes; empty if none came within `wait`. Dropping the future loses none, and after an error the
    /// next call goes on where this one would have.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<Event>, Error> {
        match &mut self.0 {
            Watching::Memory(watch) => watch.next(wait).await,
            Watching::Embedded(watch) => watch.next(wait).await,
            Watching::Redis(watch) => watch.next(wait).await,
        }
    }
}

/// A panic elsewhere left shared state in doubt.
fn poisoned<T>(_: std::sync::PoisonError<T>) -> Error {
    Error::store("the store stopped after a failure")
}
