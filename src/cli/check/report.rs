//! What comes of the lines of a file: printed and counted as it comes, with a bar for the one who waits.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;

use super::args::CheckArgs;
use super::tally::DecisionTally;
use crate::cli::failure::{self, Failure};
use crate::cli::output::{Format, Printer};
use crate::cli::progress_bar;
use crate::cli::terminal::{self, TerminalOutput, Tone};
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// How much of a comment is listed, in characters.
const EXCERPT: usize = 80;
/// A longer listing is printed in parts, so that memory stays bounded.
const MAX_TABLE_ROWS: usize = 200;

/// What a line came to.
pub enum RowOutcome {
    /// It was not asked for.
    Skipped,
    /// It is no comment, or not one that can be judged.
    Bad { number: u64, problem: String },
    /// It was judged.
    Judged { verdict: Box<pb::Verdict>, label: Option<String>, body: String },
}

/// Prints and counts outcomes as they come.
pub struct CheckReport {
    screen: TerminalOutput,
    format: Format,
    shown: Vec<Decision>,
    printer: Printer<pb::Verdict>,
    /// Comments to be listed before the summary, as far as they were not printed yet.
    listed: Option<comfy_table::Table>,
    tally: DecisionTally,
    bad: u64,
    bar: ProgressBar,
}

impl CheckReport {
    /// Nothing yet.
    pub fn new(args: &CheckArgs) -> Self {
        let screen = TerminalOutput::new();
        Self {
            bar: progress_bar::for_output(&screen, args.format.format),
            screen,
            format: args.format.format,
            shown: args.show.iter().copied().map(Decision::from).collect(),
            printer: Printer::new(args.format.format),
            listed: None,
            tally: DecisionTally::default(),
            bad: 0,
        }
    }

    /// Lets the bar follow what is read.
    pub fn follow(&self, source: Box<dyn Read + Send>, length: Option<u64>) -> Box<dyn Read + Send> {
        progress_bar::wrap_read(&self.bar, source, length)
    }

    /// Prints or counts what a line came to.
    pub fn add(&mut self, outcome: RowOutcome) -> Result<(), Failure> {
        match outcome {
            RowOutcome::Skipped => Ok(()),
            RowOutcome::Bad { number, problem } => {
                self.bad += 1;
                let problem = failure::problem_line(&problem);
                self.bar.suspend(|| terminal::log_line(&format!("line {number}: {problem}")));
                Ok(())
            }
            RowOutcome::Judged { verdict, label, body } => {
                self.tally.count(&verdict, label.as_deref());
                if self.tally.comments().is_multiple_of(100) {
                    self.bar.set_message(format!("{} comments", self.tally.comments()));
                }
                let shown = verdict_view::decision(&verdict).is_some_and(|decision| self.shown.contains(&decision));
                if self.format == Format::Table {
                    return if shown { self.list(&verdict, label.as_deref(), &body) } else { Ok(()) };
                }
                if shown || self.shown.is_empty() { self.printer.print(&mut self.screen, &verdict) } else { Ok(()) }
            }
        }
    }

    fn list(&mut self, verdict: &pb::Verdict, label: Option<&str>, body: &str) -> Result<(), Failure> {
        let screen = &mut self.screen;
        let table =
            self.listed.get_or_insert_with(|| screen.new_table(&["decision", "id", "label", "leading reason", "comment"], &[]));
        table.add_row(screen.row(vec![
            (Tone::from(verdict_view::decision(verdict)), verdict_view::decision_word(verdict.decision).to_owned()),
            (Tone::Plain, text::escape_line(&verdict.comment_id, 256)),
            (Tone::Plain, text::escape_line(label.unwrap_or_default(), 40)),
            (Tone::Plain, verdict_view::first_reason(verdict, 60)),
            (Tone::Plain, text::escape_line(body, EXCERPT)),
        ]));
        if table.row_count() < MAX_TABLE_ROWS { Ok(()) } else { self.print_listed() }
    }

    fn print_listed(&mut self) -> Result<(), Failure> {
        let Some(table) = self.listed.take() else { return Ok(()) };
        let screen = &mut self.screen;
        self.bar.suspend(|| screen.table(&table).and_then(|()| screen.flush()))
    }

    /// Says how far it came before it failed. What was printed so far stands.
    pub fn with_progress(&self, failure: Failure) -> Failure {
        self.bar.finish_and_clear();
        match self.tally.comments() {
            0 => failure,
            comments => failure.with_progress(&format!("{comments} comments were judged")),
        }
    }

    /// Prints what is left and the summary, and says how it ended.
    pub fn finish(mut self, by: &str, took: Duration) -> Result<ExitCode, Failure> {
        let some_listed = self.listed.is_some();
        self.print_listed()?;
        self.bar.finish_and_clear();
        if self.format == Format::Table {
            if some_listed {
                self.screen.line("")?;
            }
            self.tally.print(&mut self.screen, by, took)?;
            self.screen.flush()?;
        } else {
            self.printer.finish(&mut self.screen)?;
        }
        if self.bad > 0 {
            let lines = if self.bad == 1 { "line" } else { "lines" };
            terminal::log_line(&format!("gatepost: {} {lines} could not be judged", self.bad));
        }
        Ok(failure::exit_code_of_batch(self.bad, self.bad + self.tally.comments()))
    }
}
