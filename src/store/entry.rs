//! The types by which callers submit comments to the store and read them back.

use std::time::SystemTime;

use super::person::{Person, Persons};
use crate::classify::MinHash;
use crate::comment::Comment;
use crate::facts::{AuthorCounts, Facts, LimitState};
use crate::limit::{Gcra, Scope};
use crate::pb;
use crate::verdict::{RateLimit, Verdict};

/// A request to admit a comment.
#[derive(Debug)]
pub struct Admission<'a> {
    /// Comment to admit. Its [`stored_message`](Comment::stored_message) is what the store keeps.
    pub comment: &'a Comment,
    /// Hashed identities of the sender.
    pub persons: Persons,
    /// Rate limits that apply, at most one per scope. A limit whose author or client is unknown is skipped.
    pub limits: Vec<(Scope, Gcra)>,
    /// Verdict to record if no fact requires another decision. It has revision 1 and no rate limit.
    pub tentative: &'a Verdict,
    /// Condition on the author's history under which the tentative verdict is recorded.
    pub trust: TrustRule,
    /// MinHash that finds near-duplicates, or `None` if the comment is too short or comes from an import.
    pub min_hash: Option<MinHash>,
    /// Number of near-duplicates on the site from which on the tentative verdict is not recorded directly; 0 disables the
    /// check.
    pub campaign_threshold: u32,
    /// Version of the block and allow entries that the tentative verdict is based on, or `None` to skip the version check.
    pub list_version: Option<u64>,
}

/// A rate limit with the person that it counts, or `None` for the limit of the whole site.
pub(super) type AppliedLimit = (Scope, Option<Person>, Gcra);

impl Admission<'_> {
    /// Returns whether the author's history allows the tentative verdict. `None` counts as an empty history.
    pub(super) fn trusts(&self, author: Option<AuthorCounts>) -> bool {
        self.trust.accepts(author)
    }

    /// Returns the rate limits whose author or client is known, each with the person that it counts.
    pub(super) fn applied_limits(&self) -> Vec<AppliedLimit> {
        let known = |&(scope, gcra): &(Scope, Gcra)| match scope {
            Scope::Author => self.persons.certain_author().map(|author| (scope, Some(author), gcra)),
            Scope::Client => self.persons.client().map(|client| (scope, Some(client), gcra)),
            Scope::Site => Some((scope, None, gcra)),
        };
        self.limits.iter().filter_map(known).collect()
    }
}

/// The condition on an author's history under which a tentative verdict is recorded without deciding again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrustRule {
    /// Number of approved comments that the author must have.
    pub min_approved: u32,
    /// Number of rejected comments from which on the condition fails, provided that the author has at least as many rejected
    /// as approved comments; 0 disables the check.
    pub max_rejected: u32,
    /// Number of approved comments from which on the condition fails, because they may lead to a milder verdict; 0 disables
    /// the check.
    pub eased_by: u32,
}

impl TrustRule {
    /// Returns whether the rule depends on the author's history.
    pub(super) fn needs_history(self) -> bool {
        self != Self::default()
    }

    /// Returns whether a history meets the condition. `None` counts as an empty history.
    pub(super) fn accepts(self, author: Option<AuthorCounts>) -> bool {
        let Self { min_approved, max_rejected, eased_by } = self;
        let AuthorCounts { approved, rejected, .. } = author.unwrap_or_default();
        approved >= min_approved
            && (max_rejected == 0 || rejected < max_rejected || rejected < approved)
            && (eased_by == 0 || approved < eased_by)
    }
}

/// The outcome of an [`Admission`].
#[derive(Debug, Clone, PartialEq)]
pub enum AdmissionOutcome {
    /// The comment is new and no fact required another decision: the tentative verdict was recorded with the tightest rate
    /// limit.
    Recorded(Verdict),
    /// The comment was admitted before with the same text, or with a later one. Contains its current verdict. Nothing was
    /// counted.
    Repeated(Verdict),
    /// The site's block and allow entries changed in the meantime: evaluate the comment again. Nothing was counted.
    ListsChanged,
    /// A fact requires another decision, for example an exceeded limit, the author's history, or an earlier text of the same
    /// comment. The caller decides again with the facts and then calls [`record`](super::Store::record).
    Undecided {
        /// Facts about the comment. They stay the same for repeated calls until a verdict is recorded.
        facts: Facts,
        /// Id that the verdict must have.
        verdict_id: String,
        /// Revision that the verdict must have.
        revision: u32,
    },
}

/// A summary of a site's queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueSummary {
    /// Number of held comments.
    pub comments: u64,
    /// Time of receipt of the oldest held comment, or `None` if the queue is empty.
    pub oldest: Option<SystemTime>,
}

/// A comment as stored, with its verdicts.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredComment {
    /// Comment without e-mail address, IP address and the text of its post.
    pub comment: pb::Comment,
    /// Current verdict.
    pub verdict: Verdict,
    /// Time at which the present text was admitted.
    pub received_at: SystemTime,
    /// Author, or `None` if unknown.
    pub author: Option<Person>,
    /// Hashed user ids, e-mail addresses and IP addresses under which any text of the comment was sent, those of the present
    /// text first. Empty in lists.
    pub persons: Vec<Person>,
    /// Audit event of the act that led to the current verdict.
    pub event: pb::AuditEvent,
    /// Past verdicts, oldest first. Empty in lists.
    pub trail: Vec<PastVerdict>,
}

impl StoredComment {
    /// Returns the hashed e-mail address under which the present text was sent. Returns `None` if there was none or if the
    /// author was signed in.
    pub fn email(&self) -> Option<Person> {
        let signed_in = self.comment.author.as_ref().is_some_and(|author| !author.user_id.is_empty());
        // An author without an account is identified by e-mail address only.
        self.author.filter(|_| !signed_in).and(self.persons.first().copied())
    }
}

/// A past verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct PastVerdict {
    /// Verdict.
    pub verdict: Verdict,
    /// Audit event of the act that led to the verdict.
    pub event: pb::AuditEvent,
}

/// Converts the state of a limit to the rate limit of a verdict.
pub(super) fn rate_limit(state: &LimitState) -> RateLimit {
    RateLimit {
        limit: state.limit,
        remaining: state.remaining,
        retry_after: state.retry_after,
        local: false,
        scope: state.scope.as_str().into(),
    }
}
