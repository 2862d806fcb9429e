//! `gatepost bench`: a load generator that calls a server at a fixed rate and reports the latency of its verdicts.
//!
//! The load is an open loop: calls are due at fixed times, and latency is counted from when a call was due, not from when
//! it was sent. A load generator that waits for an answer before it sends the next call puts less load on a slower server,
//! and does not measure the waiting time of the requests that would have arrived in between. Gil Tene calls this
//! coordinated omission; HdrHistogram and wrk2 were written against it.

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
  gatepost bench --rate 500                                 the built-in comments, for 30 s
  gatepost bench --rate max --callers 32 --duration 10s     the capacity of the server
  gatepost bench --rate 2000 --file comments.jsonl --dry-run --format json > report.json
  gatepost bench --rate 200 --retry --server http://a:50051 --server http://b:50051 --duration 2m
  gatepost bench --rate 1000 --idle 1000 --half-open 200 --slow-readers 200 --duration 1m

Calls are due at fixed times, and latency counts from then, so that a stall of the server shows in the latency of every
call that fell due meanwhile. Comments get new ids, because a server answers a repeated comment from its record. Each
built-in comment has a new author, so that only the limit of the site applies. A file has the format of `check --file`
and is sent in a loop.
Ctrl-C ends the run early and prints the report. Exit codes: 0 all calls were answered, 5 some were not, 1 none was.
The fields of the JSON report are explained in docs/bench.md.";

/// Runs the load and prints the report.
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

/// Prepares the load, runs it, and returns the report.
async fn measure(args: &BenchArgs) -> Result<BenchReport, Failure> {
    let options =
        RequestOptions { site: args.site(), keep_ids: args.keep_ids, fresh_authors: args.fresh_authors, dry_run: args.dry_run };
    let (comments, warning) = RequestSet::read(args.file.as_deref(), options)?;
    let comments = Arc::new(comments);
    let (load_connections, servers) = setup::connect(args).await?;
    let connections = load_connections.len();
    setup::probe(&load_connections, &servers, &comments, *args.timeout).await?;

    let (stop_background, over) = watch::channel(false);
    let groups = setup::open_background(args, &servers, &comments, &over).await?;
    let time = MeasuredTime::starting_now(args);
    let caller = Arc::new(caller(args, load_connections, servers.len(), &comments, &time));
    let stopped = run_load(args, &caller, &time).await?;

    let _ = stop_background.send(true);
    let mut background = Vec::new();
    for group in groups {
        background.push(group.finish().await);
    }
    let ended = stopped.unwrap_or(time.end).min(time.end);
    let run_info = RunInfo {
        began: time.started_at,
        measured: ended.saturating_duration_since(time.start),
        stopped_early: ended < time.end,
        servers,
        connections,
        background,
        warnings: warning.into_iter().collect(),
    };
    let empty = time.record(args, run_info.servers.len());
    let record = caller.with_record(|record| std::mem::replace(record, empty));
    Ok(summary::summarize(args, &comments, record, run_info))
}

/// The period in which calls are made, and the part of it that is measured.
struct MeasuredTime {
    /// When the first call is due.
    load_start: Instant,
    /// When the warm-up ends; calls that are due from then on are measured.
    start: Instant,
    /// When the load ends; no calls are due from then on.
    end: Instant,
    /// `start` as wall-clock time.
    started_at: SystemTime,
}

impl MeasuredTime {
    /// Returns the period of a load that starts now.
    fn starting_now(args: &BenchArgs) -> Self {
        let load_start = Instant::now();
        let start = load_start + *args.warmup;
        Self { load_start, start, end: start + *args.duration, started_at: SystemTime::now() + *args.warmup }
    }

    /// Returns an empty recorder of the calls that are due in the measured part.
    fn record(&self, args: &BenchArgs, servers: usize) -> LoadRecorder {
        LoadRecorder::new(self.start, self.end, *args.timeout, servers)
    }
}

/// Returns the client that makes the calls of the load.
fn caller(
    args: &BenchArgs,
    connections: Vec<LoadConnection>,
    servers: usize,
    comments: &Arc<RequestSet>,
    time: &MeasuredTime,
) -> LoadClient {
    LoadClient {
        connections,
        servers,
        comments: Arc::clone(comments),
        timeout: *args.timeout,
        retry: args.retry,
        record: Mutex::new(time.record(args, servers)),
        in_flight: AtomicU64::new(0),
    }
}

/// Runs the load behind a progress bar. Returns the time at which Ctrl-C stopped it, or `None` if it ran to its end.
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
    // Waits until the aborted task has dropped the bar, which clears it.
    let _ = bar.await;
    Ok(stopped)
}

/// Waits for the load or for Ctrl-C. After the first Ctrl-C, calls in flight may finish; a second one abandons them.
///
/// Returns the time of the first Ctrl-C, or `None` if the load ran to its end.
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
