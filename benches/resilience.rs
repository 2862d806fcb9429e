//! Measures the cost of a verdict in Redis, the number of servers that one Redis can serve, calls while Redis hangs, and losses
//! in a hundred kills. `cargo bench --bench resilience -- cost|many|hang|kills` (all without an argument; about five minutes)

mod support;

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::review_service_client::ReviewServiceClient;
use gatepost::pb::{self, Decision, Verdict};
use support::{Process, Result, RunningRedis, comment, launch};
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

const CALLERS: usize = 16;
const HANG: Duration = Duration::from_secs(10);
const KILLS: usize = 100;
/// A policy in which all three limits count and none refuses.
const POLICY: &str = "[limits]\nauthor = { count = 1000000, period = \"1s\", burst = 1000000 }\n\
    client = { count = 1000000, period = \"1s\", burst = 1000000 }\nsite = { count = 1000000, period = \"1s\", burst = 1000000 }\n\
    [campaign]\nhere = 0\nelsewhere = 0\n";
const HOLD_ALL: &str = "[thresholds.spam]\nhold = 0.0\nreject = \"never\"\n[limits]\nauthor = { count = 0 }\nclient = { count = 0 }\nsite = { count = 0 }\n\
    [campaign]\nhere = 0\nelsewhere = 0\n";

#[tokio::main]
async fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |word: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == word);
    if wants("cost") {
        cost().await?;
    }
    if wants("many") {
        many().await?;
    }
    if wants("hang") {
        hang().await?;
    }
    if wants("kills") {
        kills("embedded").await?;
        kills("redis, appendfsync always").await?;
    }
    Ok(())
}

/// A folder with policies and a folder for data.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(policy: &str) -> Result<Self> {
        let folder = tempfile::TempDir::new()?;
        std::fs::create_dir(folder.path().join("policies"))?;
        std::fs::write(folder.path().join("policies/default.toml"), policy)?;
        Ok(Self { folder })
    }

    fn redis(&self, more: &[&str]) -> Result<RunningRedis> {
        RunningRedis::start(self.folder.path(), more)?.ok_or_else(|| "redis-server is not installed".into())
    }

    fn gatepost(&self, more: &[&str]) -> Result<Process> {
        let (policies, data) = (self.folder.path().join("policies"), self.folder.path().join("data"));
        let (policies, data) = (policies.display().to_string(), data.display().to_string());
        let fixed = ["serve", "--policy-dir", &policies, "--data-dir", &data, "--log-level", "error"];
        let listen: &[&str] = if more.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        launch(env!("CARGO_BIN_EXE_gatepost"), &[&fixed, listen, more].concat())
    }
}

async fn connect(url: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?)
}

async fn check(host: &mut ModerationServiceClient<Channel>, comment: pb::Comment) -> Result<Verdict, tonic::Status> {
    let request = pb::CheckCommentRequest { comment: Some(comment), dry_run: false };
    Ok(host.check_comment(request).await?.into_inner().verdict.unwrap_or_default())
}

// === cost ===

/// Returns the script calls of a Redis so far, their time in microseconds, and its CPU time in microseconds.
async fn usage(redis: &RunningRedis) -> Result<(f64, f64, f64)> {
    let mut connection = ::redis::Client::open(redis.url.as_str())?.get_multiplexed_async_connection().await?;
    let info: String = ::redis::cmd("INFO").arg("everything").query_async(&mut connection).await?;
    let number = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.split(',').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0)
    };
    let scripts = info.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default();
    let scripts = scripts.split(',').find_map(|part| part.strip_prefix("usec=")).and_then(|usec| usec.parse().ok());
    let cpu = number("used_cpu_user:") + number("used_cpu_sys:");
    let calls: f64 = info
        .lines()
        .filter(|line| line.starts_with("cmdstat_evalsha:"))
        .filter_map(|line| line.split_once("calls=")?.1.split(',').next()?.parse::<f64>().ok())
        .sum();
    Ok((calls, scripts.unwrap_or(0.0), cpu * 1e6))
}

async fn cost() -> Result<()> {
    const COMMENTS: usize = 20_000;
    println!("\nCost of a verdict in Redis: {COMMENTS} comments by {CALLERS} callers");
    println!("{:<44}{:>8}{:>14}{:>14}", "", "trips", "script µs", "CPU µs");
    for (name, policy) in [("approved, three limits", POLICY), ("held, no limits", HOLD_ALL)] {
        let bench = Bench::new(policy)?;
        let redis = bench.redis(&[])?;
        let server = bench.gatepost(&["--store", &redis.url, "--store-timeout", "10s"])?;
        check(&mut ModerationServiceClient::new(connect(&server.url).await?), comment()).await?;
        let before = usage(&redis).await?;
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let mut host = ModerationServiceClient::new(connect(&server.url).await?);
            callers.spawn(async move {
                for _ in 0..COMMENTS / CALLERS {
                    check(&mut host, comment()).await?;
                }
                Ok::<_, tonic::Status>(())
            });
        }
        while let Some(done) = callers.join_next().await {
            done??;
        }
        let after = usage(&redis).await?;
        let each = |before: f64, after: f64| (after - before) / COMMENTS as f64;
        println!(
            "{name:<44}{:>8.2}{:>14.1}{:>14.1}",
            each(before.0, after.0),
            each(before.1, after.1),
            each(before.2, after.2)
        );
    }
    Ok(())
}

// === many ===

async fn many() -> Result<()> {
    const BURST: usize = 3_000;
    let limit = format!(
        "[limits]\nauthor = {{ count = 0 }}\nclient = {{ count = 0 }}\nsite = {{ count = 1, period = \"24h\", burst = {BURST}, over = \"reject\" }}\n[campaign]\nhere = 0\nelsewhere = 0\n"
    );
    println!("\nServers on one Redis, {CALLERS} callers in total, everything on the same processors");
    println!("{:<10}{:>12}{:>16}{:>40}", "servers", "calls/s", "Redis CPU", "of a burst of 3000 admitted");
    for servers in [1, 2, 4] {
        let bench = Bench::new(POLICY)?;
        let redis = bench.redis(&[])?;
        let start = |bench: &Bench| -> Result<Vec<Process>> {
            (0..servers).map(|_| bench.gatepost(&["--store", &redis.url, "--store-timeout", "10s"])).collect()
        };
        let running = start(&bench)?;
        let before = usage(&redis).await?.2;
        let begun = Instant::now();
        let calls = spread(&running, Duration::from_secs(4), usize::MAX).await?;
        let rate = calls.len() as f64 / begun.elapsed().as_secs_f64();
        let busy = (usage(&redis).await?.2 - before) / 1e6 / begun.elapsed().as_secs_f64();
        drop(running);
        let limited = Bench::new(&limit)?;
        let running = start(&limited)?;
        let calls = spread(&running, Duration::from_secs(60), BURST * 4 / 3).await?;
        let admitted = calls.iter().filter(|decision| **decision == Decision::Approve).count();
        println!("{servers:<10}{rate:>12.0}{:>15.0}%{:>40}", busy * 100.0, format!("{admitted} of {}", calls.len()));
    }
    Ok(())
}

/// Checks comments on all servers for a time, at most `max` in all. Returns the decisions.
async fn spread(servers: &[Process], span: Duration, max: usize) -> Result<Vec<Decision>> {
    let begun = Instant::now();
    let left = Arc::new(std::sync::atomic::AtomicUsize::new(max));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let mut host = ModerationServiceClient::new(connect(&servers[caller % servers.len()].url).await?);
        let left = left.clone();
        callers.spawn(async move {
            let mut decisions = Vec::new();
            let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
            while begun.elapsed() < span && take() {
                decisions.push(check(&mut host, comment()).await?.decision());
            }
            Ok::<_, tonic::Status>(decisions)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = callers.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

// === hang ===

async fn hang() -> Result<()> {
    let bench = Bench::new(POLICY)?;
    let redis = bench.redis(&[])?;
    let server = bench.gatepost(&["--store", &redis.url])?;
    println!("\nRedis stopped for {HANG:?} under {CALLERS} callers, 200 calls/s in total; store_timeout 50 ms");
    println!("{:<10}{:>9}{:>9}{:>11}{:>11}{:>11}{:>8}", "", "calls", "errors", "p50 ms", "p99 ms", "max ms", "local");
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (mut host, stop) = (ModerationServiceClient::new(connect(&server.url).await?), stop.clone());
        callers.spawn(async move {
            let mut calls = Vec::new();
            let mut tick = tokio::time::interval(Duration::from_millis(80));
            while !stop.load(Ordering::Relaxed) {
                tick.tick().await;
                let called = Instant::now();
                let answer = check(&mut host, comment()).await;
                let local = answer.as_ref().is_ok_and(|verdict| verdict.not_recorded);
                calls.push((called, called.elapsed(), answer.is_err(), local));
            }
            calls
        });
    }
    let signal = |name: &str| Command::new("kill").args([name, &redis.child.id().to_string()]).status();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let stopped = Instant::now();
    signal("-STOP")?;
    tokio::time::sleep(HANG).await;
    let continued = Instant::now();
    signal("-CONT")?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    stop.store(true, Ordering::Relaxed);
    let calls: Vec<(Instant, Duration, bool, bool)> = callers.join_all().await.into_iter().flatten().collect();
    let back = calls.iter().filter(|call| call.0 > continued && !call.3).map(|call| call.0).min();
    let back = back.map_or(Duration::MAX, |back| back - continued);
    for (name, from, to) in [("before", begun, stopped), ("while", stopped, continued), ("after", continued, Instant::now())] {
        let within: Vec<_> = calls.iter().filter(|call| from <= call.0 && call.0 < to).collect();
        let mut millis: Vec<f64> = within.iter().map(|call| call.1.as_secs_f64() * 1e3).collect();
        millis.sort_by(f64::total_cmp);
        let at = |share: f64| millis.get((millis.len() as f64 * share) as usize).or(millis.last()).copied().unwrap_or(0.0);
        let (errors, local) = (within.iter().filter(|call| call.2).count(), within.iter().filter(|call| call.3).count());
        println!("{name:<10}{:>9}{errors:>9}{:>11.1}{:>11.1}{:>11.1}{local:>8}", within.len(), at(0.5), at(0.99), at(1.0));
    }
    println!("recorded again {back:.2?} after Redis continued");
    Ok(())
}

// === kills ===

async fn kills(store: &str) -> Result<()> {
    let bench = Bench::new(HOLD_ALL)?;
    let redis = match store {
        "embedded" => None,
        _ => Some(bench.redis(&["--appendonly", "yes", "--appendfsync", "always"])?),
    };
    let mut options: Vec<String> = match &redis {
        Some(redis) => ["--store", &redis.url, "--store-timeout", "10s"].map(str::to_owned).to_vec(),
        None => Vec::new(),
    };
    let start = |options: &[String]| bench.gatepost(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let mut server = start(&options)?;
    options.extend(["--listen".to_owned(), server.url.trim_start_matches("http://").to_owned()]);
    let mut answered: HashMap<String, String> = HashMap::new();
    let mut changed = 0;
    for kill in 0..KILLS {
        let mut callers = JoinSet::new();
        for caller in 0..8 {
            let channel = Endpoint::from_shared(server.url.clone())?.connect_lazy();
            callers.spawn(async move {
                let mut host = ModerationServiceClient::new(channel);
                let mut held = Vec::new();
                for call in 0.. {
                    // Every third comment is sent twice: the second response must equal the first.
                    let id = format!("{kill}-{caller}-{}", call - usize::from(call % 3 == 1));
                    let message = pb::Comment { comment_id: id.clone(), ..comment() };
                    let message = pb::Comment { author: None, client: None, ..message };
                    match check(&mut host, message).await {
                        Ok(verdict) if verdict.decision() == Decision::Hold && !verdict.not_recorded => {
                            held.push((id, verdict.verdict_id));
                        }
                        Ok(_) => {}
                        Err(_) => break,
                    }
                }
                held
            });
        }
        tokio::time::sleep(Duration::from_millis(20 + 13 * (kill as u64 % 7))).await;
        server.child.kill()?;
        server.child.wait()?;
        for (id, verdict) in callers.join_all().await.into_iter().flatten() {
            changed += usize::from(answered.insert(id, verdict.clone()).is_some_and(|before| before != verdict));
        }
        server = start(&options)?;
    }
    let (mut stored, mut doubles, mut token) = (HashMap::new(), 0, String::new());
    let mut desk = ReviewServiceClient::new(connect(&server.url).await?).max_decoding_message_size(64 << 20);
    loop {
        let request =
            pb::ListCommentsRequest { site: "blog.example".into(), page_size: 500, page_token: token, ..Default::default() };
        let page = desk.list_comments(request).await?.into_inner();
        for verdict in page.comments.into_iter().filter_map(|comment| comment.verdict) {
            doubles += usize::from(stored.insert(verdict.comment_id, verdict.verdict_id).is_some());
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let lost = answered.keys().filter(|id| !stored.contains_key(*id)).count();
    let other = answered.iter().filter(|(id, verdict)| stored.get(*id).is_some_and(|stored| stored != *verdict)).count();
    println!(
        "\n{KILLS} kills of gatepost under load, {store}: {} holds answered, {lost} lost, {doubles} double, {} changed",
        answered.len(),
        changed + other
    );
    Ok(())
}
