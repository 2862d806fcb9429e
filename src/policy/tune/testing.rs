//! Helpers for the tests of tuning.

use super::{CommentClass, LabelledSample};
use crate::classify::{Label, log_odds};
use crate::policy::Policy;
use crate::policy::testing::{comment, findings_of};

/// Returns a sample with these scores, corroborated by a link if `link` is true.
pub fn sample(policy: &Policy, kind: CommentClass, link: bool, scores: &[(Label, f64)]) -> LabelledSample {
    let comment = comment(if link { "see http://pills.example/buy" } else { "hello" });
    let logits = scores.iter().map(|(label, score)| (*label, log_odds(*score))).collect();
    LabelledSample::new(policy, kind, findings_of(policy, &comment), logits)
}
