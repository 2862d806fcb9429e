//! A comment in memory, with its current and past verdicts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use crate::comment::{Comment, Fingerprint};
use crate::error::Error;
use crate::facts::PreviousDecision;
use crate::pb;
use crate::store::act::machine_event;
use crate::store::clock::from_micros;
use crate::store::draft::{is_outdated, risk_lead};
use crate::store::entry::{PastVerdict, StoredComment};
use crate::store::page::{ListPosition, Order};
use crate::store::person::Person;
use crate::verdict::{Decision, Verdict};

/// A comment and the verdicts on it.
pub(super) struct MemoryComment {
    /// Counts the comment's bytes for as long as it exists.
    #[allow(dead_code, reason = "dropped")]
    pub weight: ByteCount,
    pub fingerprint: Fingerprint,
    /// When the comment was sent according to the host, in microseconds since 1970; 0 if the host does not say.
    pub sent_at: u64,
    /// The fingerprints of its earlier texts.
    pub texts: Vec<Fingerprint>,
    pub comment: pb::Comment,
    pub received_at: i64,
    pub author: Option<Person>,
    /// Hashes of all persons that any text of it came from.
    pub persons: Vec<Person>,
    pub current: MemoryVerdict,
    pub trail: Vec<MemoryVerdict>,
}

/// The size of a comment, counted in the total of all comments until it is dropped.
pub(super) struct ByteCount {
    bytes: usize,
    total: Arc<AtomicUsize>,
}

impl ByteCount {
    pub fn new(comment: &pb::Comment, total: &Arc<AtomicUsize>) -> Self {
        let bytes = prost::Message::encoded_len(comment);
        total.fetch_add(bytes, Ordering::Relaxed);
        Self { bytes, total: Arc::clone(total) }
    }
}

impl Drop for ByteCount {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The earlier state of a comment that was edited.
#[derive(Default)]
pub(super) struct EditHistory {
    pub trail: Vec<MemoryVerdict>,
    pub persons: Vec<Person>,
    pub texts: Vec<Fingerprint>,
}

/// A current or past verdict.
#[derive(Clone)]
pub(super) struct MemoryVerdict {
    pub verdict: Verdict,
    /// The act that led to the verdict. `None` is a decision by machine, whose event follows from the verdict and `before`.
    pub event: Option<pb::AuditEvent>,
    pub before: Option<Decision>,
}

impl MemoryComment {
    /// Returns whether the comment currently has this text.
    pub fn has_text(&self, comment: &Comment) -> bool {
        self.fingerprint == comment.fingerprint()
    }

    /// Returns whether the comment currently has this text, or has one that was sent later.
    pub fn is_repeat(&self, comment: &Comment) -> bool {
        let before = self.texts.contains(&comment.fingerprint());
        let (sent_at, received_at) = (comment.sent_at().unwrap_or(0), self.received_at.unsigned_abs());
        self.has_text(comment) || is_outdated(before, sent_at, self.sent_at, received_at)
    }

    /// Returns the current decision as a fact for the decision on an edit.
    pub fn previous(&self) -> PreviousDecision {
        let verdict = &self.current.verdict;
        PreviousDecision { decision: verdict.decision, by_moderator: !verdict.is_by_machine() }
    }

    /// Returns the comment's position in a list.
    pub fn position(&self, order: Order) -> ListPosition {
        let key = match order {
            Order::Risk => self.received_at - risk_lead(&self.current.verdict),
            Order::Newest | Order::Oldest => self.received_at,
        };
        ListPosition { key, id: self.comment.comment_id.clone() }
    }

    /// Returns the comment as the store returns it.
    pub fn to_stored(&self, with_trail: bool) -> Result<StoredComment, Error> {
        let PastVerdict { verdict, event } = self.current.clone().into_past();
        let received_at: SystemTime = from_micros(self.received_at)?;
        let trail = if with_trail { self.trail.iter().cloned().map(MemoryVerdict::into_past).collect() } else { Vec::new() };
        let persons = self.persons.clone();
        Ok(StoredComment { comment: self.comment.clone(), verdict, received_at, author: self.author, persons, event, trail })
    }
}

impl MemoryVerdict {
    fn into_past(self) -> PastVerdict {
        let before = self.before.map_or(0, |before| before.to_wire().into());
        PastVerdict { event: self.event.unwrap_or_else(|| machine_event(&self.verdict, before)), verdict: self.verdict }
    }
}
