//! The reasons for a decision: the parts of the comment that count for a label, and the effect of the site's outcomes.

use super::correct::CorrectedLogit;
use super::evaluation::Evaluation;
use crate::classify::site::training_example::OutcomeSource;
use crate::classify::{Label, log_odds};
use crate::verdict::Reason;

/// Maximum number of parts of an explanation per label.
const EXPLAIN_PARTS: usize = 5;

impl Evaluation<'_> {
    /// Returns the reasons for corrections that concern an explained label or changed whether a label holds. If no label is
    /// explained, only the first such reason is returned.
    pub(super) fn explain_corrections<'s>(&'s self, explained: &'s [Label]) -> impl Iterator<Item = Reason> + 's {
        let reasons = self.corrections.iter().filter_map(|corrected| self.correction_reason(corrected, explained));
        reasons.take(explained.len().max(1))
    }

    /// Returns the reason for a correction, if it is to be explained.
    fn correction_reason(&self, corrected: &CorrectedLogit, explained: &[Label]) -> Option<Reason> {
        let &CorrectedLogit { label, base, corrected: after } = corrected;
        let hold = self.policy.threshold(label).hold.map(log_odds);
        let holds = |logit: f64| hold.is_some_and(|hold| logit >= hold);
        let changed = base.is_none_or(|base| holds(base) != holds(after));
        if !changed && !explained.contains(&label) {
            return None;
        }
        let site_model = self.site_model?;
        // Outcomes of hosts and archives come from the blog's own moderators.
        let by_moderators = site_model.counts().sources[OutcomeSource::Moderator as usize] > 0;
        let who = if by_moderators { "this site's moderators" } else { "the blog's own moderators" };
        let (ham, bad) = site_model.similar_outcomes(&self.feature_vector());
        let weight = after - base.unwrap_or_default();
        let message = match (weight > 0.0, ham, bad) {
            (true, _, 1..) => format!("{who} rejected {bad} like it"),
            (false, 1.., _) => format!("{who} approved {ham} like it"),
            (true, ..) => format!("rejections by {who} raise the score"),
            (false, ..) => format!("approvals by {who} lower the score"),
        };
        Some(Reason::new("SITE_LEARNED", message).with_label(label.as_str(), weight).with_rule("learning.correct"))
    }

    /// Returns the parts of the comment that count for each label, strongest first. The last reason of a label is the sum
    /// of the remaining parts, so that the weights (with the evidence of the form, for spam) add up to the logit of the
    /// score.
    pub(super) fn explain(&self, labels: &[Label]) -> Vec<Reason> {
        if labels.is_empty() {
            return Vec::new();
        }
        let explanations = self.scorer.model().explain(&self.input(), &self.scores, labels, EXPLAIN_PARTS);
        let reasons = explanations.into_iter().flat_map(|explanation| {
            let name = explanation.label.as_str();
            let rest = Reason::new("TEXT_REST", "everything else in the text, and the base rate");
            let parts = explanation.contributions.into_iter().map(move |part| {
                let span = part.span.and_then(|span| self.comment.span(span));
                let (code, what) = match part.is_author_name {
                    true => ("AUTHOR_NAME", format!("in the author's name: {}", part.description)),
                    false => ("TEXT", part.description),
                };
                Reason::new(code, what).with_label(name, part.weight.into()).with_span(span)
            });
            parts.chain([rest.with_label(name, explanation.unlisted.into())])
        });
        reasons.collect()
    }
}
