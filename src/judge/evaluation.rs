//! A comment's evaluation: what policy and model find in it before any fact from the store is known.

use std::borrow::Cow;

use super::correct::{CorrectedLogit, CorrectionContext};
use super::input::input;
use super::scorer::Scorer;
use crate::classify::site::FeatureVector;
use crate::classify::site::fold::SiteModel;
use crate::classify::{Input, Label, Scores};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::tune::{CommentClass, LabelledSample};
use crate::policy::{Findings, ListContext, Omission, Policy, PolicyDecision};

/// A comment that was looked at and scored, ready to be decided on whatever facts come.
pub struct Evaluation<'a> {
    pub(super) scorer: &'a Scorer,
    /// The site's policy.
    pub policy: &'a Policy,
    pub(super) comment: &'a Comment,
    pub(super) list_context: ListContext<'a>,
    pub(super) findings: Findings,
    scored_text: Cow<'a, str>,
    pub(super) scores: Scores,
    pub(super) logits: Vec<(Label, f64)>,
    pub(super) site_model: Option<&'a SiteModel>,
    pub(super) corrections: Vec<CorrectedLogit>,
}

impl<'a> Evaluation<'a> {
    /// Looks at a comment and scores it as if it did not have the parts in `without`.
    pub(super) fn new(
        scorer: &'a Scorer,
        policy: &'a Policy,
        comment: &'a Comment,
        listed: ListContext<'a>,
        learned: Option<&'a SiteModel>,
        without: Omission,
    ) -> Self {
        let model = scorer.model();
        let mut findings = policy.check(comment, listed, without);
        let counted = findings.blank_exempt(comment.text().as_str());
        let learned = learned.filter(|learned| policy.applies_corrections() && learned.correction().is_some());
        let input = input(comment, &counted, &findings, policy);
        let scores = model.score_for(&input, learned.and_then(SiteModel::correction));
        let mut logits: Vec<(Label, f64)> =
            model.labels().iter().filter_map(|&label| Some((label, f64::from(scores.logit(label)?)))).collect();
        let corrected = learned.map_or_else(Vec::new, |learned| {
            let correcting = CorrectionContext { scorer, site_model: learned, terms: policy.gate_terms(), scores: &scores };
            correcting.apply(&mut logits, || model.feature_vector_scored(&input, &scores))
        });
        let speaks: Vec<Label> = corrected.iter().map(|corrected| corrected.label).collect();
        policy.apply_signals(comment, model.labels(), &scores, &speaks, &mut findings);
        Self {
            scorer,
            policy,
            comment,
            list_context: listed,
            findings,
            scored_text: counted,
            scores,
            logits,
            site_model: learned,
            corrections: corrected,
        }
    }

    /// Returns the classifier's input for the comment.
    pub(super) fn input(&self) -> Input<'_> {
        input(self.comment, &self.scored_text, &self.findings, self.policy)
    }

    /// Returns the comment's features as learning keeps them.
    pub(super) fn feature_vector(&self) -> FeatureVector {
        self.scorer.model().feature_vector_scored(&self.input(), &self.scores)
    }

    /// Finds out what the words alone say, where it depends on them whether a link confirms a score that would reject.
    pub(super) fn score_words_alone(&mut self) {
        let threshold = self.policy.threshold(Label::Spam);
        let spam = self.logits.iter().find(|(label, _)| *label == Label::Spam).map(|(_, logit)| *logit);
        let rejects = spam
            .zip(threshold.reject)
            .is_some_and(|(logit, bound)| threshold.corroborate && logit + self.findings.evidence_logits() >= log_odds(bound));
        if !rejects || !self.findings.needs_words_only_logit() {
            return;
        }
        let without = Omission { links: true, author_url: true };
        let findings = self.policy.check(self.comment, self.list_context, without);
        let counted = findings.blank_exempt(self.comment.text().as_str());
        let words = Input { author: None, ..input(self.comment, &counted, &findings, self.policy) };
        if let Some(logit) = self.scorer.model().score(&words).logit(Label::Spam) {
            self.findings.set_words_only_logit(f64::from(logit));
        }
    }

    /// Decides, without explaining it or putting a verdict together: for measuring.
    pub fn decide(&self, facts: &Facts) -> PolicyDecision {
        self.policy.decide(&self.findings, &self.logits, facts)
    }

    /// What thresholds are tuned by, for a comment that is known to be of this kind.
    pub fn tuning_sample(self, kind: CommentClass) -> LabelledSample {
        LabelledSample::new(self.policy, kind, self.findings, self.logits)
    }
}

/// Returns the logit of a probability.
pub(super) fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}
