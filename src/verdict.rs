//! What goes out: a decision on a comment, with the reasons for it.

mod decider;
mod decision;
mod reason;
mod wire;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

pub use decider::{IMPORT, MACHINE, is_invisible, is_valid_actor_name};
pub use decision::{Decision, RemovablePart};
pub use reason::{RATE_LIMIT, Reason, SPOT_CHECK, Span};

/// What Gatepost answers for a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Names this verdict; a UUID.
    pub id: String,
    /// The comment's site.
    pub site: String,
    /// The comment's id.
    pub comment_id: String,
    /// What becomes of the comment.
    pub decision: Decision,
    /// Label to calibrated probability, 0 to 1.
    pub scores: Vec<(Cow<'static, str>, f64)>,
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
    /// The tightest limit that applied.
    pub rate_limit: Option<RateLimit>,
    /// The model that scored.
    pub model_version: Cow<'static, str>,
    /// The policy that decided.
    pub policy_version: Cow<'static, str>,
    /// When this revision was decided.
    pub decided_at: SystemTime,
    /// [`MACHINE`], [`IMPORT`] or a moderator's name.
    pub decided_by: Cow<'static, str>,
    /// Counts the decisions on the comment, from 1.
    pub revision: u32,
    /// What a moderator lets the author know.
    pub author_message: String,
    /// The store was away: nothing was written down.
    pub not_recorded: bool,
    /// Without these parts a held comment would be approved; an approved one must be published without them.
    pub publish_without: Vec<RemovablePart>,
    /// BCP 47 tag of the language that the text was taken for; empty if it was not looked at.
    pub language: Cow<'static, str>,
}

impl Verdict {
    /// The highest score and its label.
    pub fn highest_score(&self) -> Option<(&str, f64)> {
        let best = self.scores.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((&best.0, best.1))
    }

    /// The same verdict with a decision that was made elsewhere: it stands, and what the machine saw stands beside it.
    #[must_use]
    pub fn with_imported_decision(mut self, decision: Decision) -> Self {
        let done = match decision {
            Decision::Approve => "approved",
            Decision::Hold => "held",
            Decision::Reject => "rejected",
        };
        self.reasons.insert(0, Reason::new("IMPORTED", format!("{done} where it came from, and imported so")));
        self.decision = decision;
        self.publish_without.clear();
        self.decided_by = IMPORT.into();
        self
    }

    /// Returns the verdict with one reason more.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self
    }

    /// Returns how many approved comments this one stands for, if it was marked as a spot check.
    pub fn spot_check_weight(&self) -> Option<f64> {
        self.reasons.iter().find(|reason| reason.code == SPOT_CHECK).map(|reason| reason.weight.max(1.0))
    }

    /// Returns whether a moderator is to look at it although the machine approved it, and nobody has yet.
    pub fn is_spot_check(&self) -> bool {
        self.decision == Decision::Approve && self.is_by_machine() && self.spot_check_weight().is_some()
    }

    /// Whether no person has decided yet.
    pub fn is_by_machine(&self) -> bool {
        self.decided_by == MACHINE
    }
}

/// What a rate limit says about a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// How many may come at once.
    pub limit: u32,
    /// How many more may come right now.
    pub remaining: u32,
    /// How long until one more is admitted; zero: no need to wait.
    pub retry_after: Duration,
    /// Whether only this process counted, because the store did not answer.
    pub local: bool,
    /// Which limit: `author`, `client` or `site`.
    pub scope: Cow<'static, str>,
}
