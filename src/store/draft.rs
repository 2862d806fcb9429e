//! A comment and a verdict on it in the bytes that engines keep, ready to be written.

use prost::Message;

use super::act::machine_record;
use super::entry::{Admission, rate_limit};
use super::person::{Person, Persons};
use crate::comment::{CommentId, Fingerprint, Site};
use crate::facts::LimitState;
use crate::pb;
use crate::verdict::{Decision, RATE_LIMIT, Verdict};

/// How many verdicts that stood before are kept with a comment, the newest: a host may edit one for ever.
pub(super) const MAX_PAST_VERDICTS: usize = 100;
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
    pub verdict: DraftVerdict,
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
            author: admission.persons.author().filter(|_| !is_rate_limited(verdict)),
            persons: admission.persons,
            comment: match is_rate_limited(verdict) {
                true => comment.truncated_message().encode_to_vec(),
                false => comment.stored_message().encode_to_vec(),
            },
            verdict: DraftVerdict::new(verdict),
            act: machine_record(verdict, &admission.persons),
        }
    }

    /// Returns whether a fingerprint that was kept is of this text.
    pub fn has_fingerprint(&self, kept: Fingerprint) -> bool {
        kept == self.fingerprint || kept == self.body_fingerprint
    }

    /// Returns whether a text comes late that is not the one that stands: one that stood `before` and is sent once more, or one
    /// that the host says was sent before what stands. `sent_at` and `received_at` are those of what stands.
    pub fn is_outdated(&self, before: bool, sent_at: u64, received_at: u64) -> bool {
        is_outdated(before, self.sent_at, sent_at, received_at)
    }

    /// The hashes of all who sent it, one behind the other, and those of an earlier text behind them.
    pub fn persons_with(&self, earlier: &[u8]) -> Vec<u8> {
        let mut all: Vec<u8> = self.persons.all().flat_map(|person| *person.as_bytes()).collect();
        for person in earlier.as_chunks::<16>().0.iter().map(|bytes| Person::from_bytes(*bytes)) {
            if !person.is_among(&all) {
                all.extend(person.as_bytes());
            }
        }
        all
    }
}

/// The rule of [`Draft::is_outdated`] on times in microseconds; 0: the host does not say when it was sent. An author who puts an
/// earlier text back sends it after what stands.
pub(super) fn is_outdated(before: bool, sent_at: u64, stands_sent_at: u64, received_at: u64) -> bool {
    if before {
        let since = if stands_sent_at > 0 { stands_sent_at } else { received_at };
        return sent_at <= since;
    }
    sent_at > 0 && sent_at < stands_sent_at
}

/// Returns whether a limit rejected a comment: of those only the beginning is kept.
pub(super) fn is_rate_limited(verdict: &Verdict) -> bool {
    verdict.decision == Decision::Reject && verdict.reasons.iter().any(|reason| reason.code == RATE_LIMIT)
}

/// A verdict, ready to be written, with what the engines need to know of it.
#[derive(Debug, Clone)]
pub(super) struct DraftVerdict {
    pub verdict_id: String,
    pub verdict: Vec<u8>,
    pub decision: Decision,
    pub revision: u32,
    pub by_moderator: bool,
    /// How many microseconds earlier than its time the comment stands in the order by risk.
    pub risk_lead: i64,
    /// Whether a moderator is to look at it although the machine approved it.
    pub spot_check: bool,
}

impl DraftVerdict {
    pub fn new(verdict: &Verdict) -> Self {
        Self {
            verdict_id: verdict.id.clone(),
            verdict: pb::Verdict::from(verdict.clone()).encode_to_vec(),
            decision: verdict.decision,
            revision: verdict.revision,
            by_moderator: !verdict.is_by_machine(),
            risk_lead: risk_lead(verdict),
            spot_check: verdict.is_spot_check(),
        }
    }

    /// Adds what the tightest limit said. Protobuf messages that follow each other are read as one.
    pub fn add_rate_limit(&mut self, tightest: Option<&LimitState>) {
        let rate_limit = tightest.map(|state| rate_limit(state).into());
        self.verdict.extend(pb::Verdict { rate_limit, ..Default::default() }.encode_to_vec());
    }
}

/// How many microseconds earlier than its time a comment stands in the order by risk.
pub(super) fn risk_lead(verdict: &Verdict) -> i64 {
    let risk = verdict.highest_score().map_or(0.0, |(_, score)| score.clamp(0.0, 1.0));
    (risk * RISK_SPAN) as i64
}

/// The verdict as it was kept, where the caller still has it.
pub(super) fn with_rate_limit(verdict: &Verdict, tightest: Option<&LimitState>) -> Verdict {
    Verdict { rate_limit: tightest.map(rate_limit).or_else(|| verdict.rate_limit.clone()), ..verdict.clone() }
}
