//! The results of `gatepost check --file`: printed and counted as they arrive, with a progress bar.

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

/// Length of the listed excerpt of a comment, in characters.
const EXCERPT: usize = 80;
/// Maximum number of rows of a table. A longer listing is printed in several tables, so that memory stays bounded.
const MAX_TABLE_ROWS: usize = 200;

/// The outcome of a line.
pub enum RowOutcome {
    /// The line does not meet the conditions.
    Skipped,
    /// The line is not a valid comment.
    Bad { number: u64, problem: String },
    /// The comment was judged.
    Judged { verdict: Box<pb::Verdict>, label: Option<String>, body: String },
}

/// A report that prints and counts outcomes as they arrive.
pub struct CheckReport {
    screen: TerminalOutput,
    format: Format,
    shown: Vec<Decision>,
    printer: Printer<pb::Verdict>,
    /// Listed comments that have not been printed yet.
    listed: Option<comfy_table::Table>,
    tally: DecisionTally,
    bad: u64,
    bar: ProgressBar,
}

impl CheckReport {
    /// Returns an empty report.
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

    /// Returns a reader that advances the progress bar as the source is read.
    pub fn follow(&self, source: Box<dyn Read + Send>, length: Option<u64>) -> Box<dyn Read + Send> {
        progress_bar::wrap_read(&self.bar, source, length)
    }

    /// Prints or counts the outcome of a line.
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

    /// Removes the progress bar and adds to the failure how many comments were judged before it.
    pub fn with_progress(&self, failure: Failure) -> Failure {
        self.bar.finish_and_clear();
        match self.tally.comments() {
            0 => failure,
            comments => failure.with_progress(&format!("{comments} comments were judged")),
        }
    }

    /// Prints the remaining rows and the summary, and returns the exit code.
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
