//! How much of a correction may serve.

use isolang::Language;

use super::CorrectedLabel;

/// More than this no correction moves a logit.
const MAX_CHANGE: f32 = 40.0;

/// The part of a correction that the sentinels allow, by [`CorrectedLabel`].
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectionLimits {
    /// The factor for what a correction takes from a logit, `0..=1`.
    pub down: [f32; 2],
    /// The factor for what it adds, `0..=1`.
    pub up: [f32; 2],
    /// The most that it takes and adds.
    pub max_change: [[f32; 2]; 2],
    /// The languages that the base does not speak and in which the correction may score alone.
    pub standalone_languages: [Vec<Language>; 2],
}

impl Default for CorrectionLimits {
    fn default() -> Self {
        Self { down: [1.0; 2], up: [1.0; 2], max_change: [[MAX_CHANGE; 2]; 2], standalone_languages: Default::default() }
    }
}

impl CorrectionLimits {
    /// Returns the logit that may be used in the place of `corrected`, where the base says `base`.
    pub fn apply(&self, kind: CorrectedLabel, base: f32, corrected: f32) -> f32 {
        let change = corrected - base;
        let scaled = change * if change < 0.0 { self.down[kind as usize] } else { self.up[kind as usize] };
        base + scaled.clamp(-self.max_change[kind as usize][0], self.max_change[kind as usize][1])
    }

    /// Returns limits that let through only this part of what a kind's correction adds.
    #[must_use]
    pub(super) fn with_up_factor(&self, kind: CorrectedLabel, factor: f32) -> Self {
        let mut shrunk = self.clone();
        shrunk.up[kind as usize] *= factor;
        shrunk
    }

    /// Returns whether the correction may decide on a comment in a language for which the base has no score.
    pub fn may_score_alone(&self, kind: CorrectedLabel, language: Language) -> bool {
        self.standalone_languages[kind as usize].contains(&language)
    }
}
