//! Draws the screen from the state.

mod bars;
mod canvas;
mod comment;
mod dialog;
mod list;
mod scores;
mod text_layout;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::state::ScreenState;
use super::theme::Theme;
use crate::cli::terminal::Tone;
use canvas::Canvas;

/// The smallest usable screen, in columns and rows.
const MIN_SIZE: (u16, u16) = (60, 12);

/// Draws the screen. Returns how far the text of the comment can be scrolled, in lines.
pub fn draw(state: &ScreenState, theme: Theme, frame: &mut Frame<'_>) -> usize {
    let area = frame.area();
    let mut pen = Canvas { buffer: frame.buffer_mut(), theme };
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        let words = format!("{}x{} is too small; {}x{} is enough", area.width, area.height, MIN_SIZE.0, MIN_SIZE.1);
        pen.toned_text(area, 0, Tone::Plain, &words);
        return 0;
    }
    let row = |y, height| Rect { x: area.x, y: area.y + y, width: area.width, height };
    let body = row(1, area.height - 3);
    bars::head(state, &mut pen, row(0, 1));
    // Wide enough for the first words of a comment, and narrower than the comment itself.
    let left = (area.width * 2 / 5).clamp(24, 70);
    list::draw(state, &mut pen, Rect { width: left, ..body });
    for y in body.y..body.bottom() {
        pen.text(Rect { x: left, y, width: 1, height: 1 }, 0, theme.style(Tone::Faint), "│");
    }
    let right = Rect { x: left + 2, width: area.width - left - 2, ..body };
    let scroll = comment::draw(state, &mut pen, right);
    bars::message(state, &mut pen, row(area.height - 2, 1));
    bars::hints(state, &mut pen, row(area.height - 1, 1));
    dialog::draw(state, &mut pen, area);
    scroll
}
