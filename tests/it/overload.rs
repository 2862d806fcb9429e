//! Tests of overload: excess calls are refused at once with a retry delay, and the others are not affected.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use gatepost::pb;
use gatepost::pb::admin_service_client::AdminServiceClient;
use gatepost::pb::moderation_service_client::ModerationServiceClient;

use crate::cli::{code, err, gatepost};
use crate::harness::{PATIENCE, SITE, Server, check, comment};
use crate::keys::{ADMIN, with};
use crate::observe::{get, metric};
use crate::redis::OwnRedis;

#[tokio::test(flavor = "multi_thread")]
async fn calls_beyond_the_bound_are_refused_at_once_and_places_come_back() {
    let redis = OwnRedis::start();
    let server = Server::steady_with("", &["--store", &redis.url(), "--max-in-flight", "4"]).await;
    server.check(comment("0", "hello there")).await.unwrap();
    redis.signal("STOP");
    let mut waiting = JoinSet::new();
    for n in 0..4 {
        let mut host = server.host();
        waiting.spawn(async move { check(&mut host, comment(&format!("w{n}"), "hello there")).await });
    }
    let until = Instant::now() + PATIENCE;
    while metric(&server, "gatepost_calls_in_flight") < 4.0 {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let asked = Instant::now();
    let status = server.check(comment("beyond", "hello there")).await.unwrap_err();

    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_details_error_info().unwrap().reason, "OVERLOADED");
    assert!(status.get_details_retry_info().unwrap().retry_delay.unwrap() < Duration::from_secs(1));
    // The liveness check is still answered.
    assert!(get(&server, "/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(metric(&server, "gatepost_calls_shed_total{why=\"concurrency\"}"), 1.0);
    redis.signal("CONT");
    while let Some(answered) = waiting.join_next().await {
        answered.unwrap().unwrap();
    }
    server.check(comment("beyond", "hello there")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_any_number_of_refused_calls() {
    let redis = OwnRedis::start();
    let server = Server::steady_with("", &["--store", &redis.url(), "--max-in-flight", "1"]).await;
    server.check(comment("0", "hello there")).await.unwrap();
    redis.signal("STOP");
    let mut first = server.host();
    let waiting = tokio::spawn(async move { check(&mut first, comment("w", "hello there")).await });
    let until = Instant::now() + PATIENCE;
    while metric(&server, "gatepost_calls_in_flight") < 1.0 {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    // All calls use one connection, and the texts are long enough to arrive after the refusal.
    let host = server.host();
    let text = "hello there ".repeat(800);
    let mut refused = JoinSet::new();
    for n in 0..3_000 {
        let (mut host, text) = (host.clone(), text.clone());
        refused.spawn(async move { check(&mut host, comment(&format!("r{n}"), &text)).await });
    }
    let mut calls = 0;
    while let Some(answered) = refused.join_next().await {
        let status = answered.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        calls += 1;
    }
    assert_eq!(calls, 3_000);
    redis.signal("CONT");
    waiting.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_works_for_a_caller_who_has_stopped_waiting() {
    let redis = OwnRedis::start();
    let server = Server::steady_with("", &["--store", &redis.url()]).await;
    server.check(comment("0", "hello there")).await.unwrap();
    redis.signal("STOP");
    let mut request = Request::new(pb::CheckCommentRequest { comment: Some(comment("1", "hello there")), dry_run: false });
    request.set_timeout(Duration::from_millis(200));
    let asked = Instant::now();
    let status = server.host().check_comment(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    assert!(asked.elapsed() < Duration::from_secs(2));
    // A caller that disconnects in the middle of a call.
    let mut host = server.host();
    let gone = tokio::spawn(async move { check(&mut host, comment("2", "hello there")).await });
    let until = Instant::now() + PATIENCE;
    while metric(&server, "gatepost_calls_in_flight") < 1.0 {
        assert!(Instant::now() < until, "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gone.abort();
    let until = Instant::now() + Duration::from_secs(5);
    while metric(&server, "gatepost_calls_in_flight") > 0.0 {
        assert!(Instant::now() < until, "somebody still works");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    redis.signal("CONT");
}

/// Returns the time until the server closes a connection on which `said` was sent.
fn closed_after(server: &Server, said: &[u8]) -> Duration {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let since = Instant::now();
    stream.write_all(said).unwrap();
    let mut rest = Vec::new();
    // The connection may be closed or reset; a read timeout shows in the measured time.
    let _ = stream.read_to_end(&mut rest);
    since.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_or_half_a_word_are_closed() {
    let server = Server::steady().await;
    let started = Instant::now();
    std::thread::scope(|scope| {
        for said in [&b""[..], b"PRI * HTTP/2.0\r\n", b"GET /healthz HTTP/1.1\r\nhost:", b"G"] {
            let server = &server;
            scope.spawn(move || {
                let after = closed_after(server, said);
                assert!(after < Duration::from_secs(20), "{said:?} stayed for {after:?}");
            });
        }
    });
    assert!(started.elapsed() > Duration::from_secs(5), "they were given some time");
    assert!(metric(&server, "gatepost_connections_refused_total{why=\"silent\"}") >= 2.0);
    server.check(comment("1", "hello there")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_nobody_uses_make_room_for_others_and_those_in_use_stay() {
    let server = Server::steady_with("", &["--max-connections", "3"]).await;
    let first = server.connect().await;
    let mut host = gatepost::pb::moderation_service_client::ModerationServiceClient::new(first);
    check(&mut host, comment("1", "hello there")).await.unwrap();
    let request = pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: None };
    let mut changes = host.watch_verdicts(request).await.unwrap().into_inner();
    // New idle connections make the server close older ones.
    let idle: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    for n in 0..20 {
        server.check(comment(&format!("next-{n}"), "hello there")).await.unwrap();
        assert!(get(&server, "/healthz").starts_with("HTTP/1.1 200"));
    }
    // A connection that is asked to leave has a quarter of a second; a busy machine takes longer.
    for _ in 0..50 {
        if metric(&server, "gatepost_connections") <= 4.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(metric(&server, "gatepost_connections") <= 4.0);
    let closed = idle.iter().filter(|stream| is_closed(stream)).count();
    assert!(closed >= 37, "{closed} of 40 were closed");
    // The connection with an open stream was not closed.
    check(&mut host, comment("2", "hello there")).await.unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(100), changes.message()).await;
    assert!(quiet.is_err(), "the stream ended: {quiet:?}");
}

/// Returns whether the other side has closed a connection.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut buffer = [0; 1_024];
    loop {
        match (&mut &*stream).read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_long_are_refused_and_harm_nobody() {
    let server = Server::steady().await;
    let mut request = Request::new(pb::CheckCommentRequest { comment: Some(comment("1", "hello there")), dry_run: false });
    request.metadata_mut().insert("x-long", "x".repeat(64 * 1024).parse().unwrap());
    assert!(server.host().check_comment(request).await.is_err());
    server.check(comment("2", "hello there")).await.unwrap();
}

// === one caller must not take what belongs to all ===

/// Starts calls whose headers are sent and whose message never is.
async fn half_a_call(server: &Server, path: &str, key: Option<&str>, count: usize) -> tokio::task::JoinHandle<()> {
    let stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let mut calls = Vec::new();
    for _ in 0..count {
        let body = http_body_util::StreamBody::new(futures_util::stream::pending::<Result<_, std::convert::Infallible>>());
        let body: http_body_util::combinators::BoxBody<bytes::Bytes, _> = http_body_util::BodyExt::boxed(body);
        let mut request = hyper::Request::post(format!("http://{}{path}", server.address()))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        calls.push(sender.send_request(request.body(body).unwrap()));
    }
    tokio::spawn(async move {
        let _ = futures_util::future::join_all(calls).await;
        drop(sender);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_never_say_what_they_want_hold_no_place() {
    let server = Server::steady_with("", &["--max-in-flight", "8"]).await;
    let mut halves = Vec::new();
    for path in ["/grpc.health.v1.Health/Check", "/gatepost.v1.ModerationService/CheckComment"] {
        for _ in 0..2 {
            halves.push(half_a_call(&server, path, None, 128).await);
        }
    }
    for n in 0..40 {
        server.check(comment(&format!("c{n}"), "hello there")).await.unwrap();
    }
    let health = gatepost(&["health", "--server", &server.url()]).output().unwrap();
    assert_eq!(code(&health), 0, "{}", err(&health));
    assert!(get(&server, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(halves.iter().all(|half| !half.is_finished()), "they were there all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_cannot_take_all_streams() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let mut admin = AdminServiceClient::new(server.connect().await);
    let mut keys = Vec::new();
    for name in ["flood", "blog"] {
        let request =
            pb::CreateKeyRequest { sites: vec!["*".into()], role: pb::Role::Host.into(), name: name.into(), expires_at: None };
        keys.push(admin.create_key(with(ADMIN, request)).await.unwrap().into_inner().secret);
    }
    let watch = |site: usize| pb::WatchVerdictsRequest { site: format!("{site}.example"), after_cursor: None };
    let mut open = Vec::new();
    let refused = 'all: loop {
        let mut host = ModerationServiceClient::new(server.connect().await);
        for _ in 0..200 {
            match host.watch_verdicts(with(&keys[0], watch(open.len()))).await {
                Ok(stream) => open.push(stream),
                Err(status) => break 'all status,
            }
        }
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(open.len() < 700, "{} of 1,024", open.len());
    let mut host = ModerationServiceClient::new(server.connect().await);
    for n in 0..100 {
        host.watch_verdicts(with(&keys[1], watch(n))).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comments_of_a_stream_count_in_the_quota_of_its_key() {
    let server = Server::steady_with("", &["--admin-key", ADMIN, "--key-quota", "20"]).await;
    let mut host = ModerationServiceClient::new(server.connect().await);
    let comments = (0..60)
        .map(|n| pb::CheckCommentsRequest { comment: Some(comment(&format!("c{n}"), "hello there")), ..Default::default() });
    let begun = Instant::now();
    let mut verdicts = host.check_comments(with(ADMIN, tokio_stream::iter(comments))).await.unwrap().into_inner();
    let mut answered = 0;
    while let Some(answer) = verdicts.message().await.unwrap() {
        assert!(answer.verdict.is_some(), "{answer:?}");
        answered += 1;
    }
    // A burst of 20, and then 20 per second.
    assert_eq!(answered, 60);
    assert!(begun.elapsed() >= Duration::from_millis(1_900), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_who_wait_for_the_store_keep_no_comment_waiting() {
    let redis = OwnRedis::start();
    let server = Server::start("", &["--store", &redis.url(), "--max-in-flight", "8"]).await;
    let until = Instant::now() + PATIENCE;
    while server.check(comment("0", "hello there")).await.unwrap().not_recorded {
        assert!(Instant::now() < until);
    }
    redis.signal("STOP");
    let mut waiting = JoinSet::new();
    for _ in 0..130 {
        let mut desk = server.desk();
        waiting.spawn(async move {
            desk.list_comments(pb::ListCommentsRequest { site: SITE.into(), ..Default::default() }).await.map(drop)
        });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for n in 0..20 {
        let verdict = server.check(comment(&format!("c{n}"), "hello there")).await;
        assert!(verdict.as_ref().is_ok_and(|verdict| verdict.not_recorded), "{verdict:?}");
    }
    redis.signal("CONT");
    waiting.join_all().await;
}
