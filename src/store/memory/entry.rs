//! A comment in memory, and the verdicts that stand and stood on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use crate::comment::{Comment, Fingerprint};
use crate::error::Error;
use crate::facts::Previous;
use crate::pb;
use crate::store::act::machine_event;
use crate::store::clock::from_micros;
use crate::store::draft::{comes_late, lead};
use crate::store::entry::{Kept, Past};
use crate::store::page::{Order, Place};
use crate::store::person::Person;
use crate::verdict::{Decision, Verdict};

/// A comment and what was decided on it.
pub(super) struct Entry {
    /// Counts its bytes while it is there.
    #[allow(dead_code, reason = "dropped")]
    pub weight: Weight,
    pub fingerprint: Fingerprint,
    /// When the host says that it was sent. 0: it does not say.
    pub sent_at: u64,
    /// The texts that it had before.
    pub texts: Vec<Fingerprint>,
    pub comment: pb::Comment,
    pub received_at: i64,
    pub author: Option<Person>,
    /// All that any text of it came from.
    pub persons: Vec<Person>,
    pub current: Stood,
    pub trail: Vec<Stood>,
}

/// The bytes of a comment, in the sum of all.
pub(super) struct Weight {
    bytes: usize,
    total: Arc<AtomicUsize>,
}

impl Weight {
    pub fn new(comment: &pb::Comment, total: &Arc<AtomicUsize>) -> Self {
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
pub(super) struct Earlier {
    pub trail: Vec<Stood>,
    pub persons: Vec<Person>,
    pub texts: Vec<Fingerprint>,
}

/// A verdict that stands or stood.
#[derive(Clone)]
pub(super) struct Stood {
    pub verdict: Verdict,
    /// `None`: the machine's, which follows from the verdict and what stood before.
    pub event: Option<pb::AuditEvent>,
    pub before: Option<Decision>,
}

impl Entry {
    /// Returns whether this text stands.
    pub fn is_of(&self, comment: &Comment) -> bool {
        self.fingerprint == comment.fingerprint()
    }

    /// Returns whether this text stands, or comes after another that was sent later.
    pub fn has_had(&self, comment: &Comment) -> bool {
        let before = self.texts.contains(&comment.fingerprint());
        let (sent_at, received_at) = (comment.sent_at().unwrap_or(0), self.received_at.unsigned_abs());
        self.is_of(comment) || comes_late(before, sent_at, self.sent_at, received_at)
    }

    pub fn previous(&self) -> Previous {
        let verdict = &self.current.verdict;
        Previous { decision: verdict.decision, by_moderator: !verdict.by_machine() }
    }

    pub fn place(&self, order: Order) -> Place {
        let key = match order {
            Order::Risk => self.received_at - lead(&self.current.verdict),
            Order::Newest | Order::Oldest => self.received_at,
        };
        Place { key, id: self.comment.comment_id.clone() }
    }

    pub fn kept(&self, with_trail: bool) -> Result<Kept, Error> {
        let Past { verdict, event } = self.current.clone().past();
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
