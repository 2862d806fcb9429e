//! Labelled comments, as far as their decisions depend on thresholds.

use crate::classify::Label;
use crate::policy::findings::Findings;
use crate::policy::rules::{Policy, Threshold, Thresholds};
use crate::verdict::Decision;

/// What a comment really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommentClass {
    /// Harmless.
    Ham,
    /// Advertising.
    Spam,
    /// Abuse.
    Toxic,
}

impl CommentClass {
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
pub struct LabelledSample {
    pub(super) class: CommentClass,
    pub(super) findings: Findings,
    pub(super) logits: Vec<(Label, f64)>,
    /// What is decided whatever the scores.
    pub(super) min_decision: Decision,
    /// With form evidence; `None`: the model has no such head.
    pub(super) scores: [Option<f64>; Label::ALL.len()],
}

impl LabelledSample {
    /// Takes down what the policy finds in a comment and how it scores.
    pub fn new(policy: &Policy, kind: CommentClass, findings: Findings, logits: Vec<(Label, f64)>) -> Self {
        let facts = policy.neutral_facts();
        let floor = policy.decide(&findings, &[], &facts).decision;
        let mut scores = [None; Label::ALL.len()];
        for (label, score) in policy.decide(&findings, &logits, &facts).scores {
            scores[label.lane()] = Some(score);
        }
        Self { class: kind, findings, logits, min_decision: floor, scores }
    }

    /// What it is.
    pub fn kind(&self) -> CommentClass {
        self.class
    }

    /// Whether scores can make its decision stricter at all.
    pub(super) fn depends_on_scores(&self) -> bool {
        self.min_decision == Decision::Approve && !self.findings.is_allowed()
    }

    /// Whether this score rejects.
    pub(super) fn rejects(&self, label: Label, threshold: Threshold) -> bool {
        (threshold.reject.is_some_and(|bound| self.findings.is_corroborated(bound)) || !threshold.corroborate)
            && self.reaches(label, threshold.reject)
    }

    /// As in the decision itself: what is not a number reaches everything.
    pub(super) fn reaches(&self, label: Label, bound: Option<f64>) -> bool {
        let (Some(score), Some(bound)) = (self.scores[label.lane()], bound) else { return false };
        score >= bound || score.is_nan()
    }

    /// What the scores make of it. The same as [`Policy::decide`] says, without the reasons.
    pub(super) fn decide(&self, thresholds: &Thresholds) -> Decision {
        if self.findings.is_allowed() {
            return self.min_decision;
        }
        let by_scores = Label::ALL.into_iter().map(|label| {
            let threshold = thresholds[label.lane()];
            match () {
                () if self.rejects(label, threshold) => Decision::Reject,
                () if self.reaches(label, threshold.hold) => Decision::Hold,
                () => Decision::Approve,
            }
        });
        by_scores.fold(self.min_decision, Decision::max)
    }
}
