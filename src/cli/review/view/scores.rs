//! Draws scores as bars with the thresholds of the policy.

use super::text_layout::TextLayout;
use crate::cli::terminal::Tone;
use crate::cli::text;
use crate::pb;

/// Length of a bar in cells.
const BAR_CELLS: usize = 20;

/// Adds a line for each score, the highest first.
pub fn scores(verdict: &pb::Verdict, thresholds: &[pb::Threshold], page: &mut TextLayout) {
    let mut scores: Vec<(&String, f64)> = verdict.scores.iter().map(|(label, score)| (label, *score)).collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    for (label, score) in scores {
        let threshold = thresholds.iter().find(|threshold| threshold.label == *label);
        let (hold, reject) = threshold.map_or((None, None), |threshold| (threshold.hold, threshold.reject));
        let share = if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 };
        let reached = |bound: Option<f64>| bound.is_some_and(|bound| score >= bound);
        let tone = match (reached(reject), reached(hold) || threshold.is_none() && share >= 0.5) {
            (true, _) => Tone::Bad,
            (_, true) => Tone::Warning,
            _ => Tone::Plain,
        };
        let label = format!("{:15}", text::escape_line(label, 15));
        let mut parts = vec![(Tone::Faint, label), (Tone::Plain, format!(" {share:.2} "))];
        parts.extend(bar(share, tone, hold, reject));
        // The thresholds are also written as numbers if the line is wide enough for both.
        let wide = page.width >= 16 + 5 + BAR_CELLS + " hold 0.00 reject 0.00".len();
        if let Some(hold) = hold.filter(|_| wide) {
            parts.push((Tone::Faint, format!(" hold {hold:.2}")));
        }
        if let Some(reject) = reject.filter(|_| wide) {
            parts.push((Tone::Faint, format!(" reject {reject:.2}")));
        }
        page.line(&parts);
    }
}

/// Returns the cells of a bar that is filled up to a share of one, with marks where the thresholds are.
fn bar(share: f64, tone: Tone, hold: Option<f64>, reject: Option<f64>) -> impl Iterator<Item = (Tone, String)> {
    // At most BAR_CELLS, because the share is at most 1.
    let full = (share * BAR_CELLS as f64).round() as usize;
    (0..BAR_CELLS).map(move |cell| {
        // The mark is in the cell in which the threshold lies.
        let at =
            |bound: Option<f64>| bound.is_some_and(|bound| ((bound * BAR_CELLS as f64) as usize).min(BAR_CELLS - 1) == cell);
        let (tone, sign) = match (at(reject), at(hold), cell < full) {
            (true, _, _) => (Tone::Bad, "‖"),
            (_, true, _) => (Tone::Warning, "|"),
            (_, _, true) => (tone, "█"),
            _ => (Tone::Faint, "░"),
        };
        (tone, sign.to_owned())
    })
}
