//! Decides whether a correction serves, by comparing it with the base model on the site's latest outcomes. Each outcome is
//! judged by the predictions made before it was learned (progressive validation: A. Blum, A. Kalai and J. Langford,
//! "Beating the hold-out", 1999).
//!
//! An error is a harmless comment at or above the hold threshold, or a bad one below it. The distance from the threshold
//! counts too, because the first outcomes of a new kind of spam would otherwise have no effect. Harmless and bad outcomes
//! have separate windows, so that a period without spam changes nothing.

use std::collections::VecDeque;

use super::CorrectedLabel;
use super::limits::CorrectionLimits;
use super::training_example::OutcomeSource;

pub use super::terms::HoldThresholds;

/// Number of latest harmless outcomes that count, and of latest bad ones.
pub const WINDOW: usize = 50;
/// Minimum number of outcomes that are evidence for a correction.
const MIN_TRIALS: usize = 3;
/// Number of moderator outcomes in the windows from which on all others together weigh no more than those of moderators.
const MIN_MODERATOR_TRIALS: usize = 20;
/// Required gain in standard errors when both windows are full. It grows from zero at the minimum number of outcomes,
/// because otherwise a new kind of spam would have to occur often before it is held.
const MARGIN_STANDARD_ERRORS: f64 = 0.5;
/// Minimum gain per outcome with which a correction begins to serve. The unit is the cost of one comment that is certainly
/// on the wrong side.
const MIN_GAIN: f64 = 0.005;
/// Maximum cost of a correction to begin to serve, as a share of the base model's cost.
const MAX_COST_RATIO_TO_START: f64 = 0.95;
/// Maximum cost of a correction to continue to serve, as a share of the base model's cost.
const MAX_COST_RATIO_TO_GO_ON: f64 = 1.0;
/// Number of additional harmless outcomes, compared with the base model, that a serving correction may hold.
/// `MAX_EXTRA_ERROR_RATE` adds to it.
pub const MAX_EXTRA_HELD: f64 = 2.0;
/// Number of additional bad outcomes, compared with the base model, that a serving correction may miss.
/// `MAX_EXTRA_ERROR_RATE` adds to it.
pub const MAX_EXTRA_MISSED: f64 = 1.0;
/// Share of the outcomes in a window by which the allowed number of additional errors grows.
const MAX_EXTRA_ERROR_RATE: f64 = 0.02;
/// Number of outcomes from which on a correction must have a lower error rate than [`GUESSING_ERROR_RATE`]. A correction
/// trained on random outcomes may at times do slightly better than the base model, but never well.
const MIN_TRIALS_FOR_GUESSING: usize = 30;
/// Error rate at and above which a correction counts as guessing.
const GUESSING_ERROR_RATE: f64 = 0.4;
/// Steepness of the cost function: the larger it is, the smaller the distance from the threshold, in logits, at which a
/// comment has its full cost.
const COST_STEEPNESS: f64 = 2.0;

/// An outcome for one label, with the predictions made before it was learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Ordinal number of the outcome.
    pub order: u32,
    /// Whether the comment was bad.
    pub bad: bool,
    /// Source of the outcome.
    pub source: OutcomeSource,
    /// Weight of the outcome.
    pub weight: f32,
    /// The base model's logit. `None` if the model does not support the language.
    pub base: Option<f32>,
    /// The corrected logit.
    pub corrected: f32,
}

/// A comparison of a correction with the base model on outcomes of one class.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClassComparison {
    /// Number of outcomes of the class on which the base model and the correction were compared.
    pub trials: usize,
    /// Number of outcomes that the base model would have decided wrongly.
    pub base_errors: usize,
    /// Number of outcomes that the correction would have decided wrongly.
    pub corrected_errors: usize,
    /// Cost of the base model's predictions. The unit is one comment that is certainly on the wrong side.
    pub base_cost: f64,
    /// Cost of the correction's predictions, in the same unit.
    pub corrected_cost: f64,
}

/// The gate's comparison of a correction with the base model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GateResult {
    /// The comparison on harmless outcomes. An error is a comment that is held.
    pub harmless: ClassComparison,
    /// The comparison on bad outcomes. An error is a comment that is missed.
    pub bad: ClassComparison,
    /// Amount by which the correction must cost less than the base model to begin to serve.
    pub margin: f64,
    /// Whether the correction's error rate is as high as that of guessing.
    pub is_guessing: bool,
    /// Whether the correction serves.
    pub serves: bool,
}

/// Returns the cost of a prediction, and whether it is wrong.
fn cost(thresholds: &HoldThresholds, label: CorrectedLabel, bad: bool, logit: f64) -> (f64, bool) {
    let margin = logit - thresholds.hold_logit(label);
    let held = 1.0 / (1.0 + (-COST_STEEPNESS * margin).exp());
    if bad { (1.0 - held, margin < 0.0) } else { (held, margin >= 0.0) }
}

/// The costs of both predictions for an outcome.
#[derive(Clone, Copy)]
struct TrialCost {
    bad: bool,
    moderator: bool,
    weight: f64,
    base: (f64, bool),
    corrected: (f64, bool),
}

impl ClassComparison {
    /// Sums up a window. Costs of other sources than moderators are multiplied by `others`; `squares` adds up the squared
    /// differences of cost.
    fn from_window(window: &VecDeque<TrialCost>, others: f64, squares: &mut f64) -> Self {
        let mut compared = Self { trials: window.len(), ..Self::default() };
        for cost in window {
            let weight = cost.weight * if cost.moderator { 1.0 } else { others };
            compared.base_errors += usize::from(cost.base.1);
            compared.corrected_errors += usize::from(cost.corrected.1);
            compared.base_cost += weight * cost.base.0;
            compared.corrected_cost += weight * cost.corrected.0;
            *squares += (weight * (cost.base.0 - cost.corrected.0)).powi(2);
        }
        compared
    }

    /// Returns whether the correction makes so many more errors than the base model that it must not serve.
    pub fn is_much_worse(&self, allowed: f64) -> bool {
        let extra = self.corrected_errors as f64 - self.base_errors as f64;
        extra > allowed + MAX_EXTRA_ERROR_RATE * self.trials as f64
    }
}

impl GateResult {
    /// Returns the cost of the base model's predictions for all outcomes.
    pub fn base_cost(&self) -> f64 {
        self.harmless.base_cost + self.bad.base_cost
    }

    /// Returns the cost of the correction's predictions for all outcomes.
    pub fn corrected_cost(&self) -> f64 {
        self.harmless.corrected_cost + self.bad.corrected_cost
    }

    /// Compares a correction, applied within `limits`, with the base model on the latest of the trials, which are ordered
    /// from oldest to newest.
    pub fn evaluate<'t>(
        trials: impl Iterator<Item = &'t Trial>,
        label: CorrectedLabel,
        thresholds: &HoldThresholds,
        limits: &CorrectionLimits,
    ) -> Self {
        let (mut harmless, mut bad) = (VecDeque::new(), VecDeque::new());
        let mut result = Self::default();
        for trial in trials {
            let cost = trial.cost(label, thresholds, limits);
            let window = if cost.bad { &mut bad } else { &mut harmless };
            if window.len() == WINDOW {
                window.pop_front();
            }
            window.push_back(cost);
            result = Self::next(result.serves, &harmless, &bad);
        }
        result
    }

    /// Returns the result for the present windows. `serves` is whether the correction served before.
    fn next(serves: bool, harmless: &VecDeque<TrialCost>, bad: &VecDeque<TrialCost>) -> Self {
        let (mut moderators, mut others, mut by_moderators) = (0.0, 0.0, 0);
        for cost in harmless.iter().chain(bad) {
            by_moderators += usize::from(cost.moderator);
            *if cost.moderator { &mut moderators } else { &mut others } += cost.weight;
        }
        let others = if by_moderators < MIN_MODERATOR_TRIALS || others <= moderators { 1.0 } else { moderators / others };
        let mut squares = 0.0;
        let harmless = ClassComparison::from_window(harmless, others, &mut squares);
        let bad = ClassComparison::from_window(bad, others, &mut squares);
        let trials = harmless.trials + bad.trials;
        let confidence = trials.saturating_sub(MIN_TRIALS) as f64 / (2 * WINDOW - MIN_TRIALS) as f64;
        let margin = MARGIN_STANDARD_ERRORS * confidence * squares.sqrt();
        let (base, corrected) = (harmless.base_cost + bad.base_cost, harmless.corrected_cost + bad.corrected_cost);
        let errors = (harmless.corrected_errors + bad.corrected_errors) as f64;
        let is_guessing = trials >= MIN_TRIALS_FOR_GUESSING && errors >= GUESSING_ERROR_RATE * trials as f64;
        let good = !is_guessing && !harmless.is_much_worse(MAX_EXTRA_HELD) && !bad.is_much_worse(MAX_EXTRA_MISSED);
        let serves = trials >= MIN_TRIALS
            && good
            && match serves {
                true => corrected <= MAX_COST_RATIO_TO_GO_ON * base,
                false => base - corrected > margin.max(MIN_GAIN * trials as f64) && corrected <= MAX_COST_RATIO_TO_START * base,
            };
        Self { harmless, bad, margin, is_guessing, serves }
    }
}

impl Trial {
    /// Returns the costs of both predictions for this outcome.
    fn cost(&self, label: CorrectedLabel, thresholds: &HoldThresholds, limits: &CorrectionLimits) -> TrialCost {
        let corrected = self.base.map_or(self.corrected, |base| limits.apply(label, base, self.corrected));
        TrialCost {
            bad: self.bad,
            moderator: self.source == OutcomeSource::Moderator,
            weight: f64::from(self.weight),
            base: cost(thresholds, label, self.bad, thresholds.base_logit(self.base, label)),
            corrected: cost(thresholds, label, self.bad, f64::from(corrected)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: HoldThresholds =
        HoldThresholds { hold: [Some(0.12), Some(0.4), None, None, None, None, None, None], unscored_holds: true };

    const HAM: bool = false;
    const SPAM: bool = true;

    fn trial(bad: bool, base: f32, corrected: f32) -> Trial {
        Trial { order: 0, bad, source: OutcomeSource::Moderator, weight: 1.0, base: Some(base), corrected }
    }

    fn spam(trials: &[Trial]) -> GateResult {
        GateResult::evaluate(trials.iter(), CorrectedLabel::Spam, &TERMS, &CorrectionLimits::default())
    }

    #[test]
    fn three_of_a_new_kind_that_it_learns_are_enough() {
        let wave = [(-4.0, -4.0), (-4.0, -2.5), (-4.0, -1.0)].map(|(base, corrected)| trial(SPAM, base, corrected));
        assert!(spam(&wave).serves, "{:?}", spam(&wave));
        assert!(!spam(&wave[..2]).serves);
    }

    #[test]
    fn chance_does_not_open_it() {
        // As often better as worse, on outcomes of which half are wrong.
        let coin = |n: usize| if n.is_multiple_of(2) { HAM } else { SPAM };
        let swing = |n: usize| if (n / 2).is_multiple_of(2) { -1.0 } else { -3.0 };
        let trials: Vec<Trial> = (0..100).map(|n| trial(coin(n), -2.0, swing(n))).collect();
        assert!(!spam(&trials).serves, "{:?}", spam(&trials));
    }

    #[test]
    fn who_is_wrong_on_two_of_five_does_not_serve_even_if_the_base_is_wrong_more_often() {
        let outcome = |n: usize| trial(SPAM, -4.0, if n.is_multiple_of(5) || n % 5 == 2 { -4.0 } else { 2.0 });
        let trials: Vec<Trial> = (0..50).map(outcome).collect();
        assert!(spam(&trials).is_guessing && !spam(&trials).serves, "{:?}", spam(&trials));
        assert!(spam(&trials[..20]).serves);
    }

    #[test]
    fn it_closes_again_when_the_correction_gets_worse() {
        let mut trials: Vec<Trial> = (0..40).map(|_| trial(HAM, 1.0, -3.0)).collect();
        assert!(spam(&trials).serves);
        trials.extend((0..60).map(|_| trial(SPAM, 1.0, -3.0)));
        assert!(!spam(&trials).serves, "{:?}", spam(&trials));
        assert_eq!((spam(&trials).harmless.base_errors, spam(&trials).bad.corrected_errors), (40, WINDOW));
    }

    #[test]
    fn a_time_without_spam_neither_opens_nor_closes_it() {
        let mut trials: Vec<Trial> =
            (0..40).map(|n: usize| trial(SPAM, if n.is_multiple_of(2) { -4.0 } else { 1.0 }, 1.0)).collect();
        trials.extend((0..10).map(|_| trial(HAM, -4.0, -4.0)));
        assert!(spam(&trials).serves);
        trials.extend((0..1_000).map(|_| trial(HAM, -4.0, -3.9)));
        assert!(spam(&trials).serves, "{:?}", spam(&trials));
        let quiet: Vec<Trial> = (0..1_000).map(|_| trial(HAM, -4.0, -4.1)).collect();
        assert!(!spam(&quiet).serves, "nothing was gained: {:?}", spam(&quiet));
    }

    #[test]
    fn what_makes_it_go_on_would_not_make_it_begin() {
        let gain: Vec<Trial> = (0..20).map(|_| trial(SPAM, -3.0, -1.0)).collect();
        let wanes = |n: usize| if n.is_multiple_of(2) { trial(SPAM, -1.0, -1.2) } else { trial(SPAM, -1.2, -1.0) };
        let even: Vec<Trial> = (0..WINDOW).map(wanes).collect();
        let both: Vec<Trial> = gain.iter().chain(&even).copied().collect();
        assert!(spam(&both).serves && !spam(&even).serves, "{:?} {:?}", spam(&both), spam(&even));
    }

    #[test]
    fn what_moderators_say_counts_before_what_hosts_say() {
        let mut trials: Vec<Trial> = (0..20).map(|_| trial(SPAM, 1.0, -3.0)).collect();
        let host = |trial: Trial| Trial { source: OutcomeSource::Host, ..trial };
        trials.extend((0..80).map(|_| host(trial(HAM, 1.0, -3.0))));
        assert_eq!((spam(&trials).bad.trials, spam(&trials).serves), (20, false));
    }

    #[test]
    fn a_language_that_the_base_does_not_speak_is_judged_by_what_the_policy_makes_of_it() {
        let unsupported = Trial { base: None, ..trial(HAM, 0.0, -4.0) };
        let result = spam(&[unsupported; 5]);
        let harmless = result.harmless;
        assert_eq!((harmless.base_errors, harmless.corrected_errors, result.serves), (5, 0, true));
    }
}
