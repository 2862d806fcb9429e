//! What each site has learned from its own outcomes, kept up with its log.
//!
//! A log is followed, not written to: whoever decides writes to it in the step of the decision. What was learned is a fold
//! over the log (`classify/site/fold.rs`), so that all servers come to the same; each keeps it for the sites that were asked
//! for last, and folds the others again when somebody asks.

mod follow;
mod teach;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use lru::LruCache;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::classify::Likeness;
use crate::classify::site::fold::Learned;
use crate::classify::site::{Outcome, Sketch};
use crate::comment::{Comment, Site};
use crate::error::Error;
use crate::pb;
use crate::retention::Retentions;
use crate::store::{OutcomeHead, Store};

pub use teach::{Report, Voice};

/// How many sites' learning is kept in memory: at most 305 KB each.
const SITES: usize = 900;
/// And that of how many sites that have learned nothing is known.
const UNTAUGHT: usize = 20_000;
/// How long a comment waits for what its site has learned, once, when this server has not heard of the site yet.
const PATIENCE: Duration = Duration::from_millis(100);
/// And for what is new since: an outcome or two take no longer, and a log that is folded anew can wait.
const NEWS: Duration = Duration::from_millis(10);
/// How long an act waits until what it taught is learned here.
const AT_ONCE: Duration = Duration::from_millis(250);
/// How often the logs of sites that comments come to are asked for news.
const EVERY: Duration = Duration::from_millis(300);
/// A comment asks itself when nobody has for so long.
const STALE: Duration = Duration::from_millis(800);
/// So many at a time.
const AT_A_TIME: usize = 16;
/// For how long after its last comment a site is followed.
const FOLLOWED: Duration = Duration::from_secs(5);

/// What learning needs of a comment.
pub struct Seen {
    /// What it looks like.
    pub sketch: Sketch,
    /// What nearly the same comments share with it.
    pub likeness: Option<Likeness>,
    /// Which of the two it is if it is bad, as far as its scores tell.
    pub leaning: Outcome,
}

/// Looks at a comment.
pub type Look = Arc<dyn Fn(&Comment) -> Seen + Send + Sync>;

/// Finds out what of a site's correction may serve, by label, so that no comment has to wait for it.
pub type Examine = Arc<dyn Fn(&Site, &Learned) -> [(&'static str, bool); 2] + Send + Sync>;

/// What all sites have learned. Cheap to clone.
#[derive(Clone)]
pub struct Learning(Arc<Inner>);

struct Inner {
    store: Store,
    retention: Retentions,
    look: Look,
    examine: Examine,
    started: Instant,
    sites: Mutex<Sites>,
}

struct Sites {
    taught: LruCache<Site, Arc<Known>>,
    untaught: LruCache<Site, Arc<Known>>,
}

/// What is known of one site.
struct Known {
    learned: ArcSwap<Learned>,
    /// For which labels the correction served when it was examined last.
    serves: Mutex<Option<[(&'static str, bool); 2]>>,
    /// Up to where its log was read. One reads at a time.
    place: tokio::sync::Mutex<Place>,
    /// The version of all logs that it was read at, where only this process changes them; 0: never.
    version: AtomicU64,
    /// When the log was last asked, and when a comment last came, in milliseconds since the start, from 1 on.
    asked: AtomicU64,
    used: AtomicU64,
}

#[derive(Default)]
struct Place {
    head: OutcomeHead,
    /// When all of the log was last looked at for what is too old.
    swept: Option<Instant>,
}

impl Learning {
    /// Follows the logs of a store, in which outcomes are kept for so long.
    pub fn new(store: Store, retention: Retentions, look: Look, examine: Examine) -> Self {
        let most = NonZeroUsize::new(SITES).unwrap_or(NonZeroUsize::MIN);
        let untaught = NonZeroUsize::new(UNTAUGHT).unwrap_or(NonZeroUsize::MIN);
        let sites = Sites { taught: LruCache::new(most), untaught: LruCache::new(untaught) };
        Self(Arc::new(Inner { store, retention, look, examine, started: Instant::now(), sites: Mutex::new(sites) }))
    }

    /// What a site has learned, as far as this server knows; for a site that it hears of for the first time it waits a
    /// moment. A store that does not answer leaves it at what was known.
    pub async fn of(&self, site: &Site) -> Arc<Learned> {
        let known = self.known(site);
        let now = self.now();
        known.used.store(now, Ordering::Relaxed);
        let fresh = match self.0.store.taught_version(site) {
            Some(version) => known.version.load(Ordering::Relaxed) == version,
            None => {
                let asked = known.asked.load(Ordering::Relaxed);
                asked > 0 && now.saturating_sub(asked) < millis(STALE)
            }
        };
        if known.asked.load(Ordering::Relaxed) == 0 {
            self.catch_up(site, &known, PATIENCE).await;
        } else if !fresh && known.place.try_lock().is_ok() {
            // Whoever comes while another asks takes what there is. Where nobody has looked for long it may be much.
            let quiet = now.saturating_sub(known.asked.load(Ordering::Relaxed)) > millis(FOLLOWED);
            self.catch_up(site, &known, if quiet { PATIENCE } else { NEWS }).await;
        }
        known.learned.load_full()
    }

    /// Learns what the site's log holds by now, so that the next comment meets it. Waits a moment, and leaves what takes longer
    /// to whoever asks next.
    pub async fn now_of(&self, site: &Site) -> Arc<Learned> {
        let known = self.known(site);
        self.catch_up(site, &known, AT_ONCE).await;
        known.learned.load_full()
    }

    /// Where a site's log stands, and what was learned from it: all of it, however long that takes.
    ///
    /// # Errors
    /// The store being away.
    pub async fn whole(&self, site: &Site) -> Result<(OutcomeHead, Arc<Learned>), Error> {
        let known = self.known(site);
        self.read(site, &known).await?;
        let head = known.place.lock().await.head.clone();
        Ok((head, known.learned.load_full()))
    }

    /// Begins or ends learning at other places of a site's log, and records the act in the site's audit.
    ///
    /// # Errors
    /// The store being away.
    pub async fn bound(&self, site: &Site, from: u64, to: Option<u64>, act: &pb::AuditEvent) -> Result<(), Error> {
        self.0.store.bound_outcomes(site, from, to, act).await
    }

    /// Follows the logs of the sites that comments come to, for as long as it is polled.
    pub async fn follow(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if self.0.store.is_followed_by_version() {
                // Nobody else writes: a comment sees for itself whether there is news.
                continue;
            }
            // Some at once: one that is folded anew must not keep the others waiting.
            let mut reading = JoinSet::new();
            for (site, known) in self.in_use() {
                if reading.len() >= AT_A_TIME {
                    reading.join_next().await;
                }
                let learning = self.clone();
                // What fails now is asked for again in a moment.
                reading.spawn(async move { drop(learning.read(&site, &known).await) });
            }
            reading.join_all().await;
        }
    }

    /// The sites that a comment came to of late.
    fn in_use(&self) -> Vec<(Site, Arc<Known>)> {
        let since = self.now().saturating_sub(millis(FOLLOWED));
        let Ok(sites) = self.0.sites.lock() else { return Vec::new() };
        let both = sites.taught.iter().chain(sites.untaught.iter());
        let used = both.filter(|(_, known)| known.used.load(Ordering::Relaxed) >= since);
        used.map(|(site, known)| (site.clone(), Arc::clone(known))).collect()
    }

    /// Counts a site among those that have learned something. The one that was asked for longest ago makes room.
    fn promote(&self, site: &Site, known: &Arc<Known>) {
        if known.learned.load().correction().is_none() {
            return;
        }
        let Ok(mut sites) = self.0.sites.lock() else { return };
        if sites.untaught.pop(site).is_some() {
            sites.taught.put(site.clone(), Arc::clone(known));
        }
    }

    fn known(&self, site: &Site) -> Arc<Known> {
        let new = || {
            Arc::new(Known {
                learned: ArcSwap::default(),
                serves: Mutex::default(),
                place: tokio::sync::Mutex::default(),
                version: AtomicU64::new(0),
                asked: AtomicU64::new(0),
                used: AtomicU64::new(0),
            })
        };
        // A panic elsewhere: everything is folded again for each comment, which is slow and right.
        let Ok(mut sites) = self.0.sites.lock() else { return new() };
        if let Some(known) = sites.taught.get(site) {
            return Arc::clone(known);
        }
        if let Some(known) = sites.untaught.get(site) {
            return Arc::clone(known);
        }
        let known = new();
        sites.untaught.put(site.clone(), Arc::clone(&known));
        known
    }

    async fn catch_up(&self, site: &Site, known: &Arc<Known>, patience: Duration) {
        let (learning, site, known) = (self.clone(), site.clone(), Arc::clone(known));
        // Goes on when nobody waits any more.
        let reading = tokio::spawn(async move { learning.read(&site, &known).await });
        let _ = timeout(patience, reading).await;
    }

    /// Milliseconds since the start, from 1 on.
    fn now(&self) -> u64 {
        millis(self.0.started.elapsed()).saturating_add(1)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
