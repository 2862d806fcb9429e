//! `gatepost watch`: follows the verdict changes of a site, across restarts of client and server.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tonic::Status;

use super::atomic_file;
use super::connect::{ConnectArgs, Connection};
use super::failure::Failure;
use super::json;
use super::output::{Format, FormatArgs, Record, csv_line};
use super::reconnect::Reconnect;
use super::runtime::until_ctrl_c;
use super::terminal::{self, TerminalOutput, Tone};
use super::text;
use super::times;
use super::verdict_view;
use crate::files;
use crate::pb;

pub const EXAMPLES: &str = "Examples:
  gatepost watch --site blog.example
  gatepost watch --cursor-file blog.cursor --format jsonl | ./publish.sh
  gatepost watch --cursor now --max 1

The cursor file is written after a verdict was printed. A reader of the output gets every change, and after a
crash possibly the last one again; `verdict_id` and `revision` identify it.";

/// Options of `watch`.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Start after this cursor, or from `now` [default: the oldest stored change]
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Start after the cursor in this file, if it exists, and store the last cursor there
    #[arg(long, value_name = "FILE")]
    cursor_file: Option<PathBuf>,
    /// Stop after this many changes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max: Option<u64>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Follows the changes until Ctrl-C is pressed, `--max` is reached, or the reader of the output has closed the pipe.
pub async fn run(args: &WatchArgs) -> Result<ExitCode, Failure> {
    let mut watch = Watch {
        site: args.connect.site()?,
        cursor: first_cursor(args)?,
        file: args.cursor_file.as_deref(),
        remaining: args.max.unwrap_or(u64::MAX),
        out: ChangePrinter { screen: TerminalOutput::new(), format: args.format.format },
    };
    // Fail at once if the first connection fails, because the address may be mistyped. Retry only later ones.
    let connection = args.connect.connect().await?;
    watch.out.print_header()?;
    until_ctrl_c(watch.keep_following(&connection)).await?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the cursor in the cursor file, or else that of `--cursor`.
fn first_cursor(args: &WatchArgs) -> Result<Option<String>, Failure> {
    let stored = match &args.cursor_file {
        None => None,
        Some(file) => match files::read_text(file, files::MAX_VALUE) {
            Ok(text) => Some(text.trim().to_owned()).filter(|cursor| !cursor.is_empty()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::failed(format!("cannot read the cursor in {}: {error}", file.display()))),
        },
    };
    Ok(stored.or_else(|| args.cursor.clone()))
}

struct Watch<'a> {
    site: String,
    cursor: Option<String>,
    file: Option<&'a Path>,
    /// Number of changes still to be printed.
    remaining: u64,
    out: ChangePrinter,
}

impl Watch<'_> {
    /// Follows the changes, and opens the stream again when it breaks.
    async fn keep_following(&mut self, connection: &Connection) -> Result<(), Failure> {
        let mut reconnect = Reconnect::default();
        while let Some(broken) = self.follow(connection, &mut reconnect).await? {
            reconnect.back_off(connection, &broken).await?;
        }
        Ok(())
    }

    /// Follows one stream. Returns the status with which it broke, or `None` after the last change that was wanted.
    async fn follow(&mut self, connection: &Connection, reconnect: &mut Reconnect) -> Result<Option<Status>, Failure> {
        let request = pb::WatchVerdictsRequest { site: self.site.clone(), after_cursor: self.cursor.clone() };
        let mut stream = match connection.moderation().watch_verdicts(request).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(Some(status)),
        };
        if reconnect.opened() {
            terminal::log_line(&format!("gatepost: {} is back", connection.server()));
        }
        loop {
            let change = match stream.message().await {
                Ok(Some(change)) => change,
                Ok(None) => return Ok(Some(Status::unavailable("the server ended the stream"))),
                Err(status) => return Ok(Some(status)),
            };
            reconnect.received();
            self.out.print(&change)?;
            if let Some(file) = self.file {
                write_cursor(file, &change.cursor)?;
            }
            self.cursor = Some(change.cursor);
            self.remaining -= 1;
            if self.remaining == 0 {
                return Ok(None);
            }
        }
    }
}

/// Writes the cursor to its file.
fn write_cursor(file: &Path, cursor: &str) -> Result<(), Failure> {
    atomic_file::replace(file, &format!("{cursor}\n")).map_err(|error| {
        Failure::failed(format!("cannot store the cursor in {}: {error}; the last one was {cursor}", file.display()))
    })
}

/// A printer that flushes every change at once.
struct ChangePrinter {
    screen: TerminalOutput,
    format: Format,
}

impl ChangePrinter {
    fn print_header(&mut self) -> Result<(), Failure> {
        if self.format == Format::Csv {
            let header = pb::Verdict::FIELDS.iter().chain(&["cursor"]);
            self.screen.write(&csv_line(header)?)?;
        }
        self.screen.flush()
    }

    fn print(&mut self, change: &pb::WatchVerdictsResponse) -> Result<(), Failure> {
        let empty = Default::default();
        let verdict = change.verdict.as_ref().unwrap_or(&empty);
        match self.format {
            Format::Table => {
                let word = self.screen.paint(
                    Tone::from(verdict_view::decision(verdict)),
                    &format!("{:7}", verdict_view::decision_word(verdict.decision)),
                );
                let line = format!(
                    "{}  {word}  {}  by {}, revision {}",
                    times::format_timestamp(verdict.decided_at.as_ref()),
                    text::escape_line(&verdict.comment_id, 256),
                    text::escape_line(&verdict.decided_by, 128),
                    verdict.revision
                );
                self.screen.line(&line)?;
            }
            // A stream has no end, so it cannot be a single JSON document.
            Format::Json => self.screen.line(&json::write(change, true)?)?,
            Format::Jsonl => self.screen.line(&json::write(change, false)?)?,
            Format::Csv => {
                let fields = verdict.fields().into_iter().chain([change.cursor.clone()]);
                self.screen.write(&csv_line(fields)?)?;
            }
            Format::Ids => self.screen.line(&verdict.comment_id)?,
        }
        self.screen.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_cursor_file_is_replaced_and_nothing_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cursor");
        write_cursor(&file, "1").unwrap();
        write_cursor(&file, "2").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "2\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
