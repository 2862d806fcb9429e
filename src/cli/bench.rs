//! `gatepost bench`: asks a server for verdicts at a fixed rate and tells how long they took, waiting included.
//!
//! The load is an open loop: calls are due at fixed times, and latency is counted from when a call was due, not from when
//! it was sent. A program that waits for one answer before it sends the next call asks less of a server the slower it is,
//! and leaves out what those would have waited who came meanwhile: Gil Tene's "coordinated omission", which HdrHistogram
//! and wrk2 were written against.

mod beside;
mod call;
mod comments;
mod figures;
mod frames;
mod load;
mod pace;
mod plan;
mod print;
mod record;
mod report;
mod timeline;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use tonic::Code;
use tonic::client::Grpc;

use beside::{Crowd, Door, Kind};
use call::{Caller, Line};
use comments::{Comments, Making};
use load::InFlight;
use plan::{Arrivals, Rate, Schedule};
use record::{Missed, Record};
use report::{Facts, Report};
use wire::Request;

use super::bar;
use super::connect::{Access, DEFAULT_SERVER};
use super::failure::{self, Failure};
use super::output::{Format, FormatArgs};
use super::term::Screen;

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

/// Options of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Calls a second, or `max`: as many as come back
    #[arg(long, default_value = "100", value_name = "RATE")]
    rate: Rate,
    /// How calls are spread over time
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    arrivals: Arrivals,
    /// With --rate max: how many callers, each waiting for its answer before it calls again [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    callers: Option<u16>,
    /// Connections that the calls are spread over; at least one to each server
    #[arg(long, default_value_t = 4, value_name = "C", value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// How long to measure
    #[arg(long, default_value = "30s", value_name = "TIME")]
    duration: humantime::Duration,
    /// How long to call before anything is counted
    #[arg(long, default_value = "2s", value_name = "TIME")]
    warmup: humantime::Duration,
    /// After how long an answer is of no use: sent as deadline, and counted as failed
    #[arg(long, default_value = "1s", value_name = "TIME")]
    timeout: humantime::Duration,
    /// Calls on their way at most; what is due beyond them counts as not sent
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_in_flight: u32,
    /// Send again what may pass, up to 4 times within the deadline, to the next server if there are several
    #[arg(long)]
    retry: bool,
    /// Let the server record nothing, count nothing and queue nothing
    #[arg(long)]
    dry_run: bool,
    /// Threads of this program
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Comments to send, one JSON object a line, gzipped or not [default: a small built-in set]
    #[arg(long, value_name = "FILE", help_heading = "Comments")]
    file: Option<PathBuf>,
    /// Leave the comments of the file their ids: from the second round on they are repeats
    #[arg(long, requires = "file", help_heading = "Comments")]
    keep_ids: bool,
    /// Make each comment of the file one of a new author, so that no author's limit applies
    #[arg(long, requires = "file", help_heading = "Comments")]
    fresh_authors: bool,
    /// Connections that stand there without calls
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Beside the load")]
    idle: u16,
    /// Connections that say nothing, or half of a greeting
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Beside the load")]
    half_open: u16,
    /// Connections that ask for long answers and hardly read them
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Beside the load")]
    slow_readers: u16,
    #[command(flatten)]
    format: FormatArgs,
    /// Where the server is, as URL or host:port; several take turns [default: http://127.0.0.1:50051]
    #[arg(long, env = "GATEPOST_SERVER", value_delimiter = ',', value_name = "URL", help_heading = "Server")]
    server: Vec<String>,
    #[command(flatten)]
    access: Access,
    /// The blog of comments that name none [default: bench]
    #[arg(long, env = "GATEPOST_SITE", value_name = "SITE", help_heading = "Server")]
    site: Option<String>,
}

impl BenchArgs {
    fn callers(&self) -> usize {
        usize::from(self.callers.unwrap_or(64))
    }

    fn servers(&self) -> Vec<&str> {
        let named = self.server.iter().map(|server| server.trim()).filter(|server| !server.is_empty());
        let named: Vec<&str> = named.collect();
        if named.is_empty() { vec![DEFAULT_SERVER] } else { named }
    }

    fn site(&self) -> Option<&str> {
        self.site.as_deref().map(str::trim).filter(|site| !site.is_empty())
    }

    fn check(&self) -> Result<(), Failure> {
        if self.format.format == Format::Ids {
            return Err(print::no_ids());
        }
        if self.duration.is_zero() || self.timeout.is_zero() {
            return Err(Failure::usage("--duration and --timeout must be longer than nothing"));
        }
        if self.callers.is_some() && self.rate != Rate::Max {
            return Err(Failure::usage("--callers is for --rate max: at a fixed rate nobody waits for answers"));
        }
        Ok(())
    }
}

/// Runs the load and prints what came of it.
pub fn run(args: &BenchArgs) -> Result<ExitCode, Failure> {
    args.check()?;
    let runtime = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        threads => tokio::runtime::Builder::new_multi_thread().worker_threads(threads.into()).enable_all().build(),
    };
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let report = runtime.block_on(measure(args))?;
    print::print(&mut Screen::new(), &report, args.format.format)?;
    Ok(failure::of_several(report.calls.due - report.calls.answered, report.calls.due))
}

async fn measure(args: &BenchArgs) -> Result<Report, Failure> {
    let making =
        Making { site: args.site(), keep_ids: args.keep_ids, fresh_authors: args.fresh_authors, dry_run: args.dry_run };
    let (comments, warning) = Comments::read(args.file.as_deref(), making)?;
    let comments = Arc::new(comments);
    let (lines, servers) = connect(args).await?;
    let connections = lines.len();
    probe(&lines, &servers, &comments, *args.timeout).await?;

    let (leave, over) = watch::channel(false);
    let crowds = crowds(args, &servers, &comments, &over).await?;
    let (halt, stop) = watch::channel(false);
    let begin = Instant::now();
    let from = begin + *args.warmup;
    let until = from + *args.duration;
    let began = SystemTime::now() + *args.warmup;
    let caller = Arc::new(Caller {
        lines,
        servers: servers.len(),
        comments: Arc::clone(&comments),
        timeout: *args.timeout,
        retry: args.retry,
        record: Mutex::new(Record::new(from, until, *args.timeout, servers.len())),
        on_their_way: AtomicU64::new(0),
    });
    let in_flight = InFlight::new(args.max_in_flight);
    let watched = tokio::spawn(watch_it(args.format.format, Arc::clone(&caller), from, until));
    let load = async {
        match args.rate {
            Rate::Max => load::closed(&caller, args.callers(), until, stop).await,
            Rate::PerSecond(rate) => {
                let lasts = *args.warmup + *args.duration;
                let schedule = Schedule::new(rate, args.arrivals, begin, lasts, fastrand::u64(..));
                load::open(&caller, schedule, &in_flight, stop).await?;
                in_flight.none().await;
            }
        }
        Ok::<_, Failure>(())
    };
    let stopped = unless_stopped(load, &halt, &caller).await?;
    watched.abort();
    // Nobody waits for the bar; it takes itself away.
    let _ = watched.await;

    let _ = leave.send(true);
    let mut beside = Vec::new();
    for crowd in crowds {
        beside.push(crowd.fate().await);
    }
    let ended = stopped.unwrap_or(until).min(until);
    let fresh = Record::new(from, until, *args.timeout, servers.len());
    let record = caller.record(|record| std::mem::replace(record, fresh));
    let facts = Facts {
        began,
        measured: ended.saturating_duration_since(from),
        stopped_early: ended < until,
        servers,
        connections,
        beside,
        warnings: warning.into_iter().collect(),
    };
    Ok(Report::of(args, &comments, record, facts))
}

/// Waits for the load, or for Ctrl-C, which lets calls on their way end; a second one does not even that. Tells when it was
/// stopped.
async fn unless_stopped(
    load: impl Future<Output = Result<(), Failure>>,
    halt: &watch::Sender<bool>,
    caller: &Caller,
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

/// Connects as often as asked, the servers taking turns, and tells the servers' addresses.
async fn connect(args: &BenchArgs) -> Result<(Vec<Line>, Vec<String>), Failure> {
    let named = args.servers();
    let count = usize::from(args.connections).max(named.len());
    let (mut lines, mut servers) = (Vec::with_capacity(count), Vec::new());
    for (server, name) in named.iter().enumerate().cycle().take(count) {
        let connection = args.access.connect(name).await?;
        if servers.len() < named.len() {
            servers.push(connection.server().to_owned());
        }
        lines.push(Line { server, client: Grpc::new(connection.service()) });
    }
    Ok((lines, servers))
}

/// Asks each server once without a trace: whoever gave a wrong key or a broken file learns of it now, not from a report.
async fn probe(lines: &[Line], servers: &[String], comments: &Arc<Comments>, timeout: Duration) -> Result<(), Failure> {
    for (line, server) in lines.iter().zip(servers) {
        let request = Request { comments: Arc::clone(comments), number: 0, probe: true };
        match call::ask(&line.client, request, Instant::now() + timeout).await {
            Err(Missed { code: Code::Unauthenticated | Code::PermissionDenied, message, .. }) => {
                return Err(Failure::status(server, &tonic::Status::permission_denied(message)));
            }
            Err(Missed { code: Code::Unimplemented, message, .. }) => {
                return Err(Failure::status(server, &tonic::Status::unimplemented(message)));
            }
            // What passes, or is of this one comment, the load itself will show.
            _ => {}
        }
    }
    Ok(())
}

/// Opens the connections that stand beside the load.
async fn crowds(
    args: &BenchArgs,
    servers: &[String],
    comments: &Arc<Comments>,
    over: &watch::Receiver<bool>,
) -> Result<Vec<Crowd>, Failure> {
    let all = [(Kind::Idle, args.idle), (Kind::HalfOpen, args.half_open), (Kind::SlowReaders, args.slow_readers)];
    let wanted: Vec<_> = all.into_iter().filter(|(_, wanted)| *wanted > 0).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<_> = wanted.iter().map(|(kind, _)| *kind).collect();
    let bearer = args.access.bearer()?.and_then(|bearer| bearer.to_str().ok().map(str::to_owned));
    let mut doors = Vec::new();
    for server in servers {
        let site = args.site().unwrap_or(comments::SITE).to_owned();
        doors.push(Arc::new(Door::to(server, bearer.clone(), site, Arc::clone(comments), &kinds).await?));
    }
    let mut crowds = Vec::new();
    for (kind, wanted) in wanted {
        crowds.push(Crowd::open(kind, wanted.into(), &doors, over).await);
    }
    Ok(crowds)
}

/// Shows how it goes, where a person sees it.
async fn watch_it(format: Format, caller: Arc<Caller>, from: Instant, until: Instant) {
    let bar = bar::new(&Screen::new(), format);
    if bar.is_hidden() {
        return;
    }
    let bar = Gone(bar);
    bar.0.set_length(until.saturating_duration_since(from).as_secs());
    // The template is fixed; should it be wrong, the library's own does as well.
    if let Ok(style) = ProgressStyle::with_template("[{bar:30}] {pos} of {len} s  {msg}") {
        bar.0.set_style(style);
    }
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tick.tick().await;
        let passed = Instant::now().saturating_duration_since(from);
        if passed.is_zero() {
            bar.0.set_message("warming up");
            continue;
        }
        let (answered, missed, figures) =
            caller.record(|record| (record.answered, record.failed + record.not_sent, record.latencies.figures()));
        let p99 = figures.map_or_else(|| "-".to_owned(), |figures| format!("{:.1} ms", figures.p99));
        bar.0.set_position(passed.as_secs());
        bar.0.set_message(format!("{answered} answered, {missed} not, p99 {p99}"));
    }
}

/// A bar that leaves nothing behind.
struct Gone(ProgressBar);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
