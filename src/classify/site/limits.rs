//! Limits on how much of a correction may serve.

use isolang::Language;

use super::CorrectedLabel;

/// Maximum change of a logit by any correction.
const MAX_CHANGE: f32 = 40.0;

/// The limits on a correction that the sentinels allow, by [`CorrectedLabel`].
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectionLimits {
    /// Factor for changes that lower a logit, `0..=1`.
    pub down: [f32; 2],
    /// Factor for changes that raise a logit, `0..=1`.
    pub up: [f32; 2],
    /// Maximum decrease and maximum increase of a logit.
    pub max_change: [[f32; 2]; 2],
    /// Languages that the base model does not support and in which the correction may score alone.
    pub standalone_languages: [Vec<Language>; 2],
}

impl Default for CorrectionLimits {
    fn default() -> Self {
        Self { down: [1.0; 2], up: [1.0; 2], max_change: [[MAX_CHANGE; 2]; 2], standalone_languages: Default::default() }
    }
}

impl CorrectionLimits {
    /// Returns the logit to serve for a base logit and a corrected logit.
    pub fn apply(&self, label: CorrectedLabel, base: f32, corrected: f32) -> f32 {
        let change = corrected - base;
        let scaled = change * if change < 0.0 { self.down[label as usize] } else { self.up[label as usize] };
        base + scaled.clamp(-self.max_change[label as usize][0], self.max_change[label as usize][1])
    }

    /// Returns these limits with the factor for increases of a label's logit multiplied by `factor`.
    #[must_use]
    pub(super) fn with_up_factor(&self, label: CorrectedLabel, factor: f32) -> Self {
        let mut limits = self.clone();
        limits.up[label as usize] *= factor;
        limits
    }

    /// Returns whether the correction may decide on comments in a language that the base model does not support.
    pub fn may_score_alone(&self, label: CorrectedLabel, language: Language) -> bool {
        self.standalone_languages[label as usize].contains(&language)
    }
}
