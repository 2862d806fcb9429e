//! The screen, from the state alone.

mod comment;
mod dialog;
mod list;

use std::time::{Duration, SystemTime};

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::glyphs::{self, Glyph};
use super::keys::Action;
use super::preferences::Theme;
use super::state::{Link, Mode, PAGE, State};
use crate::cli::term::Tone;

/// The smallest screen that shows anything sensible.
const SMALLEST: (u16, u16) = (60, 12);

/// Draws everything. Gives how far the text of the comment can be scrolled.
pub fn draw(state: &State, theme: Theme, frame: &mut Frame<'_>) -> usize {
    let area = frame.area();
    let mut pen = Pen { buffer: frame.buffer_mut(), theme };
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let words = format!("{}x{} is too small; {}x{} is enough", area.width, area.height, SMALLEST.0, SMALLEST.1);
        pen.tone(area, 0, Tone::Plain, &words);
        return 0;
    }
    let row = |y, height| Rect { x: area.x, y: area.y + y, width: area.width, height };
    let body = row(1, area.height - 3);
    head(state, &mut pen, row(0, 1));
    // Wide enough for the first words of a comment, never more than the comment itself gets.
    let left = (area.width * 2 / 5).clamp(24, 70);
    list::draw(state, &mut pen, Rect { width: left, ..body });
    for y in body.y..body.bottom() {
        pen.text(Rect { x: left, y, width: 1, height: 1 }, 0, theme.style(Tone::Faint), "│");
    }
    let right = Rect { x: left + 2, width: area.width - left - 2, ..body };
    let scroll = comment::draw(state, &mut pen, right);
    message(state, &mut pen, row(area.height - 2, 1));
    hints(state, &mut pen, row(area.height - 1, 1));
    dialog::draw(state, &mut pen, area);
    scroll
}

/// Writes. Every text on the screen comes through here, and so do all glyphs.
struct Pen<'b> {
    buffer: &'b mut Buffer,
    theme: Theme,
}

impl Pen<'_> {
    /// Writes a text into the first line of an area, from a column on. Gives the column behind it.
    fn text(&mut self, area: Rect, from: u16, style: Style, text: &str) -> u16 {
        // Longer than any terminal is wide: the rest is not worth looking at.
        let made = glyphs::glyphs(&text.chars().take(2_000).collect::<String>());
        self.glyphs(area, from, made.iter().map(|glyph| (glyph, style)))
    }

    /// The same in the tone's look.
    fn tone(&mut self, area: Rect, from: u16, tone: Tone, text: &str) -> u16 {
        let style = self.theme.style(tone);
        self.text(area, from, style, text)
    }

    /// Writes glyphs, each into the cells it takes.
    fn glyphs<'g>(&mut self, area: Rect, from: u16, glyphs: impl IntoIterator<Item = (&'g Glyph, Style)>) -> u16 {
        let mut at = usize::from(from);
        let width = usize::from(area.width);
        for (glyph, style) in glyphs {
            if glyph.width == 0 {
                continue;
            }
            // Escapes and spaces are many cells of one sign each.
            let single = glyph.is_one_sign();
            if at >= width || single && at + glyph.width > width {
                break;
            }
            let pieces: Vec<String> =
                if single { vec![glyph.text.clone()] } else { glyph.text.chars().map(String::from).collect() };
            let step = if single { glyph.width } else { 1 };
            for piece in pieces {
                if at >= width {
                    break;
                }
                let (Ok(x), y) = (u16::try_from(at), area.y) else { return area.width };
                for behind in 1..step {
                    // What a wide sign covers must hold nothing.
                    let behind = u16::try_from(behind).unwrap_or(0);
                    if let Some(cell) = self.buffer.cell_mut((area.x + x + behind, y)) {
                        cell.reset();
                        cell.set_style(style);
                    }
                }
                if let Some(cell) = self.buffer.cell_mut((area.x + x, y)) {
                    cell.set_symbol(&piece);
                    cell.set_style(style);
                }
                at += step;
            }
        }
        u16::try_from(at).unwrap_or(area.width)
    }

    /// Empties an area.
    fn clear(&mut self, area: Rect) {
        for y in area.top()..area.bottom() {
            // A wide sign before the edge would reach over it.
            if area.x > 0
                && let Some(cell) = self.buffer.cell_mut((area.x - 1, y))
                && cell.symbol().width() > 1
            {
                cell.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// Gives every cell of an area a look.
    fn shade(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }
}

fn head(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let mut at = pen.tone(area, 0, Tone::Strong, &state.site);
    let search = if state.query.search.is_empty() { String::new() } else { format!(" “{}”", state.query.search) };
    let more = if state.list.next.is_empty() { "" } else { "+" };
    let count = state.rows.iter().filter(|row| state.query.queue != super::state::Queue::Held || state.waits(row)).count();
    let what = format!("  {} {count}{more}{search}  {} first", state.query.queue.word(), state.query.order);
    at = pen.tone(area, at, Tone::Plain, &what);
    if !state.query.terms.is_empty() {
        at = pen.tone(area, at, Tone::Faint, &format!("  {}", state.query.terms));
    }
    if !state.marked.is_empty() {
        pen.tone(area, at, Tone::Warning, &format!("  {} marked", state.marked.len()));
    }
    let (tone, words) = link(state);
    let width = u16::try_from(words.chars().count()).unwrap_or(area.width).min(area.width);
    let corner = Rect { x: area.right() - width, width, ..area };
    pen.tone(corner, 0, tone, &words);
}

/// How it stands with the server, or who sits here.
fn link(state: &State) -> (Tone, String) {
    match &state.link {
        _ if state.leaving.is_some() => (Tone::Warning, " leaving…".to_owned()),
        Link::Loading => (Tone::Faint, " loading…".to_owned()),
        Link::Live => (Tone::Faint, format!(" {}", state.moderator.chars().take(20).collect::<String>())),
        Link::Lost { since, .. } => {
            let seconds = state.now.duration_since(*since).unwrap_or(Duration::ZERO).as_secs();
            (Tone::Bad, format!(" server lost for {seconds}s, trying again"))
        }
    }
}

fn message(state: &State, pen: &mut Pen<'_>, area: Rect) {
    match (&state.message, &state.link) {
        (Some((tone, words)), _) => pen.tone(area, 0, *tone, words),
        _ if state.leaving.is_some() && !state.acts.is_empty() => {
            let quit = state.keys.name(Action::Quit);
            let words = format!("waiting until {} acts are confirmed; {quit} once more does not wait", state.acts.len());
            pen.tone(area, 0, Tone::Warning, &words)
        }
        (None, Link::Lost { why, .. }) => pen.tone(area, 0, Tone::Bad, why),
        _ if state.rows.len() >= super::state::MOST_ROWS && !state.list.next.is_empty() => {
            let pages = state.rows.len() / PAGE;
            pen.tone(area, 0, Tone::Faint, &format!("there is more than these {pages} pages: decide some, or search"))
        }
        _ => 0,
    };
}

/// The keys that matter most, as far as they do something now.
fn hints(state: &State, pen: &mut Pen<'_>, area: Rect) {
    if state.mode != Mode::Browse {
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
        let key = state.keys.name(action);
        // The last ones are worth more than a half of one in between.
        if usize::from(at) + key.len() + word.len() + 1 > usize::from(area.width) {
            break;
        }
        at = pen.tone(area, at, Tone::Strong, &key);
        at = pen.tone(area, at, Tone::Faint, &format!(" {word}  "));
    }
}

/// A moment of the day, in UTC.
fn clock(at: SystemTime) -> String {
    let whole = humantime::format_rfc3339_seconds(at).to_string();
    format!("{} UTC", whole.get(11..16).unwrap_or("--:--"))
}
