//! The evaluation of a comment: the findings of policy and model before any fact from the store is known.

use std::borrow::Cow;

use super::correct::{CorrectedLogit, CorrectionContext};
use super::input::input;
use super::scorer::Scorer;
use crate::classify::site::FeatureVector;
use crate::classify::site::fold::SiteModel;
use crate::classify::{Input, Label, Scores, log_odds};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::tune::{CommentClass, LabelledSample};
use crate::policy::{Findings, ListContext, Omission, Policy, PolicyDecision};

/// A comment with its findings and scores, ready to be decided with facts from the store.
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
    /// Evaluates a comment as if it did not have the parts in `without`.
    pub(super) fn new(
        scorer: &'a Scorer,
        policy: &'a Policy,
        comment: &'a Comment,
        list_context: ListContext<'a>,
        site_model: Option<&'a SiteModel>,
        without: Omission,
    ) -> Self {
        let model = scorer.model();
        let mut findings = policy.check(comment, list_context, without);
        let scored_text = findings.blank_exempt(comment.text().as_str());
        let site_model = site_model.filter(|site_model| policy.applies_corrections() && site_model.correction().is_some());
        let input = input(comment, &scored_text, &findings, policy);
        let scores = model.score_for(&input, site_model.and_then(SiteModel::correction));
        let mut logits: Vec<(Label, f64)> =
            model.labels().iter().filter_map(|&label| Some((label, f64::from(scores.logit(label)?)))).collect();
        let corrections = site_model.map_or_else(Vec::new, |site_model| {
            let context = CorrectionContext { scorer, site_model, thresholds: policy.hold_thresholds(), scores: &scores };
            context.apply(&mut logits, || model.feature_vector_scored(&input, &scores))
        });
        let corrected_labels: Vec<Label> = corrections.iter().map(|corrected| corrected.label).collect();
        policy.apply_signals(comment, model.labels(), &scores, &corrected_labels, &mut findings);
        Self { scorer, policy, comment, list_context, findings, scored_text, scores, logits, site_model, corrections }
    }

    /// Returns the classifier's input for the comment.
    pub(super) fn input(&self) -> Input<'_> {
        input(self.comment, &self.scored_text, &self.findings, self.policy)
    }

    /// Returns the comment's feature vector for learning.
    pub(super) fn feature_vector(&self) -> FeatureVector {
        self.scorer.model().feature_vector_scored(&self.input(), &self.scores)
    }

    /// Scores the words alone, if the decision depends on whether a link confirms a score that would reject.
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
        let scored_text = findings.blank_exempt(self.comment.text().as_str());
        let words = Input { author: None, ..input(self.comment, &scored_text, &findings, self.policy) };
        if let Some(logit) = self.scorer.model().score(&words).logit(Label::Spam) {
            self.findings.set_words_only_logit(f64::from(logit));
        }
    }

    /// Returns the policy's decision alone. [`verdict`](Self::verdict) adds the explanations.
    pub fn decide(&self, facts: &Facts) -> PolicyDecision {
        self.policy.decide(&self.findings, &self.logits, facts)
    }

    /// Returns the sample by which thresholds are tuned, for a comment of a known class.
    pub fn tuning_sample(self, class: CommentClass) -> LabelledSample {
        LabelledSample::new(self.policy, class, self.findings, self.logits)
    }
}
