//! The colours of the screen.

use ratatui::style::{Color, Modifier, Style};

use crate::cli::terminal::Tone;

/// A colour theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Without colours.
    Plain,
}

impl Theme {
    /// Parses the name of a theme. Returns `None` if it is unknown.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            "plain" => Some(Self::Plain),
            _ => None,
        }
    }

    /// Returns the style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let coloured = |dark, light| match self {
            Self::Dark => plain.fg(dark),
            Self::Light => plain.fg(light),
            Self::Plain => plain.add_modifier(Modifier::BOLD),
        };
        match tone {
            Tone::Plain => plain,
            Tone::Faint if self == Self::Plain => plain,
            Tone::Faint => plain.fg(Color::DarkGray),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Good => coloured(Color::LightGreen, Color::Green),
            Tone::Warning => coloured(Color::LightYellow, Color::Magenta),
            Tone::Bad => coloured(Color::LightRed, Color::Red),
        }
    }

    /// Returns the style of the words that a reason refers to.
    pub fn evidence_style(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        match self {
            Self::Dark => style.fg(Color::LightRed),
            Self::Light => style.fg(Color::Red),
            Self::Plain => style,
        }
    }

    /// Returns the style of the line under the cursor.
    pub fn selection_style(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_theme_has_no_colours() {
        for tone in [Tone::Plain, Tone::Faint, Tone::Strong, Tone::Good, Tone::Warning, Tone::Bad] {
            assert_eq!(Theme::Plain.style(tone).fg, None);
        }
        assert_eq!(Theme::Plain.evidence_style().fg, None);
    }
}
