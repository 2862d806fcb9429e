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
use super::report::{Outcome, Report};
use super::verdict::{checked, judge, judged};
use crate::cli::connect::Connection;
use crate::cli::failure::Failure;
use crate::cli::lines::{self, Line, Lines};
use crate::cli::on_cores::on_cores;
use crate::cli::read_ahead::read_ahead;
use crate::cli::rows::{Row, Where};
use crate::cli::runtime::wait;
use crate::judge::Judge;

/// Calls in flight to a server.
const CALLS: usize = 32;
/// How often a call is made again when the server asks for that.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);

/// How the lines are read.
#[derive(Clone)]
struct Reading {
    site: Arc<str>,
    only: Arc<[Where]>,
}

impl Reading {
    /// Understands a line; what cannot be judged is the outcome already.
    fn row(&self, line: &Line) -> Result<Row, Outcome> {
        match line.parse(&self.site, &self.only) {
            Ok(Some(row)) => Ok(row),
            Ok(None) => Err(Outcome::Skipped),
            Err(problem) => Err(Outcome::Bad { number: line.number, problem }),
        }
    }
}

/// Judges the file and prints what was asked for.
pub fn run(args: &CheckArgs, file: &Path) -> Result<ExitCode, Failure> {
    let reading = Reading { site: args.site().into(), only: args.only.clone().into() };
    let begun = Instant::now();
    let mut report = Report::new(args);
    let lines = lines::open(file, |source, length| report.follow(source, length))?;
    match judge_all(args, file, lines, &reading, &mut report) {
        Ok(by) => report.finish(&by, begun.elapsed()),
        Err(failure) => Err(report.broken_off(failure)),
    }
}

/// Judges the lines and says by whom.
fn judge_all(args: &CheckArgs, file: &Path, lines: Lines, reading: &Reading, report: &mut Report) -> Result<String, Failure> {
    if args.is_online() {
        return wait(async {
            let connection = args.connect.connect().await?;
            online(lines, file, reading, &connection, args.dry_run, report).await?;
            Ok(format!("by {}", connection.server()))
        });
    }
    let judge = judge(args)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    on_cores(lines, file, cores, |line| judged_line(reading, &judge, line), |outcome| report.take(outcome))?;
    Ok(format!("on {cores} cores"))
}

fn judged_line(reading: &Reading, judge: &Judge, line: &Line) -> Outcome {
    match reading.row(line) {
        Err(outcome) => outcome,
        Ok(Row { comment, label }) => {
            let body = comment.body.clone();
            match judged(judge, comment) {
                Ok(verdict) => Outcome::Judged { verdict: verdict.into(), label, body },
                Err(failure) => Outcome::Bad { number: line.number, problem: failure.message().to_owned() },
            }
        }
    }
}

/// Up to [`CALLS`] calls at once; the oldest is waited for first, which keeps the order.
async fn online(
    mut lines: Lines,
    file: &Path,
    reading: &Reading,
    connection: &Connection,
    dry_run: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut coming = read_ahead(CALLS, iter::from_fn(move || lines.next().transpose()));
    let mut calls: VecDeque<JoinHandle<Result<Outcome, Failure>>> = VecDeque::with_capacity(CALLS);
    let mut more = true;
    while more || !calls.is_empty() {
        let room = more && calls.len() < CALLS;
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
                    let line = line.map_err(|error| lines::unreadable(file, &error))?;
                    let (reading, connection) = (reading.clone(), connection.clone());
                    calls.push_back(tokio::spawn(async move { checked_line(&reading, &connection, &line, dry_run).await }));
                }
            },
            outcome = oldest => {
                calls.pop_front();
                report.take(outcome.map_err(|_| Failure::failed("a call broke off; please report it with the file"))??)?;
            }
        }
    }
    Ok(())
}

async fn checked_line(reading: &Reading, connection: &Connection, line: &Line, dry_run: bool) -> Result<Outcome, Failure> {
    let Row { comment, label } = match reading.row(line) {
        Ok(row) => row,
        Err(outcome) => return Ok(outcome),
    };
    let body = comment.body.clone();
    let mut attempt = 1;
    loop {
        match checked(connection, comment.clone(), dry_run).await {
            Ok(verdict) => return Ok(Outcome::Judged { verdict: verdict.into(), label, body }),
            Err(failure) if failure.is_of_the_request() => {
                return Ok(Outcome::Bad { number: line.number, problem: failure.message().to_owned() });
            }
            // Asking again is safe: the same comment gets the same verdict.
            Err(failure) if failure.may_pass() && attempt < ATTEMPTS => {
                tokio::time::sleep(PAUSE * attempt).await;
                attempt += 1;
            }
            Err(failure) => return Err(failure),
        }
    }
}
