//! Writes text and glyphs into the cells of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::glyphs::{self, Glyph};
use super::super::theme::Theme;
use crate::cli::terminal::Tone;

/// A buffer of cells to draw on. All text on the screen is written through it as glyphs, which are safe for terminals.
pub struct Canvas<'b> {
    pub buffer: &'b mut Buffer,
    pub theme: Theme,
}

impl Canvas<'_> {
    /// Writes text into the first line of an area, from a column on. Returns the column after it.
    pub fn text(&mut self, area: Rect, from: u16, style: Style, text: &str) -> u16 {
        // No terminal is wider than this, so the rest cannot be visible.
        let glyphs = glyphs::to_glyphs(&text.chars().take(2_000).collect::<String>());
        self.glyphs(area, from, glyphs.iter().map(|glyph| (glyph, style)))
    }

    /// Writes text in the style of a tone. Returns the column after it.
    pub fn toned_text(&mut self, area: Rect, from: u16, tone: Tone, text: &str) -> u16 {
        let style = self.theme.style(tone);
        self.text(area, from, style, text)
    }

    /// Writes glyphs into the first line of an area, from a column on. Returns the column after them.
    pub fn glyphs<'g>(&mut self, area: Rect, from: u16, glyphs: impl IntoIterator<Item = (&'g Glyph, Style)>) -> u16 {
        let mut at = usize::from(from);
        let width = usize::from(area.width);
        for (glyph, style) in glyphs {
            if glyph.width == 0 {
                continue;
            }
            // Escapes and spaces consist of several one-cell symbols and may be cut at the edge.
            let single = glyph.is_indivisible();
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
                let Ok(x) = u16::try_from(at) else { return area.width };
                self.put(area.x + x, area.y, step, &piece, style);
                at += step;
            }
        }
        u16::try_from(at).unwrap_or(area.width)
    }

    /// Writes a symbol that is `cells` cells wide.
    fn put(&mut self, x: u16, y: u16, cells: usize, symbol: &str, style: Style) {
        for offset in 1..cells {
            // The cells that a wide symbol covers must be empty.
            let offset = u16::try_from(offset).unwrap_or(0);
            if let Some(cell) = self.buffer.cell_mut((x + offset, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol);
            cell.set_style(style);
        }
    }

    /// Clears an area.
    pub fn clear(&mut self, area: Rect) {
        for y in area.top()..area.bottom() {
            // A wide symbol left of the area would extend into it.
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

    /// Sets the style of every cell of an area.
    pub fn set_style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }
}
