//! Tests of durability: a kill or a power cut at any moment loses nothing that was acknowledged.

mod power_cut;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gatepost::pb::admin_service_client::AdminServiceClient;
use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::{self, Decision, ListKind, ListTarget, Role};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, check, comment};
use crate::keys::{ADMIN, with};
use crate::redis::OwnRedis;
use power_cut::PowerCut;

/// Number of times that the server is killed. Every kill is tested in the same way, so more of them only take longer.
const KILLS: usize = 20;
/// Number of power cuts. Every one is tested in the same way, so more of them only take longer.
const POWER_CUTS: usize = 5;
/// A site without a policy of its own, so that some comments are published at once.
const QUIET: &str = "quiet.example";

#[tokio::test(flavor = "multi_thread")]
async fn no_answered_hold_is_lost_over_twenty_kills_under_load() {
    let mut server = Server::start(HOLD_ALL, &[]).await;
    let mut answered: HashMap<String, String> = HashMap::new();
    for kill in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for caller in 0..4 {
            let (mut host, stop) = (server.host(), stop.clone());
            callers.spawn(async move {
                let mut held = Vec::new();
                for call in 0.. {
                    let id = format!("k{kill}-{caller}-{call}");
                    match check(&mut host, comment(&id, "hello there")).await {
                        Ok(verdict) if verdict.decision() == Decision::Hold => held.push((id, verdict.verdict_id)),
                        // The server was killed, so nothing was acknowledged for this comment.
                        _ => break,
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
                held
            });
        }
        // Vary the moment of the kill.
        tokio::time::sleep(Duration::from_millis(15 + 7 * (kill as u64 % 5))).await;
        server.kill();
        stop.store(true, Ordering::Relaxed);
        answered.extend(callers.join_all().await.into_iter().flatten());
        server.start_again();
    }

    let kept = server.held().await;
    assert!(answered.len() > KILLS, "there was load: {}", answered.len());
    let lost: HashSet<_> = answered.iter().filter(|(id, verdict)| kept.get(*id) != Some(verdict)).collect();
    assert!(lost.is_empty(), "{} of {} answered comments are lost or changed: {lost:?}", lost.len(), answered.len());
}

type Host = ModerationServiceClient<Channel>;

/// Everything that a server has acknowledged, in a form that can be looked up later.
#[derive(Default)]
struct Acknowledged {
    /// Site and id of each comment, and the id of its verdict.
    verdicts: Vec<(&'static str, String, String)>,
    decisions: Vec<(String, Decision)>,
    words: Vec<String>,
    /// The secrets of keys.
    keys: Vec<String>,
}

impl Acknowledged {
    fn add(&mut self, more: Self) {
        self.verdicts.extend(more.verdicts);
        self.decisions.extend(more.decisions);
        self.words.extend(more.words);
        self.keys.extend(more.keys);
    }
}

/// Has a comment checked and recorded. Returns an error if it was not recorded, so that nothing was acknowledged.
async fn record(host: &mut Host, site: &str, id: &str) -> Result<String, Status> {
    let comment = pb::Comment { site: site.into(), ..comment(id, "hello there") };
    let request = pb::CheckCommentRequest { comment: Some(comment), dry_run: false };
    let verdict = host.check_comment(with(ADMIN, request)).await?.into_inner().verdict.unwrap();
    if verdict.not_recorded { Err(Status::unavailable("not recorded")) } else { Ok(verdict.verdict_id) }
}

async fn decide(server: &Server, id: &str, decision: Decision) -> Result<(), Status> {
    let request = pb::DecideCommentsRequest {
        site: SITE.into(),
        ids: vec![id.into()],
        decision: decision.into(),
        moderator: "ada".into(),
        ..Default::default()
    };
    let result = server.desk().decide_comments(with(ADMIN, request)).await?.into_inner().results.remove(0);
    result.error.map_or(Ok(()), |error| Err(Status::unavailable(error.reason)))
}

async fn block(server: &Server, word: &str) -> Result<(), Status> {
    let (kind, target) = (ListKind::Block.into(), ListTarget::Word.into());
    let entry = pb::ListEntry { kind, target, value: word.into(), ..Default::default() };
    let request =
        pb::PutListEntryRequest { site: SITE.into(), entry: Some(entry), moderator: "ada".into(), ..Default::default() };
    AdminServiceClient::new(server.channel()).put_list_entry(with(ADMIN, request)).await.map(drop)
}

async fn create_key(server: &Server, name: &str) -> Result<String, Status> {
    let (sites, role) = (vec![SITE.to_owned()], Role::Host.into());
    let request = pb::CreateKeyRequest { sites, role, name: name.into(), expires_at: None };
    Ok(AdminServiceClient::new(server.channel()).create_key(with(ADMIN, request)).await?.into_inner().secret)
}

/// Sends comments of one site until one is not recorded.
async fn host(server: &Server, site: &'static str, round: usize, caller: usize) -> Acknowledged {
    let (mut host, mut acknowledged) = (server.host(), Acknowledged::default());
    for call in 0.. {
        let id = format!("c{round}-{caller}-{call}");
        let Ok(verdict) = record(&mut host, site, &id).await else { break };
        acknowledged.verdicts.push((site, id, verdict));
    }
    acknowledged
}

/// Decides, blocks and creates keys until one of these fails. Counts in `done` how often all three succeeded.
async fn desk(server: &Server, round: usize, done: &AtomicUsize) -> Acknowledged {
    let (mut host, mut acknowledged) = (server.host(), Acknowledged::default());
    for call in 0.. {
        let (id, word) = (format!("d{round}-{call}"), format!("blocked{round}x{call}"));
        let decision = if call % 2 == 0 { Decision::Approve } else { Decision::Reject };
        if record(&mut host, SITE, &id).await.is_err() || decide(server, &id, decision).await.is_err() {
            break;
        }
        acknowledged.decisions.push((id, decision));
        if block(server, &word).await.is_err() {
            break;
        }
        acknowledged.words.push(word);
        let Ok(secret) = create_key(server, &format!("key{round}-{call}")).await else { break };
        acknowledged.keys.push(secret);
        done.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// Runs hosts and a moderator until `cut` cuts them off. Returns everything that was acknowledged.
async fn until(cut: impl FnOnce(), server: &Server, round: usize) -> Acknowledged {
    let done = AtomicUsize::new(0);
    let cut = async {
        let late = Instant::now() + PATIENCE;
        while done.load(Ordering::Relaxed) < 5 {
            assert!(Instant::now() < late, "nothing is acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Vary the moment of the cut.
        tokio::time::sleep(Duration::from_millis(3 * round as u64)).await;
        cut();
    };
    let hosts =
        async { tokio::join!(host(server, SITE, round, 0), host(server, SITE, round, 1), host(server, QUIET, round, 2)) };
    let ((one, two, quiet), mut acknowledged, ()) = tokio::join!(hosts, desk(server, round, &done), cut);
    for more in [one, two, quiet] {
        assert!(!more.verdicts.is_empty(), "every host had an answer");
        acknowledged.add(more);
    }
    acknowledged
}

async fn get(host: &mut Host, key: &str, site: &str, id: &str) -> Result<pb::Verdict, Status> {
    let request = pb::GetVerdictRequest { site: site.into(), comment_id: id.into() };
    Ok(host.get_verdict(with(key, request)).await?.into_inner().verdict.unwrap())
}

/// Asserts that everything acknowledged is there.
async fn is_there(server: &Server, acknowledged: &Acknowledged) {
    let (mut host, mut lost) = (server.host(), Vec::new());
    for (site, id, verdict) in &acknowledged.verdicts {
        match get(&mut host, ADMIN, site, id).await {
            Ok(stands) if stands.verdict_id == *verdict => {}
            other => lost.push(format!("comment {id} of {site}: {other:?}")),
        }
    }
    for (id, decision) in &acknowledged.decisions {
        match get(&mut host, ADMIN, SITE, id).await {
            Ok(stands) if stands.decision() == *decision => {}
            other => lost.push(format!("decision on {id}: {other:?}")),
        }
    }
    let request = with(ADMIN, pb::ListEntriesRequest { site: SITE.into() });
    let entries = AdminServiceClient::new(server.channel()).list_entries(request).await.unwrap().into_inner().entries;
    let in_force: HashSet<&str> = entries.iter().map(|entry| entry.value.as_str()).collect();
    lost.extend(acknowledged.words.iter().filter(|word| !in_force.contains(word.as_str())).map(|word| format!("entry {word}")));
    let (_, known, _) = acknowledged.verdicts.iter().find(|(site, ..)| *site == SITE).unwrap();
    for (n, key) in acknowledged.keys.iter().enumerate() {
        if let Err(status) = get(&mut host, key, SITE, known).await {
            lost.push(format!("key {n}: {status:?}"));
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlasts_power_cuts() {
    let power = PowerCut::new();
    let mut server = Server::start_under(|data| power.under(data), HOLD_ALL, &["--admin-key", ADMIN]).await;
    let mut acknowledged = Acknowledged::default();
    for round in 0..POWER_CUTS {
        let process = server.process().to_string();
        let kill = || assert!(Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
        acknowledged.add(until(kill, &server, round).await);
        server.wait();
        power.happens_to(&server.data_dir());
        server.start_again();
        is_there(&server, &acknowledged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlasts_a_power_cut_of_a_redis_that_always_syncs() {
    let power = PowerCut::new();
    let mut redis = OwnRedis::start_in_environment(&["--appendfsync", "always"], |data| power.environment(data));
    let url = redis.url();
    let flags = ["--store", &url, "--admin-key", ADMIN];
    let server = Server::steady_with(HOLD_ALL, &flags).await;
    let acknowledged = until(|| redis.stop(), &server, 1).await;
    // This server still has keys and secrets in memory and would restore them in a Redis that had lost them.
    drop(server);
    power.happens_to(redis.data_dir());
    redis.start_again();
    is_there(&Server::steady_with(HOLD_ALL, &flags).await, &acknowledged).await;
}

// === the harness itself ===

/// Returns the number of rows that a power cut leaves of one row that was committed with this setting of `synchronous`.
fn rows_left(synchronous: &str) -> u32 {
    let (power, folder) = (PowerCut::new(), TempDir::new().unwrap());
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer.args(["--exact", "durability::writes_one_row_and_leaves_without_closing", "--ignored"]);
    writer.envs(power.environment(folder.path())).env("SYNCHRONOUS", synchronous).stdout(Stdio::null());
    assert!(writer.status().unwrap().success());
    let count = |folder: &Path| -> u32 {
        let database = Connection::open(folder.join("rows.db")).unwrap();
        database.query_row("SELECT count(*) FROM rows", (), |row| row.get(0)).unwrap()
    };
    let left = count(&power.left());
    assert_eq!(count(folder.path()), 1, "the page cache has it");
    left
}

#[test]
#[ignore = "a program that `a_power_cut_takes_what_was_not_synced` runs"]
fn writes_one_row_and_leaves_without_closing() {
    let folder = std::env::var_os("POWER_CUT_OF").expect("a folder to write to");
    let synchronous = std::env::var("SYNCHRONOUS").unwrap();
    let database = Connection::open(Path::new(&folder).join("rows.db")).unwrap();
    database.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    database.execute_batch("CREATE TABLE rows (n INTEGER)").unwrap();
    database.pragma_update(None, "synchronous", synchronous).unwrap();
    database.execute("INSERT INTO rows VALUES (1)", ()).unwrap();
    // Closing the database would sync it.
    std::mem::forget(database);
}

#[test]
fn a_power_cut_takes_what_was_not_synced() {
    assert_eq!(["FULL", "NORMAL", "OFF"].map(rows_left), [1, 0, 0]);
}
