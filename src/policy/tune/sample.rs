//! Labelled comments, reduced to what their decisions depend on.

use crate::classify::Label;
use crate::policy::findings::Findings;
use crate::policy::rules::{Policy, Threshold, Thresholds};
use crate::verdict::Decision;

/// The true class of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommentClass {
    /// Harmless.
    Ham,
    /// Advertising.
    Spam,
    /// Abusive.
    Toxic,
}

impl CommentClass {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Ham, Self::Spam, Self::Toxic];
    /// The classes that should not be published.
    pub const BAD: [Self; 2] = [Self::Spam, Self::Toxic];

    /// Returns the name of the class in labelled files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Spam => "spam",
            Self::Toxic => "toxic",
        }
    }

    /// Parses the name of a class. Returns `None` if it is unknown.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// A labelled comment, reduced to what its decision depends on.
#[derive(Debug, Clone)]
pub struct LabelledSample {
    pub(super) class: CommentClass,
    pub(super) findings: Findings,
    pub(super) logits: Vec<(Label, f64)>,
    /// Decision without any scores.
    pub(super) min_decision: Decision,
    /// Probability of each label, with the evidence for spam included; `None` if the model does not score the label.
    pub(super) scores: [Option<f64>; Label::ALL.len()],
}

impl LabelledSample {
    /// Creates a sample from the findings of a policy on a comment and the model's logits.
    pub fn new(policy: &Policy, class: CommentClass, findings: Findings, logits: Vec<(Label, f64)>) -> Self {
        let facts = policy.neutral_facts();
        let min_decision = policy.decide(&findings, &[], &facts).decision;
        let mut scores = [None; Label::ALL.len()];
        for (label, score) in policy.decide(&findings, &logits, &facts).scores {
            scores[label.lane()] = Some(score);
        }
        Self { class, findings, logits, min_decision, scores }
    }

    /// Returns the class of the comment.
    pub fn class(&self) -> CommentClass {
        self.class
    }

    /// Returns whether the comment is approved unless its scores hold or reject it.
    pub(super) fn depends_on_scores(&self) -> bool {
        self.min_decision == Decision::Approve && !self.findings.is_allowed()
    }

    /// Returns whether the score of a label rejects the comment.
    pub(super) fn rejects(&self, label: Label, threshold: Threshold) -> bool {
        (threshold.reject.is_some_and(|bound| self.findings.is_corroborated(bound)) || !threshold.corroborate)
            && self.reaches(label, threshold.reject)
    }

    /// Returns whether the score of a label reaches `bound`. NaN reaches every bound, as in [`Policy::decide`].
    pub(super) fn reaches(&self, label: Label, bound: Option<f64>) -> bool {
        let (Some(score), Some(bound)) = (self.scores[label.lane()], bound) else { return false };
        score >= bound || score.is_nan()
    }

    /// Returns the decision under `thresholds`: the same as that of [`Policy::decide`], without the reasons.
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
