//! Calibration of logits by Platt scaling, so that a head's score is a probability.

/// A linear map from a head's raw logit to the log-odds observed on rows that the head was not trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    pub slope: f32,
    pub offset: f32,
}

impl Calibration {
    /// The calibration that leaves logits unchanged.
    pub const IDENTITY: Calibration = Calibration { slope: 1.0, offset: 0.0 };

    /// Returns the calibrated logit of a raw logit.
    pub fn apply(self, logit: f32) -> f32 {
        self.slope * logit + self.offset
    }
}

/// Returns the probability of a logit, in `0..=1`.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Returns the log-odds of a probability, which is the logit that [`probability`] turns back into it.
pub fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::{Calibration, probability};

    #[test]
    fn probabilities_stay_in_range_and_rise() {
        let all: Vec<f32> = [-1e9, -50.0, -1.0, 0.0, 1.0, 50.0, 1e9].map(probability).into();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((all[0], all[3], all[6]), (0.0, 0.5, 1.0));
        assert_eq!(Calibration { slope: 2.0, offset: -1.0 }.apply(3.0), 5.0);
    }
}
