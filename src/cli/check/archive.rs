//! `gatepost check --file`: every line judged, on all cores or by many calls at once, answers in the order of the lines.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::rows::{self, Line, Lines, Row, Where};
use super::tally::Tally;
use super::{CheckArgs, checked, judged};
use crate::cli::connect::Connection;
use crate::cli::explain;
use crate::cli::failure::{self, Failure};
use crate::cli::output::{Format, Printer};
use crate::cli::term::{self, Screen, Tone};
use crate::cli::{text, wait};
use crate::judge::Judge;
use crate::pb;
use crate::verdict::Decision;

/// Calls in flight to a server.
const CALLS: usize = 32;
/// Lines, and bytes of them, that one core gets at a time.
const CHUNK_LINES: usize = 256;
const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// How often a call is made again when the server asks for that.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);
/// How much of a comment is listed, in characters.
const START: usize = 80;

/// What a line came to.
enum Outcome {
    /// It was not asked for.
    PassedOver,
    /// It is no comment, or not one that can be judged.
    Bad { number: u64, problem: String },
    /// It was judged.
    Judged { verdict: pb::Verdict, label: Option<String>, body: String },
}

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
            Ok(None) => Err(Outcome::PassedOver),
            Err(problem) => Err(Outcome::Bad { number: line.number, problem }),
        }
    }
}

/// Judges the file and prints what was asked for.
pub fn run(args: &CheckArgs, file: &Path) -> Result<ExitCode, Failure> {
    let reading = Reading { site: super::site(args).into(), only: args.only.clone().into() };
    let begun = Instant::now();
    let mut report = Report::new(args);
    let bar = report.bar.clone();
    let lines = rows::open(file, |source, length| watched(&bar, source, length))?;
    let by = if args.connect.server().is_some() {
        wait(async {
            let connection = args.connect.connect().await?;
            online(lines, file, &reading, &connection, args.dry_run, &mut report).await?;
            Ok(format!("by {}", connection.server()))
        })?
    } else {
        let judge = super::judge(args)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        offline(lines, file, &reading, &judge, cores, &mut report)?;
        format!("on {cores} cores")
    };
    report.finish(&by, begun.elapsed())
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot read on in {}: {error}; is the file whole?", file.display()))
}

/// Chunk by chunk, each shared out among the cores.
fn offline(mut lines: Lines, file: &Path, reading: &Reading, judge: &Judge, cores: usize, report: &mut Report) -> Result<(), Failure> {
    loop {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < CHUNK_LINES * cores && bytes < CHUNK_BYTES * cores {
            let Some(line) = lines.next().map_err(|error| unreadable(file, &error))? else { break };
            bytes += line.len();
            chunk.push(line);
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let share = chunk.len().div_ceil(cores);
        let shares: Vec<thread::Result<Vec<Outcome>>> = thread::scope(|scope| {
            let judging = |lines: &[Line]| lines.iter().map(|line| judged_line(reading, judge, line)).collect();
            let threads: Vec<_> = chunk.chunks(share).map(|lines| scope.spawn(move || judging(lines))).collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for share in shares {
            // A panic has already told of itself.
            for outcome in share.map_err(|_| Failure::failed("judging broke off; please report it with the file"))? {
                report.take(outcome)?;
            }
        }
    }
}

fn judged_line(reading: &Reading, judge: &Judge, line: &Line) -> Outcome {
    match reading.row(line) {
        Err(outcome) => outcome,
        Ok(Row { comment, label }) => {
            let body = comment.body.clone();
            match judged(judge, comment) {
                Ok(verdict) => Outcome::Judged { verdict, label, body },
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
    let (sender, mut coming) = mpsc::channel(CALLS);
    // Reading may wait for a pipe, which must not hold up the calls. The thread ends with its input, or with us.
    thread::spawn(move || {
        while let Some(line) = lines.next().transpose() {
            let broken = line.is_err();
            if sender.blocking_send(line).is_err() || broken {
                return;
            }
        }
    });
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
                    let line = line.map_err(|error| unreadable(file, &error))?;
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
            Ok(verdict) => return Ok(Outcome::Judged { verdict, label, body }),
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

/// Prints and counts outcomes as they come.
struct Report {
    screen: Screen,
    format: Format,
    shown: Vec<Decision>,
    printer: Printer<pb::Verdict>,
    /// Comments to be listed before the summary, as far as they were not printed yet.
    listed: Option<comfy_table::Table>,
    tally: Tally,
    bad: u64,
    bar: ProgressBar,
}

/// A longer listing is printed in parts, so that memory stays bounded.
const LISTED: usize = 200;

impl Report {
    fn new(args: &CheckArgs) -> Self {
        Self {
            screen: Screen::new(),
            format: args.format.format,
            shown: args.show.iter().copied().map(Decision::from).collect(),
            printer: Printer::new(args.format.format),
            listed: None,
            tally: Tally::default(),
            bad: 0,
            bar: ProgressBar::hidden(),
        }
        .with_bar()
    }

    /// A bar where a person sees it and no other output runs through it.
    fn with_bar(mut self) -> Self {
        if io::stderr().is_terminal() && (self.format == Format::Table || !self.screen.is_terminal()) {
            self.bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        }
        self
    }

    fn take(&mut self, outcome: Outcome) -> Result<(), Failure> {
        match outcome {
            Outcome::PassedOver => Ok(()),
            Outcome::Bad { number, problem } => {
                self.bad += 1;
                let problem = text::line(problem.trim_start_matches("the request is invalid:").trim(), 400);
                self.bar.suspend(|| term::tell(&format!("line {number}: {problem}")));
                Ok(())
            }
            Outcome::Judged { verdict, label, body } => {
                self.tally.count(&verdict, label.as_deref());
                if self.tally.comments().is_multiple_of(100) {
                    self.bar.set_message(format!("{} comments", self.tally.comments()));
                }
                let shown = explain::decision(&verdict).is_some_and(|decision| self.shown.contains(&decision));
                if self.format == Format::Table {
                    return if shown { self.list(&verdict, label.as_deref(), &body) } else { Ok(()) };
                }
                if shown || self.shown.is_empty() { self.printer.print(&mut self.screen, &verdict) } else { Ok(()) }
            }
        }
    }

    fn list(&mut self, verdict: &pb::Verdict, label: Option<&str>, body: &str) -> Result<(), Failure> {
        let screen = &mut self.screen;
        let table = self.listed.get_or_insert_with(|| screen.new_table(&["decision", "id", "label", "leading reason", "comment"], &[]));
        table.add_row(screen.row(vec![
            (Tone::from(explain::decision(verdict)), explain::word(verdict.decision).to_owned()),
            (Tone::Plain, text::line(&verdict.comment_id, 256)),
            (Tone::Plain, text::line(label.unwrap_or_default(), 40)),
            (Tone::Plain, explain::first_reason(verdict, 60)),
            (Tone::Plain, text::line(body, START)),
        ]));
        if table.row_count() < LISTED { Ok(()) } else { self.print_listed() }
    }

    fn print_listed(&mut self) -> Result<(), Failure> {
        let Some(table) = self.listed.take() else { return Ok(()) };
        let screen = &mut self.screen;
        self.bar.suspend(|| screen.table(&table).and_then(|()| screen.flush()))
    }

    fn finish(mut self, by: &str, took: Duration) -> Result<ExitCode, Failure> {
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
            term::tell(&format!("gatepost: {} {lines} could not be judged", self.bad));
        }
        Ok(failure::of_several(self.bad, self.bad + self.tally.comments()))
    }
}

/// Lets the bar follow what is read.
fn watched(bar: &ProgressBar, source: Box<dyn Read + Send>, length: Option<u64>) -> Box<dyn Read + Send> {
    let template = match length {
        Some(length) => {
            bar.set_length(length);
            "[{bar:30}] {percent:>3} %  {msg}  {eta} left"
        }
        None => "{spinner} {msg}  {elapsed}",
    };
    // The templates are fixed; should one be wrong, the library's own does as well.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    Box::new(bar.wrap_read(source))
}
