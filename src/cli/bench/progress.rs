//! The progress bar of `gatepost bench`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::call::LoadClient;
use crate::cli::output::Format;
use crate::cli::progress_bar;
use crate::cli::terminal::TerminalOutput;

/// Shows a progress bar until the task is aborted. Does nothing if the output is not for a person.
pub async fn show(format: Format, caller: Arc<LoadClient>, from: Instant, until: Instant) {
    let bar = progress_bar::for_output(&TerminalOutput::new(), format);
    if bar.is_hidden() {
        return;
    }
    let bar = ClearOnDrop(bar);
    bar.0.set_length(until.saturating_duration_since(from).as_secs());
    // The template is constant; if it were invalid, the default style would do.
    if let Ok(style) = ProgressStyle::with_template("[{bar:30}] {pos} of {len} s  {msg}") {
        bar.0.set_style(style);
    }
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tick.tick().await;
        let passed = Instant::now().saturating_duration_since(from);
        if passed.is_zero() {
            bar.0.set_message("warming up");
            continue;
        }
        let (answered, unanswered, summary) =
            caller.with_record(|record| (record.answered, record.failed + record.not_sent, record.latencies.summary()));
        let p99 = summary.map_or_else(|| "-".to_owned(), |summary| format!("{:.1} ms", summary.p99));
        bar.0.set_position(passed.as_secs());
        bar.0.set_message(format!("{answered} answered, {unanswered} not, p99 {p99}"));
    }
}

/// A progress bar that is cleared when dropped.
struct ClearOnDrop(ProgressBar);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
