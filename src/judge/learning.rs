//! The data of a comment for learning: its feature vector, and the more likely outcome if it is bad.

use super::input::input;
use crate::classify::site::{FeatureVector, Outcome};
use crate::classify::{Label, Model, log_odds};
use crate::comment::Comment;
use crate::policy::{ListContext, Omission, Policy};

/// Returns a comment's feature vector, and the outcome that its scores suggest if it is bad: the one whose score is
/// furthest beyond the policy's hold threshold.
pub fn feature_vector(model: &Model, policy: &Policy, comment: &Comment) -> (FeatureVector, Outcome) {
    let findings = policy.check(comment, ListContext::empty(), Omission::default());
    let scored_text = findings.blank_exempt(comment.text().as_str());
    let input = input(comment, &scored_text, &findings, policy);
    let scores = model.score(&input);
    // Distance beyond the hold threshold, in logits.
    let margin = |label: Label| {
        let hold = policy.threshold(label).hold.unwrap_or(0.5).clamp(0.001, 0.999);
        scores.logit(label).map_or(f64::NEG_INFINITY, |logit| f64::from(logit) - log_odds(hold))
    };
    let abuse = Label::ALL.into_iter().filter(|label| *label != Label::Spam).map(margin);
    let toxic = abuse.fold(f64::NEG_INFINITY, f64::max) > margin(Label::Spam);
    (model.feature_vector_scored(&input, &scores), if toxic { Outcome::Toxic } else { Outcome::Spam })
}
