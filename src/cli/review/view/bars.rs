//! The lines above and below the comments: header, message, and key hints.

use std::time::Duration;

use ratatui::layout::Rect;

use super::super::connectivity::Connectivity;
use super::super::keys::Action;
use super::super::mode::InputMode;
use super::super::paging::{MAX_LIST_ROWS, PAGE_ROWS};
use super::super::query::QueueFilter;
use super::super::state::ScreenState;
use super::canvas::Canvas;
use crate::cli::terminal::Tone;

/// Draws the line at the top: the site, the query and its size, and the connection.
pub fn head(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) {
    let mut at = pen.toned_text(area, 0, Tone::Strong, &state.site);
    let search = if state.query.search.is_empty() { String::new() } else { format!(" “{}”", state.query.search) };
    let more = if state.list.next_page_token.is_empty() { "" } else { "+" };
    let count = state.rows.iter().filter(|row| state.query.queue != QueueFilter::Held || state.is_pending(row)).count();
    let what = format!("  {} {count}{more}{search}  {} first", state.query.queue.as_str(), state.query.order);
    at = pen.toned_text(area, at, Tone::Plain, &what);
    if !state.query.terms.is_empty() {
        at = pen.toned_text(area, at, Tone::Faint, &format!("  {}", state.query.terms));
    }
    if !state.marked.is_empty() {
        pen.toned_text(area, at, Tone::Warning, &format!("  {} marked", state.marked.len()));
    }
    let (tone, words) = link(state);
    let width = u16::try_from(words.chars().count()).unwrap_or(area.width).min(area.width);
    let corner = Rect { x: area.right() - width, width, ..area };
    pen.toned_text(corner, 0, tone, &words);
}

/// Returns the state of the connection or, if it is live, the name of the moderator.
fn link(state: &ScreenState) -> (Tone, String) {
    match &state.connectivity {
        _ if state.shutdown.is_some() => (Tone::Warning, " leaving…".to_owned()),
        Connectivity::Loading => (Tone::Faint, " loading…".to_owned()),
        Connectivity::Live => (Tone::Faint, format!(" {}", state.moderator.chars().take(20).collect::<String>())),
        Connectivity::Lost { since, .. } => {
            let seconds = state.now.duration_since(*since).unwrap_or(Duration::ZERO).as_secs();
            (Tone::Bad, format!(" server lost for {seconds}s, trying again"))
        }
    }
}

/// Draws the message line: the latest message, or else a problem with the connection or the list.
pub fn message(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) {
    match (&state.message, &state.connectivity) {
        (Some((tone, words)), _) => pen.toned_text(area, 0, *tone, words),
        _ if state.shutdown.is_some() && !state.pending_acts.is_empty() => {
            let quit = state.keys.key_name(Action::Quit);
            let words =
                format!("waiting until {} acts are confirmed; {quit} once more does not wait", state.pending_acts.len());
            pen.toned_text(area, 0, Tone::Warning, &words)
        }
        (None, Connectivity::Lost { why, .. }) => pen.toned_text(area, 0, Tone::Bad, why),
        _ if state.rows.len() >= MAX_LIST_ROWS && !state.list.next_page_token.is_empty() => {
            let pages = state.rows.len() / PAGE_ROWS;
            pen.toned_text(area, 0, Tone::Faint, &format!("there is more than these {pages} pages: decide some, or search"))
        }
        _ => 0,
    };
}

/// Draws the most important keys whose actions are possible now.
pub fn hints(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) {
    if state.mode != InputMode::Browse {
        return;
    }
    let all = [
        (Action::Approve, "approve"),
        (Action::ApproveStripped, "without links"),
        (Action::Reject, "reject"),
        (Action::Undo, "undo"),
        (Action::ApproveMarked, "approve marked"),
        (Action::RejectMarked, "reject marked"),
        (Action::Mark, "mark"),
        (Action::Note, "note"),
        (Action::Search, "search"),
        (Action::Queue, "queue"),
        (Action::Help, "help"),
        (Action::Quit, "quit"),
    ];
    let mut at = 0;
    for (action, word) in all.into_iter().filter(|(action, _)| state.is_valid(*action)) {
        let key = state.keys.key_name(action);
        // A hint that does not fit whole is left out, with all after it.
        if usize::from(at) + key.len() + word.len() + 1 > usize::from(area.width) {
            break;
        }
        at = pen.toned_text(area, at, Tone::Strong, &key);
        at = pen.toned_text(area, at, Tone::Faint, &format!(" {word}  "));
    }
}
