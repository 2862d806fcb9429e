//! Proposes thresholds for a policy from labelled comments, within limits on mistakes and on the moderators' work. Pure: no
//! clock, no I/O.

mod fragment;
mod outcome;
mod proposal;
mod reject;
mod sample;
mod search;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use super::rules::Policy;
use crate::classify::Label;

pub use super::rules::Thresholds;
pub use fragment::fragment;
pub use outcome::{ClassMix, ClassMixError, DecisionCounts};
pub use proposal::{Feasibility, Goal, Proposal, ThresholdAlternative};
pub use reject::RejectFinding;
pub use sample::{CommentClass, LabelledSample};

/// Searches for thresholds that meet the goal.
pub fn tune(policy: &Policy, samples: &[LabelledSample], mix: &ClassMix, goal: &Goal) -> Proposal {
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
    let (feasibility, thresholds, alternatives) = search::search(samples, mix, goal, &labels, &present, start);
    let count_decisions = |policy: &Policy| {
        let facts = policy.neutral_facts();
        DecisionCounts::count(samples, |sample| policy.decide(&sample.findings, &sample.logits, &facts).decision)
    };
    let proposed = Policy { thresholds, ..policy.clone() };
    Proposal {
        feasibility,
        labels,
        thresholds,
        present: count_decisions(policy),
        proposed: count_decisions(&proposed),
        rejects,
        alternatives,
    }
}
