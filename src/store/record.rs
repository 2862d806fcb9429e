//! The bytes that both engines keep for a comment, made from and turned into the types that callers see.

use std::time::{Duration, SystemTime};

use prost::Message;

use super::audit;
use super::entry::{Admission, Kept, Past, rate_limit};
use super::person::{Person, Persons};
use crate::comment::{CommentId, Fingerprint, Site};
use crate::error::Error;
use crate::facts::LimitState;
use crate::pb;
use crate::verdict::{Decision, RATE_LIMIT, Verdict};

/// How many verdicts that stood before are kept with a comment, the newest: a host may edit one for ever.
pub(super) const MOST_PAST: usize = 100;
/// How much earlier a certainly bad comment stands in the queue than a certainly good one, in microseconds.
const RISK_SPAN: f64 = 24.0 * 3600.0 * 1e6;

/// A comment and a verdict on it, ready to be written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub site: Site,
    pub id: CommentId,
    pub fingerprint: Fingerprint,
    /// What earlier versions kept as the fingerprint.
    pub body_fingerprint: Fingerprint,
    /// When the host says that it was sent, in microseconds since 1970. 0: it does not say.
    pub sent_at: u64,
    pub author: Option<Person>,
    pub persons: Persons,
    pub comment: Vec<u8>,
    pub ruling: Ruling,
    /// What the audit says of it. `None`: nothing.
    pub act: Option<Vec<u8>>,
}

impl Draft {
    pub fn new(admission: &Admission<'_>, verdict: &Verdict) -> Self {
        let comment = admission.comment;
        Self {
            site: comment.site().clone(),
            id: comment.id().clone(),
            fingerprint: comment.fingerprint(),
            body_fingerprint: comment.body_fingerprint(),
            sent_at: comment.sent_at().unwrap_or(0),
            // That somebody sent too much says nothing of what was sent.
            author: admission.persons.author().filter(|_| !is_flood(verdict)),
            persons: admission.persons,
            comment: match is_flood(verdict) {
                true => comment.kept_in_short().encode_to_vec(),
                false => comment.kept().encode_to_vec(),
            },
            ruling: Ruling::new(verdict),
            act: audit::of_machine(verdict, &admission.persons),
        }
    }

    /// Returns whether a fingerprint that was kept is of this text.
    pub fn is_of(&self, kept: Fingerprint) -> bool {
        kept == self.fingerprint || kept == self.body_fingerprint
    }

    /// Returns whether a text comes late that is not the one that stands: one that stood `before` and is sent once more, or one
    /// that the host says was sent before what stands. `sent_at` and `received_at` are those of what stands.
    pub fn comes_late(&self, before: bool, sent_at: u64, received_at: u64) -> bool {
        comes_late(before, self.sent_at, sent_at, received_at)
    }

    /// The hashes of all who sent it, one behind the other, and those of an earlier text behind them.
    pub fn persons_with(&self, earlier: &[u8]) -> Vec<u8> {
        let mut all: Vec<u8> = self.persons.all().flat_map(|person| *person.as_bytes()).collect();
        for person in earlier.as_chunks::<16>().0.iter().map(|bytes| Person::from_bytes(*bytes)) {
            if !person.is_in(&all) {
                all.extend(person.as_bytes());
            }
        }
        all
    }
}

/// The rule of [`Draft::comes_late`] on times in microseconds; 0: the host does not say when it was sent. An author who puts an
/// earlier text back sends it after what stands.
pub(super) fn comes_late(before: bool, sent_at: u64, stands_sent_at: u64, received_at: u64) -> bool {
    if before {
        let since = if stands_sent_at > 0 { stands_sent_at } else { received_at };
        return sent_at <= since;
    }
    sent_at > 0 && sent_at < stands_sent_at
}

/// Returns whether a limit rejected a comment: of those only the beginning is kept.
pub(super) fn is_flood(verdict: &Verdict) -> bool {
    verdict.decision == Decision::Reject && verdict.reasons.iter().any(|reason| reason.code == RATE_LIMIT)
}

/// A verdict, ready to be written, with what the engines need to know of it.
#[derive(Debug, Clone)]
pub(super) struct Ruling {
    pub verdict_id: String,
    pub verdict: Vec<u8>,
    pub decision: Decision,
    pub revision: u32,
    pub by_moderator: bool,
    /// How many microseconds earlier than its time the comment stands in the order by risk.
    pub lead: i64,
    /// Whether a moderator is to look at it although the machine approved it.
    pub spot_check: bool,
}

impl Ruling {
    pub fn new(verdict: &Verdict) -> Self {
        Self {
            verdict_id: verdict.id.clone(),
            verdict: pb::Verdict::from(verdict.clone()).encode_to_vec(),
            decision: verdict.decision,
            revision: verdict.revision,
            by_moderator: !verdict.by_machine(),
            lead: lead(verdict),
            spot_check: verdict.is_spot_check(),
        }
    }

    /// Adds what the tightest limit said. Protobuf messages that follow each other are read as one.
    pub fn limited(&mut self, tightest: Option<&LimitState>) {
        let rate_limit = tightest.map(|state| rate_limit(state).into());
        self.verdict.extend(pb::Verdict { rate_limit, ..Default::default() }.encode_to_vec());
    }
}

/// How many microseconds earlier than its time a comment stands in the order by risk.
pub(super) fn lead(verdict: &Verdict) -> i64 {
    let risk = verdict.leading().map_or(0.0, |(_, score)| score.clamp(0.0, 1.0));
    (risk * RISK_SPAN) as i64
}

/// A comment's row as an engine read it.
#[derive(Debug)]
pub(super) struct Row {
    pub comment: Vec<u8>,
    pub received_at: i64,
    pub author: Option<Person>,
    /// Who sent it, one hash behind the other. Empty in lists.
    pub persons: Vec<u8>,
    pub standing: Stood,
    /// What stood before, oldest first.
    pub trail: Vec<Stood>,
}

/// A verdict that stands or stood, as an engine read it.
#[derive(Debug)]
pub(super) struct Stood {
    pub verdict: Vec<u8>,
    /// Empty for what the machine did: that follows from the verdict and what stood before.
    pub event: Vec<u8>,
    /// The decision that stood before, as on the wire. 0: none.
    pub before: i32,
}

impl Row {
    /// What callers see.
    pub fn kept(self) -> Result<Kept, Error> {
        let Past { verdict, event } = self.standing.past()?;
        Ok(Kept {
            comment: pb::Comment::decode(&*self.comment).map_err(Error::store)?,
            verdict,
            received_at: from_micros(self.received_at)?,
            author: self.author,
            persons: self.persons.as_chunks::<16>().0.iter().copied().map(Person::from_bytes).collect(),
            event,
            trail: self.trail.into_iter().map(Stood::past).collect::<Result<_, _>>()?,
        })
    }
}

impl Stood {
    fn past(self) -> Result<Past, Error> {
        let verdict = verdict(&self.verdict)?;
        let event = if self.event.is_empty() {
            machine_event(&verdict, self.before)
        } else {
            pb::AuditEvent::decode(&*self.event).map_err(Error::store)?
        };
        Ok(Past { verdict, event })
    }
}

/// What the machine did when it gave this verdict.
pub(super) fn machine_event(verdict: &Verdict, before: i32) -> pb::AuditEvent {
    let act = if before == i32::from(pb::Decision::Unspecified) { "CHECKED" } else { "EDITED" };
    pb::AuditEvent {
        at: Some(verdict.decided_at.into()),
        // Not always the machine: what an archive decided is recorded the same way.
        by: verdict.decided_by.clone().into_owned(),
        act: act.to_owned(),
        comment_id: verdict.comment_id.clone(),
        revision: verdict.revision,
        before,
        after: verdict.decision.to_wire().into(),
        reason_code: verdict.reasons.first().map(|reason| reason.code.clone().into_owned()).unwrap_or_default(),
        label: verdict.leading().map(|(label, _)| label.to_owned()).unwrap_or_default(),
        score: verdict.leading().map_or(0.0, |(_, score)| score),
        source: verdict.policy_version.clone().into_owned(),
        ..Default::default()
    }
}

/// Reads a verdict back.
pub(super) fn verdict(bytes: &[u8]) -> Result<Verdict, Error> {
    Verdict::try_from(pb::Verdict::decode(bytes).map_err(Error::store)?).map_err(Error::store)
}

/// The verdict as it was kept, where the caller still has it.
pub(super) fn with_limit(verdict: &Verdict, tightest: Option<&LimitState>) -> Verdict {
    Verdict { rate_limit: tightest.map(rate_limit).or_else(|| verdict.rate_limit.clone()), ..verdict.clone() }
}

/// The system's clock in microseconds since 1970. A clock set before that is as good as one that shows it.
pub(super) fn now_micros() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

/// A moment that [`now_micros`] told.
pub(super) fn from_micros(micros: i64) -> Result<SystemTime, Error> {
    u64::try_from(micros)
        .ok()
        .and_then(|micros| SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(micros)))
        .ok_or_else(|| Error::store(format!("a comment was received at {micros} µs")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A neighbour may write where ours is kept.
        #[test]
        fn any_record_is_read_or_refused(
            comment in prop::collection::vec(any::<u8>(), 0..40),
            verdict in prop::collection::vec(any::<u8>(), 0..80),
            event in prop::collection::vec(any::<u8>(), 0..40),
            (received_at, before) in any::<(i64, i32)>(),
        ) {
            let ours = Stood { verdict: b"\x20\x02\x52\x02\x08\x01".to_vec(), event: Vec::new(), before };
            let theirs = Stood { verdict, event, before };
            let row = |standing, trail| Row { comment: comment.clone(), received_at, author: None, persons: Vec::new(), standing, trail };
            // That it returns is all that is promised.
            let _ = row(ours, vec![theirs]).kept();
        }
    }

    #[test]
    fn the_least_record_is_read() {
        let standing = Stood { verdict: b"\x20\x02\x52\x02\x08\x01".to_vec(), event: Vec::new(), before: 0 };
        let row = Row { comment: Vec::new(), received_at: 1, author: None, persons: Vec::new(), standing, trail: Vec::new() };
        assert_eq!(row.kept().unwrap().verdict.decision, Decision::Hold);
    }
}
