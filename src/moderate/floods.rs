//! What this server sees of floods: how many different authors share an address, and how many comments over a limit are held
//! already. Optional evidence, kept in memory and bounded: without it a limit does what the policy says.

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

/// How many persons and clients are remembered, those that sent most recently.
const MAX_SENDERS: usize = 20_000;
/// For how long what somebody sent counts.
const WINDOW: Duration = Duration::from_secs(3_600);
/// How many different authors of one client are told apart.
const MAX_AUTHORS: usize = 16;

/// What was seen of persons and clients of late.
pub struct FloodTracker(Mutex<LruCache<(Site, Person), SenderActivity>>);

struct SenderActivity {
    since: Instant,
    /// Hashes of the authors of a client.
    authors: Vec<u64>,
    /// How many comments over a limit were held.
    held: u32,
}

impl Default for FloodTracker {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MAX_SENDERS).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl FloodTracker {
    /// Takes note of who sends a live comment from which client.
    pub fn note_sender(&self, request: &Request<'_>, persons: &Persons) {
        let comment = request.comment;
        if !request.is_live() {
            return;
        }
        let Some(client) = persons.client() else { return };
        let author = author_hash(comment, persons);
        self.update(comment.site(), client, |seen| {
            if seen.authors.len() < MAX_AUTHORS && !seen.authors.contains(&author) {
                seen.authors.push(author);
            }
        });
    }

    /// Adds what is known of whoever is over a limit.
    pub fn add_flood_facts(&self, site: &Site, persons: &Persons, facts: Facts) -> Facts {
        let refused =
            facts.limits.iter().filter(|limit| limit.is_exceeded()).filter_map(|limit| limited_person(limit.scope, persons));
        let mut flood = FloodCounts::default();
        for person in refused {
            self.update(site, person, |seen| {
                flood.authors = flood.authors.max(u32::try_from(seen.authors.len()).unwrap_or(u32::MAX));
                flood.held = flood.held.max(seen.held);
            });
        }
        Facts { flood, ..facts }
    }

    /// Counts a comment over a limit that is held now.
    pub fn count_held(&self, site: &Site, persons: &Persons, facts: &Facts, verdict: &Verdict) {
        if verdict.decision != Decision::Hold {
            return;
        }
        let refused =
            facts.limits.iter().filter(|limit| limit.is_exceeded()).filter_map(|limit| limited_person(limit.scope, persons));
        for person in refused {
            self.update(site, person, |seen| seen.held = seen.held.saturating_add(1));
        }
    }

    fn update(&self, site: &Site, person: Person, change: impl FnOnce(&mut SenderActivity)) {
        let Ok(mut all) = self.0.lock() else { return };
        let fresh = || SenderActivity { since: Instant::now(), authors: Vec::new(), held: 0 };
        let seen = all.get_or_insert_mut((site.clone(), person), fresh);
        if seen.since.elapsed() >= WINDOW {
            *seen = fresh();
        }
        change(seen);
    }
}

/// Whom a limit counts. Returns `None` for a site's: it is nobody's.
fn limited_person(scope: Scope, persons: &Persons) -> Option<Person> {
    match scope {
        Scope::Author => persons.certain_author(),
        Scope::Client => persons.client(),
        Scope::Site => None,
    }
}

/// Tells authors of one client apart: by account or address, else by name.
fn author_hash(comment: &Comment, persons: &Persons) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    match persons.author() {
        Some(person) => person.hash(&mut hasher),
        None => comment.author_name().hash(&mut hasher),
    }
    hasher.finish()
}
