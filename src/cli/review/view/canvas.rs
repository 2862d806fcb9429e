//! Writes text and glyphs into the cells of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::glyphs::{self, Glyph};
use super::super::theme::Theme;
use crate::cli::terminal::Tone;

/// Writes. Every text on the screen comes through here, and so do all glyphs.
pub struct Canvas<'b> {
    pub buffer: &'b mut Buffer,
    pub theme: Theme,
}

impl Canvas<'_> {
    /// Writes a text into the first line of an area, from a column on. Gives the column behind it.
    pub fn text(&mut self, area: Rect, from: u16, style: Style, text: &str) -> u16 {
        // Longer than any terminal is wide: the rest is not worth looking at.
        let made = glyphs::to_glyphs(&text.chars().take(2_000).collect::<String>());
        self.glyphs(area, from, made.iter().map(|glyph| (glyph, style)))
    }

    /// The same in the tone's look.
    pub fn toned_text(&mut self, area: Rect, from: u16, tone: Tone, text: &str) -> u16 {
        let style = self.theme.style(tone);
        self.text(area, from, style, text)
    }

    /// Writes glyphs, each into the cells it takes. Gives the column behind them.
    pub fn glyphs<'g>(&mut self, area: Rect, from: u16, glyphs: impl IntoIterator<Item = (&'g Glyph, Style)>) -> u16 {
        let mut at = usize::from(from);
        let width = usize::from(area.width);
        for (glyph, style) in glyphs {
            if glyph.width == 0 {
                continue;
            }
            // Escapes and spaces are many cells of one sign each.
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

    /// Writes a sign that takes so many cells.
    fn put(&mut self, x: u16, y: u16, cells: usize, sign: &str, style: Style) {
        for behind in 1..cells {
            // What a wide sign covers must hold nothing.
            let behind = u16::try_from(behind).unwrap_or(0);
            if let Some(cell) = self.buffer.cell_mut((x + behind, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(sign);
            cell.set_style(style);
        }
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
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
    pub fn set_style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }
}
