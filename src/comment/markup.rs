//! Reduces HTML and Markdown to the text that a reader sees, keeps links, and records where each part came from.
//!
//! A browser shows some parts of a body; a host that strips or escapes tags shows others. The reduced text begins with what a
//! browser shows, in one piece, so that markup within a word does not split the word. All that another host might show follows.

mod align;
mod builder;
mod hidden;
mod html;
mod joined;
mod markdown;
mod quotations;
mod run;
#[cfg(test)]
mod tests;
mod text;

use super::format::Format;

pub use text::{HiddenContent, PlainText};

impl PlainText {
    /// Reduces a body to plain text. Takes time linear in the body's length.
    pub fn reduce(body: &str, format: Format) -> Self {
        match format {
            Format::Plain => Self::plain(body),
            Format::Html => html::reduce(body, 0),
            Format::Markdown => markdown::reduce(body),
        }
    }
}
