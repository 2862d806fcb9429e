//! Decides which part of a site's correction may serve under a policy, by the sentinels and the site's latest outcomes.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::signatures::Signatures;
use super::trials::Trials;
use crate::classify::site::gate::{GateResult, Trial};
use crate::classify::site::limits::CorrectionLimits;
use crate::classify::site::sentinel::Sentinels;
use crate::classify::site::terms::HoldThresholds;
use crate::classify::site::{CorrectedLabel, Correction};

/// Fractions of the limits that are tried, to serve with the best one.
const SHRINK_FACTORS: [f32; 4] = [1.0, 0.6, 0.35, 0.2];

/// Which parts of a correction may serve, and how it compares with the base model, by [`CorrectedLabel`].
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectionStatus {
    /// The limits set by the sentinels.
    pub limits: CorrectionLimits,
    /// Result of the gate on outcomes in languages that the base model supports.
    pub supported: [GateResult; 2],
    /// Whether the whole correction may decide on comments that resemble decided ones.
    pub similar: [bool; 2],
    /// Result of the gate on outcomes in languages that the base model does not support.
    pub unsupported: [GateResult; 2],
}

impl CorrectionStatus {
    /// Returns whether the correction of a label serves at all.
    pub fn serves(&self, label: CorrectedLabel) -> bool {
        self.supported[label as usize].serves || self.similar[label as usize]
    }

    /// Computes which parts of a correction may serve.
    pub(super) fn compute<'s>(
        correction: Option<&Correction>,
        trials: &Trials,
        signatures: &Signatures,
        thresholds: &HoldThresholds,
        sentinels: impl Fn() -> &'s Sentinels,
    ) -> Self {
        let evidence = Evidence { trials: CorrectedLabel::ALL.map(|label| trials.for_label(label)), thresholds };
        let mut limits =
            correction.map_or_else(CorrectionLimits::default, |correction| sentinels().limits(correction, thresholds));
        let supported = CorrectedLabel::ALL.map(|label| {
            let (gate_result, shrunk) = evidence.best_part(label, &limits);
            limits = shrunk;
            gate_result
        });
        let unsupported = CorrectedLabel::ALL.map(|label| evidence.gate_result(label, false, &limits));
        let unlimited = CorrectionLimits::default();
        let similar = CorrectedLabel::ALL.map(|label| {
            correction.is_some_and(|correction| {
                let resembles = |signature| signatures.similar_direction(signature, label);
                evidence.gate_result(label, true, &unlimited).serves
                    && sentinels().allow_for_similar(correction, thresholds, label, resembles)
            })
        });
        Self { limits, supported, similar, unsupported }
    }
}

/// The latest trials by [`CorrectedLabel`], and the thresholds by which they are judged.
struct Evidence<'a> {
    trials: [Vec<Trial>; 2],
    thresholds: &'a HoldThresholds,
}

impl Evidence<'_> {
    /// Returns the result of the gate for a correction within limits, on outcomes in languages that the base model supports
    /// (`supported`) or does not support.
    fn gate_result(&self, label: CorrectedLabel, supported: bool, limits: &CorrectionLimits) -> GateResult {
        let trials = self.trials[label as usize].iter().filter(|trial| trial.base.is_some() == supported);
        GateResult::evaluate(trials, label, self.thresholds, limits)
    }

    /// Returns the gate's result and the limits, of those scaled by [`SHRINK_FACTORS`], with which the correction of a
    /// label costs least.
    fn best_part(&self, label: CorrectedLabel, limits: &CorrectionLimits) -> (GateResult, CorrectionLimits) {
        let candidates = SHRINK_FACTORS.map(|factor| {
            let shrunk = limits.with_up_factor(label, factor);
            (self.gate_result(label, true, &shrunk), shrunk)
        });
        let serving = candidates.iter().filter(|(gate_result, _)| gate_result.serves);
        let best = serving.min_by(|(a, _), (b, _)| a.corrected_cost().total_cmp(&b.corrected_cost()));
        best.unwrap_or(&candidates[0]).clone()
    }
}

/// A cache of the correction's status for the thresholds that were last asked for. A clone starts empty.
#[derive(Debug, Default)]
pub struct ServingCache(Mutex<Option<(HoldThresholds, Arc<CorrectionStatus>)>>);

impl Clone for ServingCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ServingCache {
    /// Returns the status for these thresholds, and computes it if it is not cached.
    pub fn get(&self, thresholds: &HoldThresholds, compute: impl FnOnce() -> CorrectionStatus) -> Arc<CorrectionStatus> {
        match self.0.lock() {
            Ok(cached) => cached_or_compute(cached, thresholds, compute),
            Err(_) => Arc::new(compute()),
        }
    }

    /// Returns the same as [`get`](Self::get), or `None` if another thread is computing it.
    pub fn try_get(
        &self,
        thresholds: &HoldThresholds,
        compute: impl FnOnce() -> CorrectionStatus,
    ) -> Option<Arc<CorrectionStatus>> {
        match self.0.try_lock() {
            Ok(cached) => Some(cached_or_compute(cached, thresholds, compute)),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(_)) => Some(Arc::new(compute())),
        }
    }
}

fn cached_or_compute(
    mut cached: MutexGuard<'_, Option<(HoldThresholds, Arc<CorrectionStatus>)>>,
    thresholds: &HoldThresholds,
    compute: impl FnOnce() -> CorrectionStatus,
) -> Arc<CorrectionStatus> {
    match &*cached {
        Some((key, serving)) if key == thresholds => Arc::clone(serving),
        _ => Arc::clone(&cached.insert((*thresholds, Arc::new(compute()))).1),
    }
}
