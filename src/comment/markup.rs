//! Reduces HTML and Markdown to the text a reader sees, links kept, and remembers where each part came from.
//!
//! A browser shows some of a body, a host that strips or escapes tags shows other parts of it. What a browser shows comes first
//! and in one piece, so that no markup within a word tears it; all that another host might show follows.

mod align;
mod builder;
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
    /// Reduces a body. Linear in its length: nothing is nested, nothing is looked up.
    pub fn reduce(body: &str, format: Format) -> Self {
        match format {
            Format::Plain => Self::plain(body),
            Format::Html => html::reduce(body, 0),
            Format::Markdown => markdown::reduce(body),
        }
    }
}
