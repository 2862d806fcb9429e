//! Searches the hold thresholds of all labels together: follows a greedy path from holding nothing to holding everything, then
//! raises the thresholds at a point of the path as far as the goal allows.

use super::outcome::{ClassMix, DecisionCounts};
use super::proposal::{Feasibility, Goal, ThresholdAlternative};
use super::sample::{CommentClass, LabelledSample};
use crate::classify::Label;
use crate::policy::rules::Thresholds;
use crate::verdict::Decision;

/// Number of steps, from step 0. The thresholds are hundredths from .01 to .99, then thousandths to .999, then ten-thousandths
/// to .9999, because models give many scores close to 1.
const STEPS: usize = HUNDREDTHS + 2 * NINE + 1;
const HUNDREDTHS: usize = 99;
const NINE: usize = 9;
/// The step that stands for never. Also the bin of scores that are NaN.
const NEVER: usize = STEPS;
/// Shares of held comments at which alternatives are shown.
const ALTERNATIVE_SHARES: [f64; 8] = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
/// Weight of a class that already meets the goal, relative to one that does not.
const SATISFIED_WEIGHT: f64 = 0.1;
/// Share of comments that may additionally be held, per label, to keep the present threshold of a label with few rows.
const SAFETY_MARGIN: f64 = 0.001;
/// Tolerance for rounding errors when a goal is compared.
const TOLERANCE: f64 = 1e-9;

/// The hold threshold of each label, as a step.
type HoldSteps = [usize; Label::ALL.len()];

/// A comment whose decision depends on the hold thresholds.
struct OpenSample {
    class: CommentClass,
    /// For each label, the highest step that the score reaches; 0 without a score.
    bins: HoldSteps,
}

impl OpenSample {
    fn is_held(&self, holds: &HoldSteps) -> bool {
        self.bins.iter().zip(holds).any(|(bin, hold)| *hold < NEVER && bin >= hold)
    }
}

/// Returns the highest step that a score reaches.
fn bin(score: Option<f64>) -> usize {
    let Some(score) = score else { return 0 };
    if score.is_nan() {
        return NEVER;
    }
    (1..STEPS).rev().find(|step| score >= threshold(*step)).unwrap_or(0)
}

/// Returns the threshold of a step.
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
    /// Thresholds with the reject thresholds that are already chosen.
    start: Thresholds,
    open: Vec<OpenSample>,
    /// Number of comments of each class, open or not.
    rows: [f64; CommentClass::ALL.len()],
}

/// Returns whether the goals can be met, the proposed thresholds, and alternatives.
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
        samples.iter().filter(is_open).map(|sample| OpenSample { class: sample.class, bins: sample.scores.map(bin) }).collect();
    let mut rows = [0.0; CommentClass::ALL.len()];
    for sample in samples {
        rows[sample.class as usize] += 1.0;
    }
    let search = ThresholdSearch { samples, mix, goal, labels, present, start, open, rows };
    let path = search.path();
    let (feasibility, thresholds) = search.choose(&path);
    (feasibility, thresholds, search.alternatives(&path))
}

impl ThresholdSearch<'_> {
    /// Returns a path from holding nothing by scores to holding as much as possible. Each step lowers the threshold that
    /// catches the most bad comments per harmless comment held.
    fn path(&self) -> Vec<HoldSteps> {
        let mut holds = [NEVER; Label::ALL.len()];
        let mut path = vec![holds];
        let mut free: Vec<&OpenSample> = self.open.iter().collect();
        while let Some((label, step)) = self.best_step(&free, &holds) {
            // One step at a time, so that the path passes close to any size of the queue.
            for step in (step..holds[label.lane()]).rev() {
                holds[label.lane()] = step;
                path.push(holds);
            }
            free.retain(|open| !open.is_held(&holds));
        }
        path
    }

    /// Returns the label whose threshold to lower, and the step to lower it to. Returns `None` if no bad comment is left to
    /// catch.
    fn best_step(&self, free: &[&OpenSample], holds: &HoldSteps) -> Option<(Label, usize)> {
        let bad = self.rows[CommentClass::Spam as usize] + self.rows[CommentClass::Toxic as usize];
        // A threshold is not lowered for very few rows, unless there are few in all.
        let min_caught = if bad < 100.0 { 1 } else { ((bad / 500.0) as usize).max(2) };
        let missed = |class| self.missed_share(class, free, holds);
        let value = CommentClass::BAD.map(|class| {
            let weight = if missed(class) > self.goal.max_missed { 1.0 } else { SATISFIED_WEIGHT };
            if self.rows[class as usize] > 0.0 { weight / self.rows[class as usize] } else { 0.0 }
        });
        let per_ham = self.mix.share(CommentClass::Ham) / self.rows[CommentClass::Ham as usize].max(1.0);
        let mut best: Option<(f64, Label, usize)> = None;
        for &label in self.labels {
            let mut counts = [[0usize; CommentClass::ALL.len()]; STEPS + 1];
            for open in free {
                counts[open.bins[label.lane()]][open.class as usize] += 1;
            }
            // NaN reaches every threshold, so the first step catches these.
            let mut caught = counts[NEVER];
            for step in (1..holds[label.lane()].min(STEPS)).rev() {
                for (sum, count) in caught.iter_mut().zip(counts[step]) {
                    *sum += count;
                }
                let [ham, spam, toxic] = caught;
                if counts[step][1] + counts[step][2] == 0 || spam + toxic < min_caught {
                    continue;
                }
                let gain = spam as f64 * value[0] + toxic as f64 * value[1];
                // Half a harmless row is added so that, of two steps without harmless rows, the one that catches more wins.
                let ratio = gain / ((ham as f64 + 0.5) * per_ham.max(TOLERANCE));
                if best.is_none_or(|(highest, ..)| ratio > highest) {
                    best = Some((ratio, label, step));
                }
            }
        }
        best.map(|(_, label, step)| (label, step))
    }

    /// Returns the share of a class that is approved at a point of the path. `free` are the comments not held so far.
    fn missed_share(&self, class: CommentClass, free: &[&OpenSample], holds: &HoldSteps) -> f64 {
        let rows = self.rows[class as usize];
        if rows == 0.0 {
            return 0.0;
        }
        let open = free.iter().filter(|open| open.class == class && !open.is_held(holds)).count();
        let allowed =
            self.samples.iter().filter(|s| s.class == class && s.findings.is_allowed() && s.min_decision == Decision::Approve);
        (open + allowed.count()) as f64 / rows
    }

    fn thresholds(&self, holds: &HoldSteps) -> Thresholds {
        let mut thresholds = self.start;
        for label in self.labels {
            let one = &mut thresholds[label.lane()];
            let hold = holds[label.lane()];
            one.hold = (hold < NEVER).then(|| threshold(hold));
            // A policy's hold threshold must not be above its reject threshold.
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
        // Along the path more comments are held and fewer missed, so binary search finds both limits.
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
            let stricter = self.keep_stricter_present(*thresholds);
            return (Feasibility::Both, if fits(&stricter) { stricter } else { *thresholds });
        }
        // Present thresholds that cost almost nothing are kept before the rest of the queue is filled.
        let with_present = |holds: &HoldSteps| self.keep_stricter_present(self.thresholds(holds));
        let fitting = path.partition_point(|holds| fits(&with_present(holds)));
        let thresholds = match path.get(fitting.saturating_sub(1)) {
            Some(holds) if fitting > 0 => with_present(holds),
            _ => self.thresholds(&[NEVER; Label::ALL.len()]),
        };
        let feasibility = match needed {
            _ if !fits(&thresholds) => Feasibility::QueueOutOfReach,
            Some((_, outcome)) => Feasibility::QueueOnly(outcome.held_share(self.mix)),
            None => Feasibility::MissesOutOfReach,
        };
        (feasibility, thresholds)
    }

    /// Raises thresholds while the goal for misses is met, each time the one that avoids the most held comments.
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
                // The higher the threshold, the more is missed, so binary search applies.
                let steps: Vec<usize> = (holds[label.lane()] + 1..=NEVER).collect();
                let meeting = steps.partition_point(|step| meets(&raised(*step)));
                let Some(step) = meeting.checked_sub(1).and_then(|at| steps.get(at)) else { continue };
                let holds = raised(*step);
                let avoided = now - held(&holds);
                if avoided > TOLERANCE && best.is_none_or(|(highest, _)| avoided > highest) {
                    best = Some((avoided, holds));
                }
            }
            match best {
                Some((_, better)) => holds = better,
                None => return holds,
            }
        }
    }

    /// Keeps the present threshold of a label where it is stricter and holds almost no additional comments. Rows without
    /// threats, for example, do not prove that threats need not be held.
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

    /// Returns the points of the path that hold about the shares of [`ALTERNATIVE_SHARES`].
    fn alternatives(&self, path: &[HoldSteps]) -> Vec<ThresholdAlternative> {
        let mut alternatives: Vec<ThresholdAlternative> = Vec::new();
        for share in ALTERNATIVE_SHARES {
            let holds =
                path.partition_point(|holds| self.outcome(&self.thresholds(holds)).held_share(self.mix) <= share + TOLERANCE);
            let Some(holds) = holds.checked_sub(1).and_then(|at| path.get(at)) else { continue };
            let thresholds = self.thresholds(holds);
            let alternative = ThresholdAlternative { thresholds, outcome: self.outcome(&thresholds) };
            if alternatives.last().is_none_or(|last| last.outcome != alternative.outcome) {
                alternatives.push(alternative);
            }
        }
        alternatives
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
