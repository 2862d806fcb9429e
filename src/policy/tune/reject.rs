//! From which score on a label may reject: only as far as the rows can show that hardly anything harmless is hit.

use super::sample::{CommentClass, LabelledSample};
use crate::classify::Label;
use crate::policy::rules::Threshold;

/// One-sided 95 % of the normal distribution.
const Z_95_ONE_SIDED: f64 = 1.645;
/// With none of n hit, at most this over n is, at 95 %: the rule of three.
const RULE_OF_THREE: f64 = 3.0;

/// What the rows say on rejecting by one label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RejectFinding {
    /// Which label.
    pub label: Label,
    /// The threshold; `None`: never.
    pub proposed: Option<f64>,
    /// Harmless rows.
    pub ham: usize,
    /// Those of them that it would reject.
    pub ham_rejected: usize,
    /// What share of the harmless comments it was allowed to reject.
    pub allowed: f64,
    /// The share of harmless comments that it rejects at most, at 95 %.
    pub upper_bound: f64,
    /// Whether that is as little as was asked for. If not, the present threshold stays, or gives way to none when it is
    /// already seen to reject too much.
    pub is_proven: bool,
    /// How many harmless rows, none of them hit, would show it.
    pub rows_needed: usize,
}

/// The highest share that `hit` of `all` allow at 95 %: rule of three, else Wilson's bound.
fn upper_bound(hit: usize, all: usize) -> f64 {
    if all == 0 {
        return 1.0;
    }
    let n = all as f64;
    if hit == 0 {
        return (RULE_OF_THREE / n).min(1.0);
    }
    let share = hit as f64 / n;
    let spread = Z_95_ONE_SIDED * (share * (1.0 - share) / n + Z_95_ONE_SIDED * Z_95_ONE_SIDED / (4.0 * n * n)).sqrt();
    ((share + Z_95_ONE_SIDED * Z_95_ONE_SIDED / (2.0 * n) + spread) / (1.0 + Z_95_ONE_SIDED * Z_95_ONE_SIDED / n)).min(1.0)
}

/// The lowest threshold of which it can be shown that it rejects at most `most` of the harmless.
pub fn search(samples: &[LabelledSample], label: Label, present: Threshold, most: f64) -> RejectFinding {
    let harmless: Vec<&LabelledSample> = samples.iter().filter(|sample| sample.kind() == CommentClass::Ham).collect();
    let hit = |bound: Option<f64>| {
        let threshold = Threshold { reject: bound, ..present };
        harmless.iter().filter(|sample| sample.depends_on_scores() && sample.rejects(label, threshold)).count()
    };
    let found = |bound: Option<f64>, shown: bool| {
        let hit = hit(bound);
        let rows_needed = (RULE_OF_THREE / most).ceil() as usize;
        RejectFinding {
            label,
            proposed: bound,
            ham: harmless.len(),
            ham_rejected: hit,
            allowed: most,
            upper_bound: upper_bound(hit, harmless.len()),
            is_proven: shown,
            rows_needed,
        }
    };
    // Lower than one half would reject what is more likely harmless.
    let candidates = (50..100).map(|n| f64::from(n) / 100.0).chain([0.995, 0.999]);
    match candidates.map(Some).find(|bound| upper_bound(hit(*bound), harmless.len()) <= most) {
        Some(bound) => found(bound, true),
        None if hit(present.reject) as f64 <= most * harmless.len() as f64 => found(present.reject, false),
        None => found(None, false),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::sample;
    use super::*;
    use crate::policy::testing::policy;

    fn ham(count: usize, highest: f64) -> Vec<LabelledSample> {
        let policy = policy("");
        let one = |n: usize| {
            let score = if n == 0 { highest } else { 0.2 };
            sample(&policy, CommentClass::Ham, true, &[(Label::Spam, score)])
        };
        (0..count).map(one).collect()
    }

    const PRESENT: Threshold = Threshold { hold: Some(0.4), reject: Some(0.98), corroborate: true };

    #[test]
    fn too_few_rows_show_nothing() {
        let found = search(&ham(300, 0.2), Label::Spam, PRESENT, 0.001);
        assert_eq!((found.is_proven, found.proposed, found.upper_bound, found.rows_needed), (false, Some(0.98), 0.01, 3_000));
    }

    #[test]
    fn enough_rows_show_the_lowest_threshold() {
        let found = search(&ham(3_100, 0.815), Label::Spam, PRESENT, 0.001);
        assert_eq!((found.is_proven, found.proposed, found.ham_rejected), (true, Some(0.82), 0));
    }

    #[test]
    fn a_threshold_that_is_seen_to_reject_too_much_goes() {
        let found = search(&ham(100, 0.999_9), Label::Spam, PRESENT, 0.001);
        assert_eq!((found.is_proven, found.proposed), (false, None));
    }

    #[test]
    fn bounds_lie_above_what_was_seen() {
        assert!(upper_bound(1, 1_000) > 0.001 && upper_bound(1, 1_000) < 0.006);
        assert_eq!(upper_bound(0, 0), 1.0);
    }
}
