//! `gatepost check --file`: judges every line, on all cores or with concurrent requests, and reports in line order.

use std::collections::VecDeque;
use std::iter;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::args::CheckArgs;
use super::report::{CheckReport, RowOutcome};
use super::verdict::{check_offline, check_online, judge};
use crate::cli::connect::Connection;
use crate::cli::failure::Failure;
use crate::cli::lines::{self, Line, Lines};
use crate::cli::parallel::map_lines;
use crate::cli::read_ahead::read_ahead;
use crate::cli::rows::{FieldCondition, LabelledComment};
use crate::cli::runtime::block_on;
use crate::judge::Judge;

/// Maximum number of concurrent requests to a server.
const MAX_CALLS: usize = 32;
/// Maximum number of attempts per comment when the server asks for a retry.
const MAX_ATTEMPTS: u32 = 5;
/// Pause before the first retry. Each further pause is longer by the same time.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// A parser for the lines of the file.
#[derive(Clone)]
struct RowReader {
    site: Arc<str>,
    only: Arc<[FieldCondition]>,
}

impl RowReader {
    /// Parses a line.
    ///
    /// # Errors
    /// Returns the outcome of a line that is not to be judged or is invalid.
    fn row(&self, line: &Line) -> Result<LabelledComment, RowOutcome> {
        match line.parse_row(&self.site, &self.only) {
            Ok(Some(row)) => Ok(row),
            Ok(None) => Err(RowOutcome::Skipped),
            Err(problem) => Err(RowOutcome::Bad { number: line.number, problem }),
        }
    }
}

/// Judges the file and prints the results.
pub fn run(args: &CheckArgs, file: &Path) -> Result<ExitCode, Failure> {
    let reader = RowReader { site: args.site().into(), only: args.only.clone().into() };
    let started = Instant::now();
    let mut report = CheckReport::new(args);
    let lines = lines::open(file, |source, length| report.follow(source, length))?;
    match judge_all(args, file, lines, &reader, &mut report) {
        Ok(by) => report.finish(&by, started.elapsed()),
        Err(failure) => Err(report.with_progress(failure)),
    }
}

/// Judges the lines. Returns where they were judged, for the summary.
fn judge_all(
    args: &CheckArgs,
    file: &Path,
    lines: Lines,
    reader: &RowReader,
    report: &mut CheckReport,
) -> Result<String, Failure> {
    if args.is_online() {
        return block_on(async {
            let connection = args.connect.connect().await?;
            judge_online(lines, file, reader, &connection, args.dry_run, report).await?;
            Ok(format!("by {}", connection.server()))
        });
    }
    let judge = judge(args)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    map_lines(lines, file, cores, |line| judge_line_offline(reader, &judge, line), |outcome| report.add(outcome))?;
    Ok(format!("on {cores} cores"))
}

fn judge_line_offline(reader: &RowReader, judge: &Judge, line: &Line) -> RowOutcome {
    match reader.row(line) {
        Err(outcome) => outcome,
        Ok(LabelledComment { comment, label }) => {
            let body = comment.body.clone();
            match check_offline(judge, comment) {
                Ok(verdict) => RowOutcome::Judged { verdict: verdict.into(), label, body },
                Err(failure) => RowOutcome::Bad { number: line.number, problem: failure.message().to_owned() },
            }
        }
    }
}

/// Judges the lines on a server, with up to [`MAX_CALLS`] concurrent requests.
///
/// The oldest request is awaited first, which keeps the order of the lines.
async fn judge_online(
    mut lines: Lines,
    file: &Path,
    reader: &RowReader,
    connection: &Connection,
    dry_run: bool,
    report: &mut CheckReport,
) -> Result<(), Failure> {
    let mut incoming = read_ahead(MAX_CALLS, iter::from_fn(move || lines.next().transpose()));
    let mut calls: VecDeque<JoinHandle<Result<RowOutcome, Failure>>> = VecDeque::with_capacity(MAX_CALLS);
    let mut has_more = true;
    while has_more || !calls.is_empty() {
        let has_capacity = has_more && calls.len() < MAX_CALLS;
        let oldest = async {
            match calls.front_mut() {
                Some(call) => call.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            line = incoming.recv(), if has_capacity => match line {
                None => has_more = false,
                Some(line) => {
                    let line = line.map_err(|error| lines::read_failure(file, &error))?;
                    let (reader, connection) = (reader.clone(), connection.clone());
                    calls.push_back(tokio::spawn(async move { judge_line_online(&reader, &connection, &line, dry_run).await }));
                }
            },
            outcome = oldest => {
                calls.pop_front();
                report.add(outcome.map_err(|_| Failure::failed("a request ended with a panic; please report this with the file"))??)?;
            }
        }
    }
    Ok(())
}

async fn judge_line_online(
    reader: &RowReader,
    connection: &Connection,
    line: &Line,
    dry_run: bool,
) -> Result<RowOutcome, Failure> {
    let LabelledComment { comment, label } = match reader.row(line) {
        Ok(row) => row,
        Err(outcome) => return Ok(outcome),
    };
    let body = comment.body.clone();
    let mut attempt = 1;
    loop {
        match check_online(connection, comment.clone(), dry_run).await {
            Ok(verdict) => return Ok(RowOutcome::Judged { verdict: verdict.into(), label, body }),
            Err(failure) if failure.is_invalid_request() => {
                return Ok(RowOutcome::Bad { number: line.number, problem: failure.message().to_owned() });
            }
            // A retry is safe: the same comment gets the same verdict.
            Err(failure) if failure.is_retryable() && attempt < MAX_ATTEMPTS => {
                tokio::time::sleep(RETRY_PAUSE * attempt).await;
                attempt += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
}
