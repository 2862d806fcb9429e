//! Tests of the change stream: changes are delivered once, in order, over restarts.

use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::{self, Decision};
use tokio_stream::StreamExt;
use tonic::{Code, Streaming};
use tonic_types::StatusExt;

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment};
use crate::redis;

type Changes = Streaming<pb::WatchVerdictsResponse>;

async fn watch(server: &Server, after_cursor: Option<&str>) -> Changes {
    let request = pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: after_cursor.map(str::to_owned) };
    ModerationServiceClient::new(server.connect().await).watch_verdicts(request).await.unwrap().into_inner()
}

async fn next(changes: &mut Changes) -> (String, Decision, String) {
    let change = tokio::time::timeout(PATIENCE, changes.next()).await.expect("a change in time").unwrap().unwrap();
    let verdict = change.verdict.unwrap();
    (verdict.comment_id.clone(), verdict.decision(), change.cursor)
}

async fn a_watcher_misses_nothing_and_gets_nothing_twice(mut server: Server) {
    for id in ["1", "2", "3"] {
        server.check(comment(id, "hello there")).await.unwrap();
    }
    let mut changes = watch(&server, None).await;
    server.decide("1", Decision::Approve).await;
    let (id, decision, _) = next(&mut changes).await;
    assert_eq!((id.as_str(), decision), ("1", Decision::Approve), "a first verdict is no change");
    server.decide("2", Decision::Reject).await;
    let (id, decision, cursor) = next(&mut changes).await;
    assert_eq!((id.as_str(), decision), ("2", Decision::Reject));

    // The server stops while a client watches, and a change happens while no client watches.
    let told = tokio::spawn(async move { changes.next().await });
    server.restart().await;
    let end = told.await.unwrap();
    assert!(matches!(&end, Some(Err(status)) if status.code() == Code::Unavailable), "{end:?}");
    server.decide("3", Decision::Approve).await;

    let mut changes = watch(&server, Some(&cursor)).await;
    let (id, _, _) = next(&mut changes).await;
    assert_eq!(id, "3");
    server.check(comment("1", "hello there, edited")).await.unwrap();
    let (id, decision, _) = next(&mut changes).await;
    assert_eq!((id.as_str(), decision), ("1", Decision::Hold), "an edit decided anew is a change");

    let mut from_now = watch(&server, Some("now")).await;
    server.decide("2", Decision::Approve).await;
    for changes in [&mut changes, &mut from_now] {
        assert_eq!(next(changes).await.0, "2", "nothing else was on its way");
    }
    let mut all = watch(&server, None).await;
    for expected in ["1", "2", "3", "1", "2"] {
        assert_eq!(next(&mut all).await.0, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_restart_of_the_embedded_store() {
    a_watcher_misses_nothing_and_gets_nothing_twice(Server::start(HOLD_ALL, &[]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_restart_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let server = Server::steady_with(HOLD_ALL, &["--store", &url, "--redis-prefix", &prefix]).await;
    a_watcher_misses_nothing_and_gets_nothing_twice(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_watchers_see_the_same_order_under_many_deciders() {
    let server = Server::start(HOLD_ALL, &[]).await;
    let (mut one, mut two) = (watch(&server, None).await, watch(&server, None).await);
    let ids: Vec<String> = (0..40).map(|i| format!("c{i}")).collect();
    for id in &ids {
        server.check(comment(id, "hello there")).await.unwrap();
    }
    let deciders = async {
        let (left, right) = ids.split_at(20);
        let decide = async |ids: &[String]| {
            for id in ids {
                server.decide(id, Decision::Approve).await;
            }
        };
        tokio::join!(decide(left), decide(right));
    };
    let follow = async |changes: &mut Changes| {
        let mut seen = Vec::new();
        while seen.len() < 40 {
            seen.push(next(changes).await.0);
        }
        seen
    };
    let ((), one, two) = tokio::join!(deciders, follow(&mut one), follow(&mut two));
    assert_eq!(one, two);
    let mut sorted = one.clone();
    sorted.sort();
    let mut expected = ids.clone();
    expected.sort();
    assert_eq!(sorted, expected);
}

/// Makes changes until the oldest are forgotten. Asserts that the cursor of the first change is refused with advice on how to
/// catch up.
async fn an_expired_cursor_is_refused_with_the_way_to_catch_up(store: &[&str]) {
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("my.toml");
    std::fs::write(&config, "keep_events = 5\n").unwrap();
    let flags = [store, &["--config", config.to_str().unwrap()]].concat();
    let server = Server::steady_with(HOLD_ALL, &flags).await;
    server.check(comment("first", "hello there")).await.unwrap();
    let mut changes = watch(&server, None).await;
    server.decide("first", Decision::Approve).await;
    let (_, _, cursor) = next(&mut changes).await;
    drop(changes);

    let until = std::time::Instant::now() + PATIENCE;
    for round in 0.. {
        for n in 0..50 {
            let id = format!("{round}-{n}");
            server.check(comment(&id, "hello there")).await.unwrap();
            server.decide(&id, Decision::Reject).await;
        }
        let request = pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: Some(cursor.clone()) };
        match ModerationServiceClient::new(server.connect().await).watch_verdicts(request).await {
            Err(status) => {
                assert_eq!(
                    (status.code(), status.get_details_error_info().unwrap().reason),
                    (Code::FailedPrecondition, "CURSOR_EXPIRED".into())
                );
                assert!(status.message().contains("since="), "{status:?}");
                break;
            }
            Ok(_) => assert!(std::time::Instant::now() < until, "nothing was forgotten"),
        }
    }
    let request = pb::ListCommentsRequest {
        site: SITE.into(),
        filter: "decision=any since=2020-01-01T00:00:00Z".into(),
        order_by: "oldest".into(),
        page_size: 1_000,
        ..Default::default()
    };
    let caught_up = server.desk().list_comments(request).await.unwrap().into_inner().comments;
    assert!(caught_up.iter().any(|comment| comment.verdict.as_ref().unwrap().comment_id == "first"));
    let mut from_now = watch(&server, Some("now")).await;
    server.check(comment("after", "hello there")).await.unwrap();
    server.decide("after", Decision::Approve).await;
    assert_eq!(next(&mut from_now).await.0, "after", "nothing of what was before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_older_than_what_is_kept_is_refused_on_disk() {
    an_expired_cursor_is_refused_with_the_way_to_catch_up(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_older_than_what_is_kept_is_refused_in_memory() {
    an_expired_cursor_is_refused_with_the_way_to_catch_up(&["--store", "memory:"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_older_than_what_is_kept_is_refused_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    an_expired_cursor_is_refused_with_the_way_to_catch_up(&["--store", &url, "--redis-prefix", &prefix]).await;
}
