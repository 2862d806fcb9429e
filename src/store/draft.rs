//! Comments and verdicts, encoded for the engines to write.

use prost::Message;

use super::act::machine_record;
use super::entry::{Admission, rate_limit};
use super::person::{Person, Persons};
use crate::comment::{CommentId, Fingerprint, Site};
use crate::facts::LimitState;
use crate::pb;
use crate::verdict::{Decision, RATE_LIMIT, Verdict};

/// Maximum number of past verdicts kept with a comment. The oldest are dropped, because edits are unlimited.
pub(super) const MAX_PAST_VERDICTS: usize = 100;
/// Microseconds by which a comment with score 1 moves ahead in the queue of one with score 0 (24 hours).
const RISK_SPAN: f64 = 24.0 * 3600.0 * 1e6;

/// A comment and its verdict, ready to be written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub site: Site,
    pub id: CommentId,
    pub fingerprint: Fingerprint,
    /// Fingerprint of the body alone, which earlier versions stored as the fingerprint.
    pub body_fingerprint: Fingerprint,
    /// Time at which the comment was sent according to the host, in microseconds since 1970; 0 if the host gives none.
    pub sent_at: u64,
    pub author: Option<Person>,
    pub persons: Persons,
    pub comment: Vec<u8>,
    pub verdict: DraftVerdict,
    /// Encoded audit record, or `None` if the audit does not record the verdict.
    pub act: Option<Vec<u8>>,
}

impl Draft {
    /// Encodes a comment and its verdict.
    pub fn new(admission: &Admission<'_>, verdict: &Verdict) -> Self {
        let comment = admission.comment;
        Self {
            site: comment.site().clone(),
            id: comment.id().clone(),
            fingerprint: comment.fingerprint(),
            body_fingerprint: comment.body_fingerprint(),
            sent_at: comment.sent_at().unwrap_or(0),
            // A rate-limited comment says nothing about its content, so it does not count in the author's history.
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

    /// Returns whether a stored fingerprint is that of this text.
    pub fn has_fingerprint(&self, stored: Fingerprint) -> bool {
        stored == self.fingerprint || stored == self.body_fingerprint
    }

    /// Returns whether this text is outdated compared with the current one, from which it differs: either the comment had it
    /// `before` and it is sent once more, or it was sent before the current text according to the host. `sent_at` and
    /// `received_at` are those of the current text.
    pub fn is_outdated(&self, before: bool, sent_at: u64, received_at: u64) -> bool {
        is_outdated(before, self.sent_at, sent_at, received_at)
    }

    /// Returns the concatenated hashes of everybody who sent this text, followed by those of earlier texts without repetitions.
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

/// Implements [`Draft::is_outdated`] on times in microseconds, where 0 means that the host gives no time. A text that the
/// comment had before is not outdated if it was sent after the current one: then the author has restored it.
pub(super) fn is_outdated(before: bool, sent_at: u64, current_sent_at: u64, received_at: u64) -> bool {
    if before {
        let since = if current_sent_at > 0 { current_sent_at } else { received_at };
        return sent_at <= since;
    }
    sent_at > 0 && sent_at < current_sent_at
}

/// Returns whether a rate limit rejected the comment. Only the beginning of such a comment is stored.
pub(super) fn is_rate_limited(verdict: &Verdict) -> bool {
    verdict.decision == Decision::Reject && verdict.reasons.iter().any(|reason| reason.code == RATE_LIMIT)
}

/// An encoded verdict with the properties that the engines need.
#[derive(Debug, Clone)]
pub(super) struct DraftVerdict {
    pub verdict_id: String,
    pub verdict: Vec<u8>,
    pub decision: Decision,
    pub revision: u32,
    pub by_moderator: bool,
    /// Microseconds by which the comment moves ahead of its time of receipt in the order by risk.
    pub risk_lead: i64,
    /// Whether a moderator is to review the comment although the machine approved it.
    pub spot_check: bool,
}

impl DraftVerdict {
    /// Encodes a verdict.
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

    /// Adds the state of the tightest limit to the encoded verdict. Concatenated Protobuf messages decode as one.
    pub fn add_rate_limit(&mut self, tightest: Option<&LimitState>) {
        let rate_limit = tightest.map(|state| rate_limit(state).into());
        self.verdict.extend(pb::Verdict { rate_limit, ..Default::default() }.encode_to_vec());
    }
}

/// Returns the microseconds by which a comment moves ahead of its time of receipt in the order by risk.
pub(super) fn risk_lead(verdict: &Verdict) -> i64 {
    let risk = verdict.highest_score().map_or(0.0, |(_, score)| score.clamp(0.0, 1.0));
    (risk * RISK_SPAN) as i64
}

/// Returns the verdict as [`DraftVerdict::add_rate_limit`] stores it.
pub(super) fn with_rate_limit(verdict: &Verdict, tightest: Option<&LimitState>) -> Verdict {
    Verdict { rate_limit: tightest.map(rate_limit).or_else(|| verdict.rate_limit.clone()), ..verdict.clone() }
}
