//! The policy of one site: thresholds, limits, lists and rules.

use super::lists::PolicyLists;
use crate::classify::site::gate::HoldThresholds;
use crate::classify::{LABEL_LANES, Label};
use crate::comment::CommentKind;
use crate::facts::{AuthorCounts, Facts};
use crate::limit::{Gcra, Scope};
use crate::retention::Retention;
use crate::verdict::Decision;

/// The policy of one site: how its comments are decided and how long its data is kept.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(super) version: String,
    pub(super) thresholds: Thresholds,
    pub(super) limits: [(Scope, Option<LimitRule>); Scope::ALL.len()],
    pub(super) blocked: PolicyLists,
    /// Decision on a comment that matches an entry of `blocked`.
    pub(super) blocked_decision: Decision,
    pub(super) allowed: PolicyLists,
    /// Number of links from which on a comment is held; 0 turns it off.
    pub(super) links_hold: u32,
    /// Number of approved comments that an author needs to be trusted; 0 turns it off.
    pub(super) approved_before_trust: u32,
    /// Number of rejected comments from which on an author's comments are held, if at least as many were rejected as approved;
    /// 0 turns it off.
    pub(super) rejected_hold: u32,
    /// Roles, in lower case, whose comments are approved unless they are blocked or over a limit.
    pub(super) trusted_roles: Vec<String>,
    /// Decision on each kind of comment before scores are considered, in the order of [`CommentKind::ALL`]. With `Approve`, the
    /// scores decide.
    pub(super) kind_decisions: [Decision; CommentKind::ALL.len()],
    /// Probability of spam below which a comment is not held for its kind.
    pub(super) kinds_max_spam: f64,
    pub(super) link_stripping: LinkStripping,
    pub(super) learning: LearningRules,
    /// Age of a post, in days, after which comments on it are held; 0 turns it off.
    pub(super) hold_after_days: u32,
    pub(super) form: FormWeights,
    pub(super) evidence: EvidenceWeights,
    /// Action on comments in a language without a score for abuse.
    pub(super) unscored_action: UnscoredAction,
    /// Languages of the site, as BCP 47 tags; empty for any.
    pub(super) site_languages: Vec<String>,
    /// Action on comments in other languages than `site_languages`.
    pub(super) other_language_action: UnscoredAction,
    pub(super) store_outage_action: StoreOutageAction,
    pub(super) campaign: CampaignRule,
    pub(super) retention: Retention,
    /// Whether moderators must give a reason when they reject a comment.
    pub(super) reason_required: bool,
    /// Share of the comments approved by the machine that moderators review as well, `0..=1`.
    pub(super) spot_checks: f64,
}

/// The action on a comment in a language that the model does not score or that is not the site's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnscoredAction {
    /// The language has no effect.
    Approve,
    /// The comment is held unless an earlier comment by its author is approved.
    HoldNew,
    /// The comment is held.
    Hold,
}

impl UnscoredAction {
    const ALL: [(&'static str, UnscoredAction); 3] =
        [("approve", UnscoredAction::Approve), ("hold_new", UnscoredAction::HoldNew), ("hold", UnscoredAction::Hold)];

    /// Parses the name of an action in policy files. Returns `None` if it is unknown.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, unscored)| unscored)
    }

    /// Returns the effect of the action in words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Approve => "published unless a rule holds it",
            Self::HoldNew => "held unless an earlier comment by the author was approved",
            Self::Hold => "held",
        }
    }
}

/// The number of near-duplicates that makes a campaign, and the decision on its comments.
#[derive(Debug, Clone, Copy)]
pub(super) struct CampaignRule {
    /// Number of near-duplicates on the same site; 0 turns it off.
    pub(super) here: u32,
    /// Number of near-duplicates on the other sites of the server; 0 turns it off.
    pub(super) elsewhere: u32,
    pub(super) decision: Decision,
}

/// How a site uses what it has learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct LearningRules {
    /// Whether scores are corrected while the correction does better.
    pub(super) apply_corrections: bool,
    /// Decision on a near-duplicate of a recently rejected comment.
    pub(super) on_rejected_duplicate: Decision,
    /// Whether a comment with the text of a recently approved one is exempt from being held for its scores.
    pub(super) trust_approved_duplicate: bool,
}

/// What to do with a comment that would be approved without its links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkStripping {
    /// The links are not considered.
    #[default]
    Off,
    /// The comment is held, and the verdict says that it would be approved without them.
    Advise,
    /// The comment is approved, and the host must publish it without the links.
    Approve,
}

/// The result for a comment that would be held while the store is unavailable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoreOutageAction {
    /// The host holds the comment and sends it again later.
    #[default]
    Hold,
    /// The host gets no verdict but an error that says when to retry.
    Unavailable,
    /// The comment is approved.
    Approve,
}

/// The probabilities from which on a label holds and rejects a comment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Threshold {
    /// Lowest probability that holds; `None` for never.
    pub hold: Option<f64>,
    /// Lowest probability that rejects; `None` for never.
    pub reject: Option<f64>,
    /// Whether a rejection needs corroboration: something besides the words that indicates spam.
    pub corroborate: bool,
}

/// The thresholds of all labels, by [`Label::lane`].
pub type Thresholds = [Threshold; Label::ALL.len()];

/// A rate limit and the decisions on comments over it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LimitRule {
    pub(super) gcra: Gcra,
    pub(super) over: Decision,
    /// Decision on a comment over the limit if many authors share the client's address.
    pub(super) crowd: Decision,
}

/// Weights of the host's form as evidence for spam, in logits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FormWeights {
    pub(super) honeypot: f64,
    /// Time after showing the form within which `fast` applies, in seconds.
    pub(super) fast_seconds: f64,
    pub(super) fast: f64,
}

/// Fixed weights of evidence for spam, in logits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EvidenceWeights {
    pub(super) generic_praise: f64,
    /// Lowest probability of spam of generic praise, to which `generic_praise` is added.
    pub(super) generic_praise_prior: f64,
    pub(super) author_name: f64,
    pub(super) author_url: f64,
    /// Weight against spam of using the post's own words.
    pub(super) quotes_post: f64,
    pub(super) hidden_text: f64,
    /// Weight against spam of the author's first approved comment, and of each doubling of their number.
    pub(super) known_author: f64,
}

impl Policy {
    /// Returns a policy without thresholds, limits and lists, on top of which the default policy is read.
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

    /// Returns the file's name and the first digits of its checksum, e.g. `default@1a2b3c4d`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the limits in force: author, client, site.
    pub fn limits(&self) -> impl Iterator<Item = (Scope, Gcra)> {
        self.limits.iter().filter_map(|(scope, limit)| Some((*scope, limit.as_ref()?.gcra)))
    }

    /// Returns the thresholds of a label.
    pub fn threshold(&self, label: Label) -> Threshold {
        self.thresholds[label.lane()]
    }

    /// Returns the result for a comment that would be held while the store is unavailable.
    pub fn store_outage_action(&self) -> StoreOutageAction {
        self.store_outage_action
    }

    /// Returns how long the site's data is kept.
    pub fn retention(&self) -> Retention {
        self.retention
    }

    /// Returns the share of the comments approved by the machine that moderators review as well, `0..=1`.
    pub fn spot_checks(&self) -> f64 {
        self.spot_checks
    }

    /// Returns whether moderators must give a reason when they reject a comment.
    pub fn reason_required(&self) -> bool {
        self.reason_required
    }

    /// Returns whether near-duplicates have any effect.
    pub fn detects_campaigns(&self) -> bool {
        self.campaign.here > 0 || self.campaign.elsewhere > 0
    }

    /// Returns the number of near-duplicates on the site from which on the verdict under [`Policy::neutral_facts`] is not
    /// valid; 0 for never.
    pub fn campaign_threshold(&self) -> u32 {
        self.campaign.here
    }

    /// Returns the number of approved comments that an author needs for the verdict under [`Policy::neutral_facts`] to be
    /// valid.
    pub fn approved_before_trust(&self) -> u32 {
        self.approved_before_trust
    }

    /// Returns the number of rejected comments of an author from which on the verdict under [`Policy::neutral_facts`] may not
    /// be valid; 0 for never.
    pub fn rejected_hold(&self) -> u32 {
        self.rejected_hold
    }

    /// Returns what to do with a comment that would be approved without its links.
    pub fn link_stripping(&self) -> LinkStripping {
        self.link_stripping
    }

    /// Returns whether approved comments of the same author are evidence against spam.
    pub fn weighs_author_history(&self) -> bool {
        self.evidence.known_author > 0.0
    }

    /// Returns the languages of the site, as BCP 47 tags; empty for any.
    pub fn site_languages(&self) -> &[String] {
        &self.site_languages
    }

    /// Returns whether what the site has learned may correct scores.
    pub fn applies_corrections(&self) -> bool {
        self.learning.apply_corrections
    }

    /// Returns whether decisions on near-duplicates have any effect.
    pub fn considers_decided_duplicates(&self) -> bool {
        self.learning.on_rejected_duplicate > Decision::Approve || self.learning.trust_approved_duplicate
    }

    /// Returns the probabilities from which on scores hold, by which corrections are judged.
    pub fn hold_thresholds(&self) -> HoldThresholds {
        let mut hold = [None; LABEL_LANES];
        for label in Label::ALL {
            let threshold = self.threshold(label);
            hold[label.lane()] = threshold.hold.or(threshold.reject);
        }
        HoldThresholds { hold, unscored_holds: self.unscored_action != UnscoredAction::Approve }
    }

    /// Returns facts that change no decision: no limit refuses, the author is trusted, and the comment is new.
    pub fn neutral_facts(&self) -> Facts {
        Facts {
            author: Some(AuthorCounts { approved: self.approved_before_trust, ..AuthorCounts::default() }),
            ..Facts::default()
        }
    }
}
