//! Computes metrics of a head on labelled rows, and the points of their charts.

mod curve;

use super::recipe::RecipeSource;
use super::rows::{Row, Split};
use super::{Label, Model};

pub use curve::{CalibrationBin, Point, curve, reliability};

/// False-positive rate at which recall is stated.
const MAX_FALSE_POSITIVE_RATE: f64 = 0.005;
/// Recall at which the false-positive rate is stated.
const MIN_RECALL: f64 = 0.95;

/// Metrics of a head on a set of rows. Metrics that need both classes are NaN if one is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierMetrics {
    /// Number of scored rows.
    pub rows: usize,
    /// Number of rows with the label.
    pub positives: usize,
    /// Probability that a positive row scores above a negative one. Ties count half.
    pub auc: f64,
    /// Share of rows on the right side of 0.5.
    pub accuracy: f64,
    /// Recall at the threshold with a false-positive rate of at most 0.5 %.
    pub recall: f64,
    /// False-positive rate at the highest threshold with a recall of at least 95 %.
    pub false_positives_at_recall: f64,
    /// Expected calibration error: mean distance between score and observed share.
    pub ece: f64,
    /// Share of the negatives with a score of 0.5 or more.
    pub false_positives: f64,
}

/// Scores the rows of a split with the model, as a served comment is scored. Returns each score with its target.
pub fn score(model: &Model, source: &RecipeSource, rows: &[Row], split: Split, label: Label) -> Vec<(f32, bool)> {
    let Some(rule) = source.rule(label) else { return Vec::new() };
    let rows = rows.iter().filter(|row| row.split == Some(split));
    rows.filter_map(|row| Some((model.score(&row.input(source.post)).get(label)?, rule.label(row)?))).collect()
}

/// Computes the metrics of scores with their targets.
pub fn classifier_metrics(scored: &[(f32, bool)]) -> ClassifierMetrics {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|(_, truth)| *truth).count();
    let negatives = sorted.len() - positives;
    let (mut above, mut false_positives_above) = (0usize, 0usize);
    let (mut area, mut recall, mut false_positives_at_recall) = (0.0, 0.0f64, None);
    for tied in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let true_positives = tied.iter().filter(|(_, truth)| *truth).count();
        let false_positives = tied.len() - true_positives;
        area += false_positives as f64 * (above as f64 + true_positives as f64 / 2.0);
        above += true_positives;
        false_positives_above += false_positives;
        if false_positives_above as f64 <= negatives as f64 * MAX_FALSE_POSITIVE_RATE {
            recall = above as f64 / positives as f64;
        }
        if above as f64 >= positives as f64 * MIN_RECALL {
            false_positives_at_recall.get_or_insert(false_positives_above as f64 / negatives as f64);
        }
    }
    let rows = sorted.len() as f64;
    let right = sorted.iter().filter(|(score, truth)| (*score >= 0.5) == *truth).count();
    let false_at_half = sorted.iter().filter(|(score, truth)| *score >= 0.5 && !truth).count();
    let both = positives > 0 && negatives > 0;
    ClassifierMetrics {
        rows: sorted.len(),
        positives,
        auc: if both { area / (positives as f64 * negatives as f64) } else { f64::NAN },
        accuracy: right as f64 / rows,
        recall: if both { recall } else { f64::NAN },
        false_positives_at_recall: false_positives_at_recall.filter(|_| both).unwrap_or(f64::NAN),
        ece: calibration_error(&sorted),
        false_positives: false_at_half as f64 / negatives as f64,
    }
}

/// Returns the expected calibration error.
fn calibration_error(scored: &[(f32, bool)]) -> f64 {
    let distance = |bin: &CalibrationBin| (bin.mean_score - bin.positive_share).abs() * bin.rows as f64;
    reliability(scored).iter().filter(|bin| bin.rows > 0).map(distance).sum::<f64>() / scored.len() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{classifier_metrics, curve};

    #[test]
    fn figures_of_simple_cases() {
        let perfect = classifier_metrics(&[(0.9, true), (0.8, true), (0.1, false)]);
        assert_eq!((perfect.auc, perfect.accuracy, perfect.recall), (1.0, 1.0, 1.0));
        assert_eq!(perfect.false_positives_at_recall, 0.0);
        let tied = classifier_metrics(&[(0.5, true), (0.5, false)]);
        assert_eq!((tied.auc, tied.accuracy, tied.recall, tied.ece), (0.5, 0.5, 0.0, 0.0));
        let mixed = classifier_metrics(&[(0.9, false), (0.8, true), (0.7, false), (0.6, true)]);
        assert_eq!((mixed.auc, mixed.false_positives, mixed.false_positives_at_recall), (0.25, 1.0, 1.0));
        let alone = classifier_metrics(&[(0.3, false)]);
        assert!(alone.auc.is_nan() && alone.false_positives_at_recall.is_nan());
        assert_eq!(classifier_metrics(&[]).rows, 0);
    }

    type Rows = Vec<(f32, bool)>;

    /// Few distinct scores, so that many are tied.
    fn rows() -> impl Strategy<Value = Rows> {
        prop::collection::vec(((0u8..=20).prop_map(|n| f32::from(n) / 20.0), any::<bool>()), 0..60)
    }

    fn shuffled() -> impl Strategy<Value = (Rows, Rows)> {
        rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    }

    proptest! {
        #[test]
        fn auc_is_the_share_of_pairs_in_the_right_order(rows in rows()) {
            let of = |wanted| rows.iter().filter(move |(_, truth)| *truth == wanted).map(|(score, _)| *score);
            let mut won = 0.0;
            for positive in of(true) {
                for negative in of(false) {
                    won += if positive > negative { 1.0 } else if positive == negative { 0.5 } else { 0.0 };
                }
            }
            let pairs = of(true).count() * of(false).count();
            let auc = classifier_metrics(&rows).auc;
            if pairs == 0 {
                prop_assert!(auc.is_nan());
            } else {
                prop_assert!((auc - won / pairs as f64).abs() < 1e-9);
            }
        }

        #[test]
        fn the_order_of_the_rows_changes_nothing((one, other) in shuffled()) {
            prop_assert_eq!(format!("{:?}", classifier_metrics(&one)), format!("{:?}", classifier_metrics(&other)));
            prop_assert_eq!(curve(&one), curve(&other));
        }

        #[test]
        fn no_scores_whatever_break_the_figures(rows in prop::collection::vec((any::<f32>(), any::<bool>()), 0..40)) {
            let figures = classifier_metrics(&rows);
            prop_assert_eq!(figures.rows, rows.len());
            prop_assert!(figures.auc.is_nan() || (0.0..=1.0).contains(&figures.auc));
            prop_assert!(curve(&rows).len() <= rows.len() + 1);
        }

        #[test]
        fn shares_are_shares(rows in rows()) {
            let figures = classifier_metrics(&rows);
            for share in [figures.accuracy, figures.recall, figures.false_positives, figures.false_positives_at_recall, figures.ece] {
                prop_assert!(share.is_nan() || (0.0..=1.0).contains(&share), "{figures:?}");
            }
        }
    }
}
