//! Data of charts: the ROC curve, and the reliability of scores.

/// Number of bins in which scores are compared with observed shares.
const BINS: usize = 15;
/// Maximum number of points of a curve. A longer curve is thinned.
const MAX_POINTS: usize = 500;

/// A point of a curve: a threshold with its false-positive rate and recall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Threshold; scores at or above it count as positive.
    pub threshold: f32,
    /// False-positive rate.
    pub false_positives: f64,
    /// Recall.
    pub recall: f64,
}

/// A bin of rows with similar scores.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CalibrationBin {
    /// Number of rows.
    pub rows: usize,
    /// Mean score of the rows.
    pub mean_score: f64,
    /// Share of positive rows.
    pub positive_share: f64,
}

/// Returns a point for every distinct score, the highest first. At the first point nothing counts as positive. Rates of a
/// missing class are zero.
pub fn curve(scored: &[(f32, bool)]) -> Vec<Point> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|(_, truth)| *truth).count();
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let (mut true_positives, mut false_positives) = (0, 0);
    let mut points = vec![Point { threshold: f32::INFINITY, false_positives: 0.0, recall: 0.0 }];
    for tied in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let more = tied.iter().filter(|(_, truth)| *truth).count();
        true_positives += more;
        false_positives += tied.len() - more;
        points.push(Point {
            threshold: tied[0].0,
            false_positives: share(false_positives, sorted.len() - positives),
            recall: share(true_positives, positives),
        });
    }
    thin(points)
}

/// Thins a curve: keeps both ends, and every point that is a step away from the last one kept. Steep parts keep their
/// shape.
fn thin(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= MAX_POINTS {
        return points;
    }
    // Each of the three summands covers a range of 1 along the curve.
    let step = 3.0 / (MAX_POINTS - 2) as f64;
    let position = |point: &Point| point.false_positives + point.recall - f64::from(point.threshold.clamp(0.0, 1.0));
    let last = points.len() - 1;
    let (mut kept, mut last_kept) = (Vec::new(), f64::NEG_INFINITY);
    for (at, point) in points.into_iter().enumerate() {
        let distance = position(&point);
        if at == last || distance >= last_kept + step || at == 0 {
            last_kept = distance;
            kept.push(point);
        }
    }
    kept
}

/// Puts rows into bins of equal width from 0 to 1.
pub fn reliability(scored: &[(f32, bool)]) -> [CalibrationBin; BINS] {
    let mut sorted = scored.to_vec();
    // Floating-point sums depend on the order, if only in the last digit.
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut bins = [CalibrationBin::default(); BINS];
    for (score, truth) in sorted {
        let bin = &mut bins[((score * BINS as f32) as usize).min(BINS - 1)];
        bin.rows += 1;
        bin.mean_score += f64::from(score);
        bin.positive_share += f64::from(u8::from(truth));
    }
    for bin in bins.iter_mut().filter(|bin| bin.rows > 0) {
        bin.mean_score /= bin.rows as f64;
        bin.positive_share /= bin.rows as f64;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::{MAX_POINTS, curve, reliability};

    #[test]
    fn a_curve_begins_with_nothing_and_ends_with_everything() {
        let rows: Vec<(f32, bool)> = (0..5_000u16).map(|n| (f32::from(n) / 5_000.0, n % 3 == 0)).collect();
        let points = curve(&rows);
        assert!((MAX_POINTS / 2..=MAX_POINTS).contains(&points.len()), "{}", points.len());
        assert_eq!((points[0].false_positives, points[0].recall), (0.0, 0.0));
        let last = points[points.len() - 1];
        assert_eq!((last.threshold, last.false_positives, last.recall), (0.0, 1.0, 1.0));
        assert_eq!(curve(&[]).len(), 1);
    }

    #[test]
    fn bins_hold_what_was_promised_and_what_happened() {
        let bins = reliability(&[(0.0, false), (0.02, true), (1.0, true)]);
        assert_eq!((bins[0].rows, bins[0].positive_share, bins[14].rows, bins[14].positive_share), (2, 0.5, 1, 1.0));
        assert!((bins[0].mean_score - 0.01).abs() < 1e-6);
    }
}
