//! Tests of trust: the bind address, keys that have ended, unverified input of visitors, and late retries.

use std::time::{Duration, Instant};

use gatepost::pb::admin_service_client::AdminServiceClient;
use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::review_service_client::ReviewServiceClient;
use gatepost::pb::{self, Decision, Role};
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::cli::{code, err, gatepost};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment, launch};
use crate::keys::{ADMIN, with};
use crate::redis;

/// A revoked key ends within a second; a busy machine may take a little longer.
const SOON: Duration = Duration::from_secs(3);

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn codes(verdict: &pb::Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn key_request(role: Role) -> pb::CreateKeyRequest {
    pb::CreateKeyRequest { sites: vec!["*".into()], role: role.into(), name: "k".into(), expires_at: None }
}

async fn admin(server: &Server) -> AdminServiceClient<Channel> {
    AdminServiceClient::new(server.connect().await)
}

// === the bind address ===

#[tokio::test]
async fn behind_a_proxy_or_with_client_certificates_nobody_is_an_admin_for_coming_from_this_machine() {
    let folder = tempfile::TempDir::new().unwrap();
    let flags = ["--tls-terminated-upstream".to_owned()];
    let refused = launch(&folder.path().join("data"), "127.0.0.1:0", &flags).expect_err("it does not start without a key");
    assert!(refused.contains("behind a proxy") && refused.contains("--admin-key"), "{refused}");

    let server = Server::steady_with("", &["--tls-terminated-upstream", "--admin-key", ADMIN]).await;
    let status = admin(&server).await.create_key(key_request(Role::Admin)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "KEY_MISSING"));
}

#[tokio::test]
async fn without_keys_only_callers_on_this_machine_are_answered_and_none_that_a_proxy_or_a_web_page_sends() {
    let server = Server::steady().await;
    server.check(comment("1", "hello there")).await.unwrap();
    for header in [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-envoy-internal",
        "x-real-ip",
        "via",
        "origin",
        "sec-fetch-site",
    ] {
        let mut request = Request::new(pb::ListKeysRequest::default());
        request.metadata_mut().insert(header, "203.0.113.9".parse().unwrap());
        let status = admin(&server).await.list_keys(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "KEY_MISSING"), "{header}");
    }
    for origin in ["http://gatepost.example", "http://127.0.0.1.nip.example", "http://localhost.example"] {
        let endpoint = Endpoint::from_shared(server.url()).unwrap().origin(origin.parse().unwrap());
        let mut client = AdminServiceClient::new(endpoint.connect().await.unwrap());
        let status = client.list_keys(pb::ListKeysRequest::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{origin}");
    }
    for origin in ["http://localhost:50051", "http://[::1]", "http://127.0.0.1:1"] {
        let endpoint = Endpoint::from_shared(server.url()).unwrap().origin(origin.parse().unwrap());
        let mut client = AdminServiceClient::new(endpoint.connect().await.unwrap());
        client.list_keys(pb::ListKeysRequest::default()).await.unwrap_or_else(|status| panic!("{origin}: {status}"));
    }
}

#[tokio::test]
async fn a_server_that_had_a_key_never_opens_again() {
    let mut server = Server::steady_with("", &[]).await;
    let key = admin(&server).await.create_key(key_request(Role::Admin)).await.unwrap().into_inner();
    let secret = key.secret;
    let id = key.key.unwrap().key_id;
    // The last admin key cannot be revoked, because it is needed to create others.
    let status = admin(&server).await.revoke_key(with(&secret, pb::RevokeKeyRequest { key_id: id.clone() })).await.unwrap_err();
    assert!(status.message().contains("last key"), "{status}");
    let status = server.check(comment("1", "hello there")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);

    // With an admin key on the command line, the last stored key can be revoked.
    let mut extra = server.extra().to_vec();
    assert!(server.terminate().success());
    extra.extend(["--admin-key".to_owned(), ADMIN.to_owned()]);
    let (mut child, address) = launch(&server.data_dir(), "127.0.0.1:0", &extra).unwrap();
    let mut client = AdminServiceClient::connect(format!("http://{address}")).await.unwrap();
    client.revoke_key(with(ADMIN, pb::RevokeKeyRequest { key_id: id })).await.unwrap();
    assert_eq!(client.list_keys(pb::ListKeysRequest::default()).await.unwrap_err().code(), Code::Unauthenticated);
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = launch(&server.data_dir(), "127.0.0.1:0", server.extra()).expect_err("it does not open again");
    assert!(refused.contains("has had keys"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_last_two_admins_keys_one_stays_however_they_are_revoked() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let servers = [Server::steady_with("", &flags).await, Server::steady_with("", &flags).await];
    let first = admin(&servers[0]).await.create_key(key_request(Role::Admin)).await.unwrap().into_inner();
    let request = with(&first.secret, key_request(Role::Admin));
    let second = admin(&servers[0]).await.create_key(request).await.unwrap().into_inner();
    let until = Instant::now() + PATIENCE;
    while admin(&servers[1]).await.list_keys(with(&second.secret, pb::ListKeysRequest::default())).await.is_err() {
        assert!(Instant::now() < until);
    }
    let revoke = async |server: &Server, by: &str, id: &str| {
        admin(server).await.revoke_key(with(by, pb::RevokeKeyRequest { key_id: id.into() })).await
    };
    let (a, b) = (first.key.unwrap().key_id, second.key.unwrap().key_id);
    let (one, other) = tokio::join!(revoke(&servers[0], &first.secret, &b), revoke(&servers[1], &second.secret, &a));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn acts_on_keys_and_policies_are_in_the_servers_own_audit_with_the_key_that_did_them() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let mut client = admin(&server).await;
    let made = client.create_key(with(ADMIN, key_request(Role::Moderator))).await.unwrap().into_inner();
    let id = made.key.unwrap().key_id;
    client.reload_policy(with(ADMIN, pb::ReloadPolicyRequest {})).await.unwrap();
    client.revoke_key(with(ADMIN, pb::RevokeKeyRequest { key_id: id.clone() })).await.unwrap();
    let request = pb::ListAuditEventsRequest { site: "*".into(), ..Default::default() };
    let mut desk = ReviewServiceClient::new(server.connect().await);
    let events = desk.list_audit_events(with(ADMIN, request.clone())).await.unwrap().into_inner().events;
    let mut told: Vec<_> = events.iter().map(|event| (event.act.as_str(), event.source.as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [("KEY_CREATED", "admin"), ("KEY_REVOKED", "admin"), ("POLICY_RELOADED", "admin")]);
    assert!(events.iter().filter(|event| event.act.starts_with("KEY")).all(|event| event.subject.contains(&id)), "{events:?}");
    // A key for some sites only may not read this audit log.
    let host = pb::CreateKeyRequest { sites: vec![SITE.into()], ..key_request(Role::Moderator) };
    let moderator = client.create_key(with(ADMIN, host)).await.unwrap().into_inner().secret;
    assert_eq!(desk.list_audit_events(with(&moderator, request)).await.unwrap_err().code(), Code::PermissionDenied);
    let verified = gatepost(&["audit", "verify", "--site", "*", "--server", &server.url(), "--key", ADMIN]).output().unwrap();
    assert_eq!(code(&verified), 0, "{}", err(&verified));
}

// === a key that has ended ===

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_end_soon_after_their_key() {
    let server = Server::steady_with(HOLD_ALL, &["--admin-key", ADMIN]).await;
    let mut admin = admin(&server).await;
    let mut make = async |role: Role| {
        let made = admin.create_key(with(ADMIN, key_request(role))).await.unwrap().into_inner();
        (made.key.unwrap().key_id, made.secret)
    };
    let (host_id, host_key) = make(Role::Host).await;
    let (desk_id, desk_key) = make(Role::Moderator).await;
    let mut host = ModerationServiceClient::new(server.connect().await);
    let mut desk = ReviewServiceClient::new(server.connect().await);

    let (send, receive) = tokio::sync::mpsc::channel(4);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receive);
    let mut verdicts = host.check_comments(with(&host_key, requests)).await.unwrap().into_inner();
    let next =
        |n: u32| pb::CheckCommentsRequest { comment: Some(comment(&format!("c{n}"), "hello there")), ..Default::default() };
    send.send(next(0)).await.unwrap();
    assert!(verdicts.next().await.unwrap().unwrap().verdict.is_some());
    let site = || pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: Some("now".into()) };
    let mut changes = host.watch_verdicts(with(&host_key, site())).await.unwrap().into_inner();
    let mut moves = desk.watch_queue(with(&desk_key, pb::WatchQueueRequest { site: SITE.into() })).await.unwrap().into_inner();

    for id in [host_id, desk_id] {
        admin.revoke_key(with(ADMIN, pb::RevokeKeyRequest { key_id: id })).await.unwrap();
    }
    // Nothing is sent on any of the streams: they end by themselves.
    let ended = async {
        let verdicts = verdicts.next().await.unwrap().map(drop);
        (verdicts, changes.next().await.unwrap().map(drop), moves.next().await.unwrap().map(drop))
    };
    let (verdicts, changes, moves) = tokio::time::timeout(SOON, ended).await.expect("they go on");
    for ended in [verdicts, changes, moves] {
        assert_eq!(reason(&ended.unwrap_err()), "KEY_UNKNOWN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_comment_of_a_stream_is_taken_once_its_key_has_ended() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let mut admin = admin(&server).await;
    let made = admin.create_key(with(ADMIN, key_request(Role::Host))).await.unwrap().into_inner();
    let (send, receive) = tokio::sync::mpsc::channel(1);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receive);
    let mut host = ModerationServiceClient::new(server.connect().await);
    let mut verdicts = host.check_comments(with(&made.secret, requests)).await.unwrap().into_inner();
    tokio::spawn(async move {
        for n in 0.. {
            let comment = Some(comment(&format!("c{n}"), "hello there"));
            if send.send(pb::CheckCommentsRequest { comment, ..Default::default() }).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(verdicts.next().await.unwrap().is_ok());
    admin.revoke_key(with(ADMIN, pb::RevokeKeyRequest { key_id: made.key.unwrap().key_id })).await.unwrap();
    let revoked = Instant::now();
    let ended = loop {
        match verdicts.next().await.expect("it ends with a reason") {
            Ok(_) => assert!(revoked.elapsed() < SOON, "it goes on"),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&ended), "KEY_UNKNOWN");
}

/// Makes a call whose message is sent after `meanwhile` has finished. Returns the status of the answer.
async fn with_a_late_message<T: prost::Message>(
    server: &Server,
    path: &str,
    key: &str,
    message: &T,
    meanwhile: impl Future<Output = ()>,
) -> String {
    let io = hyper_util::rt::TokioIo::new(tokio::net::TcpStream::connect(server.address()).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let (send, receive) = tokio::sync::mpsc::channel::<Result<hyper::body::Frame<bytes::Bytes>, std::convert::Infallible>>(1);
    let body = http_body_util::StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(receive));
    let request = hyper::Request::post(format!("http://{}{path}", server.address()))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {key}"));
    let answer = tokio::spawn(sender.send_request(request.body(body).unwrap()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    meanwhile.await;
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let framed = [&[0][..], &length, &message].concat();
    send.send(Ok(hyper::body::Frame::data(framed.into()))).await.unwrap();
    drop(send);
    let answer = answer.await.unwrap().unwrap();
    answer.headers().get("grpc-status").map_or_else(|| "none".to_owned(), |status| status.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_between_the_headers_and_the_message_may_do_nothing() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let mut client = admin(&server).await;
    let made = client.create_key(with(ADMIN, key_request(Role::Admin))).await.unwrap().into_inner();
    let id = made.key.unwrap().key_id;
    let path = "/gatepost.v1.AdminService/CreateKey";
    let status = with_a_late_message(&server, path, &made.secret, &key_request(Role::Admin), async {}).await;
    assert_eq!(status, "none", "a good key may take its time");
    let revoke = async {
        admin(&server).await.revoke_key(with(ADMIN, pb::RevokeKeyRequest { key_id: id.clone() })).await.unwrap();
    };
    let status = with_a_late_message(&server, path, &made.secret, &key_request(Role::Admin), revoke).await;
    assert_eq!(status, "16");
}

#[tokio::test]
async fn a_key_makes_none_that_outlives_it_and_a_site_has_only_so_many() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let mut client = admin(&server).await;
    let end = std::time::SystemTime::now() + Duration::from_secs(3_600);
    let sites = vec![SITE.to_owned()];
    let brief = pb::CreateKeyRequest { expires_at: Some(end.into()), sites: sites.clone(), ..key_request(Role::Admin) };
    let brief = client.create_key(with(ADMIN, brief)).await.unwrap().into_inner().secret;
    let longer = Some((end + Duration::from_secs(60)).into());
    for expires_at in [None, longer] {
        let request = pb::CreateKeyRequest { expires_at, sites: sites.clone(), ..key_request(Role::Host) };
        let status = client.create_key(with(&brief, request)).await.unwrap_err();
        assert!(status.message().contains("expires_at"), "{status}");
    }
    let refused = loop {
        let request = pb::CreateKeyRequest { expires_at: Some(end.into()), sites: sites.clone(), ..key_request(Role::Host) };
        match client.create_key(with(&brief, request)).await {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert!(refused.message().contains("100 keys"), "{refused}");
    let other = pb::CreateKeyRequest { sites: vec!["other.example".into()], ..key_request(Role::Host) };
    client.create_key(with(ADMIN, other)).await.unwrap();
}

// === what a visitor types ===

fn typed(id: &str, body: &str, email: &str, ip: &str) -> pb::Comment {
    let author = pb::Author { name: "Mia".into(), email: email.into(), ..Default::default() };
    let client = pb::Client { ip: ip.into(), ..Default::default() };
    pb::Comment { author: Some(author), client: Some(client), ..comment(id, body) }
}

fn verified(comment: pb::Comment) -> pb::Comment {
    let author = comment.author.clone().map(|author| pb::Author { email_verified: Some(true), ..author });
    pb::Comment { author, ..comment }
}

#[tokio::test]
async fn a_typed_address_neither_allows_nor_condemns() {
    let policy = "[allowed]\naddresses = [\"@our-staff.example\"]\n";
    let server = Server::steady_with(policy, &[]).await;
    let abuse = "You stupid idiot, I hope that you die http://pills.example/";
    let mut form = typed("staff", abuse, "boss@our-staff.example", "203.0.113.5");
    form.form = Some(pb::Form { honeypot: "x".into(), fill_seconds: None });
    let verdict = server.check(form.clone()).await.unwrap();
    assert_ne!(verdict.decision(), Decision::Approve, "{verdict:?}");
    assert!(codes(&verdict).contains(&"ADDRESS_UNVERIFIED"), "{verdict:?}");
    let sure = verified(pb::Comment { comment_id: "sure".into(), ..form });
    let verdict = server.check(sure).await.unwrap();
    assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Approve, "ALLOWED_ADDRESS"));

    // Somebody else writes under her address and is rejected again and again. This must not count against her, from any IP
    // address.
    for n in 0..14 {
        let id = format!("eve-{n}");
        server.check(typed(&id, &format!("{abuse} {n}"), "mia@mail.example", "203.0.113.9")).await.unwrap();
        server.decide(&id, Decision::Reject).await;
    }
    for (id, ip) in [("hers", "203.0.113.7"), ("same-client", "203.0.113.9"), ("no-client", "")] {
        let hers = server.check(typed(id, "A quiet word on the weather today", "mia@mail.example", ip)).await.unwrap();
        assert_eq!(hers.decision(), Decision::Approve, "{id}: {hers:?}");
        assert!(!codes(&hers).iter().any(|code| ["AUTHOR_REJECTED", "RATE_LIMIT"].contains(code)), "{id}: {hers:?}");
    }
    // Her approved comments do not count for him either.
    for n in 0..5 {
        let id = format!("mia-{n}");
        server.check(typed(&id, &format!("A quiet word on the weather {n}"), "mia@mail.example", "203.0.113.7")).await.unwrap();
    }
    let link = "Buy cheap pills now http://pills.example/ best price";
    let his = server.check(typed("his", link, "mia@mail.example", "203.0.113.9")).await.unwrap();
    assert!(!codes(&his).contains(&"KNOWN_AUTHOR"), "{his:?}");
    let condemned =
        (0..3).map(|n| verified(typed(&format!("v{n}"), &format!("{abuse} no {n}"), "tom@mail.example", "203.0.113.8")));
    for comment in condemned {
        let id = comment.comment_id.clone();
        server.check(comment).await.unwrap();
        server.decide(&id, Decision::Reject).await;
    }
    let his = server.check(verified(typed("tom", "A quiet word", "tom@mail.example", "203.0.113.8"))).await.unwrap();
    assert!(codes(&his).contains(&"AUTHOR_REJECTED"), "what is verified counts: {his:?}");
}

#[tokio::test]
async fn new_authors_without_an_account_are_known_by_their_address_and_client_together() {
    let server = Server::steady_with("[authors]\napproved_before_trust = 1\n", &[]).await;
    let waits = async |id: &str, ip: &str| {
        let verdict = server.check(typed(id, "A quiet word on the weather", "mia@mail.example", ip)).await.unwrap();
        codes(&verdict).contains(&"FIRST_COMMENT")
    };
    assert!(waits("1", "203.0.113.7").await);
    server.decide("1", Decision::Approve).await;
    assert!(!waits("2", "203.0.113.7").await);
    assert!(waits("3", "203.0.113.9").await, "somebody else");
    assert!(waits("4", "").await && waits("5", "10.0.0.5").await, "nobody in particular");
}

#[tokio::test]
async fn an_address_that_is_a_proxys_counts_for_nobody_and_a_crowd_waits() {
    let server = Server::steady().await;
    let named = |n: u32, ip: &str| {
        let author = pb::Author { name: format!("Visitor {n}"), ..Default::default() };
        let client = pb::Client { ip: ip.into(), ..Default::default() };
        pb::Comment {
            author: Some(author),
            client: Some(client),
            ..comment(&format!("{ip}-{n}"), &format!("I was there, it was nice {n}"))
        }
    };
    for ip in ["127.0.0.1", "10.0.0.5", "192.168.1.1", "100.64.0.9", "fd00::1", "::1"] {
        for n in 0..70 {
            let verdict = server.check(named(n, ip)).await.unwrap();
            assert!(!codes(&verdict).contains(&"RATE_LIMIT"), "{ip} {n}: {verdict:?}");
        }
    }
    let mut held = 0;
    for n in 0..70 {
        let verdict = server.check(named(n, "203.0.113.40")).await.unwrap();
        assert_ne!(verdict.decision(), Decision::Reject, "{n}: {verdict:?}");
        held += u32::from(codes(&verdict).contains(&"RATE_LIMIT"));
    }
    assert_eq!(held, 40, "a school behind one address waits");
    let mut rejected = 0;
    for n in 0..70 {
        let same = pb::Comment { author: named(0, "").author, ..named(n, "203.0.113.41") };
        rejected += u32::from(server.check(same).await.unwrap().decision() == Decision::Reject);
    }
    assert_eq!(rejected, 40, "one who floods is rejected");
    assert_eq!(server.logged("client.ip counts for no limit").len(), 1, "said once");
}

// === a retry that comes late ===

async fn a_late_retry_changes_nothing(server: &Server) {
    let body = |text: &str| pb::Comment { ..comment("c", text) };
    let (a, b) = ("A quiet word on the weather", "Another quiet word on the weather");
    assert_eq!(server.check(body(a)).await.unwrap().revision, 1);
    let edit = server.check(body(b)).await.unwrap();
    assert_eq!((edit.revision, edit.decision()), (2, Decision::Hold));
    // The first call again, like a client library that retries after a lost answer.
    assert_eq!(server.check(body(a)).await.unwrap(), edit);
    assert_eq!(server.queue().await, ["c"]);
    let result = server.decide("c", Decision::Approve).await;
    assert_eq!(result.error, None);
    let stands = server.check(body(a)).await.unwrap();
    assert_eq!((stands.revision, stands.decision(), stands.decided_by.as_str()), (3, Decision::Approve, "ada"));
    // An author who restores an earlier text sends a later time.
    let at = |text: &str, seconds: i64| pb::Comment {
        submitted_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..body(text)
    };
    assert_eq!(server.check(at("A third one, on the weather again", 1_700_000_100)).await.unwrap().revision, 4);
    assert_eq!(server.check(at(a, 1_700_000_000)).await.unwrap().revision, 4);
    assert_eq!(server.check(at(a, 1_700_000_200)).await.unwrap().revision, 5);
    assert_eq!(server.check(at(b, 1_700_000_200)).await.unwrap().revision, 5, "at the same time: a retry");
    // Every text that was sent before the current one comes too late, even if it was never seen.
    assert_eq!(server.check(at("Never seen, and sent long before", 1_700_000_150)).await.unwrap().revision, 5);
    assert_eq!(server.check(at("Never seen, and sent at the same time", 1_700_000_200)).await.unwrap().revision, 6);
    // A comment without a time counts as sent now, so a retry with a time does not undo it.
    assert_eq!(server.check(body("An edit without a time")).await.unwrap().revision, 7);
    assert_eq!(server.check(at(a, 1_700_000_200)).await.unwrap().revision, 7);
    assert_eq!(server.check(at(b, 1_700_000_900)).await.unwrap().revision, 7);
}

#[tokio::test]
async fn a_late_retry_does_not_undo_what_came_after_it() {
    a_late_retry_changes_nothing(&Server::steady_with(HOLD_ALL, &[]).await).await;
    a_late_retry_changes_nothing(&Server::steady_with(HOLD_ALL, &["--store", "memory:"]).await).await;
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    a_late_retry_changes_nothing(&Server::steady_with(HOLD_ALL, &flags).await).await;
}

#[tokio::test]
async fn the_same_text_under_another_name_address_or_account_is_decided_anew() {
    let server = Server::steady().await;
    let first = typed("c", "A quiet word on the weather", "mia@mail.example", "203.0.113.7");
    let mut revision = server.check(first.clone()).await.unwrap().revision;
    let author = first.author.clone().unwrap();
    for other in [
        pb::Author { name: "Cheap pills, best price".into(), ..author.clone() },
        pb::Author { url: Some("http://pills.example/".into()), ..author.clone() },
        pb::Author { email: "eve@mail.example".into(), ..author.clone() },
        pb::Author { user_id: "u-7".into(), ..author.clone() },
    ] {
        let verdict = server.check(pb::Comment { author: Some(other.clone()), ..first.clone() }).await.unwrap();
        assert_eq!(verdict.revision, revision + 1, "{other:?}");
        revision = verdict.revision;
    }
    // Another IP address and user agent do not make it another comment.
    let elsewhere = pb::Client { ip: "203.0.113.8".into(), user_agent: "x".into(), ..Default::default() };
    let last = pb::Author { user_id: "u-7".into(), ..author };
    let verdict = server.check(pb::Comment { author: Some(last), client: Some(elsewhere), ..first }).await.unwrap();
    assert_eq!(verdict.revision, revision);
}

// === effect and record ===

#[tokio::test(flavor = "multi_thread")]
async fn entries_whose_calls_are_cancelled_are_in_force_and_in_the_audit_or_neither() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..120u64 {
        let channel = server.channel();
        calls.spawn(async move {
            let mut client = AdminServiceClient::new(channel);
            let entry = pb::ListEntry {
                kind: pb::ListKind::Block.into(),
                target: pb::ListTarget::Word.into(),
                value: format!("word{n}"),
                ..Default::default()
            };
            let put = pb::PutListEntryRequest { site: SITE.into(), entry: Some(entry.clone()), ..Default::default() };
            let remove = pb::DeleteListEntryRequest { site: SITE.into(), entry: Some(entry), ..Default::default() };
            // From no time at all to as long as the call takes, with 50 µs doubled up to 1.6 s in between, so that calls are
            // interrupted at every stage on any machine.
            let patience = match n % 20 {
                0 => Duration::ZERO,
                doubled @ 1..16 => Duration::from_micros(50 << doubled),
                _ => Duration::from_secs(60),
            };
            let _ = tokio::time::timeout(patience, client.put_list_entry(with(ADMIN, put))).await;
            if n % 3 == 0 {
                let _ = tokio::time::timeout(patience, client.delete_list_entry(with(ADMIN, remove))).await;
            }
        });
    }
    calls.join_all().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let request = pb::ListEntriesRequest { site: SITE.into() };
    let entries = admin(&server).await.list_entries(with(ADMIN, request)).await.unwrap().into_inner().entries;
    let mut desk = ReviewServiceClient::new(server.connect().await);
    let request = pb::ListAuditEventsRequest { site: SITE.into(), page_size: 1_000, ..Default::default() };
    let events = desk.list_audit_events(with(ADMIN, request)).await.unwrap().into_inner().events;
    for n in 0..120 {
        let subject = format!("block word word{n}");
        let count = |act: &str| events.iter().filter(|event| event.act == act && event.subject == subject).count();
        let (put, removed) = (count("LISTED"), count("UNLISTED"));
        let stands = entries.iter().any(|entry| entry.value == format!("word{n}"));
        assert_eq!(stands, put > removed, "{subject}: put {put} times, removed {removed} times");
        assert!(put <= 1 && removed <= put, "{subject}: put {put} times, removed {removed} times");
    }
    assert!(events.iter().all(|event| event.source == "admin"), "each names the key");
    assert!(!events.is_empty() && events.len() < 160, "some were cancelled in time, and some were not: {}", events.len());
}
