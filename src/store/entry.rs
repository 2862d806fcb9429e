//! What goes into the store for a comment, and what is known of it afterwards.

use std::time::SystemTime;

use super::person::{Person, Persons};
use crate::classify::MinHash;
use crate::comment::Comment;
use crate::facts::{Facts, History, LimitState};
use crate::limit::{Gcra, Scope};
use crate::pb;
use crate::verdict::{RateLimit, Verdict};

/// A comment that asks to be let in.
#[derive(Debug)]
pub struct Admission<'a> {
    /// The comment; its [`kept`](Comment::kept) part is what is stored.
    pub comment: &'a Comment,
    /// Who sent it, as far as it is known.
    pub persons: Persons,
    /// The limits that apply, at most one per scope. One whose author or client is unknown is left out.
    pub limits: Vec<(Scope, Gcra)>,
    /// The verdict if no fact changes it, of revision 1 and without a rate limit.
    pub tentative: &'a Verdict,
    /// Which past of its author lets the tentative verdict stand.
    pub trust: TrustRule,
    /// What nearly the same comments share with it. `None`: it is too short, or of an archive.
    pub min_hash: Option<MinHash>,
    /// So many of them on its site keep the tentative verdict from standing unseen. 0: any number may.
    pub campaign_threshold: u32,
    /// The version of the block and allow entries that it was looked at with. `None`: none is asked for.
    pub list_version: Option<u64>,
}

/// One limit and whose it is. `None`: the site's.
pub(super) type AppliedLimit = (Scope, Option<Person>, Gcra);

impl Admission<'_> {
    /// Whether the author's past lets the tentative verdict stand. `None`: nothing is known of the author.
    pub(super) fn trusts(&self, author: Option<History>) -> bool {
        self.trust.accepts(author)
    }

    /// The limits with whom they count.
    pub(super) fn applied_limits(&self) -> Vec<AppliedLimit> {
        let known = |&(scope, gcra): &(Scope, Gcra)| match scope {
            Scope::Author => self.persons.certain_author().map(|author| (scope, Some(author), gcra)),
            Scope::Client => self.persons.client().map(|client| (scope, Some(client), gcra)),
            Scope::Site => Some((scope, None, gcra)),
        };
        self.limits.iter().filter_map(known).collect()
    }
}

/// Which past of an author lets a tentative verdict stand, so that nobody has to decide again with the facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrustRule {
    /// How many approved comments the author must have. 0: none.
    pub min_approved: u32,
    /// From so many rejected comments on it does not stand, if they are at least half of what was decided. 0: any number may.
    pub max_rejected: u32,
    /// From so many approved comments on it does not stand, since they speak for the author. 0: any number may.
    pub eased_by: u32,
}

impl TrustRule {
    /// Returns whether the author's past must be known at all.
    pub(super) fn needs_history(self) -> bool {
        self != Self::default()
    }

    /// Returns whether a past lets the verdict stand. `None`: nothing is known of the author.
    pub(super) fn accepts(self, author: Option<History>) -> bool {
        let Self { min_approved, max_rejected, eased_by } = self;
        let History { approved, rejected, .. } = author.unwrap_or_default();
        approved >= min_approved
            && (max_rejected == 0 || rejected < max_rejected || rejected < approved)
            && (eased_by == 0 || approved < eased_by)
    }
}

/// What became of a comment that asked to be let in.
#[derive(Debug, Clone, PartialEq)]
pub enum AdmissionOutcome {
    /// First sight, and no fact changed the tentative verdict: it is recorded, with the tightest rate limit.
    Recorded(Verdict),
    /// Seen before with this very body: its verdict as it stands. Nothing was counted.
    Repeated(Verdict),
    /// The site's block and allow entries are others by now: look at the comment again. Nothing was counted.
    ListsChanged,
    /// A fact bears on it: a limit refused, too few comments of the author were approved, or it is an edit.
    /// The caller decides again with the facts and then calls [`record`](super::Store::record).
    Undecided {
        /// What was found; the same each time until a verdict is recorded.
        facts: Facts,
        /// The id that the verdict must have.
        verdict_id: String,
        /// The revision that the verdict must have.
        revision: u32,
    },
}

/// How long a site's queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueSummary {
    /// How many comments are held.
    pub comments: u64,
    /// When the first of them came. `None`: none is held.
    pub oldest: Option<SystemTime>,
}

/// Everything known of a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredComment {
    /// The comment, without e-mail, IP address and the text of its post.
    pub comment: pb::Comment,
    /// The verdict that stands.
    pub verdict: Verdict,
    /// When this body was admitted.
    pub received_at: SystemTime,
    /// Who wrote it. `None`: unknown.
    pub author: Option<Person>,
    /// All that any text of it was sent under, the present text's first: by user id, e-mail address and IP address. Empty in
    /// lists.
    pub persons: Vec<Person>,
    /// The act that led to the verdict.
    pub event: pb::AuditEvent,
    /// What stood before, oldest first. Empty in lists.
    pub trail: Vec<PastVerdict>,
}

impl StoredComment {
    /// Returns the e-mail address that the present text was sent under, or `None` if it was sent under none or by somebody
    /// signed in.
    pub fn email(&self) -> Option<Person> {
        let signed_in = self.comment.author.as_ref().is_some_and(|author| !author.user_id.is_empty());
        // An author without an account is known by e-mail address, or not at all.
        self.author.filter(|_| !signed_in).and(self.persons.first().copied())
    }
}

/// A verdict that stood before.
#[derive(Debug, Clone, PartialEq)]
pub struct PastVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// The act that led to it.
    pub event: pb::AuditEvent,
}

/// What the store says of a limit, for a verdict.
pub(super) fn rate_limit(state: &LimitState) -> RateLimit {
    RateLimit {
        limit: state.limit,
        remaining: state.remaining,
        retry_after: state.retry_after,
        local: false,
        scope: state.scope.as_str().into(),
    }
}
