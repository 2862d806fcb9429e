//! Verdicts: decisions on comments, with the reasons for them.

mod decider;
mod decision;
mod reason;
mod wire;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

pub use decider::{IMPORT, MACHINE, is_invisible, is_valid_actor_name};
pub use decision::{Decision, RemovablePart};
pub use reason::{RATE_LIMIT, Reason, SPOT_CHECK, Span};

/// Gatepost's answer to a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Id of this verdict; a UUID.
    pub id: String,
    /// The comment's site.
    pub site: String,
    /// The comment's id.
    pub comment_id: String,
    /// The decision.
    pub decision: Decision,
    /// Calibrated probability of each label, 0 to 1.
    pub scores: Vec<(Cow<'static, str>, f64)>,
    /// Reasons for the decision, strongest first.
    pub reasons: Vec<Reason>,
    /// The tightest limit that applied.
    pub rate_limit: Option<RateLimit>,
    /// Version of the model that scored the comment.
    pub model_version: Cow<'static, str>,
    /// Version of the policy that decided.
    pub policy_version: Cow<'static, str>,
    /// Time at which this revision was decided.
    pub decided_at: SystemTime,
    /// [`MACHINE`], [`IMPORT`] or a moderator's name.
    pub decided_by: Cow<'static, str>,
    /// Number of the decision on the comment, from 1.
    pub revision: u32,
    /// Message of a moderator to the author.
    pub author_message: String,
    /// Whether the verdict is not safely recorded: the store did not answer, or too few replicas confirmed a hold.
    pub not_recorded: bool,
    /// Parts without which a held comment would be approved. An approved comment must be published without them.
    pub publish_without: Vec<RemovablePart>,
    /// BCP 47 tag of the detected language of the text; empty if it was not detected.
    pub language: Cow<'static, str>,
}

impl Verdict {
    /// Returns the highest score and its label, or `None` if there are no scores.
    pub fn highest_score(&self) -> Option<(&str, f64)> {
        let best = self.scores.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((&best.0, best.1))
    }

    /// Returns the verdict with an imported decision in place of the machine's. The machine's scores and reasons are kept.
    #[must_use]
    pub fn with_imported_decision(mut self, decision: Decision) -> Self {
        let done = match decision {
            Decision::Approve => "approved",
            Decision::Hold => "held",
            Decision::Reject => "rejected",
        };
        self.reasons.insert(0, Reason::new("IMPORTED", format!("{done} at its source, and imported with that decision")));
        self.decision = decision;
        self.publish_without.clear();
        self.decided_by = IMPORT.into();
        self
    }

    /// Returns the verdict with a reason added.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self
    }

    /// Returns how many approved comments this one represents, or `None` if it was not chosen as a spot check.
    pub fn spot_check_weight(&self) -> Option<f64> {
        self.reasons.iter().find(|reason| reason.code == SPOT_CHECK).map(|reason| reason.weight.max(1.0))
    }

    /// Returns whether the machine approved the comment and a moderator has yet to review it as a spot check.
    pub fn is_spot_check(&self) -> bool {
        self.decision == Decision::Approve && self.is_by_machine() && self.spot_check_weight().is_some()
    }

    /// Returns whether the machine made the decision.
    pub fn is_by_machine(&self) -> bool {
        self.decided_by == MACHINE
    }
}

/// The state of a rate limit after a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Number of comments that may arrive at once.
    pub limit: u32,
    /// Number of further comments that may arrive now.
    pub remaining: u32,
    /// Time until another comment is admitted; zero if there is no need to wait.
    pub retry_after: Duration,
    /// Whether only this process counted, because the store did not answer.
    pub local: bool,
    /// Scope of the limit: `author`, `client` or `site`.
    pub scope: Cow<'static, str>,
}
