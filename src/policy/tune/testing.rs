//! What the tests of tuning share.

use super::{CommentClass, LabelledSample};
use crate::classify::Label;
use crate::policy::Policy;
use crate::policy::testing::{before, comment, logit};

/// A sample with these scores; a link corroborates.
pub fn sample(policy: &Policy, kind: CommentClass, link: bool, scores: &[(Label, f64)]) -> LabelledSample {
    let comment = comment(if link { "see http://pills.example/buy" } else { "hello" });
    let logits = scores.iter().map(|(label, score)| (*label, logit(*score))).collect();
    LabelledSample::new(policy, kind, before(policy, &comment), logits)
}
