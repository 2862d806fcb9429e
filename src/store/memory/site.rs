//! What memory holds of each site.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use lru::LruCache;

use super::entry::{ByteCount, EditHistory, MemoryComment, MemoryVerdict};
use super::outcome_log::OutcomeLog;
use crate::comment::{CommentId, Fingerprint, Site};
use crate::facts::{Facts, History};
use crate::store::audit::{AuditRecord, ChainPosition};
use crate::store::clock::now_micros;
use crate::store::draft::is_rate_limited;
use crate::store::entry::Admission;
use crate::store::person::Person;
use crate::store::secrets::Secrets;
use crate::verdict::{Decision, Verdict};

/// How many sites are remembered. Beyond them the one goes of which least would be lost.
const MAX_SITES: usize = 10_000;
/// How many records of a site's audit are kept.
const MAX_ACTS: usize = 10_000;

/// What there is of one site.
pub(super) struct SiteState {
    /// Names the site in the limits.
    pub number: i64,
    /// When it was asked for last, by a count of all such occasions.
    pub used: u64,
    pub secrets: Option<Secrets>,
    /// Boxed: the table has room for twice as many as there are.
    pub comments: HashMap<CommentId, Box<MemoryComment>>,
    pub reserved: LruCache<CommentId, Reservation>,
    pub authors: HashMap<Person, History>,
    pub changes: VecDeque<(i64, Verdict)>,
    /// The number of the newest change that is not kept any more.
    pub forgotten: i64,
    pub audit: VecDeque<AuditRecord>,
    /// The newest record of the audit that is not kept any more.
    pub audit_forgotten: ChainPosition,
    /// Block and allow entries by name.
    pub list_entries: BTreeMap<String, Vec<u8>>,
    pub outcomes: OutcomeLog,
}

/// A comment that was counted and whose verdict is on its way.
pub(super) struct Reservation {
    pub fingerprint: Fingerprint,
    pub facts: Facts,
    pub verdict_id: String,
    pub revision: u32,
}

impl SiteState {
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
            audit_forgotten: ChainPosition::default(),
            list_entries: BTreeMap::new(),
            outcomes: OutcomeLog::default(),
        }
    }

    pub fn insert(
        &mut self,
        admission: &Admission<'_>,
        standing: MemoryVerdict,
        EditHistory { trail, mut persons, texts }: EditHistory,
        total: &Arc<AtomicUsize>,
    ) {
        let author = admission.persons.author().filter(|_| !is_rate_limited(&standing.verdict));
        self.count(author, standing.verdict.decision);
        let earlier = std::mem::replace(&mut persons, admission.persons.all().collect());
        persons.extend(earlier.into_iter().filter(|person| !admission.persons.all().any(|now| now == *person)));
        let comment = match is_rate_limited(&standing.verdict) {
            true => admission.comment.truncated_message(),
            false => admission.comment.stored_message().clone(),
        };
        let entry = MemoryComment {
            fingerprint: admission.comment.fingerprint(),
            sent_at: admission.comment.sent_at().unwrap_or(0),
            texts,
            weight: ByteCount::new(&comment, total),
            comment,
            received_at: now_micros(),
            author,
            persons,
            current: standing,
            trail,
        };
        self.comments.insert(admission.comment.id().clone(), Box::new(entry));
    }

    pub fn history(&self, author: Option<Person>) -> Option<History> {
        author.map(|author| self.authors.get(&author).copied().unwrap_or_default())
    }

    pub fn count(&mut self, author: Option<Person>, decision: Decision) {
        if let Some(author) = author {
            let counter = counter(self.authors.entry(author).or_default(), decision);
            *counter = counter.saturating_add(1);
        }
    }

    pub fn uncount(&mut self, author: Option<Person>, decision: Decision) {
        if let Some(history) = author.and_then(|author| self.authors.get_mut(&author)) {
            let counter = counter(history, decision);
            *counter = counter.saturating_sub(1);
        }
    }

    /// Returns the comments of which any text came from a person.
    pub fn comments_of(&self, person: &Person) -> Vec<CommentId> {
        let theirs = self.comments.iter().filter(|(_, entry)| entry.persons.contains(person));
        theirs.map(|(id, _)| id.clone()).collect()
    }

    /// Adds a record to the audit.
    pub fn append_audit(&mut self, record: Vec<u8>) {
        let next = AuditRecord::following(&self.audit_end(), record);
        self.audit.push_back(next);
        if self.audit.len() > MAX_ACTS {
            self.audit_forgotten = self.audit.pop_front().map_or(self.audit_forgotten, |oldest| oldest.position);
        }
    }

    /// Returns where the chain of its audit has got to.
    pub fn audit_end(&self) -> ChainPosition {
        self.audit.back().map_or(self.audit_forgotten, |newest| newest.position)
    }
}

fn counter(history: &mut History, decision: Decision) -> &mut u32 {
    match decision {
        Decision::Approve => &mut history.approved,
        Decision::Hold => &mut history.held,
        Decision::Reject => &mut history.rejected,
    }
}

/// A site's shelf, put up when the first comes.
pub(super) fn site_state<'s>(sites: &'s mut HashMap<Site, SiteState>, site: &Site) -> &'s mut SiteState {
    // Of the process: no number names two sites.
    static OCCASIONS: AtomicU64 = AtomicU64::new(0);
    let used = OCCASIONS.fetch_add(1, Ordering::Relaxed);
    if sites.len() >= MAX_SITES && !sites.contains_key(site) {
        let worth = |shelf: &SiteState| {
            let held = shelf.comments.values().any(|entry| entry.current.verdict.decision == Decision::Hold);
            let taught = !shelf.list_entries.is_empty() || !shelf.outcomes.is_empty();
            (taught, held, !shelf.comments.is_empty(), shelf.used)
        };
        let least = sites.iter().min_by_key(|(_, shelf)| worth(shelf)).map(|(site, _)| site.clone());
        least.and_then(|least| sites.remove(&least));
    }
    let number = i64::try_from(used).unwrap_or(i64::MAX);
    let shelf = sites.entry(site.clone()).or_insert_with(|| SiteState::new(number));
    shelf.used = used;
    shelf
}
