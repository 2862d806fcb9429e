//! Proposes thresholds for a policy from labelled comments and from what mistakes and work may cost. Pure.

mod fragment;
mod reject;
mod search;

use super::{Findings, Policy, Threshold};
use crate::classify::Label;
use crate::verdict::Decision;

pub use fragment::fragment;
pub use reject::RejectFinding;

/// A threshold for every label.
pub type Thresholds = [Threshold; Label::ALL.len()];

/// What a comment really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Harmless.
    Ham,
    /// Advertising.
    Spam,
    /// Abuse.
    Toxic,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ham, Self::Spam, Self::Toxic];
    /// Those that should not be published.
    pub const BAD: [Self; 2] = [Self::Spam, Self::Toxic];

    /// The word for it in labelled files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Spam => "spam",
            Self::Toxic => "toxic",
        }
    }

    /// The kind that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A labelled comment, as far as its decision depends on it.
#[derive(Debug, Clone)]
pub struct Sample {
    kind: Kind,
    findings: Findings,
    logits: Vec<(Label, f64)>,
    /// What is decided whatever the scores.
    floor: Decision,
    /// With form evidence; `None`: the model has no such head.
    scores: [Option<f64>; Label::ALL.len()],
}

impl Sample {
    /// Takes down what the policy finds in a comment and how it scores.
    pub fn new(policy: &Policy, kind: Kind, findings: Findings, logits: Vec<(Label, f64)>) -> Self {
        let facts = policy.uneventful();
        let floor = policy.decide(&findings, &[], &facts).decision;
        let mut scores = [None; Label::ALL.len()];
        for (label, score) in policy.decide(&findings, &logits, &facts).scores {
            scores[label.lane()] = Some(score);
        }
        Self { kind, findings, logits, floor, scores }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether scores can make its decision stricter at all.
    fn is_open(&self) -> bool {
        self.floor == Decision::Approve && !self.findings.is_allowed()
    }

    /// Whether this score rejects.
    fn rejects(&self, label: Label, threshold: Threshold) -> bool {
        (threshold.reject.is_some_and(|bound| self.findings.is_corroborated(bound)) || !threshold.corroborate)
            && self.reaches(label, threshold.reject)
    }

    /// As in the decision itself: what is not a number reaches everything.
    fn reaches(&self, label: Label, bound: Option<f64>) -> bool {
        let (Some(score), Some(bound)) = (self.scores[label.lane()], bound) else { return false };
        score >= bound || score.is_nan()
    }

    /// What the scores make of it. The same as [`Policy::decide`] says, without the reasons.
    fn decide(&self, thresholds: &Thresholds) -> Decision {
        if self.findings.is_allowed() {
            return self.floor;
        }
        let by_scores = Label::ALL.into_iter().map(|label| {
            let threshold = thresholds[label.lane()];
            match () {
                () if self.rejects(label, threshold) => Decision::Reject,
                () if self.reaches(label, threshold.hold) => Decision::Hold,
                () => Decision::Approve,
            }
        });
        by_scores.fold(self.floor, Decision::max)
    }
}

/// What share of a site's comments is of each kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    shares: [f64; Kind::ALL.len()],
}

/// Why shares make no mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum MixError {
    #[error("a share is given for {0} comments, but no row is {0}")]
    None(&'static str),
    #[error("the shares of spam and toxic comments leave nothing for harmless ones")]
    TooMuch,
}

impl Mix {
    /// The mix of the samples, with the share of spam or toxic comments set where one is given; the others keep their
    /// proportions.
    ///
    /// # Errors
    /// When a share is for a kind that is not there, or nothing is left for the rest.
    pub fn of(samples: &[Sample], spam: Option<f64>, toxic: Option<f64>) -> Result<Self, MixError> {
        let count = |kind| samples.iter().filter(|sample| sample.kind == kind).count() as f64;
        let counts = Kind::ALL.map(count);
        let given = [None, spam, toxic];
        for (kind, share) in Kind::ALL.into_iter().zip(given) {
            if share.is_some_and(|share| share > 0.0) && counts[kind as usize] == 0.0 {
                return Err(MixError::None(kind.as_str()));
            }
        }
        let left = 1.0 - given.iter().flatten().sum::<f64>();
        let rest: f64 = counts.iter().zip(given).filter(|(_, share)| share.is_none()).map(|(count, _)| count).sum();
        if left <= 0.0 || rest == 0.0 {
            return Err(MixError::TooMuch);
        }
        let shares = Kind::ALL.map(|kind| given[kind as usize].unwrap_or(left * counts[kind as usize] / rest));
        Ok(Self { shares })
    }

    /// The share of a kind.
    pub fn share(&self, kind: Kind) -> f64 {
        self.shares[kind as usize]
    }
}

/// How many comments are decided how, per kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    counts: [[usize; Decision::ALL.len()]; Kind::ALL.len()],
}

impl Outcome {
    fn of(samples: &[Sample], decide: impl Fn(&Sample) -> Decision) -> Self {
        let mut outcome = Self::default();
        for sample in samples {
            outcome.counts[sample.kind as usize][decide(sample) as usize] += 1;
        }
        outcome
    }

    /// How many comments of a kind there are.
    pub fn rows(&self, kind: Kind) -> usize {
        self.counts[kind as usize].iter().sum()
    }

    /// The share of a kind that is decided so; not a number when there is none.
    pub fn share(&self, kind: Kind, decision: Decision) -> f64 {
        self.counts[kind as usize][decision as usize] as f64 / self.rows(kind) as f64
    }

    /// The share of a site's comments that is held.
    pub fn held(&self, mix: &Mix) -> f64 {
        let present = Kind::ALL.into_iter().filter(|kind| self.rows(*kind) > 0);
        present.map(|kind| mix.share(kind) * self.share(kind, Decision::Hold)).sum()
    }

    /// Whether of each bad kind no more than this share is approved.
    fn misses_at_most(&self, share: f64) -> bool {
        Kind::BAD.into_iter().all(|kind| self.rows(kind) == 0 || self.share(kind, Decision::Approve) <= share)
    }
}

/// What may be asked of thresholds.
#[derive(Debug, Clone)]
pub struct Goal {
    /// Share of the spam, and of the toxic comments, that may be approved.
    pub max_missed: f64,
    /// Share of the harmless comments that may be rejected; each label that may reject gets an equal part of it.
    pub max_false_reject: f64,
    /// Share of all comments that may be held.
    pub max_held: f64,
    /// The labels whose scores may reject.
    pub reject: Vec<Label>,
}

/// Whether the goals can be met together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// Yes.
    Both,
    /// No: few enough misses would need this share of comments held. The proposal keeps to the queue.
    QueueOnly(f64),
    /// No thresholds miss few enough. The proposal keeps to the queue.
    MissesOutOfReach,
    /// Rules other than scores hold more than the queue takes. The proposal holds nothing by scores but what is free.
    QueueOutOfReach,
}

/// A way to set the thresholds, of those between holding little and holding much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// What they come to.
    pub outcome: Outcome,
}

/// What is proposed, and what it comes to.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Whether the goals can be met.
    pub fit: Fit,
    /// The labels that the model scores.
    pub labels: Vec<Label>,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// What the present policy decides on the samples.
    pub present: Outcome,
    /// What the policy would decide with the thresholds.
    pub proposed: Outcome,
    /// What was found on rejecting, per label that may.
    pub rejects: Vec<RejectFinding>,
    /// What else could be had, from little held to much.
    pub levels: Vec<Level>,
}

/// Searches thresholds that meet the goal.
pub fn tune(policy: &Policy, samples: &[Sample], mix: &Mix, goal: &Goal) -> Proposal {
    let present = policy.thresholds;
    let labels: Vec<Label> =
        Label::ALL.into_iter().filter(|label| samples.iter().any(|sample| sample.scores[label.lane()].is_some())).collect();
    let rejects: Vec<RejectFinding> = goal
        .reject
        .iter()
        .filter(|label| labels.contains(label))
        .map(|label| reject::search(samples, *label, present[label.lane()], goal.max_false_reject / goal.reject.len() as f64))
        .collect();
    let mut start = present;
    for found in &rejects {
        start[found.label.lane()].reject = found.proposed;
    }
    let (fit, thresholds, levels) = search::search(samples, mix, goal, &labels, &present, start);
    let real = |policy: &Policy| {
        let facts = policy.uneventful();
        Outcome::of(samples, |sample| policy.decide(&sample.findings, &sample.logits, &facts).decision)
    };
    let proposed = Policy { thresholds, ..policy.clone() };
    Proposal { fit, labels, thresholds, present: real(policy), proposed: real(&proposed), rejects, levels }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comment::{Comment, Site};
    use crate::pb;
    use crate::policy::Policies;

    pub fn policy(text: &str) -> Policy {
        let policies = Policies::read([("test.toml", text)]).unwrap();
        (**policies.of(&Site::parse("", "blog").unwrap())).clone()
    }

    /// A sample with these scores; a link corroborates.
    pub fn sample(policy: &Policy, kind: Kind, link: bool, scores: &[(Label, f64)]) -> Sample {
        let body = if link { "see http://pills.example/buy" } else { "hello" };
        let message = pb::Comment { site: "blog".into(), comment_id: "1".into(), body: body.into(), ..Default::default() };
        let comment = Comment::parse(message, std::time::SystemTime::UNIX_EPOCH).unwrap();
        let logits = scores.iter().map(|(label, score)| (*label, (score / (1.0 - score)).ln())).collect();
        Sample::new(
            policy,
            kind,
            policy.before(&comment, crate::policy::Listed::none(), crate::policy::Without::default()),
            logits,
        )
    }

    pub fn goal(max_missed: f64, max_held: f64) -> Goal {
        Goal { max_missed, max_false_reject: 0.001, max_held, reject: Vec::new() }
    }

    /// 900 harmless comments at .00 to .59, 100 of spam at .50 to .99.
    fn samples(policy: &Policy) -> Vec<Sample> {
        let ham = (0..900).map(|n| sample(policy, Kind::Ham, false, &[(Label::Spam, 0.005 + f64::from(n % 60) / 100.0)]));
        let spam = (0..100).map(|n| sample(policy, Kind::Spam, true, &[(Label::Spam, 0.505 + f64::from(n % 50) / 103.0)]));
        ham.chain(spam).collect()
    }

    #[test]
    fn both_goals_are_met_with_the_fewest_held() {
        let policy = policy("[thresholds.spam]\nhold = 0.1\nreject = \"never\"\n");
        let samples = samples(&policy);
        let mix = Mix::of(&samples, None, None).unwrap();
        let proposal = tune(&policy, &samples, &mix, &goal(0.1, 0.2));
        assert_eq!(proposal.fit, Fit::Both);
        let hold = proposal.thresholds[Label::Spam.lane()].hold.unwrap();
        assert!((0.52..=0.56).contains(&hold), "{hold}");
        assert!(proposal.proposed.share(Kind::Spam, Decision::Approve) <= 0.1);
        assert!(proposal.proposed.held(&mix) < proposal.present.held(&mix));
        assert!(proposal.levels.len() > 3, "{:?}", proposal.levels);
    }

    #[test]
    fn the_queue_wins_when_both_cannot_be_met() {
        let policy = policy("");
        let samples = samples(&policy);
        let mix = Mix::of(&samples, None, None).unwrap();
        let proposal = tune(&policy, &samples, &mix, &goal(0.0, 0.05));
        assert!(matches!(proposal.fit, Fit::QueueOnly(needed) if needed > 0.05), "{:?}", proposal.fit);
        assert!(proposal.proposed.held(&mix) <= 0.05);
        assert!(proposal.proposed.share(Kind::Spam, Decision::Approve) > 0.0);
    }

    #[test]
    fn a_given_share_of_spam_changes_what_is_held() {
        let policy = policy("[thresholds.spam]\nhold = 0.55\nreject = \"never\"\n");
        let samples = samples(&policy);
        let held = |mix: &Mix| tune(&policy, &samples, mix, &goal(0.5, 0.5)).present.held(mix);
        let as_it_is = Mix::of(&samples, None, None).unwrap();
        let rare = Mix::of(&samples, Some(0.01), None).unwrap();
        assert!((as_it_is.share(Kind::Spam) - 0.1).abs() < 1e-9 && (rare.share(Kind::Ham) - 0.99).abs() < 1e-9);
        assert!(held(&rare) < held(&as_it_is));
        assert_eq!(Mix::of(&samples, None, Some(0.1)), Err(MixError::None("toxic")));
        assert_eq!(Mix::of(&samples, Some(1.0), None), Err(MixError::TooMuch));
    }

    #[test]
    fn a_label_that_the_rows_say_nothing_of_keeps_its_threshold() {
        let policy = policy("[thresholds.threat]\nhold = 0.4\n");
        let mut samples = samples(&policy);
        samples.push(sample(&policy, Kind::Ham, false, &[(Label::Threat, 0.01)]));
        let mix = Mix::of(&samples, None, None).unwrap();
        let proposal = tune(&policy, &samples, &mix, &goal(0.1, 0.2));
        assert_eq!(proposal.thresholds[Label::Threat.lane()].hold, Some(0.4));
    }

    fn share() -> impl Strategy<Value = f64> {
        (1u32..100).prop_map(|n| f64::from(n) / 100.0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_quick_decision_is_the_real_one(
            rows in prop::collection::vec((any::<bool>(), share(), share()), 1..20),
            spam in (share(), share()), toxicity in share(), links in 0u32..3,
        ) {
            let (hold, reject) = (spam.0.min(spam.1), spam.0.max(spam.1));
            let policy = policy(&format!(
                "[thresholds.spam]\nhold = {hold}\nreject = {reject}\n[thresholds.toxicity]\nhold = {toxicity}\n[links]\nhold = {links}\n"
            ));
            for (link, spam, toxic) in rows {
                let sample = sample(&policy, Kind::Ham, link, &[(Label::Spam, spam), (Label::Toxicity, toxic)]);
                let real = policy.decide(&sample.findings, &sample.logits, &policy.uneventful()).decision;
                prop_assert_eq!(sample.decide(&policy.thresholds), real);
            }
        }

        #[test]
        fn a_proposal_keeps_what_it_promises(
            rows in prop::collection::vec((0usize..3, any::<bool>(), share(), share()), 1..120),
            max_missed in share(), max_held in share(),
        ) {
            let policy = policy("");
            let samples: Vec<Sample> = rows
                .iter()
                .map(|(kind, link, spam, toxic)| {
                    sample(&policy, Kind::ALL[*kind], *link, &[(Label::Spam, *spam), (Label::Toxicity, *toxic)])
                })
                .collect();
            let mix = Mix::of(&samples, None, None).unwrap();
            let proposal = tune(&policy, &samples, &mix, &goal(max_missed, max_held));
            prop_assert!(proposal.proposed.held(&mix) <= max_held + 1e-9 || proposal.fit == Fit::QueueOutOfReach);
            if proposal.fit == Fit::Both {
                prop_assert!(proposal.proposed.misses_at_most(max_missed));
            }
            let text = fragment(&proposal.labels, &policy.thresholds, &proposal.thresholds);
            prop_assert!(Policies::read([("own.toml", text.as_str())]).is_ok(), "{}", text);
        }
    }
}
