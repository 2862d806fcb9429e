//! What of a site's correction may serve under a policy, as the sentinels and the site's latest outcomes allow.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::signatures::Signatures;
use super::trials::Trials;
use crate::classify::site::gate::{Standing, Trial};
use crate::classify::site::limits::Limits;
use crate::classify::site::sentinel::Sentinels;
use crate::classify::site::terms::Terms;
use crate::classify::site::{Correction, Kind};

/// The parts of what the sentinels allow that are tried, to serve with the best of them.
const SHRUNK: [f32; 4] = [1.0, 0.6, 0.35, 0.2];

/// What of a correction may serve, and how it stands beside the base, by [`Kind`].
#[derive(Debug, Clone, PartialEq)]
pub struct Serving {
    /// How much of it the sentinels allow.
    pub limits: Limits,
    /// On all outcomes.
    pub spoken: [Standing; 2],
    /// Whether comments that resemble those that were decided may be decided by all of the correction.
    pub similar: [bool; 2],
    /// On those in languages that the base does not speak: what it is worth elsewhere says nothing of these.
    pub unspoken: [Standing; 2],
}

impl Serving {
    /// Returns whether the correction of a kind serves at all.
    pub fn serves(&self, kind: Kind) -> bool {
        self.spoken[kind as usize].serves || self.similar[kind as usize]
    }

    /// Finds out what of a correction may serve.
    pub(super) fn of<'s>(
        correction: Option<&Correction>,
        trials: &Trials,
        signatures: &Signatures,
        terms: &Terms,
        sentinels: impl Fn() -> &'s Sentinels,
    ) -> Self {
        let evidence = Evidence { trials: Kind::ALL.map(|kind| trials.of(kind)), terms };
        let mut limits = correction.map_or_else(Limits::default, |correction| sentinels().limits(correction, terms));
        let all = Kind::ALL.map(|kind| {
            let (standing, shrunk) = evidence.best_part(kind, &limits);
            limits = shrunk;
            standing
        });
        let unspoken = Kind::ALL.map(|kind| evidence.standing(kind, false, &limits));
        let unlimited = Limits::default();
        let alike = Kind::ALL.map(|kind| {
            correction.is_some_and(|correction| {
                let resembles = |signature| signatures.resembles(signature, kind);
                evidence.standing(kind, true, &unlimited).serves && sentinels().allow(correction, terms, kind, resembles)
            })
        });
        Self { limits, spoken: all, similar: alike, unspoken }
    }
}

/// The latest outcomes by [`Kind`], and the terms on which they are judged.
struct Evidence<'a> {
    trials: [Vec<Trial>; 2],
    terms: &'a Terms,
}

impl Evidence<'_> {
    /// Returns how a correction within limits stands on the outcomes in languages that the base speaks, or does not speak.
    fn standing(&self, kind: Kind, spoken: bool, limits: &Limits) -> Standing {
        let trials = self.trials[kind as usize].iter().filter(|trial| trial.base.is_some() == spoken);
        Standing::of(trials, kind, self.terms, limits)
    }

    /// Returns the limits, of those that let through some part of what a kind's correction adds, with which the correction costs
    /// least, and how it stands with them.
    fn best_part(&self, kind: Kind, limits: &Limits) -> (Standing, Limits) {
        let tried = SHRUNK.map(|factor| {
            let shrunk = limits.shrunk(kind, factor);
            (self.standing(kind, true, &shrunk), shrunk)
        });
        let serves = tried.iter().filter(|(standing, _)| standing.serves);
        let best = serves.min_by(|(a, _), (b, _)| a.corrected_cost().total_cmp(&b.corrected_cost()));
        best.unwrap_or(&tried[0]).clone()
    }
}

/// Keeps what may serve on the terms that were asked for last. A clone begins empty.
#[derive(Debug, Default)]
pub struct ServingCache(Mutex<Option<(Terms, Arc<Serving>)>>);

impl Clone for ServingCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl ServingCache {
    /// Returns what may serve on these terms, and computes it if it is not known.
    pub fn get(&self, terms: &Terms, compute: impl FnOnce() -> Serving) -> Arc<Serving> {
        match self.0.lock() {
            Ok(known) => known_or(known, terms, compute),
            Err(_) => Arc::new(compute()),
        }
    }

    /// Returns the same, or `None` if another thread is computing it.
    pub fn try_get(&self, terms: &Terms, compute: impl FnOnce() -> Serving) -> Option<Arc<Serving>> {
        match self.0.try_lock() {
            Ok(known) => Some(known_or(known, terms, compute)),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(_)) => Some(Arc::new(compute())),
        }
    }
}

fn known_or(
    mut known: MutexGuard<'_, Option<(Terms, Arc<Serving>)>>,
    terms: &Terms,
    compute: impl FnOnce() -> Serving,
) -> Arc<Serving> {
    match &*known {
        Some((same, serving)) if same == terms => Arc::clone(serving),
        _ => Arc::clone(&known.insert((*terms, Arc::new(compute()))).1),
    }
}
