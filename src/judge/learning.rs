//! What learning keeps of a comment: its features, and which kind of bad it would be.

use super::evaluation::log_odds;
use super::input::input;
use crate::classify::site::{FeatureVector, Outcome};
use crate::classify::{Label, Model};
use crate::comment::Comment;
use crate::policy::{ListContext, Omission, Policy};

/// Returns a comment's features, and the outcome that its scores point to if it is bad: the kind whose score lies furthest
/// beyond where the policy holds.
pub fn feature_vector(model: &Model, policy: &Policy, comment: &Comment) -> (FeatureVector, Outcome) {
    let findings = policy.check(comment, ListContext::empty(), Omission::default());
    let counted = findings.blank_exempt(comment.text().as_str());
    let input = input(comment, &counted, &findings, policy);
    let scores = model.score(&input);
    // How far beyond where the policy holds, in logits.
    let beyond = |label: Label| {
        let hold = policy.threshold(label).hold.unwrap_or(0.5).clamp(0.001, 0.999);
        scores.logit(label).map_or(f64::NEG_INFINITY, |logit| f64::from(logit) - log_odds(hold))
    };
    let abuse = Label::ALL.into_iter().filter(|label| *label != Label::Spam).map(beyond);
    let toxic = abuse.fold(f64::NEG_INFINITY, f64::max) > beyond(Label::Spam);
    (model.feature_vector_scored(&input, &scores), if toxic { Outcome::Toxic } else { Outcome::Spam })
}
