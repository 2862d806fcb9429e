//! The progress bar on standard error, which shows how much of a file has been read.

use std::io::{self, IsTerminal, Read};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Format;
use super::terminal::TerminalOutput;

/// Returns a progress bar, or a hidden one if standard error is not a terminal or other output would mix with the bar.
pub fn for_output(screen: &TerminalOutput, format: Format) -> ProgressBar {
    if format == Format::Table || !screen.is_terminal() { on_terminal() } else { ProgressBar::hidden() }
}

/// Returns a progress bar, or a hidden one if standard error is not a terminal.
pub fn on_terminal() -> ProgressBar {
    if io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    }
    ProgressBar::hidden()
}

/// Sets the length of a bar, in bytes. With `None` the bar becomes a spinner.
pub fn set_length(bar: &ProgressBar, length: Option<u64>) {
    let template = match length {
        Some(length) => {
            bar.set_length(length);
            "[{bar:30}] {percent:>3} %  {msg}  {eta} left"
        }
        None => "{spinner} {msg}  {elapsed}",
    };
    // The templates are constant. If one were invalid, the default style of the library would do.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// Sets the length of a bar and returns a reader of `source` that advances it.
pub fn wrap_read(bar: &ProgressBar, source: Box<dyn Read + Send>, length: Option<u64>) -> Box<dyn Read + Send> {
    set_length(bar, length);
    Box::new(bar.wrap_read(source))
}
