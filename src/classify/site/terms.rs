//! The terms of a site's policy on which a correction is judged: from where on each label's score holds a comment.

use super::CorrectedLabel;
use crate::classify::{LABEL_LANES, Label};

/// Where a site's policy holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoldThresholds {
    /// The probabilities by [`Label::lane`] from which on a comment is held. `None`: its score does not hold.
    pub hold: [Option<f64>; LABEL_LANES],
    /// Whether a comment is held whose language the base does not speak.
    pub unscored_holds: bool,
}

impl HoldThresholds {
    /// Returns where a comment lies, given the base's logit: that logit, or what the policy makes of a language that the base
    /// does not speak.
    pub(super) fn base_logit(&self, base: Option<f32>, kind: CorrectedLabel) -> f64 {
        // As surely held, or as surely published, as anything is.
        const SURELY: f64 = 4.0;
        let held = if self.unscored_holds { SURELY } else { -SURELY };
        base.map_or(self.hold_logit(kind) + held, f64::from)
    }

    /// Returns whether a kind is held at a logit.
    pub fn holds(&self, kind: CorrectedLabel, logit: f32) -> bool {
        f64::from(logit) >= self.hold_logit(kind)
    }

    /// The logit from which on a kind is held.
    pub(super) fn hold_logit(&self, kind: CorrectedLabel) -> f64 {
        // Where nothing is held by its score, an error is what is on the wrong side of even odds.
        logit(self.hold[kind.label().lane()].unwrap_or(0.5))
    }

    /// Returns by how much the worst score for abuse lies beyond where its label holds, given logits by lane.
    pub(super) fn abuse_margin(&self, logits: &[f32; LABEL_LANES]) -> f32 {
        let abuse = Label::ALL.into_iter().filter(|label| *label != Label::Spam);
        let margins = abuse.filter_map(|label| Some(logits[label.lane()] - logit(self.hold[label.lane()]?) as f32));
        margins.filter(|margin| !margin.is_nan()).fold(f32::NEG_INFINITY, f32::max)
    }
}

/// Returns the logit of a probability.
fn logit(probability: f64) -> f64 {
    let probability = probability.clamp(0.001, 0.999);
    (probability / (1.0 - probability)).ln()
}
