//! Tests of API keys: the calls and sites that a key allows, its expiry, and revocation on every server.

use std::time::{Duration, Instant};

use gatepost::pb::admin_service_client::AdminServiceClient;
use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::review_service_client::ReviewServiceClient;
use gatepost::pb::{self, Role};
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, Value};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::cli::{code, err, gatepost, out};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment, launch};
use crate::redis;

/// The secret of an operator's key.
pub const ADMIN: &str = "an-admin-key-for-tests-only-0123456789";
const THERE: &str = "there.example";

/// Returns a request with a key.
pub fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

async fn make(server: &Server, role: Role, sites: &[&str], name: &str) -> pb::CreateKeyResponse {
    let request = pb::CreateKeyRequest {
        sites: sites.iter().map(ToString::to_string).collect(),
        role: role.into(),
        name: name.into(),
        expires_at: None,
    };
    AdminServiceClient::new(server.connect().await).create_key(with(ADMIN, request)).await.unwrap().into_inner()
}

async fn check(server: &Server, key: &str, id: &str) -> Result<pb::Verdict, Status> {
    let request = pb::CheckCommentRequest { comment: Some(comment(id, "hello there")), dry_run: false };
    let answer = ModerationServiceClient::new(server.connect().await).check_comment(with(key, request)).await?;
    Ok(answer.into_inner().verdict.unwrap())
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

// === every call, for every role ===

/// A codec that sends and receives raw bytes, so that any method can be called.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Bytes
    }

    fn decoder(&mut self) -> Self {
        Bytes
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = bytes::Buf::remaining(buffer);
        Ok(Some(bytes::Buf::copy_to_bytes(buffer, length).to_vec()))
    }
}

/// Calls any method. Returns the status of the call, or `Ok` if an answer has begun.
async fn call(channel: &Channel, method: &MethodDescriptor, key: Option<&str>, message: Vec<u8>) -> Code {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let mut request = Request::new(tokio_stream::once(message));
    if let Some(key) = key {
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    }
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name()).parse().unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(5), client.streaming(request, path, Bytes)).await;
    let mut answers = match answer {
        Ok(Ok(answer)) => answer.into_inner(),
        Ok(Err(status)) => return status.code(),
        Err(_) => panic!("{} does not answer", method.name()),
    };
    // A watch stream has nothing to send yet, which is fine.
    match tokio::time::timeout(Duration::from_millis(300), answers.message()).await {
        Ok(Err(status)) => status.code(),
        Ok(Ok(_)) | Err(_) => Code::Ok,
    }
}

/// Returns a request that names a site in every field that can, or `None` if there is no such field.
fn naming(descriptor: &MessageDescriptor, site: &str, key_id: &str) -> Option<DynamicMessage> {
    let mut message = DynamicMessage::new(descriptor.clone());
    let mut named = false;
    for field in descriptor.fields() {
        match (field.name(), field.kind()) {
            ("site", _) => message.set_field(&field, Value::String(site.to_owned())),
            ("sites", _) => message.set_field(&field, Value::List(vec![Value::String(site.to_owned())])),
            ("key_id", _) => message.set_field(&field, Value::String(key_id.to_owned())),
            ("comment", Kind::Message(inner)) => match naming(&inner, site, key_id) {
                Some(inner) => message.set_field(&field, Value::Message(inner)),
                None => continue,
            },
            _ => continue,
        }
        named = true;
    }
    named.then_some(message)
}

/// Returns whether a role may call a method. This is independent of the table in the server.
fn is_for(role: Role, service: &str, method: &str) -> bool {
    match service {
        "gatepost.v1.ModerationService" => role != Role::Moderator || ["GetVerdict", "WatchVerdicts"].contains(&method),
        "gatepost.v1.ReviewService" => role != Role::Host,
        "gatepost.v1.AdminService" => match role {
            Role::Admin => true,
            Role::Moderator => ["PutListEntry", "ListEntries", "DeleteListEntry", "GetModelInfo"].contains(&method),
            _ => false,
        },
        other => panic!("{other} is a new service: say here whom it is for"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_open_to_another_role_or_for_another_site() {
    let server = Server::steady_with(HOLD_ALL, &["--admin-key", ADMIN]).await;
    let channel = server.connect().await;
    let theirs = make(&server, Role::Host, &[THERE], "theirs").await.key.unwrap().key_id;
    let pool = DescriptorPool::decode(pb::DESCRIPTORS).unwrap();
    let ours = pool.services().filter(|service| service.full_name().starts_with("gatepost."));
    let methods: Vec<_> = ours.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    assert!(methods.len() > 25, "{}", methods.len());
    let mut wrong = Vec::new();
    for role in [Role::Host, Role::Moderator, Role::Admin] {
        let key = make(&server, role, &[SITE], "ours").await;
        for method in &methods {
            let (service, name) = (method.parent_service().full_name().to_owned(), method.name().to_owned());
            let abroad = naming(&method.input(), THERE, &theirs);
            let here = naming(&method.input(), SITE, "nobody").map(|message| message.encode_to_vec()).unwrap_or_default();
            let mut expect = |what: &str, got: Code, denied: bool| {
                if (got == Code::PermissionDenied) != denied || got == Code::Unauthenticated {
                    wrong.push(format!("{role:?} {service}/{name} {what}: {got:?}"));
                }
            };
            let allowed = is_for(role, &service, &name);
            expect("here", call(&channel, method, Some(&key.secret), here.clone()).await, !allowed);
            match abroad {
                Some(abroad) => expect("there", call(&channel, method, Some(&key.secret), abroad.encode_to_vec()).await, true),
                None => assert_eq!(name, "ReloadPolicy", "{name} names no site: say here that it need not"),
            }
            for key in [None, Some("gp-aaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), Some("nonsense"), Some("")] {
                let got = call(&channel, method, key, here.clone()).await;
                if got != Code::Unauthenticated {
                    wrong.push(format!("without a key {service}/{name}: {got:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The key of the other site still exists, though three admins of this site tried to revoke it.
    let listed = AdminServiceClient::new(channel).list_keys(with(ADMIN, pb::ListKeysRequest::default())).await.unwrap();
    assert!(listed.into_inner().keys.iter().any(|key| key.key_id == theirs));
}

// === a key's life ===

#[tokio::test(flavor = "multi_thread")]
async fn a_key_made_on_one_server_serves_on_another_and_a_revoked_one_ends_there_within_a_second() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix, "--admin-key", ADMIN];
    let (first, second) = (Server::steady_with("", &flags).await, Server::steady_with("", &flags).await);
    let made = make(&first, Role::Host, &[SITE], "blog").await;
    check(&second, &made.secret, "1").await.unwrap();

    let request = pb::RevokeKeyRequest { key_id: made.key.unwrap().key_id };
    AdminServiceClient::new(first.connect().await).revoke_key(with(ADMIN, request)).await.unwrap();

    let revoked = Instant::now();
    let status = check(&first, &made.secret, "2").await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "KEY_UNKNOWN"));
    while check(&second, &made.secret, "3").await.is_ok() {
        assert!(revoked.elapsed() < Duration::from_secs(1), "it still serves");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_outlive_a_restart_and_a_redis_that_lost_them_is_told() {
    let mut redis = redis::OwnRedis::start();
    for embedded in [true, false] {
        let url = redis.url();
        let store = ["--store", &url];
        let mut server = Server::steady_with("", if embedded { &[] } else { &store }).await;
        let channel = server.connect().await;
        let first = pb::CreateKeyRequest { sites: vec!["*".into()], role: Role::Admin.into(), ..Default::default() };
        let admin = AdminServiceClient::new(channel).create_key(first).await.unwrap().into_inner().secret;
        check(&server, &admin, "1").await.unwrap();
        if embedded {
            server.restart().await;
        } else {
            redis.stop();
            redis.start_empty();
        }
        let until = Instant::now() + PATIENCE;
        while check(&server, &admin, "2").await.is_err() {
            assert!(Instant::now() < until);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(
            check(&server, "gp-aaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "3").await.unwrap_err().code(),
            Code::Unauthenticated
        );
        if !embedded {
            let fresh = Server::steady_with("", &store).await;
            check(&fresh, &admin, "4").await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_expired_key_ends_by_itself() {
    let server = Server::steady_with("", &["--admin-key", ADMIN]).await;
    let at = std::time::SystemTime::now() + Duration::from_secs(2);
    let request = pb::CreateKeyRequest {
        sites: vec![SITE.into()],
        role: Role::Host.into(),
        expires_at: Some(at.into()),
        ..Default::default()
    };
    let mut admin = AdminServiceClient::new(server.connect().await);
    let made = admin.create_key(with(ADMIN, request)).await.unwrap().into_inner();
    check(&server, &made.secret, "1").await.unwrap();

    let until = Instant::now() + PATIENCE;
    let status = loop {
        match check(&server, &made.secret, "2").await {
            Ok(_) => assert!(Instant::now() < until, "it never ends"),
            Err(status) => break status,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // The expiry of a key is stored in whole seconds.
    assert!(std::time::SystemTime::now() >= at - Duration::from_secs(1), "not before its time");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "KEY_EXPIRED"));
}

#[tokio::test]
async fn a_first_key_that_could_make_no_others_is_refused_and_from_the_first_on_all_callers_need_one() {
    let server = Server::steady().await;
    let mut admin = AdminServiceClient::new(server.connect().await);
    for (role, site) in [(Role::Host, "*"), (Role::Admin, SITE), (Role::Moderator, SITE)] {
        let request = pb::CreateKeyRequest { sites: vec![site.into()], role: role.into(), ..Default::default() };
        assert_eq!(admin.create_key(request).await.unwrap_err().code(), Code::InvalidArgument);
    }
    server.check(comment("1", "hello there")).await.unwrap();
    let first = pb::CreateKeyRequest { sites: vec!["*".into()], role: Role::Admin.into(), ..Default::default() };
    admin.create_key(first).await.unwrap();

    let status = server.check(comment("2", "hello there")).await.unwrap_err();

    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "KEY_MISSING"));
}

#[tokio::test]
async fn a_key_over_its_quota_is_told_when_to_come_back_and_others_are_not_touched() {
    let server = Server::steady_with("", &["--admin-key", ADMIN, "--key-quota", "5"]).await;
    // A name is only for display: two keys may have the same one.
    let (busy, quiet) = (make(&server, Role::Host, &[SITE], "blog").await, make(&server, Role::Host, &[SITE], "blog").await);
    let mut refused = None;
    for n in 0..20 {
        if let Err(status) = check(&server, &busy.secret, &n.to_string()).await {
            refused = Some(status);
            break;
        }
    }
    let status = refused.expect("twenty at once are more than five a second");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "QUOTA_EXCEEDED"));
    let wait = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(wait <= Duration::from_millis(200), "{wait:?}");
    check(&server, &quiet.secret, "other").await.unwrap();
    tokio::time::sleep(wait).await;
    check(&server, &busy.secret, "later").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_used_and_ended_from_the_command_line() {
    let server = Server::steady_with(HOLD_ALL, &["--admin-key", ADMIN]).await;
    let on = |key: &str, args: &[&str]| {
        gatepost(args)
            .env("GATEPOST_SERVER", server.url())
            .env("GATEPOST_SITE", SITE)
            .env("GATEPOST_KEY", key)
            .output()
            .unwrap()
    };
    let made = on(ADMIN, &["keys", "create", "--role", "moderator", "--name", "mia", "--expires", "30d"]);
    assert_eq!(code(&made), 0, "{}", err(&made));
    let mia = out(&made).trim().to_owned();
    assert!(mia.len() <= 63 && mia.starts_with("gp-"), "{mia}");
    let host = out(&on(ADMIN, &["keys", "create", "--role", "host"])).trim().to_owned();

    let checked = on(&host, &["check", "--server", &server.url(), "--format", "ids", "hello there"]);
    assert_eq!(code(&checked), 0, "{}", err(&checked));
    let refused = on(&mia, &["check", "--server", &server.url(), "hello there"]);
    assert_eq!(code(&refused), 4, "{}", err(&refused));
    let held = on(&mia, &["queue", "--format", "ids"]);
    let approved = on(&mia, &["approve", out(&held).trim(), "--format", "jsonl"]);
    assert!(out(&approved).contains("\"decided_by\":\"mia\""), "{} {}", out(&approved), err(&approved));

    let listed = on(ADMIN, &["keys", "list", "--format", "csv"]);
    assert_eq!(out(&listed).lines().count(), 3, "{}", out(&listed));
    assert!(out(&listed).contains(",mia,moderator,blog.example,"), "{}", out(&listed));
    assert!(!out(&listed).contains(&mia) && !out(&listed).lines().nth(1).unwrap().ends_with("never"), "{}", out(&listed));
    let id = mia.split('-').nth(1).unwrap();
    assert_eq!(code(&on(ADMIN, &["keys", "revoke", id])), 0);
    assert_eq!(code(&on(&mia, &["queue"])), 4);
    for secret in [ADMIN, &mia, &host] {
        assert_eq!(server.logged(secret), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_moderator_acts_under_the_name_of_the_key_whatever_name_is_sent() {
    let server = Server::steady_with(HOLD_ALL, &["--admin-key", ADMIN]).await;
    let host = make(&server, Role::Host, &[SITE], "blog").await;
    let mia = make(&server, Role::Moderator, &[SITE], "mia").await;
    check(&server, &host.secret, "1").await.unwrap();
    let decide = async |key: &str, decision: pb::Decision| {
        let request = pb::DecideCommentsRequest {
            site: SITE.into(),
            ids: vec!["1".into()],
            decision: decision.into(),
            moderator: "bob".into(),
            ..Default::default()
        };
        let answer = ReviewServiceClient::new(server.connect().await).decide_comments(with(key, request)).await.unwrap();
        answer.into_inner().results.remove(0).verdict.unwrap().decided_by
    };
    assert_eq!(decide(&mia.secret, pb::Decision::Approve).await, "mia");
    assert_eq!(decide(ADMIN, pb::Decision::Reject).await, "bob", "an operator speaks for others");
}

// === addresses that others can reach ===

#[tokio::test]
async fn where_others_can_reach_it_it_starts_only_with_a_key_and_with_tls_or_word_of_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let flags = |flags: &[&str]| flags.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (given, words) in [
        (&[][..], &["--tls-cert", "--tls-terminated-upstream"][..]),
        (&["--admin-key", ADMIN], &["--tls-cert", "--tls-terminated-upstream"]),
        (&["--tls-terminated-upstream"], &["--admin-key", "GATEPOST_ADMIN_KEY_FILE", "openssl rand"]),
        (&["--tls-terminated-upstream", "--admin-key", "short"], &["--admin-key", "24 random letters", "openssl rand"]),
    ] {
        let refusal = launch(folder.path(), "0.0.0.0:0", &flags(given)).unwrap_err();
        for word in words {
            assert!(refusal.contains(word), "{word} in {refusal}");
        }
        assert!(!refusal.contains(ADMIN));
    }
    let (mut child, _) =
        launch(folder.path(), "0.0.0.0:0", &flags(&["--tls-terminated-upstream", "--admin-key", ADMIN])).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}
