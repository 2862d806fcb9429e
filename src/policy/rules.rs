//! What the policy of one site holds: thresholds, limits, lists and rules.

use super::lists::PolicyLists;
use crate::classify::site::gate::HoldThresholds;
use crate::classify::{LABEL_LANES, Label};
use crate::comment::CommentKind;
use crate::facts::{Facts, History};
use crate::limit::{Gcra, Scope};
use crate::retention::Retention;
use crate::verdict::Decision;

/// What one site wants done with its comments.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) version: String,
    pub(super) thresholds: Thresholds,
    pub(super) limits: [(Scope, Option<LimitRule>); Scope::ALL.len()],
    pub(super) blocked: PolicyLists,
    /// What becomes of a comment that matches an entry of `blocked`.
    pub(super) blocked_decision: Decision,
    pub(super) allowed: PolicyLists,
    /// Links that hold; 0: off.
    pub(super) links_hold: u32,
    /// Approved comments that an author needs; 0: off.
    pub(super) approved_before_trust: u32,
    /// Rejected comments that hold an author's others, if they are at least half of what was decided; 0: off.
    pub(super) rejected_hold: u32,
    /// Roles, in lower case, whose comments are approved unless they are blocked or over a limit.
    pub(super) trusted_roles: Vec<String>,
    /// What becomes of each kind of comment before scores speak, in the order of [`CommentKind::ALL`]. `Approve`: scores decide.
    pub(super) kind_decisions: [Decision; CommentKind::ALL.len()],
    /// Below this probability of spam a kind's `hold` is lifted.
    pub(super) kinds_max_spam: f64,
    pub(super) link_stripping: LinkStripping,
    pub(super) learning: LearningRules,
    /// Age of the post that holds; 0: off.
    pub(super) hold_after_days: u32,
    pub(super) form: FormWeights,
    pub(super) evidence: EvidenceWeights,
    /// What a comment becomes whose language the model does not speak.
    pub(super) unscored_action: UnscoredAction,
    /// The languages that the site is written in, as BCP 47 tags; empty: any.
    pub(super) site_languages: Vec<String>,
    /// What becomes of comments in other languages.
    pub(super) other_language_action: UnscoredAction,
    pub(super) store_outage_action: StoreOutageAction,
    pub(super) campaign: CampaignRule,
    pub(super) retention: Retention,
    /// Whether a moderator must say why a comment is rejected.
    pub(super) reason_required: bool,
    /// The share of the comments approved by the machine that moderators look at as well, `0..=1`.
    pub(super) spot_checks: f64,
}

/// What becomes of a comment that no score can speak of, or that is in another language than the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnscoredAction {
    /// Nothing, for that.
    Approve,
    /// It is held unless an earlier comment of its author stands approved.
    HoldNew,
    /// It is held.
    Hold,
}

impl UnscoredAction {
    const ALL: [(&'static str, UnscoredAction); 3] =
        [("approve", UnscoredAction::Approve), ("hold_new", UnscoredAction::HoldNew), ("hold", UnscoredAction::Hold)];

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, unscored)| unscored)
    }

    /// What becomes of a comment, in words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Approve => "published unless a rule holds it",
            Self::HoldNew => "held unless a comment of the same author was approved before",
            Self::Hold => "held",
        }
    }
}

/// From how many nearly the same comments on they are a campaign, and what its comments become.
#[derive(Debug, Clone, Copy)]
pub(super) struct CampaignRule {
    /// On the same site; 0: off.
    pub(super) here: u32,
    /// On the other sites of a server; 0: off.
    pub(super) elsewhere: u32,
    pub(super) decision: Decision,
}

/// What a site makes of what it has learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct LearningRules {
    /// Whether a correction may serve when it proves better.
    pub(super) apply_corrections: bool,
    /// What a comment becomes that is nearly the same as one rejected of late.
    pub(super) on_rejected_duplicate: Decision,
    /// Whether one that is nearly the same as one approved of late is not held for its scores.
    pub(super) trust_approved_duplicate: bool,
}

/// What becomes of a comment that would be approved without its links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkStripping {
    /// The question is not asked.
    #[default]
    Off,
    /// It is held, and the verdict says so.
    Advise,
    /// It is approved, and the host must leave the links out.
    Approve,
}

/// What becomes of a comment that would be held while the store is away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoreOutageAction {
    /// Held by the host, which sends it again later.
    #[default]
    Hold,
    /// No verdict: an error that says when to try again.
    Unavailable,
    /// Published.
    Approve,
}

/// From which probability a label holds and rejects. `None`: never.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Threshold {
    /// Held from here on.
    pub hold: Option<f64>,
    /// Rejected from here on.
    pub reject: Option<f64>,
    /// Whether it rejects only together with something besides the words.
    pub corroborate: bool,
}

/// A threshold for every label.
pub type Thresholds = [Threshold; Label::ALL.len()];

/// A rate limit and what a comment over it becomes.
#[derive(Debug, Clone, Copy)]
pub(super) struct LimitRule {
    pub(super) gcra: Gcra,
    pub(super) over: Decision,
    /// What becomes of a comment over the limit where a client's address is shared by many authors.
    pub(super) crowd: Decision,
}

/// How much the host's form speaks for spam, in logits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FormWeights {
    pub(super) honeypot: f64,
    pub(super) fast_seconds: f64,
    pub(super) fast: f64,
}

/// How much what no training data can teach speaks for spam, in logits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EvidenceWeights {
    pub(super) generic_praise: f64,
    /// A probability.
    pub(super) generic_praise_prior: f64,
    pub(super) author_name: f64,
    pub(super) author_url: f64,
    /// Speaks against it.
    pub(super) quotes_post: f64,
    pub(super) hidden_text: f64,
    /// Speaks against it, for an author's first approved comment and for each doubling of their number.
    pub(super) known_author: f64,
}

impl Policy {
    /// Holds and limits nothing: what the default policy is read on top of.
    pub(super) fn empty() -> Self {
        Self {
            version: String::new(),
            thresholds: Default::default(),
            limits: Scope::ALL.map(|scope| (scope, None)),
            blocked: PolicyLists::default(),
            blocked_decision: Decision::Reject,
            allowed: PolicyLists::default(),
            links_hold: 0,
            approved_before_trust: 0,
            rejected_hold: 0,
            trusted_roles: Vec::new(),
            kind_decisions: [Decision::Approve; CommentKind::ALL.len()],
            kinds_max_spam: 0.0,
            link_stripping: LinkStripping::Off,
            learning: LearningRules {
                apply_corrections: false,
                on_rejected_duplicate: Decision::Approve,
                trust_approved_duplicate: false,
            },
            hold_after_days: 0,
            form: Default::default(),
            evidence: Default::default(),
            unscored_action: UnscoredAction::Hold,
            site_languages: Vec::new(),
            other_language_action: UnscoredAction::Approve,
            retention: Retention::uniform(1),
            reason_required: false,
            spot_checks: 0.0,
            store_outage_action: StoreOutageAction::Hold,
            campaign: CampaignRule { here: 0, elsewhere: 0, decision: Decision::Hold },
        }
    }

    /// Name and first digits of the checksum, e.g. `default@1a2b3c4d`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The limits in force, the most personal first.
    pub fn limits(&self) -> impl Iterator<Item = (Scope, Gcra)> {
        self.limits.iter().filter_map(|(scope, limit)| Some((*scope, limit.as_ref()?.gcra)))
    }

    /// What the score of a label does.
    pub fn threshold(&self, label: Label) -> Threshold {
        self.thresholds[label.lane()]
    }

    /// What becomes of a comment that would be held while the store is away.
    pub fn away(&self) -> StoreOutageAction {
        self.store_outage_action
    }

    /// For how long the site's data is kept.
    pub fn retention(&self) -> Retention {
        self.retention
    }

    /// Returns the share of the comments approved by the machine that moderators look at as well, `0..=1`.
    pub fn spot_checks(&self) -> f64 {
        self.spot_checks
    }

    /// Whether a moderator must say why a comment is rejected.
    pub fn reason_required(&self) -> bool {
        self.reason_required
    }

    /// Whether nearly the same comments make any difference.
    pub fn detects_campaigns(&self) -> bool {
        self.campaign.here > 0 || self.campaign.elsewhere > 0
    }

    /// How many nearly the same comments on the site keep the verdict under [`Policy::neutral_facts`] from standing. 0: none.
    pub fn campaign_threshold(&self) -> u32 {
        self.campaign.here
    }

    /// How many approved comments an author must have for the verdict under [`Policy::neutral_facts`] to stand. 0: any.
    pub fn approved_before_trust(&self) -> u32 {
        self.approved_before_trust
    }

    /// How many rejected comments of an author keep the verdict under [`Policy::neutral_facts`] from standing. 0: any may.
    pub fn rejected_hold(&self) -> u32 {
        self.rejected_hold
    }

    /// Whether the verdict asks what would become of a comment without its links.
    pub fn strip(&self) -> LinkStripping {
        self.link_stripping
    }

    /// Whether approved comments of the same author speak against spam.
    pub fn weighs_author_history(&self) -> bool {
        self.evidence.known_author > 0.0
    }

    /// Returns the languages that the site is written in, as BCP 47 tags; empty: any.
    pub fn of_site(&self) -> &[String] {
        &self.site_languages
    }

    /// Whether what the site has learned may correct scores.
    pub fn applies_corrections(&self) -> bool {
        self.learning.apply_corrections
    }

    /// Whether what was decided on nearly the same comments makes any difference.
    pub fn considers_decided_duplicates(&self) -> bool {
        self.learning.on_rejected_duplicate > Decision::Approve || self.learning.trust_approved_duplicate
    }

    /// By what a correction is judged: where the scores that it corrects hold.
    pub fn gate_terms(&self) -> HoldThresholds {
        let mut hold = [None; LABEL_LANES];
        for label in Label::ALL {
            let threshold = self.threshold(label);
            hold[label.lane()] = threshold.hold.or(threshold.reject);
        }
        HoldThresholds { hold, unscored_holds: self.unscored_action != UnscoredAction::Approve }
    }

    /// The facts that change nothing: no limit refuses, the author is trusted, the comment is new.
    pub fn neutral_facts(&self) -> Facts {
        Facts { author: Some(History { approved: self.approved_before_trust, ..History::default() }), ..Facts::default() }
    }
}
