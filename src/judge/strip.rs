//! Which parts a held comment could be published without.

use super::evaluation::Case;
use crate::facts::Facts;
use crate::policy::{Strip, Without};
use crate::verdict::{Decision, Part};

impl Case<'_> {
    /// The fewest parts without which the comment would be approved. Empty if it is not held, or would be held anyhow.
    pub(super) fn publishable_without(&self, decision: Decision, facts: &Facts) -> Vec<Part> {
        if decision != Decision::Hold || self.policy.strip() == Strip::Off {
            return Vec::new();
        }
        let (has_url, has_links) = (self.findings.has_author_url(), self.findings.has_links());
        let choices = [(true, false), (false, true), (true, true)];
        let possible = choices.into_iter().filter(|(url, links)| (has_url || !url) && (has_links || !links));
        let approved = possible.map(|(author_url, links)| Without { author_url, links }).find(|without| {
            let case = Case::new(self.scorer, self.policy, self.comment, self.list_context, self.site_model, *without);
            case.ruling(facts).decision == Decision::Approve
        });
        let Some(Without { author_url, links }) = approved else { return Vec::new() };
        let parts = [(author_url, Part::AuthorUrl), (links, Part::Links)];
        parts.into_iter().filter_map(|(left_out, part)| left_out.then_some(part)).collect()
    }
}
