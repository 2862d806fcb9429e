//! Dialogs, the line being typed, and the help.

use ratatui::layout::Rect;

use super::super::keys::{ACTIONS, REASON_KEYS};
use super::super::mode::{InputMode, LinePurpose};
use super::super::state::ScreenState;
use super::canvas::Canvas;
use crate::cli::terminal::Tone;
use crate::cli::text;
use crate::verdict::Decision;

/// Draws the dialog, line or help of the current mode.
pub fn draw(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) {
    match &state.mode {
        InputMode::Browse => {}
        InputMode::Help => help(state, pen, area),
        InputMode::Confirm { decision, ids } => {
            let verb = if *decision == Decision::Approve { "Approve" } else { "Reject" };
            let comments = if ids.len() == 1 { "comment" } else { "comments" };
            let question = format!("{verb} {} {comments}, as one act?", ids.len());
            boxed(pen, area, &question, &["y  yes".to_owned(), "n  no".to_owned()]);
        }
        InputMode::Reason { ids, bulk } => {
            let mut lines: Vec<String> = REASON_KEYS.iter().map(|(key, word)| format!("{key}  {word}")).collect();
            if !state.reason_required() {
                lines.push("enter  without a reason".to_owned());
            }
            lines.push("esc  do not reject".to_owned());
            let title = if *bulk { format!("Reject {}: why?", ids.len()) } else { "Reject: why?".to_owned() };
            boxed(pen, area, &title, &lines);
        }
        InputMode::Block { name, .. } => {
            let question = format!("Block {} on this site?", text::escape_line(name, 40));
            boxed(pen, area, &question, &["y  yes: whatever comes is rejected".to_owned(), "n  no".to_owned()]);
        }
        InputMode::TextInput { purpose, text } => line(pen, area, purpose, text),
    }
}

/// Draws the line being typed, with its end in view.
fn line(pen: &mut Canvas<'_>, area: Rect, purpose: &LinePurpose, text: &str) {
    let place = Rect { y: area.bottom() - 1, height: 1, ..area };
    pen.clear(place);
    let name = match purpose {
        LinePurpose::Note { .. } => "note: ",
        LinePurpose::Search => "search: ",
    };
    let from = pen.toned_text(place, 0, Tone::Strong, name);
    let cells = usize::from(place.width - from).saturating_sub(2);
    // Half as many characters as cells, because each may be two cells wide.
    let skip = text.chars().count().saturating_sub(cells / 2);
    let shown: String = if text.chars().count() > cells / 2 { text.chars().skip(skip).collect() } else { text.to_owned() };
    let end = pen.toned_text(place, from, Tone::Plain, &shown);
    let style = pen.theme.selection_style();
    pen.text(place, end, style, " ");
}

/// Draws a box with a title and lines in the middle of the area.
fn boxed(pen: &mut Canvas<'_>, area: Rect, title: &str, lines: &[String]) {
    let widest = lines.iter().map(|line| line.chars().count()).chain([title.chars().count()]).max().unwrap_or(0);
    let width = u16::try_from(widest + 4).unwrap_or(area.width).min(area.width);
    let height = u16::try_from(lines.len() + 3).unwrap_or(area.height).min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    let place = Rect { x, y, width, height };
    pen.clear(place);
    let edge = format!("┌{}┐", "─".repeat(usize::from(width) - 2));
    pen.toned_text(Rect { height: 1, ..place }, 0, Tone::Faint, &edge);
    for (at, line) in std::iter::once(title).chain(lines.iter().map(String::as_str)).enumerate() {
        let y = y + 1 + u16::try_from(at).unwrap_or(0);
        if y + 1 >= place.bottom() {
            break;
        }
        let row = Rect { y, height: 1, ..place };
        pen.toned_text(row, 0, Tone::Faint, "│");
        pen.toned_text(Rect { width: width - 1, ..row }, 2, if at == 0 { Tone::Strong } else { Tone::Plain }, line);
        pen.toned_text(row, width - 1, Tone::Faint, "│");
    }
    let edge = format!("└{}┘", "─".repeat(usize::from(width) - 2));
    pen.toned_text(Rect { y: place.bottom() - 1, height: 1, ..place }, 0, Tone::Faint, &edge);
}

/// Draws the help: the keys whose actions are possible now.
fn help(state: &ScreenState, pen: &mut Canvas<'_>, area: Rect) {
    let valid = ACTIONS.iter().filter(|entry| state.is_valid(entry.action));
    let mut lines: Vec<String> =
        valid.map(|entry| format!("{:6} {}", state.keys.key_name(entry.action), entry.description)).collect();
    let max_lines = usize::from(area.height) - 3;
    if lines.len() > max_lines {
        // Two columns, so that all keys fit.
        let half = lines.len().div_ceil(2);
        let right = lines.split_off(half);
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        for (line, other) in lines.iter_mut().zip(right) {
            *line = format!("{line:width$}   {other}");
        }
    }
    boxed(pen, area, "Keys that do something now; any key closes this", &lines);
}
