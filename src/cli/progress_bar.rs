//! The bar on standard error for the one who waits: how much of a file was read.

use std::io::{self, IsTerminal, Read};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Format;
use super::terminal::TerminalOutput;

/// A bar where a person sees it and no other output runs through it; elsewhere one that does not show.
pub fn for_output(screen: &TerminalOutput, format: Format) -> ProgressBar {
    if format == Format::Table || !screen.is_terminal() { on_terminal() } else { ProgressBar::hidden() }
}

/// A bar where a person sees it.
pub fn on_terminal() -> ProgressBar {
    if io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    }
    ProgressBar::hidden()
}

/// Shapes the bar for that many bytes; `None`: nobody knows how many.
pub fn set_length(bar: &ProgressBar, length: Option<u64>) {
    let template = match length {
        Some(length) => {
            bar.set_length(length);
            "[{bar:30}] {percent:>3} %  {msg}  {eta} left"
        }
        None => "{spinner} {msg}  {elapsed}",
    };
    // The templates are fixed; should one be wrong, the library's own does as well.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// Lets the bar follow what is read of a source of that many bytes.
pub fn wrap_read(bar: &ProgressBar, source: Box<dyn Read + Send>, length: Option<u64>) -> Box<dyn Read + Send> {
    set_length(bar, length);
    Box::new(bar.wrap_read(source))
}
