//! Searches the reject threshold of a label. A label may reject only where the rows prove that it rejects almost no harmless
//! comments.

use super::sample::{CommentClass, LabelledSample};
use crate::classify::Label;
use crate::policy::rules::Threshold;

/// Quantile of the normal distribution for one-sided 95 % confidence.
const Z_95_ONE_SIDED: f64 = 1.645;
/// Rule of three: if none of n rows is rejected, the true share is at most 3 / n, at 95 % confidence.
const RULE_OF_THREE: f64 = 3.0;

/// What the rows prove about rejecting by one label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RejectFinding {
    /// The label.
    pub label: Label,
    /// Proposed reject threshold; `None` for never.
    pub proposed: Option<f64>,
    /// Number of harmless rows.
    pub ham: usize,
    /// Number of harmless rows that the threshold would reject.
    pub ham_rejected: usize,
    /// Share of the harmless comments that the label may reject.
    pub allowed: f64,
    /// Upper bound of the share of harmless comments that the threshold rejects, at 95 % confidence.
    pub upper_bound: f64,
    /// Whether the upper bound is at most `allowed`. If not, the present threshold is kept, or dropped if it already
    /// rejects too many of the rows.
    pub is_proven: bool,
    /// Number of harmless rows, none of them rejected, that would prove it.
    pub rows_needed: usize,
}

/// Returns the upper bound of a share at 95 % confidence if `rejected` of `all` rows are rejected: by the rule of three if none
/// is, else Wilson's bound.
fn upper_bound(rejected: usize, all: usize) -> f64 {
    if all == 0 {
        return 1.0;
    }
    let n = all as f64;
    if rejected == 0 {
        return (RULE_OF_THREE / n).min(1.0);
    }
    let share = rejected as f64 / n;
    let spread = Z_95_ONE_SIDED * (share * (1.0 - share) / n + Z_95_ONE_SIDED * Z_95_ONE_SIDED / (4.0 * n * n)).sqrt();
    ((share + Z_95_ONE_SIDED * Z_95_ONE_SIDED / (2.0 * n) + spread) / (1.0 + Z_95_ONE_SIDED * Z_95_ONE_SIDED / n)).min(1.0)
}

/// Returns the lowest threshold that provably rejects at most the share `allowed` of harmless comments.
pub fn search(samples: &[LabelledSample], label: Label, present: Threshold, allowed: f64) -> RejectFinding {
    let harmless: Vec<&LabelledSample> = samples.iter().filter(|sample| sample.class() == CommentClass::Ham).collect();
    let count_rejected = |bound: Option<f64>| {
        let threshold = Threshold { reject: bound, ..present };
        harmless.iter().filter(|sample| sample.depends_on_scores() && sample.rejects(label, threshold)).count()
    };
    let found = |bound: Option<f64>, is_proven: bool| {
        let ham_rejected = count_rejected(bound);
        let rows_needed = (RULE_OF_THREE / allowed).ceil() as usize;
        RejectFinding {
            label,
            proposed: bound,
            ham: harmless.len(),
            ham_rejected,
            allowed,
            upper_bound: upper_bound(ham_rejected, harmless.len()),
            is_proven,
            rows_needed,
        }
    };
    // Below one half, a threshold would reject comments that are more likely harmless.
    let candidates = (50..100).map(|n| f64::from(n) / 100.0).chain([0.995, 0.999]);
    match candidates.map(Some).find(|bound| upper_bound(count_rejected(*bound), harmless.len()) <= allowed) {
        Some(bound) => found(bound, true),
        None if count_rejected(present.reject) as f64 <= allowed * harmless.len() as f64 => found(present.reject, false),
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
