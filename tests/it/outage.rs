//! Tests of Redis outages: unreachable, slow, full, failing over, and back without its data. Each comment gets a sensible
//! verdict, the log gets one line, and recovery needs no help.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepost::pb::{self, Decision, RateLimitSource, Verdict};
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt;

use crate::cli::{SPAM, err, gatepost, out};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by, check, comment, default_duration};
use crate::redis::{Cluster, OwnRedis, Watched, prefix};

/// A timeout that a busy machine can meet and that is short enough for the tests.
const TIMEOUT: [&str; 2] = ["--store-timeout", "300ms"];

async fn on(redis: &OwnRedis, policy: &str) -> Server {
    Server::steady_with(policy, &[&["--store", &redis.url()], &TIMEOUT[..]].concat()).await
}

/// Sends comments until one is recorded, which shows that the store is back.
async fn recorded_again(server: &Server) -> Verdict {
    let until = Instant::now() + PATIENCE;
    for n in 0.. {
        let verdict = server.check(comment(&format!("again-{n}"), "hello there")).await.unwrap();
        if !verdict.not_recorded {
            return verdict;
        }
        assert!(Instant::now() < until, "the store never came back: {verdict:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!()
}

/// Starts callers that check comments until `stop` is set. They return the comments that were held and recorded. No call may
/// fail.
fn load(server: &Server, stop: &Arc<AtomicBool>) -> JoinSet<HashMap<String, String>> {
    let mut callers = JoinSet::new();
    for caller in 0..4 {
        let (mut host, stop) = (server.host(), stop.clone());
        callers.spawn(async move {
            let mut recorded = HashMap::new();
            for call in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("c{caller}-{call}");
                let verdict = check(&mut host, comment(&id, "hello there")).await.expect("no caller gets an error");
                assert_eq!(verdict.decision(), Decision::Hold);
                if !verdict.not_recorded {
                    recorded.insert(id, verdict.verdict_id);
                }
            }
            recorded
        });
    }
    callers
}

/// Asserts that no call fails during `kill` and `revive`, and that every comment that was answered as recorded is there
/// afterwards.
async fn no_recorded_hold_is_lost(server: &Server, kill: impl FnOnce(), revive: impl FnOnce()) {
    // The replicas may not be attached yet.
    recorded_again(server).await;
    let stop = Arc::new(AtomicBool::new(false));
    let callers = load(server, &stop);
    tokio::time::sleep(Duration::from_millis(700)).await;
    kill();
    // Longer than the election of a new master takes.
    tokio::time::sleep(Duration::from_secs(5)).await;
    revive();
    recorded_again(server).await;
    stop.store(true, Ordering::Relaxed);
    let recorded: HashMap<String, String> = callers.join_all().await.into_iter().flatten().collect();
    let kept = server.held().await;
    assert!(recorded.len() > 50, "there was load: {}", recorded.len());
    let lost: Vec<_> = recorded.iter().filter(|(id, verdict)| kept.get(*id) != Some(verdict)).collect();
    assert!(lost.is_empty(), "{} of {} recorded comments are lost or changed: {lost:?}", lost.len(), recorded.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_loses_a_master_loses_no_recorded_hold_and_fails_no_caller() {
    let mut cluster = Cluster::start();
    let (url, prefix) = (cluster.url(), prefix());
    let flags = [&["--store", &url, "--redis-prefix", &prefix, "--wait-replicas", "1"], &TIMEOUT[..]].concat();
    let server = Server::steady_with(HOLD_ALL, &flags).await;
    let shared = std::cell::RefCell::new(&mut cluster);
    let kill = || shared.borrow_mut().kill_master_of(&format!("{prefix}{{{SITE}}}:secret"));
    no_recorded_hold_is_lost(&server, kill, || shared.borrow_mut().revive()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_that_name_another_master_are_followed() {
    let mut watched = Watched::start();
    let url = watched.url();
    let flags = [&["--store", &url, "--wait-replicas", "1"], &TIMEOUT[..]].concat();
    let server = Server::steady_with(HOLD_ALL, &flags).await;
    let shared = std::cell::RefCell::new(&mut watched);
    no_recorded_hold_is_lost(&server, || shared.borrow_mut().kill_master(), || shared.borrow_mut().revive()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_hangs_is_left_for_the_one_that_took_over() {
    let watched = Watched::start();
    let url = watched.url();
    let server = Server::steady_with(HOLD_ALL, &[&["--store", &url], &TIMEOUT[..]].concat()).await;
    server.check(comment("before", "hello there")).await.unwrap();
    watched.hang_master();
    let away = server.check(comment("during", "hello there")).await.unwrap();
    assert_eq!((away.decision(), away.not_recorded), (Decision::Hold, true));
    recorded_again(&server).await;
    assert!(server.held().await.contains_key("before"));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_hangs_limits_hold_here_and_it_is_noticed_when_it_is_back() {
    let redis = OwnRedis::start();
    let three = "[limits]\nauthor = { count = 3, period = \"1h\", burst = 3, over = \"reject\" }\n";
    let server = on(&redis, three).await;
    // Two of three are used up while Redis works, so one is left when it hangs.
    for id in ["1", "2"] {
        let verdict = server.check(by("ann", id, "I see it differently.")).await.unwrap();
        assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Approve, false));
    }
    redis.signal("STOP");
    let third = server.check(by("ann", "3", "I see it differently.")).await.unwrap();
    assert_eq!((third.decision(), third.not_recorded), (Decision::Approve, true), "{third:?}");
    assert_eq!(third.rate_limit.unwrap().source(), RateLimitSource::Local);
    for n in 4..30 {
        let verdict = server.check(by("ann", &n.to_string(), "I see it differently.")).await.unwrap();
        assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Reject, true), "{verdict:?}");
        assert!(verdict.reasons.iter().any(|reason| reason.code == "NOT_RECORDED"));
    }
    assert_eq!(server.logged("redis is away").len(), 1, "one line, not one a call");
    assert!(server.logged("CheckComment").len() <= 1, "and no other line for each: {:?}", server.logged("CheckComment"));

    redis.signal("CONT");
    let verdict = recorded_again(&server).await;
    assert_eq!(verdict.rate_limit.map(|limit| limit.source()), Some(RateLimitSource::Store));
    assert_eq!(server.logged("redis is back").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_empty_goes_on_with_the_same_people() {
    let mut redis = OwnRedis::start();
    let policy = "[limits]\nauthor = { count = 1, period = \"1h\", burst = 1, over = \"reject\" }\n";
    let (server, other) = (on(&redis, policy).await, on(&redis, policy).await);
    server.check(by("ann", "1", "hello there")).await.unwrap();
    other.check(comment("2", "hello there")).await.unwrap();
    redis.stop();
    redis.start_empty();
    recorded_again(&server).await;
    recorded_again(&other).await;
    // Both servers must use the same secret for the same author, whichever of them restored it first.
    let verdicts = [server.check(by("bob", "3", "hello there")).await, other.check(by("bob", "4", "hello there")).await];
    let decisions = verdicts.map(|verdict| verdict.unwrap().decision());
    assert_eq!(decisions, [Decision::Approve, Decision::Reject]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_redis_and_one_that_takes_no_writes_are_away() {
    let (full, master) = (OwnRedis::start(), OwnRedis::start());
    let replica = OwnRedis::start_with(&["--replicaof", &master.url().replace("redis://127.0.0.1:", "127.0.0.1 ")]);
    let on_full = on(&full, HOLD_ALL).await;
    on_full.check(comment("1", "hello there")).await.unwrap();
    full.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let on_replica = on(&replica, HOLD_ALL).await;
    for server in [&on_full, &on_replica] {
        for n in 0..20 {
            let verdict = server.check(comment(&format!("n{n}"), "hello there")).await.unwrap();
            assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Hold, true));
        }
        let said = server.logged("redis is away");
        assert_eq!(said.len(), 1, "{said:?}");
    }
    assert!(on_full.logged("redis is away")[0].contains("maxmemory"));
    assert!(on_replica.logged("redis is away")[0].to_lowercase().contains("read only replica"));
    full.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    recorded_again(&on_full).await;
}

#[tokio::test]
async fn a_site_chooses_what_becomes_of_what_would_be_held() {
    let mut redis = OwnRedis::start();
    let unavailable = on(&redis, &format!("{HOLD_ALL}[store]\naway = \"unavailable\"\n")).await;
    let approve = on(&redis, &format!("{HOLD_ALL}[store]\naway = \"approve\"\n")).await;
    for server in [&unavailable, &approve] {
        server.check(comment("1", "hello there")).await.unwrap();
    }
    redis.stop();
    let status = unavailable.check(comment("2", "hello there")).await.unwrap_err();
    assert_eq!(
        (status.code(), status.get_details_error_info().unwrap().reason),
        (Code::Unavailable, "STORE_UNAVAILABLE".into())
    );
    assert!(status.get_details_retry_info().is_some());
    let verdict = approve.check(comment("2", "hello there")).await.unwrap();
    assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Approve, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_no_replica_has_stands_but_is_not_called_recorded() {
    let redis = OwnRedis::start();
    let url = redis.url();
    let flags = [&["--store", &url, "--wait-replicas", "1"], &TIMEOUT[..]].concat();
    let server = Server::steady_with(HOLD_ALL, &flags).await;
    for n in 0..8 {
        let verdict = server.check(comment(&n.to_string(), "hello there")).await.unwrap();
        assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Hold, true));
    }
    assert_eq!(server.held().await.len(), 8, "the master has them all the same");
    assert_eq!(server.logged("not confirmed").len(), 1);
    assert_eq!(server.logged("redis is away").len(), 0, "who waits for replicas keeps nobody else from Redis");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_host_sends_again_while_redis_is_away_counts_once() {
    let mut redis = OwnRedis::start();
    let two = "[limits]\nauthor = { count = 2, period = \"1h\", burst = 2, over = \"reject\" }\n";
    let server = on(&redis, two).await;
    server.check(by("ann", "1", "I see it differently.")).await.unwrap();
    redis.stop();
    let long = "The serial numbers in the report do not match the ones that the ministry published in March.";
    for _ in 0..10 {
        let verdict = server.check(by("ann", "2", long)).await.unwrap();
        assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Approve, true), "{verdict:?}");
    }
    // What exceeds the limit exceeds it however often it is sent.
    for _ in 0..5 {
        let verdict = server.check(by("ann", "3", "I see it differently.")).await.unwrap();
        assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Reject, true), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_redis_that_can_forget_is_warned_of() {
    let redis = OwnRedis::start_with(&["--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let server = on(&redis, "").await;
    assert_eq!(server.logged("keeps nothing on disk").len(), 1);
    assert_eq!(server.logged("maxmemory-policy noeviction").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_defaults_nobody_waits_long_for_a_redis_that_hangs_and_after_three_failures_nobody_waits() {
    let redis = OwnRedis::start();
    let server = Server::start("", &["--store", &redis.url()]).await;
    recorded_again(&server).await;
    // On a busy machine, Redis may have been considered away before.
    let [away, back] = ["redis is away", "redis is back"].map(|words| server.logged(words).len());
    redis.signal("STOP");
    let mut took = Vec::new();
    for n in 0..20 {
        let begun = Instant::now();
        let verdict = server.check(comment(&format!("hanging-{n}"), SPAM)).await.expect("no caller gets an error");
        took.push(begun.elapsed());
        assert!(verdict.not_recorded && verdict.decision() != Decision::Approve, "{verdict:?}");
    }
    let timeout = default_duration("store_timeout");
    assert!(took[0] >= timeout, "the first waits for it: {took:?}");
    assert!(took.iter().all(|took| *took < timeout * 40), "{took:?}");
    // At least one of them, because the machine may be busy.
    assert!(took[..3].iter().any(|took| *took < timeout * 4), "and not for longer than is said: {took:?}");
    assert!(took[3..].iter().any(|took| *took < timeout), "those after three failures do not wait: {took:?}");
    assert_eq!(server.logged("redis is away").len(), away + 1);

    redis.signal("CONT");
    recorded_again(&server).await;
    assert_eq!(server.logged("redis is back").len(), back + 1);
}

/// Requests the queue until it is answered, with calls of moderators only.
async fn queue_again(server: &Server) -> Vec<String> {
    let until = Instant::now() + PATIENCE;
    loop {
        let request = pb::ListCommentsRequest { site: SITE.into(), page_size: 1_000, ..Default::default() };
        match server.desk().list_comments(request).await {
            Ok(page) => {
                let held = page.into_inner().comments.into_iter();
                return held.map(|comment| comment.verdict.unwrap().comment_id).collect();
            }
            Err(status) => assert!(Instant::now() < until, "never again: {status}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Decides a comment until that succeeds, with calls of moderators only.
async fn decided_again(server: &Server, id: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let request = pb::DecideCommentsRequest {
            site: SITE.into(),
            ids: vec![id.into()],
            decision: Decision::Approve.into(),
            moderator: "ada".into(),
            ..Default::default()
        };
        let told = match server.desk().decide_comments(request).await {
            Ok(answer) => match answer.into_inner().results.remove(0).error {
                None => return,
                Some(error) => error.message,
            },
            Err(status) => status.to_string(),
        };
        assert!(Instant::now() < until, "never decided: {told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_moderators_alone_find_the_new_master() {
    let mut watched = Watched::start();
    let url = watched.url();
    let flags = [&["--store", &url, "--wait-replicas", "1"], &TIMEOUT[..]].concat();
    let server = Server::steady_with(HOLD_ALL, &flags).await;
    recorded_again(&server).await;
    server.check(comment("held", "hello there")).await.unwrap();
    watched.kill_master();
    assert!(queue_again(&server).await.contains(&"held".to_owned()));
    decided_again(&server, "held").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_was_demoted_and_still_answers_is_left_by_moderators_alone() {
    let watched = Watched::start();
    let url = watched.url();
    let server = Server::steady_with(HOLD_ALL, &[&["--store", &url], &TIMEOUT[..]].concat()).await;
    recorded_again(&server).await;
    server.check(comment("held", "hello there")).await.unwrap();
    watched.fail_over();
    decided_again(&server, "held").await;
}

/// Waits until `gatepost health` reports that the server serves.
async fn serves(server: &Server) {
    let until = Instant::now() + PATIENCE;
    while !gatepost(&["health", "--server", &server.url()]).output().unwrap().status.success() {
        assert!(Instant::now() < until, "never serving");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_without_its_redis_says_so_and_serves_when_it_comes() {
    let mut redis = OwnRedis::start();
    let before = on(&redis, HOLD_ALL).await;
    let made = gatepost(&["keys", "create", "--role", "admin", "--for-site", "*", "--server", &before.url()]).output().unwrap();
    let key = out(&made).split_whitespace().find(|word| word.starts_with("gp-")).unwrap().to_owned();
    drop(before);
    redis.stop();

    let server = on(&redis, HOLD_ALL).await;
    assert_eq!(gatepost(&["health", "--server", &server.url()]).output().unwrap().status.code(), Some(1));
    // The server does not know yet whether there are keys, so it refuses every caller, with a key or without.
    let status = server.check(comment("1", "hello there")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("starting"), "{status}");
    assert_eq!(status.get_details_error_info().unwrap().reason, "STARTING");

    redis.start_again();
    serves(&server).await;
    assert_eq!(server.check(comment("1", "hello there")).await.unwrap_err().code(), Code::Unauthenticated, "there is a key");
    let queue = gatepost(&["queue", "--site", SITE, "--server", &server.url()]).env("GATEPOST_KEY", key).output().unwrap();
    assert!(queue.status.success(), "{}", err(&queue));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_while_no_sentinel_answers_and_serves_when_they_know_a_master() {
    let mut watched = Watched::start();
    let url = watched.url();
    watched.stop_sentinels();
    let server = Server::steady_with(HOLD_ALL, &[&["--store", &url], &TIMEOUT[..]].concat()).await;
    assert_eq!(server.check(comment("1", "hello there")).await.unwrap_err().code(), Code::Unavailable);
    watched.revive_sentinels();
    serves(&server).await;
    assert!(!recorded_again(&server).await.not_recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_own_key_is_good_before_the_others_are_known_and_is_answered_as_with_redis_away() {
    let mut redis = OwnRedis::start();
    redis.stop();
    let admin = "gp-operator-0123456789abcdef0123456789abcdef";
    let url = redis.url();
    let server = Server::steady_with(HOLD_ALL, &["--store", &url, "--admin-key", admin]).await;
    let mut request = tonic::Request::new(pb::CheckCommentRequest { comment: Some(comment("1", "hello")), dry_run: false });
    request.metadata_mut().insert("authorization", format!("Bearer {admin}").parse().unwrap());
    let verdict = server.host().check_comment(request).await.unwrap().into_inner().verdict.unwrap();
    assert_eq!((verdict.decision(), verdict.not_recorded), (Decision::Hold, true));
}

#[tokio::test]
async fn a_password_that_redis_refuses_ends_the_start() {
    let redis = OwnRedis::start_with(&["--requirepass", "right"]);
    let folder = tempfile::TempDir::new().unwrap();
    for url in [redis.url(), redis.url().replace("redis://", "redis://:wrong@")] {
        let flags = ["--store".to_owned(), url];
        let refusal = crate::harness::launch(&folder.path().join("data"), "127.0.0.1:0", &flags).unwrap_err();
        assert!(refusal.contains("exit status: 1") && !refusal.contains("wrong"), "{refusal}");
    }
}
