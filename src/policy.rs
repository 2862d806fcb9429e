//! A site's policy: thresholds, limits and rules, and the decision they lead to. Pure: no clock, no I/O.

mod decide;
mod describe;
mod entries;
mod file;
mod lists;
pub mod tune;

use std::collections::HashMap;
use std::sync::Arc;

use crate::classify::site::gate::Terms;
use crate::classify::{LANES, Label};
use crate::comment::{CommentKind, Site};
use crate::facts::{Facts, History};
use crate::limit::{Gcra, Scope};
use crate::retention::Retention;
use crate::settings::Mistakes;
use crate::verdict::Decision;

pub use decide::{Findings, Ruling};
pub use entries::{Entries, Kind, Listed, Senders, Target};
pub use file::DEFAULT;
use lists::{Addresses, Domains, Words};

/// What becomes of a comment that no score can speak of, or that is in another language than the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unscored {
    /// Nothing, for that.
    Approve,
    /// It is held unless an earlier comment of its author stands approved.
    HoldNew,
    /// It is held.
    Hold,
}

impl Unscored {
    const ALL: [(&'static str, Unscored); 3] =
        [("approve", Unscored::Approve), ("hold_new", Unscored::HoldNew), ("hold", Unscored::Hold)];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, unscored)| unscored)
    }

    /// What becomes of a comment, in words.
    fn describe(self) -> &'static str {
        match self {
            Self::Approve => "published unless a rule holds it",
            Self::HoldNew => "held unless a comment of the same author was approved before",
            Self::Hold => "held",
        }
    }
}

/// What one site wants done with its comments.
#[derive(Debug, Clone)]
pub struct Policy {
    version: String,
    thresholds: [Threshold; Label::ALL.len()],
    limits: [(Scope, Option<Limit>); Scope::ALL.len()],
    blocked: Decision,
    blocked_words: Words,
    blocked_domains: Domains,
    blocked_addresses: Addresses,
    allowed_words: Words,
    allowed_domains: Domains,
    allowed_addresses: Addresses,
    /// Links that hold; 0: off.
    links_hold: u32,
    /// Approved comments that an author needs; 0: off.
    approved_before_trust: u32,
    /// Rejected comments that hold an author's others, if they are at least half of what was decided; 0: off.
    rejected_hold: u32,
    /// Roles, in lower case, whose comments are approved unless they are blocked or over a limit.
    trusted_roles: Vec<String>,
    /// What becomes of each kind of comment before scores speak, in the order of [`CommentKind::ALL`]. `Approve`: scores decide.
    kinds: [Decision; CommentKind::ALL.len()],
    /// Below this probability of spam a kind's `hold` is lifted.
    kinds_low: f64,
    strip: Strip,
    learning: Use,
    /// Age of the post that holds; 0: off.
    hold_after_days: u32,
    form: FormEvidence,
    evidence: Evidence,
    /// What a comment becomes whose language the model does not speak.
    unscored: Unscored,
    /// The languages that the site is written in, as BCP 47 tags; empty: any.
    of_site: Vec<String>,
    /// What becomes of comments in other languages.
    others: Unscored,
    away: Away,
    campaign: Campaign,
    retention: Retention,
    /// Whether a moderator must say why a comment is rejected.
    reason_required: bool,
    /// The share of the comments approved by the machine that moderators look at as well, `0..=1`.
    spot_checks: f64,
}

/// From how many nearly the same comments on they are a campaign, and what its comments become.
#[derive(Debug, Clone, Copy)]
struct Campaign {
    /// On the same site; 0: off.
    here: u32,
    /// On the other sites of a server; 0: off.
    elsewhere: u32,
    decision: Decision,
}

/// What a site makes of what it has learned.
#[derive(Debug, Clone, Copy)]
struct Use {
    /// Whether a correction may serve when it proves better.
    correct: bool,
    /// What a comment becomes that is nearly the same as one rejected of late.
    alike_rejected: Decision,
    /// Whether one that is nearly the same as one approved of late is not held for its scores.
    alike_approved: bool,
}

/// What becomes of a comment that would be approved without its links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strip {
    /// The question is not asked.
    #[default]
    Off,
    /// It is held, and the verdict says so.
    Advise,
    /// It is approved, and the host must leave the links out.
    Approve,
}

/// Parts of a comment that a verdict does without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Without {
    /// The author's web address.
    pub author_url: bool,
    /// All links of the body.
    pub links: bool,
}

/// What becomes of a comment that would be held while the store is away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Away {
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

/// A rate limit and what a comment over it becomes.
#[derive(Debug, Clone, Copy)]
struct Limit {
    gcra: Gcra,
    over: Decision,
    /// What becomes of a comment over the limit where a client's address is shared by many authors.
    crowd: Decision,
}

/// How much the host's form speaks for spam, in logits.
#[derive(Debug, Clone, Copy, Default)]
struct FormEvidence {
    honeypot: f64,
    fast_seconds: f64,
    fast: f64,
}

/// How much what no training data can teach speaks for spam, in logits.
#[derive(Debug, Clone, Copy, Default)]
struct Evidence {
    generic_praise: f64,
    /// A probability.
    generic_praise_prior: f64,
    author_name: f64,
    author_url: f64,
    /// Speaks against it.
    of_post: f64,
    hidden_text: f64,
    /// Speaks against it, for an author's first approved comment and for each doubling of their number.
    known_author: f64,
}

impl Policy {
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
    pub fn away(&self) -> Away {
        self.away
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
    pub fn looks_for_campaigns(&self) -> bool {
        self.campaign.here > 0 || self.campaign.elsewhere > 0
    }

    /// How many nearly the same comments on the site keep the verdict under [`Policy::uneventful`] from standing. 0: none.
    pub fn campaign(&self) -> u32 {
        self.campaign.here
    }

    /// How many approved comments an author must have for the verdict under [`Policy::uneventful`] to stand. 0: any.
    pub fn approved_before_trust(&self) -> u32 {
        self.approved_before_trust
    }

    /// How many rejected comments of an author keep the verdict under [`Policy::uneventful`] from standing. 0: any may.
    pub fn rejected_hold(&self) -> u32 {
        self.rejected_hold
    }

    /// Whether the verdict asks what would become of a comment without its links.
    pub fn strip(&self) -> Strip {
        self.strip
    }

    /// Whether approved comments of the same author speak against spam.
    pub fn knows_authors(&self) -> bool {
        self.evidence.known_author > 0.0
    }

    /// Returns the languages that the site is written in, as BCP 47 tags; empty: any.
    pub fn of_site(&self) -> &[String] {
        &self.of_site
    }

    /// Whether what the site has learned may correct scores.
    pub fn corrects(&self) -> bool {
        self.learning.correct
    }

    /// Whether what was decided on nearly the same comments makes any difference.
    pub fn heeds_alike(&self) -> bool {
        self.learning.alike_rejected > Decision::Approve || self.learning.alike_approved
    }

    /// By what a correction is judged: where the scores that it corrects hold.
    pub fn terms(&self) -> Terms {
        let mut hold = [None; LANES];
        for label in Label::ALL {
            let threshold = self.threshold(label);
            hold[label.lane()] = threshold.hold.or(threshold.reject);
        }
        Terms { hold, unscored_holds: self.unscored != Unscored::Approve }
    }

    /// The facts that change nothing: no limit refuses, the author is trusted, the comment is new.
    pub fn uneventful(&self) -> Facts {
        Facts { author: Some(History { approved: self.approved_before_trust, ..History::default() }), ..Facts::default() }
    }
}

/// The policies of all sites.
#[derive(Debug, Clone)]
pub struct Policies {
    default: Arc<Policy>,
    sites: HashMap<Site, Arc<Policy>>,
}

impl Policies {
    /// Returns the sites that have a policy of their own.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.sites.keys()
    }

    /// The policy of a site: its own, else the default.
    pub fn of(&self, site: &Site) -> &Arc<Policy> {
        self.sites.get(site).unwrap_or(&self.default)
    }

    /// The policy of the sites that have none of their own.
    pub fn default(&self) -> &Policy {
        &self.default
    }

    /// Whether any policy is such.
    pub fn any(&self, such: impl Fn(&Policy) -> bool) -> bool {
        such(&self.default) || self.sites.values().any(|policy| such(policy))
    }

    /// Reads policy files, given as name and text. A file without `sites` replaces the default, and the others start
    /// from it whatever their order.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Mistakes> {
        file::read(files)
    }
}
