//! What of a site's correction may serve under a policy, as the sentinels and the site's latest outcomes allow.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::signatures::Signatures;
use super::trials::Trials;
use crate::classify::site::gate::{GateResult, Trial};
use crate::classify::site::limits::CorrectionLimits;
use crate::classify::site::sentinel::Sentinels;
use crate::classify::site::terms::HoldThresholds;
use crate::classify::site::{CorrectedLabel, Correction};

/// The parts of what the sentinels allow that are tried, to serve with the best of them.
const SHRINK_FACTORS: [f32; 4] = [1.0, 0.6, 0.35, 0.2];

/// What of a correction may serve, and how it stands beside the base, by [`CorrectedLabel`].
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectionStatus {
    /// How much of it the sentinels allow.
    pub limits: CorrectionLimits,
    /// On all outcomes.
    pub spoken: [GateResult; 2],
    /// Whether comments that resemble those that were decided may be decided by all of the correction.
    pub similar: [bool; 2],
    /// On those in languages that the base does not speak: what it is worth elsewhere says nothing of these.
    pub unspoken: [GateResult; 2],
}

impl CorrectionStatus {
    /// Returns whether the correction of a kind serves at all.
    pub fn serves(&self, kind: CorrectedLabel) -> bool {
        self.spoken[kind as usize].serves || self.similar[kind as usize]
    }

    /// Finds out what of a correction may serve.
    pub(super) fn compute<'s>(
        correction: Option<&Correction>,
        trials: &Trials,
        signatures: &Signatures,
        terms: &HoldThresholds,
        sentinels: impl Fn() -> &'s Sentinels,
    ) -> Self {
        let evidence = Evidence { trials: CorrectedLabel::ALL.map(|kind| trials.for_label(kind)), terms };
        let mut limits = correction.map_or_else(CorrectionLimits::default, |correction| sentinels().limits(correction, terms));
        let all = CorrectedLabel::ALL.map(|kind| {
            let (standing, shrunk) = evidence.best_part(kind, &limits);
            limits = shrunk;
            standing
        });
        let unspoken = CorrectedLabel::ALL.map(|kind| evidence.standing(kind, false, &limits));
        let unlimited = CorrectionLimits::default();
        let alike = CorrectedLabel::ALL.map(|kind| {
            correction.is_some_and(|correction| {
                let resembles = |signature| signatures.similar_direction(signature, kind);
                evidence.standing(kind, true, &unlimited).serves
                    && sentinels().allow_for_similar(correction, terms, kind, resembles)
            })
        });
        Self { limits, spoken: all, similar: alike, unspoken }
    }
}

/// The latest outcomes by [`CorrectedLabel`], and the terms on which they are judged.
struct Evidence<'a> {
    trials: [Vec<Trial>; 2],
    terms: &'a HoldThresholds,
}

impl Evidence<'_> {
    /// Returns how a correction within limits stands on the outcomes in languages that the base speaks, or does not speak.
    fn standing(&self, kind: CorrectedLabel, spoken: bool, limits: &CorrectionLimits) -> GateResult {
        let trials = self.trials[kind as usize].iter().filter(|trial| trial.base.is_some() == spoken);
        GateResult::evaluate(trials, kind, self.terms, limits)
    }

    /// Returns the limits, of those that let through some part of what a kind's correction adds, with which the correction costs
    /// least, and how it stands with them.
    fn best_part(&self, kind: CorrectedLabel, limits: &CorrectionLimits) -> (GateResult, CorrectionLimits) {
        let tried = SHRINK_FACTORS.map(|factor| {
            let shrunk = limits.with_up_factor(kind, factor);
            (self.standing(kind, true, &shrunk), shrunk)
        });
        let serves = tried.iter().filter(|(standing, _)| standing.serves);
        let best = serves.min_by(|(a, _), (b, _)| a.corrected_cost().total_cmp(&b.corrected_cost()));
        best.unwrap_or(&tried[0]).clone()
    }
}

/// Keeps what may serve on the terms that were asked for last. A clone begins empty.
#[derive(Debug, Default)]
pub struct ServingCache(Mutex<Option<(HoldThresholds, Arc<CorrectionStatus>)>>);

impl Clone for ServingCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ServingCache {
    /// Returns what may serve on these terms, and computes it if it is not known.
    pub fn get(&self, terms: &HoldThresholds, compute: impl FnOnce() -> CorrectionStatus) -> Arc<CorrectionStatus> {
        match self.0.lock() {
            Ok(known) => known_or(known, terms, compute),
            Err(_) => Arc::new(compute()),
        }
    }

    /// Returns the same, or `None` if another thread is computing it.
    pub fn try_get(&self, terms: &HoldThresholds, compute: impl FnOnce() -> CorrectionStatus) -> Option<Arc<CorrectionStatus>> {
        match self.0.try_lock() {
            Ok(known) => Some(known_or(known, terms, compute)),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(_)) => Some(Arc::new(compute())),
        }
    }
}

fn known_or(
    mut known: MutexGuard<'_, Option<(HoldThresholds, Arc<CorrectionStatus>)>>,
    terms: &HoldThresholds,
    compute: impl FnOnce() -> CorrectionStatus,
) -> Arc<CorrectionStatus> {
    match &*known {
        Some((same, serving)) if same == terms => Arc::clone(serving),
        _ => Arc::clone(&known.insert((*terms, Arc::new(compute()))).1),
    }
}
