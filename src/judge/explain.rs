//! Reasons for a decision: what in the comment speaks for a label, and what the site's outcomes have taught.

use super::correct::CorrectedLogit;
use super::evaluation::{Evaluation, log_odds};
use crate::classify::Label;
use crate::classify::site::training_example::OutcomeSource;
use crate::verdict::Reason;

/// How many parts of an explanation a verdict carries per label.
const EXPLAIN_PARTS: usize = 5;

impl Evaluation<'_> {
    /// Returns what the site's outcomes had to say, where it explains a decision or changed what a score does. Where no label is
    /// explained one reason stands for all that changed.
    pub(super) fn explain_corrections<'s>(&'s self, explained: &'s [Label]) -> impl Iterator<Item = Reason> + 's {
        let taught = self.corrections.iter().filter_map(|corrected| self.taught(corrected, explained));
        taught.take(explained.len().max(1))
    }

    fn taught(&self, corrected: &CorrectedLogit, explained: &[Label]) -> Option<Reason> {
        let &CorrectedLogit { label, base: from, corrected: to } = corrected;
        let hold = self.policy.threshold(label).hold.map(log_odds);
        let holds = |logit: f64| hold.is_some_and(|hold| logit >= hold);
        let changed = from.is_none_or(|from| holds(from) != holds(to));
        if !changed && !explained.contains(&label) {
            return None;
        }
        let learned = self.site_model?;
        // Hosts and archives tell of their own.
        let by_moderators = learned.counts().sources[OutcomeSource::Moderator as usize] > 0;
        let who = if by_moderators { "this site's moderators" } else { "the blog's own moderators" };
        let (ham, bad) = learned.similar_outcomes(&self.feature_vector());
        let weight = to - from.unwrap_or_default();
        let message = match (weight > 0.0, ham, bad) {
            (true, _, 1..) => format!("{who} rejected {bad} like it"),
            (false, 1.., _) => format!("{who} approved {ham} like it"),
            (true, ..) => format!("what {who} rejected speaks for it"),
            (false, ..) => format!("what {who} approved speaks against it"),
        };
        Some(Reason::new("SITE_LEARNED", message).with_label(label.as_str(), weight).with_rule("learning.correct"))
    }

    /// What in the comment speaks for each label, strongest first; a label's last reason is all the rest, so that the
    /// weights (with the evidence of the form, for spam) add up to the logit of the score.
    pub(super) fn explain(&self, labels: &[Label]) -> Vec<Reason> {
        if labels.is_empty() {
            return Vec::new();
        }
        let explanations = self.scorer.model().explain(&self.input(), &self.scores, labels, EXPLAIN_PARTS);
        let reasons = explanations.into_iter().flat_map(|explanation| {
            let name = explanation.label.as_str();
            let rest = Reason::new("TEXT_REST", "everything else in the text, and how common this is at all");
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
