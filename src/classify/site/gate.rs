//! Whether a correction serves: how it and the base did on the site's own latest outcomes, each judged before it was learned
//! (progressive validation: A. Blum, A. Kalai and J. Langford, "Beating the hold-out", 1999).
//!
//! An error is a harmless comment beyond the point where the policy holds, or a bad one before it; how far on the wrong side
//! a comment lies counts too, or the first outcomes of a new kind would say nothing. Harmless and bad outcomes are counted by
//! themselves, each over the latest of its own, so that a time without spam changes nothing.

use std::collections::VecDeque;

use super::CorrectedLabel;
use super::limits::CorrectionLimits;
use super::training_example::OutcomeSource;

pub use super::terms::HoldThresholds;

/// How many of the latest harmless outcomes count, and how many of the latest bad ones.
pub const WINDOW: usize = 50;
/// The fewest outcomes that are evidence for a correction.
const MIN_TRIALS: usize = 3;
/// From so many outcomes of moderators on, all others together count no more than theirs.
const MIN_MODERATOR_TRIALS: usize = 20;
/// The gain must be so many times as large as chance alone would make it: not at all with the fewest outcomes, or a new kind
/// of spam would have to come often before it was held, and so much with two whole windows (in standard errors).
const MARGIN_STANDARD_ERRORS: f64 = 0.5;
/// The least gain for each outcome with which a correction begins to serve, in comments that are surely on the wrong side.
const MIN_GAIN: f64 = 0.005;
/// The part of the base's cost that a correction may cost at most to begin to serve.
const MAX_COST_RATIO_TO_START: f64 = 0.95;
/// The part of the base's cost that a correction may cost at most to go on.
const MAX_COST_RATIO_TO_GO_ON: f64 = 1.0;
/// How many more harmless outcomes than the base a correction may hold and still serve, beside two of a hundred.
pub const MAX_EXTRA_HELD: f64 = 2.0;
/// How many more bad outcomes than the base it may miss and still serve, beside two of a hundred.
pub const MAX_EXTRA_MISSED: f64 = 1.0;
/// The part of the outcomes in a window on which it may be wrong more often than the base.
const MAX_EXTRA_ERROR_RATE: f64 = 0.02;
/// From so many outcomes on a correction must be wrong on less than this part of them: one that is told at random does no
/// worse than a base that is told so, and now and then a little better, but never well.
const MIN_TRIALS_FOR_GUESSING: usize = 30;
const GUESSING_ERROR_RATE: f64 = 0.4;
/// How soon beyond a threshold, in logits, a comment counts as surely there: the larger the sooner.
const COST_STEEPNESS: f64 = 2.0;

/// What an outcome says of one kind, and what was thought of it before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The how-manieth outcome it was.
    pub order: u32,
    /// Whether it was bad.
    pub bad: bool,
    /// Whose word that is.
    pub source: OutcomeSource,
    /// How much it counts.
    pub weight: f32,
    /// The base's logit. `None`: the base does not speak the language.
    pub base: Option<f32>,
    /// The corrected logit.
    pub corrected: f32,
}

/// How a correction stands beside the base on outcomes of one class.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClassComparison {
    /// On how many outcomes the two were compared.
    pub trials: usize,
    /// How many of them the base would have decided wrongly.
    pub base_errors: usize,
    /// How many of them the correction would have decided wrongly.
    pub corrected_errors: usize,
    /// What the base's judgement of them cost, in comments that are surely on the wrong side.
    pub base_cost: f64,
    /// What the correction's judgement of them cost.
    pub corrected_cost: f64,
}

/// How a correction stands beside the base.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GateResult {
    /// On harmless outcomes: an error is one that is held.
    pub harmless: ClassComparison,
    /// On bad outcomes: an error is one that is missed.
    pub bad: ClassComparison,
    /// By how much the correction must cost less to begin to serve.
    pub margin: f64,
    /// Whether it is wrong so often that it may as well guess.
    pub is_guessing: bool,
    /// Whether it serves.
    pub serves: bool,
}

/// Returns what a judgement cost, and whether it was wrong.
fn cost(terms: &HoldThresholds, kind: CorrectedLabel, bad: bool, logit: f64) -> (f64, bool) {
    let beyond = logit - terms.hold_logit(kind);
    let held = 1.0 / (1.0 + (-COST_STEEPNESS * beyond).exp());
    if bad { (1.0 - held, beyond < 0.0) } else { (held, beyond >= 0.0) }
}

/// What both judgements of an outcome cost.
#[derive(Clone, Copy)]
struct TrialCost {
    bad: bool,
    moderator: bool,
    weight: f64,
    base: (f64, bool),
    corrected: (f64, bool),
}

impl ClassComparison {
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

    /// Returns whether the correction is wrong so much more often than the base that it must not serve.
    pub fn is_much_worse(&self, allowed: f64) -> bool {
        let more = self.corrected_errors as f64 - self.base_errors as f64;
        more > allowed + MAX_EXTRA_ERROR_RATE * self.trials as f64
    }
}

impl GateResult {
    /// Returns what the base's judgement of all outcomes cost.
    pub fn base_cost(&self) -> f64 {
        self.harmless.base_cost + self.bad.base_cost
    }

    /// Returns what the correction's judgement of all outcomes cost.
    pub fn corrected_cost(&self) -> f64 {
        self.harmless.corrected_cost + self.bad.corrected_cost
    }

    /// Compares the two on the latest of these outcomes, oldest first, where only as much of the correction is used as the
    /// limits allow.
    pub fn evaluate<'t>(
        trials: impl Iterator<Item = &'t Trial>,
        kind: CorrectedLabel,
        terms: &HoldThresholds,
        limits: &CorrectionLimits,
    ) -> Self {
        let (mut harmless, mut bad) = (VecDeque::new(), VecDeque::new());
        let mut standing = Self::default();
        for trial in trials {
            let cost = trial.cost(kind, terms, limits);
            let window = if cost.bad { &mut bad } else { &mut harmless };
            if window.len() == WINDOW {
                window.pop_front();
            }
            window.push_back(cost);
            standing = Self::next(standing.serves, &harmless, &bad);
        }
        standing
    }

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
        let sure = trials.saturating_sub(MIN_TRIALS) as f64 / (2 * WINDOW - MIN_TRIALS) as f64;
        let margin = MARGIN_STANDARD_ERRORS * sure * squares.sqrt();
        let (base, corrected) = (harmless.base_cost + bad.base_cost, harmless.corrected_cost + bad.corrected_cost);
        let errors = (harmless.corrected_errors + bad.corrected_errors) as f64;
        let guesses = trials >= MIN_TRIALS_FOR_GUESSING && errors >= GUESSING_ERROR_RATE * trials as f64;
        let good = !guesses && !harmless.is_much_worse(MAX_EXTRA_HELD) && !bad.is_much_worse(MAX_EXTRA_MISSED);
        let serves = trials >= MIN_TRIALS
            && good
            && match serves {
                true => corrected <= MAX_COST_RATIO_TO_GO_ON * base,
                false => base - corrected > margin.max(MIN_GAIN * trials as f64) && corrected <= MAX_COST_RATIO_TO_START * base,
            };
        Self { harmless, bad, margin, is_guessing: guesses, serves }
    }
}

impl Trial {
    fn cost(&self, kind: CorrectedLabel, terms: &HoldThresholds, limits: &CorrectionLimits) -> TrialCost {
        let corrected = self.base.map_or(self.corrected, |base| limits.apply(kind, base, self.corrected));
        TrialCost {
            bad: self.bad,
            moderator: self.source == OutcomeSource::Moderator,
            weight: f64::from(self.weight),
            base: cost(terms, kind, self.bad, terms.base_logit(self.base, kind)),
            corrected: cost(terms, kind, self.bad, f64::from(corrected)),
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
        // Better by as much as it is worse, on outcomes that are wrong half of the time.
        let coin = |n: usize| if n.is_multiple_of(2) { HAM } else { SPAM };
        let swing = |n: usize| if (n / 2).is_multiple_of(2) { -1.0 } else { -3.0 };
        let trials: Vec<Trial> = (0..100).map(|n| trial(coin(n), -2.0, swing(n))).collect();
        assert!(!spam(&trials).serves, "{:?}", spam(&trials));
    }

    #[test]
    fn who_is_wrong_on_two_of_five_does_not_serve_even_if_the_base_is_wrong_more_often() {
        let told = |n: usize| trial(SPAM, -4.0, if n.is_multiple_of(5) || n % 5 == 2 { -4.0 } else { 2.0 });
        let trials: Vec<Trial> = (0..50).map(told).collect();
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
        let unspoken = Trial { base: None, ..trial(HAM, 0.0, -4.0) };
        let standing = spam(&[unspoken; 5]);
        let harmless = standing.harmless;
        assert_eq!((harmless.base_errors, harmless.corrected_errors, standing.serves), (5, 0, true));
    }
}
