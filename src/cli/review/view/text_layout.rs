//! Lays text out as wrapped and styled lines, ready to be drawn or scrolled.

use ratatui::style::Style;

use super::super::glyphs::{self, Glyph};
use super::super::theme::Theme;
use crate::cli::terminal::Tone;
use crate::pb;

/// A line of styled glyphs.
type Line = Vec<(Glyph, Style)>;

/// A page of lines that is being laid out.
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

    /// Adds wrapped text.
    pub fn text(&mut self, tone: Tone, text: &str) {
        self.wrapped(vec![(self.theme.style(tone), text)], 0, usize::MAX);
    }

    /// Adds one line, which is cut at the edge.
    pub fn line(&mut self, parts: &[(Tone, String)]) {
        let line = parts.iter().flat_map(|(tone, text)| {
            let style = self.theme.style(*tone);
            glyphs::to_glyphs(text).into_iter().map(move |glyph| (glyph, style))
        });
        self.lines.push(line.collect());
    }

    /// Adds wrapped text whose later lines are indented by two cells.
    pub fn hanging_indent(&mut self, parts: &[(Tone, &str)]) {
        self.wrapped(parts.iter().map(|(tone, text)| (self.theme.style(*tone), *text)).collect(), 2, usize::MAX);
    }

    /// Adds a name and its value, in at most two lines.
    pub fn fact(&mut self, name: &str, value: &str) {
        self.quote(name, value, 2);
    }

    /// Adds a name and a text, in at most `max_lines` lines.
    pub fn quote(&mut self, name: &str, value: &str, max_lines: usize) {
        let (faint, plain) = (self.theme.style(Tone::Faint), Style::new());
        self.wrapped(vec![(faint, &format!("{name:8} ")), (plain, value)], 2, max_lines);
    }

    /// Adds wrapped text of several styles, in at most `max_lines` lines of which the later ones are indented.
    fn wrapped(&mut self, parts: Vec<(Style, &str)>, indent: usize, max_lines: usize) {
        let mut all = Vec::new();
        let mut styles = Vec::new();
        for (style, text) in parts {
            let glyphs = glyphs::to_glyphs(text);
            styles.extend(std::iter::repeat_n(style, glyphs.len()));
            all.extend(glyphs);
        }
        let space = glyphs::to_glyphs(" ");
        for (at, line) in glyphs::wrap(&all, self.width - indent).into_iter().enumerate().take(max_lines) {
            let margin = if at == 0 { 0 } else { indent };
            let margin = std::iter::repeat_n((space[0].clone(), Style::new()), margin);
            self.lines.push(margin.chain(line.map(|place| (all[place].clone(), styles[place]))).collect());
        }
    }

    /// Adds the body, with the words that reasons refer to highlighted.
    pub fn body(&mut self, body: &str, reasons: &[pb::Reason]) {
        let glyphs = glyphs::to_glyphs(body);
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
        for line in glyphs::wrap(&glyphs, self.width) {
            self.lines.push(glyphs[line].iter().map(|glyph| (glyph.clone(), style(glyph))).collect());
        }
    }
}
