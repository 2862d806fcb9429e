//! Searches the hold thresholds of all labels together: a greedy path from holding nothing to holding everything, and
//! from a point on it what can be spared.

use super::outcome::{ClassMix, DecisionCounts};
use super::proposal::{Feasibility, Goal, ThresholdAlternative};
use super::sample::{CommentClass, LabelledSample};
use crate::classify::Label;
use crate::policy::rules::Thresholds;
use crate::verdict::Decision;

/// Thresholds are tried in hundredths from .01 to .99, then in thousandths to .999, then in ten-thousandths to .9999:
/// models give many scores close to 1.
const STEPS: usize = HUNDREDTHS + 2 * NINE + 1;
const HUNDREDTHS: usize = 99;
const NINE: usize = 9;
/// Stands for never, and is the bin of scores that are not numbers.
const NEVER: usize = STEPS;
/// Shares of comments held at which other ways are shown.
const ALTERNATIVE_SHARES: [f64; 8] = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
/// How much a kind that is already caught well enough counts beside one that is not.
const SATISFIED_WEIGHT: f64 = 0.1;
/// Share of comments that may be held more, per label, so that labels of which the rows say little keep their thresholds.
const SAFETY_MARGIN: f64 = 0.001;
/// Rounding must not decide whether a goal is met.
const TOLERANCE: f64 = 1e-9;

/// The threshold of each label, as a step.
type HoldSteps = [usize; Label::ALL.len()];

/// A comment whose decision hangs on the hold thresholds.
struct OpenSample {
    kind: CommentClass,
    /// Per label the highest step that it reaches; 0 when it has no score.
    bins: HoldSteps,
}

impl OpenSample {
    fn is_held(&self, holds: &HoldSteps) -> bool {
        self.bins.iter().zip(holds).any(|(bin, hold)| *hold < NEVER && bin >= hold)
    }
}

/// The highest step that a score reaches.
fn bin(score: Option<f64>) -> usize {
    let Some(score) = score else { return 0 };
    if score.is_nan() {
        return NEVER;
    }
    (1..STEPS).rev().find(|step| score >= threshold(*step)).unwrap_or(0)
}

/// The threshold of a step.
fn threshold(step: usize) -> f64 {
    if step <= HUNDREDTHS {
        step as f64 / 100.0
    } else if step <= HUNDREDTHS + NINE {
        (990 + step - HUNDREDTHS) as f64 / 1_000.0
    } else {
        (9_990 + step - HUNDREDTHS - NINE) as f64 / 10_000.0
    }
}

struct ThresholdSearch<'a> {
    samples: &'a [LabelledSample],
    mix: &'a ClassMix,
    goal: &'a Goal,
    labels: &'a [Label],
    present: &'a Thresholds,
    /// The thresholds for rejecting, which are settled.
    start: Thresholds,
    open: Vec<OpenSample>,
    /// How many comments of each kind there are, open or not.
    rows: [f64; CommentClass::ALL.len()],
}

/// The proposal, whether it meets the goals, and other ways.
pub fn search(
    samples: &[LabelledSample],
    mix: &ClassMix,
    goal: &Goal,
    labels: &[Label],
    present: &Thresholds,
    start: Thresholds,
) -> (Feasibility, Thresholds, Vec<ThresholdAlternative>) {
    let is_open = |sample: &&LabelledSample| {
        sample.depends_on_scores() && !labels.iter().any(|label| sample.rejects(*label, start[label.lane()]))
    };
    let open =
        samples.iter().filter(is_open).map(|sample| OpenSample { kind: sample.class, bins: sample.scores.map(bin) }).collect();
    let mut rows = [0.0; CommentClass::ALL.len()];
    for sample in samples {
        rows[sample.class as usize] += 1.0;
    }
    let search = ThresholdSearch { samples, mix, goal, labels, present, start, open, rows };
    let path = search.path();
    let (fit, thresholds) = search.choose(&path);
    (fit, thresholds, search.alternatives(&path))
}

impl ThresholdSearch<'_> {
    /// From holding nothing by scores to holding whatever can be: at each step the threshold is lowered that catches
    /// the most of what is bad for what is harmless.
    fn path(&self) -> Vec<HoldSteps> {
        let mut holds = [NEVER; Label::ALL.len()];
        let mut path = vec![holds];
        let mut free: Vec<&OpenSample> = self.open.iter().collect();
        while let Some((label, step)) = self.best_step(&free, &holds) {
            // In small steps, so that any amount of work can be matched closely.
            for step in (step..holds[label.lane()]).rev() {
                holds[label.lane()] = step;
                path.push(holds);
            }
            free.retain(|open| !open.is_held(&holds));
        }
        path
    }

    /// The label to lower, and how far. `None`: nothing bad is left to catch.
    fn best_step(&self, free: &[&OpenSample], holds: &HoldSteps) -> Option<(Label, usize)> {
        let bad = self.rows[CommentClass::Spam as usize] + self.rows[CommentClass::Toxic as usize];
        // A threshold is not lowered for one or two rows, unless there are hardly any.
        let least = if bad < 100.0 { 1 } else { ((bad / 500.0) as usize).max(2) };
        let missed = |kind| self.missed_share(kind, free, holds);
        let value = CommentClass::BAD.map(|kind| {
            let weight = if missed(kind) > self.goal.max_missed { 1.0 } else { SATISFIED_WEIGHT };
            if self.rows[kind as usize] > 0.0 { weight / self.rows[kind as usize] } else { 0.0 }
        });
        let per_ham = self.mix.share(CommentClass::Ham) / self.rows[CommentClass::Ham as usize].max(1.0);
        let mut best: Option<(f64, Label, usize)> = None;
        for &label in self.labels {
            let mut counts = [[0usize; CommentClass::ALL.len()]; STEPS + 1];
            for open in free {
                counts[open.bins[label.lane()]][open.kind as usize] += 1;
            }
            // Those that reach everything go with the first step, whatever it is.
            let mut caught = counts[NEVER];
            for step in (1..holds[label.lane()].min(STEPS)).rev() {
                for (sum, count) in caught.iter_mut().zip(counts[step]) {
                    *sum += count;
                }
                let [ham, spam, toxic] = caught;
                if counts[step][1] + counts[step][2] == 0 || spam + toxic < least {
                    continue;
                }
                let gain = spam as f64 * value[0] + toxic as f64 * value[1];
                // Half a harmless row more: many caught for nothing are better than few.
                let ratio = gain / ((ham as f64 + 0.5) * per_ham.max(TOLERANCE));
                if best.is_none_or(|(most, ..)| ratio > most) {
                    best = Some((ratio, label, step));
                }
            }
        }
        best.map(|(_, label, step)| (label, step))
    }

    /// The share of a kind that would be approved when these are not held.
    fn missed_share(&self, kind: CommentClass, free: &[&OpenSample], holds: &HoldSteps) -> f64 {
        let rows = self.rows[kind as usize];
        if rows == 0.0 {
            return 0.0;
        }
        let open = free.iter().filter(|open| open.kind == kind && !open.is_held(holds)).count();
        let allowed =
            self.samples.iter().filter(|s| s.class == kind && s.findings.is_allowed() && s.min_decision == Decision::Approve);
        (open + allowed.count()) as f64 / rows
    }

    fn thresholds(&self, holds: &HoldSteps) -> Thresholds {
        let mut thresholds = self.start;
        for label in self.labels {
            let one = &mut thresholds[label.lane()];
            let hold = holds[label.lane()];
            one.hold = (hold < NEVER).then(|| threshold(hold));
            // A policy holds from no higher on than it rejects.
            if let (Some(hold), Some(reject)) = (one.hold, one.reject) {
                one.hold = Some(hold.min(reject));
            }
        }
        thresholds
    }

    fn outcome(&self, thresholds: &Thresholds) -> DecisionCounts {
        DecisionCounts::count(self.samples, |sample| sample.decide(thresholds))
    }

    fn fits_queue(&self, outcome: &DecisionCounts) -> bool {
        outcome.held_share(self.mix) <= self.goal.max_held + TOLERANCE
    }

    fn choose(&self, path: &[HoldSteps]) -> (Feasibility, Thresholds) {
        // Along the path more and more is held and less and less missed, so that both can be found by halving.
        let meets = |holds: &HoldSteps| self.outcome(&self.thresholds(holds)).misses_at_most(self.goal.max_missed);
        let fits = |thresholds: &Thresholds| self.fits_queue(&self.outcome(thresholds));
        let first_meeting = path.partition_point(|holds| !meets(holds));
        let needed = path.get(first_meeting).map(|holds| {
            let thresholds = self.thresholds(&self.raise_thresholds(*holds));
            (thresholds, self.outcome(&thresholds))
        });
        if let Some((thresholds, outcome)) = &needed
            && self.fits_queue(outcome)
        {
            let kept = self.keep_stricter_present(*thresholds);
            return (Feasibility::Both, if fits(&kept) { kept } else { *thresholds });
        }
        // Labels that cost next to nothing come before what else the queue takes.
        let with_kept = |holds: &HoldSteps| self.keep_stricter_present(self.thresholds(holds));
        let fitting = path.partition_point(|holds| fits(&with_kept(holds)));
        let thresholds = match path.get(fitting.saturating_sub(1)) {
            Some(holds) if fitting > 0 => with_kept(holds),
            _ => self.thresholds(&[NEVER; Label::ALL.len()]),
        };
        let fit = match needed {
            _ if !fits(&thresholds) => Feasibility::QueueOutOfReach,
            Some((_, outcome)) => Feasibility::QueueOnly(outcome.held_share(self.mix)),
            None => Feasibility::MissesOutOfReach,
        };
        (fit, thresholds)
    }

    /// Raises thresholds as long as not too much is missed, each time the one that spares the most.
    fn raise_thresholds(&self, mut holds: HoldSteps) -> HoldSteps {
        let held = |holds: &HoldSteps| self.outcome(&self.thresholds(holds)).held_share(self.mix);
        let meets = |holds: &HoldSteps| self.outcome(&self.thresholds(holds)).misses_at_most(self.goal.max_missed);
        loop {
            let now = held(&holds);
            let mut best: Option<(f64, HoldSteps)> = None;
            for label in self.labels.iter().filter(|label| holds[label.lane()] < NEVER) {
                let raised = |step| {
                    let mut raised = holds;
                    raised[label.lane()] = step;
                    raised
                };
                // The higher, the more is missed.
                let steps: Vec<usize> = (holds[label.lane()] + 1..=NEVER).collect();
                let fine = steps.partition_point(|step| meets(&raised(*step)));
                let Some(step) = fine.checked_sub(1).and_then(|at| steps.get(at)) else { continue };
                let holds = raised(*step);
                let spared = now - held(&holds);
                if spared > TOLERANCE && best.is_none_or(|(most, _)| spared > most) {
                    best = Some((spared, holds));
                }
            }
            match best {
                Some((_, better)) => holds = better,
                None => return holds,
            }
        }
    }

    /// Rows that hold no threats do not show that threats need no holding: where the present threshold is stricter and
    /// costs next to nothing, it stays.
    fn keep_stricter_present(&self, mut thresholds: Thresholds) -> Thresholds {
        for label in self.labels {
            let (lane, present) = (label.lane(), self.present[label.lane()].hold);
            let Some(present) = present else { continue };
            if thresholds[lane].hold.is_some_and(|hold| hold <= present) {
                continue;
            }
            let mut stricter = thresholds;
            stricter[lane].hold = Some(stricter[lane].reject.map_or(present, |reject| present.min(reject)));
            let more = self.outcome(&stricter).held_share(self.mix) - self.outcome(&thresholds).held_share(self.mix);
            if more <= SAFETY_MARGIN {
                thresholds = stricter;
            }
        }
        thresholds
    }

    /// The ways on the path that hold about the shares of [`ALTERNATIVE_SHARES`].
    fn alternatives(&self, path: &[HoldSteps]) -> Vec<ThresholdAlternative> {
        let mut levels: Vec<ThresholdAlternative> = Vec::new();
        for share in ALTERNATIVE_SHARES {
            let holds =
                path.partition_point(|holds| self.outcome(&self.thresholds(holds)).held_share(self.mix) <= share + TOLERANCE);
            let Some(holds) = holds.checked_sub(1).and_then(|at| path.get(at)) else { continue };
            let thresholds = self.thresholds(holds);
            let level = ThresholdAlternative { thresholds, outcome: self.outcome(&thresholds) };
            if levels.last().is_none_or(|last| last.outcome != level.outcome) {
                levels.push(level);
            }
        }
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_reaches_its_own_step() {
        assert_eq!((threshold(1), threshold(99), threshold(108), threshold(STEPS - 1)), (0.01, 0.99, 0.999, 0.9999));
        for step in 1..STEPS {
            assert_eq!(bin(Some(threshold(step))), step);
        }
        assert_eq!((bin(None), bin(Some(0.0)), bin(Some(1.0)), bin(Some(f64::NAN))), (0, 0, STEPS - 1, NEVER));
    }
}
