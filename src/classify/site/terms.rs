//! The thresholds of a site's policy by which a correction is judged.

use super::CorrectedLabel;
use crate::classify::{LABEL_LANES, Label, log_odds};

/// The scores at which a site's policy holds a comment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoldThresholds {
    /// Probability from which on a comment is held, by [`Label::lane`]. `None` if the label's score never holds.
    pub hold: [Option<f64>; LABEL_LANES],
    /// Whether a comment is held if the base model does not support its language.
    pub unscored_holds: bool,
}

impl HoldThresholds {
    /// Returns the base logit of a comment. If the base model does not support its language, returns a logit that reflects
    /// what the policy does with such comments.
    pub(super) fn base_logit(&self, base: Option<f32>, label: CorrectedLabel) -> f64 {
        // Distance from the threshold, in logits, at which a decision is practically certain.
        const CERTAIN: f64 = 4.0;
        let held = if self.unscored_holds { CERTAIN } else { -CERTAIN };
        base.map_or(self.hold_logit(label) + held, f64::from)
    }

    /// Returns whether a logit is high enough for the label to hold a comment.
    pub fn holds(&self, label: CorrectedLabel, logit: f32) -> bool {
        f64::from(logit) >= self.hold_logit(label)
    }

    /// Returns the logit from which on a label holds a comment.
    pub(super) fn hold_logit(&self, label: CorrectedLabel) -> f64 {
        // For a label that never holds, errors are judged at even odds.
        logit(self.hold[label.label().lane()].unwrap_or(0.5))
    }

    /// Returns the margin of the worst abuse score beyond the hold threshold of its label, given logits by lane.
    pub(super) fn abuse_margin(&self, logits: &[f32; LABEL_LANES]) -> f32 {
        let abuse = Label::ALL.into_iter().filter(|label| *label != Label::Spam);
        let margins = abuse.filter_map(|label| Some(logits[label.lane()] - logit(self.hold[label.lane()]?) as f32));
        margins.filter(|margin| !margin.is_nan()).fold(f32::NEG_INFINITY, f32::max)
    }
}

/// Returns the logit of a threshold, bounded so that it is finite.
fn logit(threshold: f64) -> f64 {
    log_odds(threshold.clamp(0.001, 0.999))
}
