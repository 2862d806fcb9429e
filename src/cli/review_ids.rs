//! Actions on many comments: ids from arguments or standard input, sent in batches, with a result for each comment.

use std::io;
use std::process::ExitCode;

use super::failure::{self, Failure};
use super::output::{Format, Printer, Record};
use super::terminal::{self, TerminalOutput, Tone};
use super::text;
use super::verdict_view;
use crate::pb;

/// Maximum number of ids per request, which is the limit of the server.
pub const MAX_IDS_PER_CALL: usize = 1_000;

/// Options that name comments by id.
#[derive(Debug, clap::Args)]
pub struct IdArgs {
    /// Ids of comments; - reads more ids from standard input, separated by white space. Put -- before an id that begins
    /// with a hyphen, except on standard input
    #[arg(value_name = "ID")]
    ids: Vec<String>,
}

/// Options that name the moderator and the expected revision.
#[derive(Debug, clap::Args)]
pub struct ActorArgs {
    /// Act only on comments that are still at this revision
    #[arg(long, value_name = "N")]
    pub expected_revision: Option<u32>,
    #[command(flatten)]
    name: NameArgs,
}

/// The option that names the moderator.
#[derive(Debug, clap::Args)]
pub struct NameArgs {
    /// Name of the moderator, as others see it [default: $USER]
    #[arg(long, env = "GATEPOST_MODERATOR", value_name = "NAME")]
    moderator: Option<String>,
}

impl ActorArgs {
    /// Returns the moderator's name, or an empty string if it is unknown.
    pub fn moderator(&self) -> String {
        self.name.moderator()
    }
}

impl NameArgs {
    /// Returns the moderator's name, or an empty string if it is unknown.
    pub fn moderator(&self) -> String {
        let typed = self.moderator.clone().filter(|name| !name.is_empty());
        typed.or_else(|| std::env::var("USER").ok()).unwrap_or_default()
    }
}

impl IdArgs {
    /// Returns the ids, in order.
    ///
    /// # Errors
    /// Returns an error if no id was given, or if standard input cannot be read.
    pub fn require(&self) -> Result<Vec<String>, Failure> {
        if self.ids.is_empty() {
            return Err(Failure::usage("no comment was given; give ids, or - to read them from standard input"));
        }
        self.read()
    }

    /// Returns whether any id was given.
    pub fn is_given(&self) -> bool {
        !self.ids.is_empty()
    }

    /// Returns the ids, in order. Every word on standard input is an id, even if it looks like an option or is `-`.
    ///
    /// # Errors
    /// Returns an error if standard input cannot be read.
    pub fn read(&self) -> Result<Vec<String>, Failure> {
        self.read_with(io::stdin)
    }

    fn read_with<R: io::Read>(&self, input: impl Fn() -> R) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        let mut from_stdin = false;
        for id in &self.ids {
            // Standard input can be read only once.
            if id == "-" && !std::mem::replace(&mut from_stdin, true) {
                let text = io::read_to_string(input())
                    .map_err(|error| Failure::failed(format!("cannot read ids from standard input: {error}")))?;
                ids.extend(text.split_whitespace().map(str::to_owned));
            } else if id != "-" {
                ids.push(id.clone());
            }
        }
        Ok(ids)
    }
}

/// A printer for the results of an action on comments.
pub struct Results {
    screen: TerminalOutput,
    printer: Printer<pb::ReviewResult>,
    format: Format,
    done: u64,
    failed: u64,
}

impl Results {
    /// Returns a printer that has printed nothing yet.
    pub fn new(format: Format) -> Self {
        Self { screen: TerminalOutput::new(), printer: Printer::new(format), format, done: 0, failed: 0 }
    }

    /// Prints and counts results.
    pub fn print(&mut self, results: &[pb::ReviewResult]) -> Result<(), Failure> {
        for result in results {
            self.done += 1;
            match &result.error {
                Some(error) if matches!(self.format, Format::Ids) => {
                    // The ids are input for the next command, so failed ones are left out.
                    self.failed += 1;
                    print_problem(&result.comment_id, &error.message);
                }
                error => {
                    self.failed += u64::from(error.is_some());
                    self.printer.print(&mut self.screen, result)?;
                }
            }
        }
        Ok(())
    }

    /// Prints the remaining output and returns the exit code.
    ///
    /// # Errors
    /// Returns `broken`, the failure of a request, with the number of comments answered before it out of `all`.
    pub fn finish(mut self, all: usize, broken: Option<Failure>) -> Result<ExitCode, Failure> {
        self.printer.finish(&mut self.screen)?;
        if let Some(failure) = broken {
            return Err(if self.done == 0 {
                failure
            } else {
                failure.with_progress(&format!("{} of {all} comments were answered", self.done))
            });
        }
        if self.failed > 0 {
            terminal::log_line(&format!("gatepost: {} of {} failed", self.failed, self.done));
        }
        Ok(failure::exit_code_of_batch(self.failed, self.done))
    }
}

/// Acts on all ids in batches of [`MAX_IDS_PER_CALL`], and prints the results.
pub async fn act_on_ids(
    ids: &[String],
    format: Format,
    mut call: impl AsyncFnMut(Vec<String>) -> Result<Vec<pb::ReviewResult>, Failure>,
) -> Result<ExitCode, Failure> {
    let (mut results, mut broken) = (Results::new(format), None);
    for batch in ids.chunks(MAX_IDS_PER_CALL) {
        match call(batch.to_vec()).await {
            Ok(some) => results.print(&some)?,
            Err(failure) => {
                broken = Some(failure);
                break;
            }
        }
    }
    if ids.is_empty() {
        terminal::log_line("standard input contains no ids; nothing was done");
    }
    results.finish(ids.len(), broken)
}

/// Prints a problem with one comment on standard error.
pub fn print_problem(id: &str, message: &str) {
    terminal::log_line(&format!("{}: {}", text::escape_line(id, 256), text::escape_line(message, 400)));
}

impl Record for pb::ReviewResult {
    const HEADINGS: &'static [&'static str] = &["id", "decision", "revision", "by", "problem"];
    const NUMBERS: &'static [&'static str] = &["revision"];
    const FIELDS: &'static [&'static str] =
        &["comment_id", "decision", "revision", "decided_by", "error_reason", "error_message"];

    fn id(&self) -> &str {
        &self.comment_id
    }

    fn cells(&self) -> Vec<(Tone, String)> {
        let [id, decision, revision, by, reason, message] = columns(self);
        let tone =
            if self.error.is_some() { Tone::Bad } else { Tone::from(self.verdict.as_ref().and_then(verdict_view::decision)) };
        let problem = if reason.is_empty() { String::new() } else { format!("{reason}: {message}") };
        vec![
            (Tone::Plain, text::escape_line(&id, 256)),
            (tone, decision),
            (Tone::Plain, revision),
            (Tone::Plain, text::escape_line(&by, 128)),
            (Tone::Bad, text::escape_line(&problem, 400)),
        ]
    }

    fn fields(&self) -> Vec<String> {
        columns(self).into()
    }
}

fn columns(result: &pb::ReviewResult) -> [String; 6] {
    let verdict = result.verdict.as_ref();
    let error = result.error.as_ref();
    [
        result.comment_id.clone(),
        verdict.map(|verdict| verdict_view::decision_word(verdict.decision).to_owned()).unwrap_or_default(),
        verdict.map(|verdict| verdict.revision.to_string()).unwrap_or_default(),
        verdict.map(|verdict| verdict.decided_by.clone()).unwrap_or_default(),
        error.map(|error| error.reason.clone()).unwrap_or_default(),
        error.map(|error| error.message.clone()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        ids: IdArgs,
        #[arg(long)]
        site: Option<String>,
    }

    /// Arguments of a command that shows a single comment.
    #[derive(Parser)]
    struct Shown {
        #[arg(allow_hyphen_values = true)]
        id: String,
        #[arg(long)]
        site: Option<String>,
    }

    #[test]
    fn a_single_id_may_begin_with_a_hyphen_before_and_behind_options() {
        for typed in [["-9f", "--site", "s"], ["--site", "s", "-9f"]] {
            let typed = Shown::try_parse_from([&["gatepost"], &typed[..]].concat()).unwrap();
            assert_eq!((typed.id.as_str(), typed.site.as_deref()), ("-9f", Some("s")));
        }
    }

    fn ids(typed: &[&str], input: &str) -> Vec<String> {
        let typed = Typed::try_parse_from([&["gatepost"], typed].concat()).unwrap();
        assert_eq!(typed.site.as_deref(), Some("s"));
        typed.ids.read_with(|| input.as_bytes()).unwrap()
    }

    #[test]
    fn an_id_that_looks_like_an_option_is_an_id_on_standard_input_and_behind_two_hyphens() {
        let odd = ["-9f", "--site=other", "-h", "--", "-", "c-1"];
        assert_eq!(ids(&["--site", "s", "-"], &odd.join("\n")), odd);
        assert_eq!(ids(&["a", "-", "b", "--site", "s", "-"], "-1 -2\n"), ["a", "-1", "-2", "b"]);
        assert_eq!(ids(&["--site", "s", "--", "-9f", "--site=other", "-h"], ""), ["-9f", "--site=other", "-h"]);
        // A mistyped option is not an id: the command would act on the other ids.
        assert!(Typed::try_parse_from(["gatepost", "a", "--siet", "s"]).is_err());
    }
}
