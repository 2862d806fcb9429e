//! The left half of the screen: a line for each comment, with the cursor in view.

use ratatui::layout::Rect;

use super::super::act::ActKind;
use super::super::connectivity::Connectivity;
use super::super::row::{CommentRow, past_participle};
use super::super::state::ScreenState;
use super::canvas::Canvas;
use crate::cli::terminal::Tone;
use crate::cli::verdict_view;
use crate::verdict::Decision;

/// Draws the list.
pub fn draw(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) {
    if state.rows.is_empty() {
        let words = match state.connectivity {
            Connectivity::Live if state.list.stale => "loading…",
            Connectivity::Live => "nothing here",
            Connectivity::Loading => "loading…",
            Connectivity::Lost { .. } => "",
        };
        pen.toned_text(area, 1, Tone::Faint, words);
        return;
    }
    let height = usize::from(area.height);
    // The cursor stays in the middle, except at both ends.
    let top = state.cursor.saturating_sub(height / 2).min(state.rows.len().saturating_sub(height));
    for (place, row) in state.rows.iter().enumerate().skip(top).take(height) {
        let y = area.y + u16::try_from(place - top).unwrap_or(0);
        line(state, pen, Rect { y, height: 1, ..area }, row, place == state.cursor);
    }
}

/// Draws the line of a comment.
fn line(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect, row: &CommentRow, selected: bool) {
    let cursor = if selected { "▸" } else { " " };
    let mark = if state.marked.contains(&row.id) { "*" } else { " " };
    pen.toned_text(area, 0, Tone::Strong, cursor);
    pen.toned_text(area, 1, Tone::Warning, mark);
    let score = row.top_score.as_ref().map_or_else(|| " -".to_owned(), |(_, score)| hundredths(*score));
    pen.toned_text(area, 2, Tone::Plain, &format!("{score:>3}"));
    pen.toned_text(area, 6, Tone::Faint, &format!("{:>4}", verdict_view::format_age(row.received_at.as_ref(), state.now)));
    let (tone, words) = summary(state, row);
    pen.toned_text(area, 11, tone, &words);
    if selected {
        pen.set_style(area, pen.theme.selection_style());
    }
}

/// Formats a score in hundredths, rounded down and at most 99, so that it never looks certain.
fn hundredths(score: f64) -> String {
    if score.is_finite() { format!("{:.0}", (score * 100.0).floor().clamp(0.0, 99.0)) } else { "-".to_owned() }
}

/// Returns the most important fact about a comment: the act under way, the last error, the claim of a colleague, the
/// decision, or the start of the text.
fn summary(state: &ScreenState, row: &CommentRow) -> (Tone, String) {
    if let Some(what) = state.pending_action(&row.id) {
        let words = match what {
            ActKind::Decide(Decision::Approve) => "approving…",
            ActKind::Decide(Decision::Reject) => "rejecting…",
            ActKind::Decide(Decision::Hold) => "holding…",
            ActKind::Undo => "taking back…",
        };
        return (Tone::Warning, words.to_owned());
    }
    if !row.last_error.is_empty() {
        return (Tone::Bad, row.last_error.clone());
    }
    if let Some(claim) = state.claimed_by(row) {
        return (Tone::Faint, format!("claimed by {}", claim.holder_name()));
    }
    if row.off_list {
        return (Tone::Faint, row.state.describe(state.now));
    }
    if row.state.spot_check {
        return (Tone::Faint, format!("spot check: {}", row.excerpt));
    }
    if state.query.queue.decision() != row.state.decision && state.query.queue.decision().is_some() {
        return (Tone::from(row.state.decision), format!("{}: {}", past_participle(row.state.decision), row.excerpt));
    }
    (Tone::Plain, row.excerpt.clone())
}
