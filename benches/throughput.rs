//! Compares CheckComment with a bare tonic server that has the same messages, in one run. `cargo bench --bench throughput`
//!
//! Every server is a process of its own. One client process drives them in turn, in a closed loop, and the ratios are taken
//! within a round. `bare` answers at once. `bare + Lua` also makes one Redis call that counts three GCRA keys: the minimum for
//! any server that keeps limits in Redis. `bare + admit` parses the comment and makes the same call as Gatepost's store, which
//! also records comment and verdict; the difference between it and `redis` is the moderation.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use gatepost::classify::Model;
use gatepost::comment::Comment;
use gatepost::error::Error;
use gatepost::facts::Facts;
use gatepost::judge::Judge;
use gatepost::limit::{Gcra, Scope};
use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::moderation_service_server::{ModerationService, ModerationServiceServer};
use gatepost::pb::{self, Verdict};
use gatepost::policy::Policies;
use gatepost::retention::{Retention, RetentionLookup};
use gatepost::store::{Admission, AdmissionOutcome, Persons, Store, StoreSettings, TrustRule};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, Streaming};

use support::{Result, RunningRedis, comment, launch};

const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_millis(1_500);
const CONCURRENCY: [usize; 3] = [1, 16, 64];
/// Calls in flight per connection: HTTP/2 multiplexes, and a host keeps few connections.
const PER_CONNECTION: usize = 16;
/// A policy in which all three limits count and none refuses.
const POLICY: &str = "[limits]\nauthor = { count = 1000000, period = \"1s\", burst = 1000000 }\n\
    client = { count = 1000000, period = \"1s\", burst = 1000000 }\nsite = { count = 1000000, period = \"1s\", burst = 1000000 }\n\
    [campaign]\nhere = 0\nelsewhere = 0\n";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--serve-bare") {
        Some(at) => serve_bare(arguments.get(at + 1).cloned(), arguments.get(at + 2).is_some_and(|mode| mode == "admit")).await,
        None => compare().await,
    }
}

async fn compare() -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    std::fs::write(folder.path().join("default.toml"), POLICY)?;
    let policies = folder.path().display().to_string();
    let data = folder.path().join("data").display().to_string();
    let redis = RunningRedis::start(folder.path(), &[])?;
    let bare = std::env::current_exe()?.display().to_string();
    let gatepost = |more: &[&str]| {
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--policy-dir", &policies, "--log-level", "warn"];
        launch(env!("CARGO_BIN_EXE_gatepost"), &[&fixed, more].concat())
    };
    let mut servers = vec![
        ("bare", launch(&bare, &["--serve-bare"])?),
        ("memory:", gatepost(&["--store", "memory:"])?),
        ("embedded", gatepost(&["--data-dir", &data])?),
    ];
    match &redis {
        Some(redis) => {
            servers.push(("bare + Lua", launch(&bare, &["--serve-bare", &redis.url])?));
            servers.push(("bare + admit", launch(&bare, &["--serve-bare", &redis.url, "admit"])?));
            servers.push(("redis", gatepost(&["--store", &redis.url])?));
        }
        None => println!("redis-server is not installed: its three rows are omitted"),
    }

    println!("CheckComment, {}-byte message, closed loop; medians of {ROUNDS} rounds of {SPAN:?}", size());
    println!("CPU is that of the server process, per call; of all figures it depends least on other load on the machine");
    let titles = ["concurrency", "calls/s", "p50 µs", "p99 µs", "CPU µs", "× bare"].map(|title| format!("{title:>11}"));
    println!("{:<12}{}", "server", titles.concat());
    for concurrency in CONCURRENCY {
        let mut rows: Vec<Vec<[f64; 5]>> = vec![Vec::new(); servers.len()];
        for _ in 0..ROUNDS {
            let mut first = None;
            for ((_, server), row) in servers.iter().zip(&mut rows) {
                let before = server.cpu()?;
                let (calls, rate, p50, p99) = drive(&server.url, concurrency).await?;
                let cpu = (server.cpu()? - before) / calls;
                row.push([rate, p50, p99, cpu, rate / *first.get_or_insert(rate)]);
            }
        }
        for ((name, _), row) in servers.iter().zip(&rows) {
            let [rate, p50, p99, cpu, ratio] = [0, 1, 2, 3, 4].map(|column| {
                let mut values: Vec<f64> = row.iter().map(|figures| figures[column]).collect();
                values.sort_by(f64::total_cmp);
                values[values.len() / 2]
            });
            println!("{name:<12}{concurrency:>11}{rate:>11.0}{p50:>11.0}{p99:>11.0}{cpu:>11.0}{ratio:>11.2}");
        }
    }
    for (name, server) in &servers {
        println!("{name:<12} resident after load: {:.1} MB", server.resident()?);
    }
    Ok(())
}

/// Drives a server for one span. Returns the number of calls, calls per second, and the median and 99th percentile in µs.
async fn drive(url: &str, concurrency: usize) -> Result<(f64, f64, f64, f64)> {
    let mut channels = Vec::new();
    for _ in 0..concurrency.div_ceil(PER_CONNECTION) {
        channels.push(Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?);
    }
    let begun = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..concurrency {
        let mut host = ModerationServiceClient::new(channels[caller % channels.len()].clone());
        callers.spawn(async move {
            let mut micros = Vec::new();
            while begun.elapsed() < SPAN {
                let called = Instant::now();
                call(&mut host).await?;
                micros.push(called.elapsed().as_secs_f64() * 1e6);
            }
            Ok::<_, Status>(micros)
        });
    }
    let mut micros = Vec::new();
    while let Some(done) = callers.join_next().await {
        micros.extend(done??);
    }
    let calls = micros.len() as f64;
    let rate = calls / begun.elapsed().as_secs_f64();
    micros.sort_by(f64::total_cmp);
    Ok((calls, rate, micros[micros.len() / 2], micros[micros.len() * 99 / 100]))
}

async fn call(host: &mut ModerationServiceClient<Channel>) -> Result<(), Status> {
    let request = pb::CheckCommentRequest { comment: Some(comment()), dry_run: false };
    let verdict = host.check_comment(request).await?.into_inner().verdict.unwrap_or_default();
    // A held comment takes another path through the server, which is not what is measured.
    if verdict.decision() == pb::Decision::Approve { Ok(()) } else { Err(Status::internal(format!("{verdict:?}"))) }
}

fn size() -> usize {
    prost::Message::encoded_len(&pb::CheckCommentRequest { comment: Some(comment()), dry_run: false })
}

// === the bare server ===

/// A server that answers every comment with the same verdict as soon as it is decoded.
struct Bare {
    verdict: Verdict,
    backend: Backend,
}

/// The call that a bare server makes before it answers.
enum Backend {
    Nothing,
    Script(redis::aio::ConnectionManager, Arc<redis::Script>),
    Store(Box<(Store, gatepost::verdict::Verdict)>),
}

/// Counts three GCRA keys if all of them admit the comment.
const LUA: &str = "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2] local due = {}
for i, key in ipairs(KEYS) do
  local tat = math.max(tonumber(redis.call('GET', key) or '0'), now) + ARGV[1]
  if tat - now > ARGV[1] * ARGV[2] then return 0 end
  due[i] = tat
end
for i, key in ipairs(KEYS) do redis.call('SET', key, string.format('%.0f', due[i]), 'PX', 1000) end
return 1";

async fn serve_bare(redis: Option<String>, admit: bool) -> Result<()> {
    let backend = match redis.filter(|url| url.starts_with("redis://")) {
        None => Backend::Nothing,
        Some(url) if admit => {
            let settings = StoreSettings {
                url: Some(url),
                data_dir: "unused".into(),
                prefix: "gp:".into(),
                connections: 1,
                retention: RetentionLookup::new(|_| Retention::uniform(30)),
                keep_events: 1_000,
                timeout: Duration::from_secs(1),
                ca: None,
                wait_replicas: 0,
            };
            let store = Store::open(&settings).await?;
            let first = Comment::parse(comment(), SystemTime::now()).map_err(Error::from)?;
            let judge = Judge::new(Model::builtin()?, Policies::read([])?);
            let tentative = judge.judge(&first, &Facts::default(), SystemTime::now());
            Backend::Store(Box::new((store, tentative)))
        }
        Some(url) => {
            Backend::Script(redis::Client::open(url)?.get_connection_manager().await?, Arc::new(redis::Script::new(LUA)))
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on {}", listener.local_addr()?);
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    let service = ModerationServiceServer::new(Bare { verdict: typical(), backend });
    Ok(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming).await?)
}

/// Returns a verdict as an approved comment gets it.
fn typical() -> Verdict {
    let labels = ["spam", "toxicity", "severe_toxicity", "insult", "threat", "identity_attack", "obscene"];
    Verdict {
        verdict_id: uuid::Uuid::now_v7().to_string(),
        site: "blog.example".into(),
        comment_id: "12345-678901".into(),
        decision: pb::Decision::Approve.into(),
        scores: labels.map(|label| (label.to_owned(), 0.123_456)).into(),
        reasons: vec![pb::Reason {
            code: "CLEAN".into(),
            message: "no rule applies and every score is low; the highest is spam 0.12".into(),
            ..Default::default()
        }],
        rate_limit: Some(pb::RateLimit { limit: 100, remaining: 99, source: 1, scope: "author".into(), ..Default::default() }),
        model_version: "base-2026.11-12345678".into(),
        policy_version: "default@12345678".into(),
        decided_at: Some(std::time::SystemTime::now().into()),
        decided_by: "MACHINE".into(),
        revision: 1,
        ..Default::default()
    }
}

async fn count(
    mut connection: redis::aio::ConnectionManager,
    script: &redis::Script,
    comment: pb::Comment,
) -> Result<bool, Status> {
    let mut call = script.prepare_invoke();
    for name in [&comment.comment_id, &comment.site, &comment.author.unwrap_or_default().user_id] {
        call.key(format!("bare:{{{}}}:{name}", comment.site));
    }
    call.arg(1).arg(1_000_000);
    let admitted: i64 = call.invoke_async(&mut connection).await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(admitted == 1)
}

/// Makes the store's call for a comment that no fact affects, with a verdict made before.
async fn admit(store: &Store, given: &gatepost::verdict::Verdict, comment: pb::Comment) -> Result<bool, Status> {
    let comment = Comment::parse(comment, SystemTime::now()).map_err(Error::from)?;
    let tentative = gatepost::verdict::Verdict {
        id: uuid::Uuid::now_v7().to_string(),
        comment_id: comment.id().as_str().to_owned(),
        ..given.clone()
    };
    let each_second = Gcra::new(1_000_000, Duration::from_secs(1), 1_000_000).ok_or_else(|| Status::internal("no limit"))?;
    let admission = Admission {
        comment: &comment,
        persons: Persons::of_comment(&[7; 32], &comment),
        limits: [Scope::Author, Scope::Client, Scope::Site].map(|scope| (scope, each_second)).into(),
        tentative: &tentative,
        trust: TrustRule { max_rejected: 3, ..TrustRule::default() },
        min_hash: None,
        campaign_threshold: 0,
        list_version: None,
    };
    Ok(matches!(store.admit(&admission).await?, AdmissionOutcome::Recorded(_)))
}

#[tonic::async_trait]
impl ModerationService for Bare {
    async fn check_comment(
        &self,
        request: Request<pb::CheckCommentRequest>,
    ) -> Result<Response<pb::CheckCommentResponse>, Status> {
        let comment = request.into_inner().comment.unwrap_or_default();
        let admitted = match &self.backend {
            Backend::Nothing => true,
            Backend::Script(connection, script) => count(connection.clone(), script, comment).await?,
            Backend::Store(store) => admit(&store.0, &store.1, comment).await?,
        };
        if !admitted {
            return Err(Status::resource_exhausted("limit"));
        }
        Ok(Response::new(pb::CheckCommentResponse { verdict: Some(self.verdict.clone()) }))
    }

    type CheckCommentsStream = tokio_stream::Empty<Result<pb::CheckCommentsResponse, Status>>;

    async fn check_comments(
        &self,
        _: Request<Streaming<pb::CheckCommentsRequest>>,
    ) -> Result<Response<Self::CheckCommentsStream>, Status> {
        Err(Status::unimplemented("bare"))
    }

    async fn get_verdict(&self, _: Request<pb::GetVerdictRequest>) -> Result<Response<pb::GetVerdictResponse>, Status> {
        Err(Status::unimplemented("bare"))
    }

    type WatchVerdictsStream = tokio_stream::Empty<Result<pb::WatchVerdictsResponse, Status>>;

    async fn watch_verdicts(
        &self,
        _: Request<pb::WatchVerdictsRequest>,
    ) -> Result<Response<Self::WatchVerdictsStream>, Status> {
        Err(Status::unimplemented("bare"))
    }

    async fn report_outcome(
        &self,
        _: Request<pb::ReportOutcomeRequest>,
    ) -> Result<Response<pb::ReportOutcomeResponse>, Status> {
        Err(Status::unimplemented("bare"))
    }

    type ExportAuthorStream = tokio_stream::Empty<Result<pb::ExportAuthorResponse, Status>>;

    async fn export_author(&self, _: Request<pb::ExportAuthorRequest>) -> Result<Response<Self::ExportAuthorStream>, Status> {
        Err(Status::unimplemented("bare"))
    }

    async fn forget_author(&self, _: Request<pb::ForgetAuthorRequest>) -> Result<Response<pb::ForgetAuthorResponse>, Status> {
        Err(Status::unimplemented("bare"))
    }
}
