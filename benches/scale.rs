//! Measures the cost of a long history and a long queue: each store is filled and then queried, compared with an empty one in
//! the same run. `cargo bench --bench scale -- --comments 1000000 --held 100000` (these are the defaults)
//!
//! The store is filled by CheckComments with decisions made elsewhere, as by an import. Four of five comments have an author of
//! their own, the rest are by a thousand regulars. Redis writes nothing to disk here: its figure is memory.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::review_service_client::ReviewServiceClient;
use gatepost::pb::{self, Decision};
use support::{Process, Result, RunningRedis, comment, launch};
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

/// The number of streams that fill a store at once. The server works on sixteen comments of each.
const STREAMS: usize = 4;
const CALLERS: usize = 16;
const ROUNDS: usize = 7;
const SPAN: Duration = Duration::from_millis(1_500);
const REGULARS: usize = 1_000;
/// The number of requests for a page. The median is reported.
const PAGES: usize = 21;
/// A policy in which all three limits count and none refuses.
const POLICY: &str = "[limits]\nauthor = { count = 1000000, period = \"1s\", burst = 1000000 }\n\
    client = { count = 1000000, period = \"1s\", burst = 1000000 }\nsite = { count = 1000000, period = \"1s\", burst = 1000000 }\n";

#[tokio::main]
async fn main() -> Result<()> {
    let (comments, held) = (argument("--comments", 1_000_000)?, argument("--held", 100_000)?);
    println!("{comments} decided comments and {held} held ones; CheckComment by {CALLERS} callers");
    println!("medians of {ROUNDS} rounds of {SPAN:?}, and of {PAGES} pages of 50 by risk");
    let mut columns = vec![("embedded", measure(comments, held, false).await?)];
    match Command::new("redis-server").arg("--version").stdout(Stdio::null()).status() {
        Ok(_) => columns.push(("redis", measure(comments, held, true).await?)),
        Err(_) => println!("redis-server is not installed: its column is omitted"),
    }
    println!("\n{:<36}{}", "", columns.iter().map(|(name, _)| format!("{name:>12}")).collect::<String>());
    let rows = columns.first().map_or(0, |(_, figures)| figures.len());
    for row in 0..rows {
        let figures = columns.iter().filter_map(|(_, figures)| figures.get(row));
        let cells: String = figures.clone().map(|(_, figure)| format!("{:>12}", rounded(*figure))).collect();
        println!("{:<36}{cells}", figures.clone().next().map_or("", |(name, _)| name));
    }
    Ok(())
}

/// Returns the number after an option's name on the command line. `cargo bench` adds arguments of its own, which are ignored.
fn argument(name: &str, default: usize) -> Result<usize> {
    let arguments: Vec<String> = std::env::args().collect();
    let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(default) };
    let number = arguments.get(at + 1).and_then(|number| number.replace('_', "").parse().ok());
    number.ok_or_else(|| format!("{name} needs a number").into())
}

/// Formats a figure with about three significant digits.
fn rounded(figure: f64) -> String {
    match figure {
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// One server with a store of its own.
struct Side {
    folder: tempfile::TempDir,
    redis: Option<RunningRedis>,
    server: Process,
}

impl Side {
    fn start(with_redis: bool) -> Result<Self> {
        let folder = tempfile::TempDir::new()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (policies, data) = (path("policies"), path("data"));
        std::fs::create_dir(&policies)?;
        std::fs::write(Path::new(&policies).join("default.toml"), POLICY)?;
        let redis = if with_redis { RunningRedis::start(folder.path(), &[])? } else { None };
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--policy-dir", &policies, "--data-dir", &data, "--log-level", "warn"];
        let store: Vec<&str> = match &redis {
            Some(redis) => vec!["--store", &redis.url, "--store-timeout", "10s"],
            None => Vec::new(),
        };
        let server = launch(env!("CARGO_BIN_EXE_gatepost"), &[&fixed[..], &store].concat())?;
        Ok(Self { folder, redis, server })
    }

    /// Returns the size of the store in bytes: the database file with its log, or Redis's data in memory.
    async fn bytes(&self) -> Result<f64> {
        if let Some(redis) = &self.redis {
            let mut connection = ::redis::Client::open(redis.url.as_str())?.get_multiplexed_async_connection().await?;
            let info: String = ::redis::cmd("INFO").arg("memory").query_async(&mut connection).await?;
            let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).ok_or("no used_memory")?;
            return Ok(used.trim().parse()?);
        }
        let sizes = std::fs::read_dir(self.folder.path().join("data"))?.map(|file| Ok(file?.metadata()?.len() as f64));
        sizes.sum()
    }
}

async fn connect(side: &Side) -> Result<Channel> {
    Ok(Endpoint::from_shared(side.server.url.clone())?.tcp_nodelay(true).connect().await?)
}

/// Fills one store and measures it. Returns the figures by name.
async fn measure(comments: usize, held: usize, with_redis: bool) -> Result<Vec<(&'static str, f64)>> {
    let (empty, full) = (Side::start(with_redis)?, Side::start(with_redis)?);
    let before = full.bytes().await?;
    let (took, tenths) = fill(&full, comments, held).await?;
    let all = (comments + held) as f64;
    let rate = |tenth: Option<&Duration>| tenth.map_or(0.0, |tenth| all / 10.0 / tenth.as_secs_f64());
    let mut figures = vec![
        ("filling, s", took.as_secs_f64()),
        ("filling, comments/s: first tenth", rate(tenths.first())),
        ("filling, comments/s: last tenth", rate(tenths.last())),
        ("bytes per comment", (full.bytes().await? - before) / all),
        ("server, MB resident", full.server.resident()?),
    ];

    // The servers take turns, so that other load on the machine affects both.
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ([p50, p99], [full_p50, full_p99]) = (drive(&empty).await?, drive(&full).await?);
        rounds.push([p50, full_p50, full_p50 / p50, p99, full_p99, full_p99 / p99]);
    }
    let names = [
        "CheckComment p50, empty, µs",
        "CheckComment p50, full, µs",
        "CheckComment p50, full ÷ empty",
        "CheckComment p99, empty, µs",
        "CheckComment p99, full, µs",
        "CheckComment p99, full ÷ empty",
    ];
    let medians = (0..names.len()).map(|column| median(rounds.iter().map(|round| round[column]).collect()));
    figures.extend(names.into_iter().zip(medians));

    let mut desk = ReviewServiceClient::new(connect(&full).await?).max_decoding_message_size(64 << 20);
    figures.push(("queue, first page, ms", page(&mut desk, "").await?));
    let (token, walked) = middle_of_queue(&mut desk, held / 2).await?;
    figures.push(("queue, page in the middle, ms", page(&mut desk, &token).await?));
    figures.push(("queue, walking there, comments/s", walked));
    figures.push(("server at the end, MB resident", full.server.resident()?));
    Ok(figures)
}

/// Fills a store. Returns the time it took, and the time of each tenth.
async fn fill(side: &Side, comments: usize, held: usize) -> Result<(Duration, Vec<Duration>)> {
    let all = comments + held;
    let begun = Instant::now();
    let tenths = Arc::new(Mutex::new((0, vec![begun])));
    let mut streams = JoinSet::new();
    for stream in 0..STREAMS {
        let mut host = ModerationServiceClient::new(connect(side).await?);
        let tenths = Arc::clone(&tenths);
        // Requests are made as the server takes them, so that making a million at once is not measured.
        let requests = tokio_stream::iter((stream..all).step_by(STREAMS).map(move |number| request(number, held, all)));
        streams.spawn(async move {
            let mut answers = host.check_comments(requests).await?.into_inner();
            while let Some(answer) = answers.message().await? {
                if let Some(error) = answer.error {
                    return Err(error.message.into());
                }
                let mut tenths = tenths.lock().map_err(|_| "another stream failed")?;
                tenths.0 += 1;
                if tenths.0 % (all / 10).max(1) == 0 {
                    eprintln!("{} of {all} filled in", tenths.0);
                    tenths.1.push(Instant::now());
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(done) = streams.join_next().await {
        done??;
    }
    let marks = tenths.lock().map_err(|_| "a stream failed")?.1.clone();
    Ok((begun.elapsed(), marks.windows(2).map(|pair| pair[1] - pair[0]).collect()))
}

/// Returns the request with this number out of `all`, of which `held` are held, evenly spread.
fn request(number: usize, held: usize, all: usize) -> pb::CheckCommentsRequest {
    let decision = match number {
        _ if number * held / all < (number + 1) * held / all => Decision::Hold,
        _ if number.is_multiple_of(7) => Decision::Reject,
        _ => Decision::Approve,
    };
    let mut comment = comment();
    if number.is_multiple_of(5)
        && let Some(author) = &mut comment.author
    {
        author.user_id = format!("regular-{}", number / 5 % REGULARS);
    }
    pb::CheckCommentsRequest { comment: Some(comment), dry_run: false, decided: decision.into() }
}

/// Checks new comments for a while. Returns p50 and p99 in microseconds.
async fn drive(side: &Side) -> Result<[f64; 2]> {
    let channel = connect(side).await?;
    let until = Instant::now() + SPAN;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let mut host = ModerationServiceClient::new(channel.clone());
        callers.spawn(async move {
            let mut micros = Vec::new();
            while Instant::now() < until {
                let request = pb::CheckCommentRequest { comment: Some(comment()), dry_run: false };
                let called = Instant::now();
                host.check_comment(request).await?;
                micros.push(called.elapsed().as_secs_f64() * 1e6);
            }
            Ok::<_, tonic::Status>(micros)
        });
    }
    let mut micros = Vec::new();
    while let Some(called) = callers.join_next().await {
        micros.extend(called??);
    }
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros.get((micros.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    Ok([at(0.5), at(0.99)])
}

fn listing(size: i32, token: &str) -> pb::ListCommentsRequest {
    pb::ListCommentsRequest {
        site: "blog.example".into(),
        order_by: "risk".into(),
        page_size: size,
        page_token: token.into(),
        ..Default::default()
    }
}

/// Returns the time to list a page, in milliseconds.
async fn page(desk: &mut ReviewServiceClient<Channel>, token: &str) -> Result<f64> {
    let mut millis = Vec::new();
    for _ in 0..PAGES {
        let asked = Instant::now();
        desk.list_comments(listing(50, token)).await?;
        millis.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(millis))
}

/// Lists this many comments of the queue. Returns the page token at that point, and the comments listed per second.
async fn middle_of_queue(desk: &mut ReviewServiceClient<Channel>, until: usize) -> Result<(String, f64)> {
    let (mut token, mut passed, begun) = (String::new(), 0, Instant::now());
    while passed < until {
        let answer = desk.list_comments(listing(1_000, &token)).await?.into_inner();
        passed += answer.comments.len();
        if answer.next_page_token.is_empty() {
            break;
        }
        token = answer.next_page_token;
    }
    Ok((token, passed as f64 / begun.elapsed().as_secs_f64()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
