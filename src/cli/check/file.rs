//! `gatepost check --file`: every line judged, on all cores or by many calls at once, answers in the order of the lines.

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

/// Calls in flight to a server.
const MAX_CALLS: usize = 32;
/// How often a call is made again when the server asks for that.
const MAX_ATTEMPTS: u32 = 5;
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// How the lines are read.
#[derive(Clone)]
struct RowReader {
    site: Arc<str>,
    only: Arc<[FieldCondition]>,
}

impl RowReader {
    /// Understands a line; what cannot be judged is the outcome already.
    fn row(&self, line: &Line) -> Result<LabelledComment, RowOutcome> {
        match line.parse_row(&self.site, &self.only) {
            Ok(Some(row)) => Ok(row),
            Ok(None) => Err(RowOutcome::Skipped),
            Err(problem) => Err(RowOutcome::Bad { number: line.number, problem }),
        }
    }
}

/// Judges the file and prints what was asked for.
pub fn run(args: &CheckArgs, file: &Path) -> Result<ExitCode, Failure> {
    let reading = RowReader { site: args.site().into(), only: args.only.clone().into() };
    let begun = Instant::now();
    let mut report = CheckReport::new(args);
    let lines = lines::open(file, |source, length| report.follow(source, length))?;
    match judge_all(args, file, lines, &reading, &mut report) {
        Ok(by) => report.finish(&by, begun.elapsed()),
        Err(failure) => Err(report.with_progress(failure)),
    }
}

/// Judges the lines and says by whom.
fn judge_all(
    args: &CheckArgs,
    file: &Path,
    lines: Lines,
    reading: &RowReader,
    report: &mut CheckReport,
) -> Result<String, Failure> {
    if args.is_online() {
        return block_on(async {
            let connection = args.connect.connect().await?;
            online(lines, file, reading, &connection, args.dry_run, report).await?;
            Ok(format!("by {}", connection.server()))
        });
    }
    let judge = judge(args)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    map_lines(lines, file, cores, |line| judged_line(reading, &judge, line), |outcome| report.add(outcome))?;
    Ok(format!("on {cores} cores"))
}

fn judged_line(reading: &RowReader, judge: &Judge, line: &Line) -> RowOutcome {
    match reading.row(line) {
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

/// Up to [`MAX_CALLS`] calls at once; the oldest is waited for first, which keeps the order.
async fn online(
    mut lines: Lines,
    file: &Path,
    reading: &RowReader,
    connection: &Connection,
    dry_run: bool,
    report: &mut CheckReport,
) -> Result<(), Failure> {
    let mut coming = read_ahead(MAX_CALLS, iter::from_fn(move || lines.next().transpose()));
    let mut calls: VecDeque<JoinHandle<Result<RowOutcome, Failure>>> = VecDeque::with_capacity(MAX_CALLS);
    let mut more = true;
    while more || !calls.is_empty() {
        let room = more && calls.len() < MAX_CALLS;
        let oldest = async {
            match calls.front_mut() {
                Some(call) => call.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            line = coming.recv(), if room => match line {
                None => more = false,
                Some(line) => {
                    let line = line.map_err(|error| lines::read_failure(file, &error))?;
                    let (reading, connection) = (reading.clone(), connection.clone());
                    calls.push_back(tokio::spawn(async move { checked_line(&reading, &connection, &line, dry_run).await }));
                }
            },
            outcome = oldest => {
                calls.pop_front();
                report.add(outcome.map_err(|_| Failure::failed("a call broke off; please report it with the file"))??)?;
            }
        }
    }
    Ok(())
}

async fn checked_line(reading: &RowReader, connection: &Connection, line: &Line, dry_run: bool) -> Result<RowOutcome, Failure> {
    let LabelledComment { comment, label } = match reading.row(line) {
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
            // Asking again is safe: the same comment gets the same verdict.
            Err(failure) if failure.is_retryable() && attempt < MAX_ATTEMPTS => {
                tokio::time::sleep(RETRY_PAUSE * attempt).await;
                attempt += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
}
