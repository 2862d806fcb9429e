//! Whether a correction serves: how it and the base did on the site's own latest outcomes, each judged before it was learned
//! (progressive validation: A. Blum, A. Kalai and J. Langford, "Beating the hold-out", 1999).
//!
//! What an error is follows from where the policy holds: a harmless comment beyond it, a bad one before it. How far on the
//! wrong side a comment is counts too, or the first outcomes of a new kind would tell nothing.

use super::Kind;
use super::lesson::Source;

/// How many of the latest outcomes count.
pub const WINDOW: usize = 100;
/// Fewer outcomes than this are no evidence for a correction.
const FEWEST: usize = 3;
/// So many of a moderator's own outcomes, and the others' no longer count.
const MODERATORS: usize = 20;
/// The gain must be so many times as large as chance alone would make it: not at all with the fewest outcomes, or a new kind
/// of spam would have to come often before it was held, and so much with a whole window (in standard errors; more kept
/// corrections out for long that would have helped, and let hardly fewer in that were taught at random).
const SURE: f64 = 0.5;
/// And the correction must cost no more than this part of what the base costs.
const BETTER: f64 = 0.97;
/// From so many outcomes on a correction must be wrong on less than this part of them: one that is told at random does no
/// worse than a base that is told so, and now and then a little better, but never well.
const TELLING: usize = 30;
const GUESSING: f64 = 0.4;
/// How soon beyond a threshold, in logits, a comment counts as surely there: the larger the sooner.
const STEEP: f64 = 2.0;

/// What an outcome says of one kind, and what was thought of it before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The how-manieth outcome it was.
    pub order: u32,
    /// Whether it was bad.
    pub bad: bool,
    /// Whose word that is.
    pub source: Source,
    /// How much it counts.
    pub weight: f32,
    /// The base's logit. `None`: the base does not speak the language.
    pub base: Option<f32>,
    /// The corrected logit.
    pub corrected: f32,
}

/// Where a site's policy holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// The probabilities by [`Kind`] from which on a comment is held.
    pub hold: [f64; 2],
    /// Whether a comment is held whose language the base does not speak.
    pub unscored_holds: bool,
}

/// How a correction stands beside the base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// On how many outcomes the two were compared.
    pub trials: usize,
    /// How many of them the base would have decided wrongly,
    pub base_errors: usize,
    /// and how many the correction.
    pub corrected_errors: usize,
    /// What the base's judgement of them cost, in comments that are surely on the wrong side,
    pub base_cost: f64,
    /// and what the correction's.
    pub corrected_cost: f64,
    /// By how much the correction must cost less to serve.
    pub margin: f64,
    /// Whether it is wrong so often that it may as well guess.
    pub guesses: bool,
    /// Whether it serves.
    pub serves: bool,
}

impl Terms {
    /// Where this comment lies: its logit, as far as the policy makes something of it.
    fn base(&self, trial: &Trial, kind: Kind) -> f64 {
        // As surely held, or as surely published, as anything is.
        const SURELY: f64 = 4.0;
        let held = if self.unscored_holds { SURELY } else { -SURELY };
        trial.base.map_or(self.at(kind) + held, f64::from)
    }

    /// The logit from which on a kind is held.
    fn at(&self, kind: Kind) -> f64 {
        let hold = self.hold[kind as usize].clamp(0.001, 0.999);
        (hold / (1.0 - hold)).ln()
    }

    /// What a judgement cost, and whether it was wrong.
    fn cost(&self, kind: Kind, bad: bool, logit: f64) -> (f64, bool) {
        let beyond = logit - self.at(kind);
        let held = 1.0 / (1.0 + (-STEEP * beyond).exp());
        if bad { (1.0 - held, beyond < 0.0) } else { (held, beyond >= 0.0) }
    }
}

impl Standing {
    /// Compares the two on the latest of these outcomes, oldest first.
    pub fn of<'t>(trials: impl DoubleEndedIterator<Item = &'t Trial> + Clone, kind: Kind, terms: &Terms) -> Self {
        let by_moderator = |trial: &&Trial| trial.source == Source::Moderator;
        let moderators = trials.clone().filter(by_moderator).count() >= MODERATORS;
        let told = trials.rev().filter(|trial| !moderators || by_moderator(trial)).take(WINDOW);
        let mut standing = Self {
            trials: 0,
            base_errors: 0,
            corrected_errors: 0,
            base_cost: 0.0,
            corrected_cost: 0.0,
            margin: 0.0,
            guesses: false,
            serves: false,
        };
        let mut squares = 0.0;
        for trial in told {
            let (bad, weight) = (trial.bad, f64::from(trial.weight));
            let (base, base_wrong) = terms.cost(kind, bad, terms.base(trial, kind));
            let (corrected, corrected_wrong) = terms.cost(kind, bad, f64::from(trial.corrected));
            standing.trials += 1;
            standing.base_errors += usize::from(base_wrong);
            standing.corrected_errors += usize::from(corrected_wrong);
            standing.base_cost += weight * base;
            standing.corrected_cost += weight * corrected;
            squares += (weight * (base - corrected)).powi(2);
        }
        let sure = standing.trials.saturating_sub(FEWEST) as f64 / (WINDOW - FEWEST) as f64;
        standing.margin = SURE * sure * squares.sqrt();
        let gain = standing.base_cost - standing.corrected_cost;
        standing.guesses = standing.trials >= TELLING && standing.corrected_errors as f64 >= GUESSING * standing.trials as f64;
        standing.serves = standing.trials >= FEWEST
            && !standing.guesses
            && gain > 0.0
            && gain >= standing.margin
            && standing.corrected_cost <= BETTER * standing.base_cost;
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { hold: [0.12, 0.4], unscored_holds: true };

    const HAM: bool = false;
    const SPAM: bool = true;

    fn trial(bad: bool, base: f32, corrected: f32) -> Trial {
        Trial { order: 0, bad, source: Source::Moderator, weight: 1.0, base: Some(base), corrected }
    }

    fn spam(trials: &[Trial]) -> Standing {
        Standing::of(trials.iter(), Kind::Spam, &TERMS)
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
        assert!(spam(&trials).guesses && !spam(&trials).serves, "{:?}", spam(&trials));
        assert!(spam(&trials[..20]).serves);
    }

    #[test]
    fn it_closes_again_when_the_correction_gets_worse() {
        let mut trials: Vec<Trial> = (0..40).map(|_| trial(HAM, 1.0, -3.0)).collect();
        assert!(spam(&trials).serves);
        trials.extend((0..60).map(|_| trial(SPAM, 1.0, -3.0)));
        assert!(!spam(&trials).serves, "{:?}", spam(&trials));
        assert_eq!((spam(&trials).base_errors, spam(&trials).corrected_errors), (40, 60));
    }

    #[test]
    fn what_moderators_say_counts_before_what_hosts_say() {
        let mut trials: Vec<Trial> = (0..20).map(|_| trial(SPAM, 1.0, -3.0)).collect();
        let host = |trial: Trial| Trial { source: Source::Host, ..trial };
        trials.extend((0..80).map(|_| host(trial(HAM, 1.0, -3.0))));
        assert_eq!((spam(&trials).trials, spam(&trials).serves), (20, false));
    }

    #[test]
    fn a_language_that_the_base_does_not_speak_is_judged_by_what_the_policy_makes_of_it() {
        let unspoken = Trial { base: None, ..trial(HAM, 0.0, -4.0) };
        let standing = spam(&[unspoken; 5]);
        assert_eq!((standing.base_errors, standing.corrected_errors, standing.serves), (5, 0, true));
    }
}
