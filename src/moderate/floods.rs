//! In-memory statistics about floods: how many different authors share a client address, and how many of a sender's
//! comments over a limit were held. They are optional evidence of bounded size; without them a limit does what the policy
//! says.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::request::Request;
use crate::comment::{Comment, Site};
use crate::facts::{Facts, FloodCounts};
use crate::limit::Scope;
use crate::store::{Person, Persons};
use crate::verdict::{Decision, Verdict};

/// Maximum number of persons and clients that are tracked; the least recently active are evicted.
const MAX_SENDERS: usize = 20_000;
/// Time after which a sender's statistics start anew.
const WINDOW: Duration = Duration::from_secs(3_600);
/// Maximum number of authors of one client that are distinguished.
const MAX_AUTHORS: usize = 16;

/// Statistics about the recent activity of persons and clients.
pub struct FloodTracker(Mutex<LruCache<(Site, Person), SenderActivity>>);

/// The recent activity of a person or client.
struct SenderActivity {
    /// Start of the window.
    since: Instant,
    /// Hashes of the client's authors.
    authors: Vec<u64>,
    /// Number of comments over a limit that were held.
    held: u32,
}

impl Default for FloodTracker {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MAX_SENDERS).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl FloodTracker {
    /// Records the author of a live comment for its client.
    pub fn note_sender(&self, request: &Request<'_>, persons: &Persons) {
        let comment = request.comment;
        if !request.is_live() {
            return;
        }
        let Some(client) = persons.client() else { return };
        let author = author_hash(comment, persons);
        self.update(comment.site(), client, |activity| {
            if activity.authors.len() < MAX_AUTHORS && !activity.authors.contains(&author) {
                activity.authors.push(author);
            }
        });
    }

    /// Adds the statistics of the senders that exceed a limit to the facts.
    pub fn add_flood_facts(&self, site: &Site, persons: &Persons, facts: Facts) -> Facts {
        let limited =
            facts.limits.iter().filter(|limit| limit.is_exceeded()).filter_map(|limit| limited_person(limit.scope, persons));
        let mut flood = FloodCounts::default();
        for person in limited {
            self.update(site, person, |activity| {
                flood.authors = flood.authors.max(u32::try_from(activity.authors.len()).unwrap_or(u32::MAX));
                flood.held = flood.held.max(activity.held);
            });
        }
        Facts { flood, ..facts }
    }

    /// Counts a comment over a limit that is now held.
    pub fn count_held(&self, site: &Site, persons: &Persons, facts: &Facts, verdict: &Verdict) {
        if verdict.decision != Decision::Hold {
            return;
        }
        let limited =
            facts.limits.iter().filter(|limit| limit.is_exceeded()).filter_map(|limit| limited_person(limit.scope, persons));
        for person in limited {
            self.update(site, person, |activity| activity.held = activity.held.saturating_add(1));
        }
    }

    /// Changes the statistics of a sender, which start anew after [`WINDOW`].
    fn update(&self, site: &Site, person: Person, change: impl FnOnce(&mut SenderActivity)) {
        let Ok(mut all) = self.0.lock() else { return };
        let fresh = || SenderActivity { since: Instant::now(), authors: Vec::new(), held: 0 };
        let activity = all.get_or_insert_mut((site.clone(), person), fresh);
        if activity.since.elapsed() >= WINDOW {
            *activity = fresh();
        }
        change(activity);
    }
}

/// Returns the person that a limit counts. Returns `None` for the limit of a site.
fn limited_person(scope: Scope, persons: &Persons) -> Option<Person> {
    match scope {
        Scope::Author => persons.certain_author(),
        Scope::Client => persons.client(),
        Scope::Site => None,
    }
}

/// Returns a hash that distinguishes authors of one client: by account or e-mail address, otherwise by name.
fn author_hash(comment: &Comment, persons: &Persons) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    match persons.author() {
        Some(person) => person.hash(&mut hasher),
        None => comment.author_name().hash(&mut hasher),
    }
    hasher.finish()
}
