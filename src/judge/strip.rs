//! Finds the parts without which a held comment could be published.

use super::evaluation::Evaluation;
use crate::facts::Facts;
use crate::policy::{LinkStripping, Omission};
use crate::verdict::{Decision, RemovablePart};

impl Evaluation<'_> {
    /// Returns the smallest set of parts without which the comment would be approved. It is empty if the comment is not
    /// held, or would be held in any case.
    pub(super) fn publishable_without(&self, decision: Decision, facts: &Facts) -> Vec<RemovablePart> {
        if decision != Decision::Hold || self.policy.link_stripping() == LinkStripping::Off {
            return Vec::new();
        }
        let (has_url, has_links) = (self.findings.has_author_url(), self.findings.has_links());
        let choices = [(true, false), (false, true), (true, true)];
        let possible = choices.into_iter().filter(|(url, links)| (has_url || !url) && (has_links || !links));
        let approved = possible.map(|(author_url, links)| Omission { author_url, links }).find(|without| {
            let evaluation =
                Evaluation::new(self.scorer, self.policy, self.comment, self.list_context, self.site_model, *without);
            evaluation.decide(facts).decision == Decision::Approve
        });
        let Some(Omission { author_url, links }) = approved else { return Vec::new() };
        let parts = [(author_url, RemovablePart::AuthorUrl), (links, RemovablePart::Links)];
        parts.into_iter().filter_map(|(left_out, part)| left_out.then_some(part)).collect()
    }
}
