//! `gatepost bench`: asks a server for verdicts at a fixed rate and tells how long they took, waiting included.
//!
//! The load is an open loop: calls are due at fixed times, and latency is counted from when a call was due, not from when
//! it was sent. A program that waits for one answer before it sends the next call asks less of a server the slower it is,
//! and leaves out what those would have waited who came meanwhile: Gil Tene's "coordinated omission", which HdrHistogram
//! and wrk2 were written against.

mod args;
mod attempt;
mod background;
mod call;
mod codec;
mod comments;
mod frames;
mod latency;
mod load;
mod outcome;
mod pacer;
mod print;
mod progress;
mod record;
mod report;
mod schedule;
mod setup;
mod summary;
mod template;
mod timeline;

use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::failure::{self, Failure};
use super::terminal::TerminalOutput;
use call::{LoadClient, LoadConnection};
use comments::RequestSet;
use load::InFlight;
use record::LoadRecorder;
use report::BenchReport;
use schedule::{Rate, Schedule};
use summary::RunInfo;
use template::RequestOptions;

pub use args::BenchArgs;

pub const EXAMPLES: &str = "Examples:
  gatepost bench --rate 500                                 the built-in comments, half a minute
  gatepost bench --rate max --callers 32 --duration 10s     what the server can do at most
  gatepost bench --rate 2000 --file comments.jsonl --dry-run --format json > report.json
  gatepost bench --rate 200 --retry --server http://a:50051 --server http://b:50051 --duration 2m
  gatepost bench --rate 1000 --idle 1000 --half-open 200 --slow-readers 200 --duration 1m

Calls are due at fixed times, and latency counts from then: a server that stalls shows the waiting of all who came
meanwhile. Comments get new ids, so that none is answered from the record; the built-in ones are each of a new author, so
that only a site's own limit applies. A file is read as `check --file` reads it, and sent over and over.
Ctrl-C ends it early, with a report. Exit codes: 0 every call was answered, 5 some were not, 1 none was.
The fields of the JSON report are explained in docs/bench.md.";

/// Runs the load and prints what came of it.
pub fn run(args: &BenchArgs) -> Result<ExitCode, Failure> {
    args.check()?;
    let runtime = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        threads => tokio::runtime::Builder::new_multi_thread().worker_threads(threads.into()).enable_all().build(),
    };
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let report = runtime.block_on(measure(args))?;
    print::print(&mut TerminalOutput::new(), &report, args.format.format)?;
    Ok(failure::exit_code_of_batch(report.calls.due - report.calls.answered, report.calls.due))
}

/// Prepares the load, runs it, and sums up what was counted.
async fn measure(args: &BenchArgs) -> Result<BenchReport, Failure> {
    let making =
        RequestOptions { site: args.site(), keep_ids: args.keep_ids, fresh_authors: args.fresh_authors, dry_run: args.dry_run };
    let (comments, warning) = RequestSet::read(args.file.as_deref(), making)?;
    let comments = Arc::new(comments);
    let (lines, servers) = setup::connect(args).await?;
    let connections = lines.len();
    setup::probe(&lines, &servers, &comments, *args.timeout).await?;

    let (leave, over) = watch::channel(false);
    let crowds = setup::open_background(args, &servers, &comments, &over).await?;
    let time = MeasuredTime::starting_now(args);
    let caller = Arc::new(caller(args, lines, servers.len(), &comments, &time));
    let stopped = run_load(args, &caller, &time).await?;

    let _ = leave.send(true);
    let mut beside = Vec::new();
    for crowd in crowds {
        beside.push(crowd.finish().await);
    }
    let ended = stopped.unwrap_or(time.end).min(time.end);
    let facts = RunInfo {
        began: time.started_at,
        measured: ended.saturating_duration_since(time.start),
        stopped_early: ended < time.end,
        servers,
        connections,
        beside,
        warnings: warning.into_iter().collect(),
    };
    let fresh = time.record(args, facts.servers.len());
    let record = caller.with_record(|record| std::mem::replace(record, fresh));
    Ok(summary::summarize(args, &comments, record, facts))
}

/// When calls are made and which of them are measured.
struct MeasuredTime {
    /// The first call is due.
    load_start: Instant,
    /// The warm-up is over: what is due from now on is measured.
    start: Instant,
    /// No more calls are due.
    end: Instant,
    /// `start` as a time of the calendar.
    started_at: SystemTime,
}

impl MeasuredTime {
    /// Returns the times of a load that starts now.
    fn starting_now(args: &BenchArgs) -> Self {
        let load_start = Instant::now();
        let start = load_start + *args.warmup;
        Self { load_start, start, end: start + *args.duration, started_at: SystemTime::now() + *args.warmup }
    }

    /// Returns an empty record of the calls that are due in it.
    fn record(&self, args: &BenchArgs, servers: usize) -> LoadRecorder {
        LoadRecorder::new(self.start, self.end, *args.timeout, servers)
    }
}

fn caller(
    args: &BenchArgs,
    lines: Vec<LoadConnection>,
    servers: usize,
    comments: &Arc<RequestSet>,
    time: &MeasuredTime,
) -> LoadClient {
    LoadClient {
        connections: lines,
        servers,
        comments: Arc::clone(comments),
        timeout: *args.timeout,
        retry: args.retry,
        record: Mutex::new(time.record(args, servers)),
        in_flight: AtomicU64::new(0),
    }
}

/// Makes the calls, with a progress bar. Returns when it was stopped, if it was stopped before its end.
async fn run_load(args: &BenchArgs, caller: &Arc<LoadClient>, time: &MeasuredTime) -> Result<Option<Instant>, Failure> {
    let (halt, stop) = watch::channel(false);
    let in_flight = InFlight::new(args.max_in_flight);
    let bar = tokio::spawn(progress::show(args.format.format, Arc::clone(caller), time.start, time.end));
    let load = async {
        match args.rate {
            Rate::Max => load::run_closed_loop(caller, args.callers(), time.end, stop).await,
            Rate::PerSecond(rate) => {
                let lasts: Duration = *args.warmup + *args.duration;
                let schedule = Schedule::new(rate, args.arrivals, time.load_start, lasts, fastrand::u64(..));
                load::run_open_loop(caller, schedule, &in_flight, stop).await?;
                in_flight.drained().await;
            }
        }
        Ok::<_, Failure>(())
    };
    let stopped = run_until_interrupted(load, &halt, caller).await?;
    bar.abort();
    // Nobody waits for the bar; it takes itself away.
    let _ = bar.await;
    Ok(stopped)
}

/// Waits for the load, or for Ctrl-C, which lets calls on their way end; a second one does not even that. Tells when it was
/// stopped.
async fn run_until_interrupted(
    load: impl Future<Output = Result<(), Failure>>,
    halt: &watch::Sender<bool>,
    caller: &LoadClient,
) -> Result<Option<Instant>, Failure> {
    let mut load = std::pin::pin!(load);
    let interrupted = || async {
        let pressed = tokio::signal::ctrl_c().await;
        pressed.map_err(|error| Failure::failed(format!("cannot wait for Ctrl-C: {error}")))
    };
    tokio::select! {
        ended = &mut load => return ended.map(|()| None),
        pressed = interrupted() => pressed?,
    }
    let now = Instant::now();
    let _ = halt.send(true);
    tokio::select! {
        ended = load => ended?,
        pressed = interrupted() => {
            pressed?;
            caller.abandon();
        }
    }
    Ok(Some(now))
}
