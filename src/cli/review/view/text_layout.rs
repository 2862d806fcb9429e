//! Lines of text in the making: wrapped, styled, and ready to be drawn or scrolled.

use ratatui::style::Style;

use super::super::glyphs::{self, Glyph};
use super::super::theme::Theme;
use crate::cli::terminal::Tone;
use crate::pb;

/// A line as styled glyphs.
type Line = Vec<(Glyph, Style)>;

/// Lines in the making.
pub struct TextLayout {
    theme: Theme,
    pub width: usize,
    pub lines: Vec<Line>,
}

impl TextLayout {
    /// Returns a page without lines.
    pub fn new(theme: Theme, width: usize) -> Self {
        Self { theme, width, lines: Vec::new() }
    }

    /// Adds an empty line.
    pub fn blank_line(&mut self) {
        self.lines.push(Line::new());
    }

    /// Wrapped text.
    pub fn text(&mut self, tone: Tone, text: &str) {
        self.wrapped(vec![(self.theme.style(tone), text)], 0, usize::MAX);
    }

    /// One line, cut at the edge.
    pub fn line(&mut self, parts: &[(Tone, String)]) {
        let line = parts.iter().flat_map(|(tone, text)| {
            let style = self.theme.style(*tone);
            glyphs::to_glyphs(text).into_iter().map(move |glyph| (glyph, style))
        });
        self.lines.push(line.collect());
    }

    /// Wrapped text whose later lines are indented by two.
    pub fn hanging_indent(&mut self, parts: &[(Tone, &str)]) {
        self.wrapped(parts.iter().map(|(tone, text)| (self.theme.style(*tone), *text)).collect(), 2, usize::MAX);
    }

    /// A name and what is known under it.
    pub fn fact(&mut self, name: &str, value: &str) {
        self.quote(name, value, 2);
    }

    /// Adds a name and a text under it, of which at most so many lines are shown.
    pub fn quote(&mut self, name: &str, value: &str, most: usize) {
        let (faint, plain) = (self.theme.style(Tone::Faint), Style::new());
        self.wrapped(vec![(faint, &format!("{name:8} ")), (plain, value)], 2, most);
    }

    /// Adds wrapped text of several styles, its later lines indented, at most so many lines.
    fn wrapped(&mut self, parts: Vec<(Style, &str)>, indent: usize, most: usize) {
        let mut all = Vec::new();
        let mut styles = Vec::new();
        for (style, text) in parts {
            let made = glyphs::to_glyphs(text);
            styles.extend(std::iter::repeat_n(style, made.len()));
            all.extend(made);
        }
        let space = glyphs::to_glyphs(" ");
        for (at, line) in glyphs::wrap(&all, self.width - indent).into_iter().enumerate().take(most) {
            let margin = if at == 0 { 0 } else { indent };
            let margin = std::iter::repeat_n((space[0].clone(), Style::new()), margin);
            self.lines.push(margin.chain(line.map(|place| (all[place].clone(), styles[place]))).collect());
        }
    }

    /// The body, with what reasons point at in another look.
    pub fn body(&mut self, body: &str, reasons: &[pb::Reason]) {
        let made = glyphs::to_glyphs(body);
        let spans: Vec<&pb::Span> = reasons.iter().filter_map(|reason| reason.span.as_ref()).collect();
        let (evidence, escape) = (self.theme.evidence_style(), self.theme.style(Tone::Warning));
        let style = |glyph: &Glyph| {
            if spans.iter().any(|span| span.begin < glyph.source.end && glyph.source.start < span.end) {
                evidence
            } else if glyph.is_escape() {
                escape
            } else {
                Style::new()
            }
        };
        for line in glyphs::wrap(&made, self.width) {
            self.lines.push(made[line].iter().map(|glyph| (glyph.clone(), style(glyph))).collect());
        }
    }
}
