//! Votes of the model's scores.

use crate::classify::Label;
use crate::policy::findings::{Findings, sigmoid};
use crate::policy::rules::Policy;
use crate::policy::vote::{Force, Vote};
use crate::verdict::{Decision, Reason};

/// Converts logits to probabilities, after adding `evidence` to the logit of spam.
pub fn probabilities(logits: &[(Label, f64)], evidence: f64) -> Vec<(Label, f64)> {
    let probability = |&(label, logit): &(Label, f64)| {
        let logit = if label == Label::Spam { logit + evidence } else { logit };
        (label, sigmoid(logit))
    };
    logits.iter().map(probability).collect()
}

/// Returns the votes of the scores that reach a threshold. A campaign counts as corroboration.
pub fn votes(policy: &Policy, scores: &[(Label, f64)], findings: &Findings, campaign: bool) -> Vec<(Label, Vote)> {
    let vote = |&(label, score)| Some((label, vote(policy, label, score, findings, campaign)?));
    scores.iter().filter_map(vote).collect()
}

/// Returns the vote of the score of one label, or `None` if it reaches no threshold.
fn vote(policy: &Policy, label: Label, score: f64, findings: &Findings, campaign: bool) -> Option<Vote> {
    let threshold = policy.threshold(label);
    let corroborated = campaign || threshold.reject.is_some_and(|bound| findings.is_corroborated(bound));
    let name = label.as_str();
    // NaN reaches every threshold, so that the comment is not published unchecked.
    let reached = |bound: Option<f64>| bound.filter(|bound| score >= *bound || score.is_nan());
    if let Some(bound) = reached(threshold.reject).filter(|_| corroborated || !threshold.corroborate) {
        let message = format!("{name} {score:.2} is at or above {bound}, which rejects");
        let reason = Reason::new("SCORE_REJECT", message).with_label(name, 0.0).with_rule(format!("thresholds.{name}.reject"));
        return Some(Vote::new(Decision::Reject, reason));
    }
    let bound = reached(threshold.hold)?;
    let message = format!("{name} {score:.2} is at or above {bound}, which holds");
    let reason = Reason::new("SCORE_HOLD", message).with_label(name, 0.0).with_rule(format!("thresholds.{name}.hold"));
    Some(Vote::new(Decision::Hold, reason).hold_force(Force::UnlessDuplicateApproved))
}

/// Returns the score of a label, 0 if it has none.
pub fn score_of(scores: &[(Label, f64)], label: Label) -> f64 {
    scores.iter().find(|(scored, _)| *scored == label).map_or(0.0, |(_, score)| *score)
}

/// Returns the reason for approving a comment on which no vote counts.
pub fn clean_reason(scores: &[(Label, f64)]) -> Reason {
    let highest = scores.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    Reason::new(
        "CLEAN",
        match highest {
            Some((label, score)) => format!("no rule applies and every score is low; the highest is {label} {score:.2}"),
            None => "no rule applies".to_owned(),
        },
    )
}
