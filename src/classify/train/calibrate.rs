//! Fits a head's calibration: Platt scaling, and a shift that gives a threshold the same false-positive rate in every
//! language.

use linfa::composing::platt_scaling::{PlattParams, PlattValidParams, platt_newton_method};
use linfa::prelude::ParamGuard;
use ndarray::Array1;

use super::error::TrainError;
use crate::classify::Label;
use crate::classify::calibrate::Calibration;

/// Fits a calibration to the logits and targets of rows that the head was not trained on.
///
/// # Errors
/// Returns an error if the targets are all of one class, or the fit does not converge.
pub fn fit_calibration(label: Label, logits: Vec<f64>, targets: Vec<bool>) -> Result<Calibration, TrainError> {
    let error = |reason: String| TrainError::Calibrate { label, reason };
    if !(targets.contains(&true) && targets.contains(&false)) {
        return Err(error("the dev rows hold only one class".into()));
    }
    let params: PlattValidParams<f64, ()> = PlattParams::default().check().map_err(|cause| error(cause.to_string()))?;
    let (logits, targets) = (Array1::from_vec(logits), Array1::from_vec(targets));
    let (a, b) = platt_newton_method(logits.view(), targets.view(), &params).map_err(|cause| error(cause.to_string()))?;
    // Platt's sigmoid has the opposite sign: 1 / (1 + exp(a x + b)).
    Ok(Calibration { slope: -a as f32, offset: -b as f32 })
}

/// Shifts a calibration so that `share` of the harmless rows, given by their uncalibrated logits, has a probability of
/// `score` or more.
pub fn shift_to_alarms(calibration: &mut Calibration, harmless: impl Iterator<Item = f64>, [share, score]: [f32; 2]) {
    let mut logits: Vec<f32> = harmless.map(|logit| calibration.apply(logit as f32)).collect();
    logits.sort_by(|a, b| b.total_cmp(a));
    if let Some(bound) = logits.get((logits.len() as f32 * share) as usize) {
        calibration.offset += (score / (1.0 - score)).ln() - bound;
    }
}
