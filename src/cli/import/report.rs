//! The report of an import: verdicts printed as they arrive, problems with their position, and a summary.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;

use super::entry::{ArchiveEntry, EntryPosition};
use crate::cli::failure::{self, Failure};
use crate::cli::output::{Format, Printer};
use crate::cli::progress_bar;
use crate::cli::terminal::{self, TerminalOutput, Tone};
use crate::cli::text;
use crate::cli::verdict_view;
use crate::pb;
use crate::verdict::Decision;

/// The outcome of an entry of the archive.
pub enum ImportOutcome {
    /// The comment has a verdict.
    Done(Box<pb::Verdict>),
    /// The entry was left out, with the reason.
    Skipped(String),
    /// The comment could not be imported, with the reason.
    Failed(String),
}

/// A report that prints and counts the outcomes of an import.
pub struct ImportReport {
    screen: TerminalOutput,
    format: Format,
    printer: Printer<pb::Verdict>,
    bar: ProgressBar,
    /// Numbers of comments per decision, in the order of [`Decision::ALL`].
    decided: [u64; 3],
    skipped: BTreeMap<String, u64>,
    failed: u64,
    /// Number of comments in which invalid UTF-8 was replaced.
    repaired: u64,
    /// Unknown fields, by name.
    unknown: BTreeMap<String, u64>,
    /// Statements about the status of comments that are not understood, by name and value.
    doubts: BTreeMap<String, u64>,
    /// Number of comments that earlier runs have done.
    done_earlier: u64,
}

impl ImportReport {
    /// Returns an empty report.
    pub fn new(format: Format) -> Self {
        let screen = TerminalOutput::new();
        Self {
            bar: progress_bar::for_output(&screen, format),
            printer: Printer::new(format),
            screen,
            format,
            decided: [0; 3],
            skipped: BTreeMap::new(),
            failed: 0,
            repaired: 0,
            unknown: BTreeMap::new(),
            doubts: BTreeMap::new(),
            done_earlier: 0,
        }
    }

    /// Returns a reader that advances the progress bar as the source is read.
    pub fn follow(&self, source: Box<dyn Read + Send>, length: Option<u64>) -> Box<dyn Read + Send> {
        self.bar.reset();
        progress_bar::wrap_read(&self.bar, source, length)
    }

    /// Prints a line on standard error, above the progress bar.
    pub fn log(&self, line: &str) {
        self.bar.suspend(|| terminal::log_line(line));
    }

    /// Adds the comments that an earlier run has done.
    pub fn add_earlier(&mut self, done: u64) {
        self.done_earlier += done;
    }

    /// Counts the repairs, unknown fields and doubts of an entry.
    pub fn count_notes(&mut self, entry: &ArchiveEntry) {
        self.repaired += u64::from(entry.repaired);
        entry.unknown.iter().for_each(|name| count(&mut self.unknown, name));
        entry.doubts.iter().for_each(|doubt| count(&mut self.doubts, doubt));
    }

    /// Returns the kinds of skipped entries with their numbers, or `None` if nothing was skipped.
    pub fn skipped(&self) -> Option<String> {
        (!self.skipped.is_empty()).then(|| listed(&self.skipped))
    }

    /// Prints or counts the outcome of the entry at `position`.
    pub fn add(&mut self, file: &Path, position: EntryPosition, outcome: ImportOutcome) -> Result<(), Failure> {
        match outcome {
            // The reason may be text from the archive.
            ImportOutcome::Skipped(why) => count(&mut self.skipped, &text::escape_line(&why, 40)),
            ImportOutcome::Failed(problem) => {
                self.failed += 1;
                let problem = failure::problem_line(&problem);
                self.log(&format!("{}, {position}: {problem}", file.display()));
            }
            ImportOutcome::Done(verdict) => {
                if let Some(index) = Decision::ALL.iter().position(|one| Some(*one) == verdict_view::decision(&verdict)) {
                    self.decided[index] += 1;
                }
                if self.done().is_multiple_of(100) {
                    self.bar.set_message(format!("{} comments", self.done()));
                }
                if self.format != Format::Table {
                    self.printer.print(&mut self.screen, &verdict)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the number of comments that have a verdict.
    pub fn done(&self) -> u64 {
        self.decided.iter().sum()
    }

    /// Flushes standard output, so that no verdict of a comment recorded as done is lost.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.screen.flush()
    }

    /// Removes the progress bar and adds to the failure how many comments were imported before it.
    pub fn with_progress(&mut self, failure: Failure) -> Failure {
        self.bar.finish_and_clear();
        match self.done() {
            0 => failure,
            done => failure.with_progress(&format!("{done} comments were imported")),
        }
    }

    /// Prints the remaining output and the summary, and returns the exit code.
    pub fn finish(mut self, server: &str, took: Duration, learned: &[String]) -> Result<ExitCode, Failure> {
        self.bar.finish_and_clear();
        let exit_code = failure::exit_code_of_batch(self.failed, self.total() + self.done_earlier);
        let rate = self.done() as f64 / took.as_secs_f64().max(1e-6);
        let mut summary = format!("{} comments in {:.2} s, {rate:.0} a second, to {server}", self.done(), took.as_secs_f64());
        if self.done_earlier > 0 {
            summary.push_str(&format!("; {} were done earlier", self.done_earlier));
        }
        if self.format == Format::Table {
            let mut table = self.screen.new_table(&["decision", "comments", "%"], &["comments", "%"]);
            for (tone, word, count) in self.rows() {
                let part = format!("{:.1}", count as f64 * 100.0 / self.total().max(1) as f64);
                table.add_row(self.screen.row(vec![(tone, word), (Tone::Plain, count.to_string()), (Tone::Plain, part)]));
            }
            self.screen.table(&table)?;
            self.screen.line(&format!("\n{summary}"))?;
            for line in self.notes().iter().chain(learned) {
                self.screen.line(line)?;
            }
            self.screen.flush()?;
        } else {
            let counts: Vec<String> = self.rows().into_iter().map(|(_, word, count)| format!("{count} {word}")).collect();
            let notes = self.notes();
            self.printer.finish(&mut self.screen)?;
            terminal::log_line(&format!("{summary}: {}", counts.join(", ")));
            notes.iter().chain(learned).for_each(|line| terminal::log_line(line));
        }
        if self.failed > 0 {
            let comments = if self.failed == 1 { "comment" } else { "comments" };
            terminal::log_line(&format!("gatepost: {} {comments} could not be imported", self.failed));
        }
        Ok(exit_code)
    }

    /// Returns lines about repairs, unknown fields and doubts.
    fn notes(&self) -> Vec<String> {
        let repaired = (self.repaired > 0).then(|| {
            format!("{} comments contained or followed bytes that are not UTF-8; these were replaced by U+FFFD.", self.repaired)
        });
        let unknown = (!self.unknown.is_empty()).then(|| {
            format!("These fields are unknown and were left out (with the number of comments): {}.", listed(&self.unknown))
        });
        let doubts = (!self.doubts.is_empty()).then(|| {
            format!(
                "These statuses are unknown, so their comments are held (with the number of comments): {}.",
                listed(&self.doubts)
            )
        });
        repaired.into_iter().chain(unknown).chain(doubts).collect()
    }

    fn total(&self) -> u64 {
        self.done() + self.failed + self.skipped.values().sum::<u64>()
    }

    fn rows(&self) -> Vec<(Tone, String, u64)> {
        let decided = Decision::ALL.into_iter().zip(self.decided);
        let decided = decided.map(|(decision, count)| (Tone::from(Some(decision)), decision.as_str().to_owned(), count));
        let skipped = self.skipped.iter().map(|(why, count)| (Tone::Faint, format!("skipped: {why}"), *count));
        let failed = (self.failed > 0).then(|| (Tone::Bad, "failed".to_owned(), self.failed));
        decided.chain(skipped).chain(failed).collect()
    }
}

/// Maximum number of names that are counted separately.
const MAX_NAMES: usize = 50;

/// Counts one more of a name. Names beyond [`MAX_NAMES`] are counted together as `others`.
fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    let name = if counts.contains_key(name) || counts.len() < MAX_NAMES { name } else { "others" };
    *counts.entry(name.to_owned()).or_default() += 1;
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} ({count})")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_names_are_counted_together() {
        let mut counts = BTreeMap::new();
        for name in 0..1_000 {
            count(&mut counts, &name.to_string());
        }
        assert_eq!((counts.len(), counts["others"]), (MAX_NAMES + 1, 950));
    }
}
