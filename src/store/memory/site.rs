//! The state of each site in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use lru::LruCache;

use super::entry::{ByteCount, EditHistory, MemoryComment, MemoryVerdict};
use super::outcome_log::OutcomeLog;
use crate::comment::{CommentId, Fingerprint, Site};
use crate::facts::{AuthorCounts, Facts};
use crate::store::audit::{AuditRecord, ChainPosition};
use crate::store::clock::now_micros;
use crate::store::draft::is_rate_limited;
use crate::store::entry::Admission;
use crate::store::person::Person;
use crate::store::secrets::Secrets;
use crate::verdict::{Decision, Verdict};

/// Maximum number of sites. Beyond it, the site with the least to lose is evicted.
const MAX_SITES: usize = 10_000;
/// Maximum number of audit records kept for a site.
const MAX_ACTS: usize = 10_000;

/// The state of one site.
pub(super) struct SiteState {
    /// Identifies the site in the rate limits.
    pub number: i64,
    /// The value of a process-wide counter when the site was last used.
    pub used: u64,
    pub secrets: Option<Secrets>,
    /// Boxed, since the table reserves space for up to twice as many entries as it holds.
    pub comments: HashMap<CommentId, Box<MemoryComment>>,
    pub reserved: LruCache<CommentId, Reservation>,
    pub authors: HashMap<Person, AuthorCounts>,
    pub changes: VecDeque<(i64, Verdict)>,
    /// The number of the newest change that is no longer kept.
    pub forgotten: i64,
    pub audit: VecDeque<AuditRecord>,
    /// The position of the newest audit record that is no longer kept.
    pub audit_forgotten: ChainPosition,
    /// Block and allow entries by name.
    pub list_entries: BTreeMap<String, Vec<u8>>,
    pub outcomes: OutcomeLog,
}

/// A comment that is counted and whose verdict is not recorded yet.
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
            // Unbounded, since a bounded cache allocates its full capacity at once. `admit` bounds it.
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

    /// Inserts a comment with its verdict, and counts it for its author.
    pub fn insert(
        &mut self,
        admission: &Admission<'_>,
        verdict: MemoryVerdict,
        EditHistory { trail, mut persons, texts }: EditHistory,
        total: &Arc<AtomicUsize>,
    ) {
        let author = admission.persons.author().filter(|_| !is_rate_limited(&verdict.verdict));
        self.count(author, verdict.verdict.decision);
        let earlier = std::mem::replace(&mut persons, admission.persons.all().collect());
        persons.extend(earlier.into_iter().filter(|person| !admission.persons.all().any(|now| now == *person)));
        let comment = match is_rate_limited(&verdict.verdict) {
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
            current: verdict,
            trail,
        };
        self.comments.insert(admission.comment.id().clone(), Box::new(entry));
    }

    /// Returns an author's history, or `None` if the author is unknown.
    pub fn history(&self, author: Option<Person>) -> Option<AuthorCounts> {
        author.map(|author| self.authors.get(&author).copied().unwrap_or_default())
    }

    /// Adds one comment to an author's counts.
    pub fn count(&mut self, author: Option<Person>, decision: Decision) {
        if let Some(author) = author {
            let counter = counter(self.authors.entry(author).or_default(), decision);
            *counter = counter.saturating_add(1);
        }
    }

    /// Subtracts one comment from an author's counts.
    pub fn uncount(&mut self, author: Option<Person>, decision: Decision) {
        if let Some(history) = author.and_then(|author| self.authors.get_mut(&author)) {
            let counter = counter(history, decision);
            *counter = counter.saturating_sub(1);
        }
    }

    /// Returns the ids of the comments of which any text came from a person.
    pub fn comments_of(&self, person: &Person) -> Vec<CommentId> {
        let theirs = self.comments.iter().filter(|(_, entry)| entry.persons.contains(person));
        theirs.map(|(id, _)| id.clone()).collect()
    }

    /// Appends a record to the audit log.
    pub fn append_audit(&mut self, record: Vec<u8>) {
        let next = AuditRecord::following(&self.audit_end(), record);
        self.audit.push_back(next);
        if self.audit.len() > MAX_ACTS {
            self.audit_forgotten = self.audit.pop_front().map_or(self.audit_forgotten, |oldest| oldest.position);
        }
    }

    /// Returns the position of the newest audit record.
    pub fn audit_end(&self) -> ChainPosition {
        self.audit.back().map_or(self.audit_forgotten, |newest| newest.position)
    }
}

fn counter(history: &mut AuthorCounts, decision: Decision) -> &mut u32 {
    match decision {
        Decision::Approve => &mut history.approved,
        Decision::Hold => &mut history.held,
        Decision::Reject => &mut history.rejected,
    }
}

/// Returns the state of a site. Creates it if the site is new, which may evict another one.
pub(super) fn site_state<'s>(sites: &'s mut HashMap<Site, SiteState>, site: &Site) -> &'s mut SiteState {
    // Shared by the process, so that no number identifies two sites.
    static USES: AtomicU64 = AtomicU64::new(0);
    let used = USES.fetch_add(1, Ordering::Relaxed);
    if sites.len() >= MAX_SITES && !sites.contains_key(site) {
        let worth = |site_state: &SiteState| {
            let held = site_state.comments.values().any(|entry| entry.current.verdict.decision == Decision::Hold);
            let has_lists_or_outcomes = !site_state.list_entries.is_empty() || !site_state.outcomes.is_empty();
            (has_lists_or_outcomes, held, !site_state.comments.is_empty(), site_state.used)
        };
        let least = sites.iter().min_by_key(|(_, site_state)| worth(site_state)).map(|(site, _)| site.clone());
        least.and_then(|least| sites.remove(&least));
    }
    let number = i64::try_from(used).unwrap_or(i64::MAX);
    let site_state = sites.entry(site.clone()).or_insert_with(|| SiteState::new(number));
    site_state.used = used;
    site_state
}
