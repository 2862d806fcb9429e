//! Measures a head against labelled rows.

use super::recipe::Source;
use super::rows::{Row, Split};
use super::{Label, Model};

/// Bins of the calibration error.
const BINS: usize = 15;
/// The share of negatives that may be caught wrongly when recall is stated.
const FALSE_POSITIVES: f64 = 0.005;

/// How well a head does on one set of rows. Figures that need both classes are not numbers when one is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// How many rows were scored.
    pub rows: usize,
    /// How many of them have the label.
    pub positives: usize,
    /// Chance that a positive row scores above a negative one; ties count half.
    pub auc: f64,
    /// Share of rows on the right side of 0.5.
    pub accuracy: f64,
    /// Share of positives caught at the threshold that catches at most 0.5 % of the negatives.
    pub recall: f64,
    /// Mean distance between stated probability and observed share.
    pub ece: f64,
    /// Share of the negatives that score 0.5 or more.
    pub false_positives: f64,
}

/// Scores the rows of a split with the model, as a served comment is scored.
pub fn score(model: &Model, source: &Source, rows: &[Row], split: Split, label: Label) -> Vec<(f32, bool)> {
    let Some(rule) = source.rule(label) else { return Vec::new() };
    let rows = rows.iter().filter(|row| row.split == Some(split));
    rows.filter_map(|row| Some((model.score(&row.input(source.post)).get(label)?, rule.read(row)?))).collect()
}

/// Computes the figures from scores and truths.
pub fn figures(scored: &[(f32, bool)]) -> Figures {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|(_, truth)| *truth).count();
    let negatives = sorted.len() - positives;
    let (mut above, mut false_above) = (0usize, 0usize);
    let (mut area, mut recall) = (0.0, 0.0f64);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let caught = tied.iter().filter(|(_, truth)| *truth).count();
        let wrongly = tied.len() - caught;
        area += wrongly as f64 * (above as f64 + caught as f64 / 2.0);
        above += caught;
        false_above += wrongly;
        if false_above as f64 <= negatives as f64 * FALSE_POSITIVES {
            recall = above as f64 / positives as f64;
        }
    }
    let rows = sorted.len() as f64;
    let right = sorted.iter().filter(|(score, truth)| (*score >= 0.5) == *truth).count();
    let wrong = sorted.iter().filter(|(score, truth)| *score >= 0.5 && !truth).count();
    let both = positives > 0 && negatives > 0;
    Figures {
        rows: sorted.len(),
        positives,
        auc: if both { area / (positives as f64 * negatives as f64) } else { f64::NAN },
        accuracy: right as f64 / rows,
        recall: if both { recall } else { f64::NAN },
        ece: calibration_error(&sorted),
        false_positives: wrong as f64 / negatives as f64,
    }
}

fn calibration_error(scored: &[(f32, bool)]) -> f64 {
    let mut bins = [(0.0f64, 0.0f64); BINS];
    for &(score, truth) in scored {
        let bin = &mut bins[((score * BINS as f32) as usize).min(BINS - 1)];
        bin.0 += f64::from(score);
        bin.1 += f64::from(u8::from(truth));
    }
    bins.iter().map(|(stated, observed)| (stated - observed).abs()).sum::<f64>() / scored.len() as f64
}

#[cfg(test)]
mod tests {
    use super::figures;

    #[test]
    fn figures_of_simple_cases() {
        let perfect = figures(&[(0.9, true), (0.8, true), (0.1, false)]);
        assert_eq!((perfect.auc, perfect.accuracy, perfect.recall), (1.0, 1.0, 1.0));
        let tied = figures(&[(0.5, true), (0.5, false)]);
        assert_eq!((tied.auc, tied.accuracy, tied.recall, tied.ece), (0.5, 0.5, 0.0, 0.0));
        let mixed = figures(&[(0.9, false), (0.8, true), (0.7, false), (0.6, true)]);
        assert_eq!((mixed.auc, mixed.false_positives), (0.25, 1.0));
        assert!(figures(&[(0.3, false)]).auc.is_nan());
        assert_eq!(figures(&[]).rows, 0);
    }
}
