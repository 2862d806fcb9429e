//! Tests of block and allow entries: they apply to the next comment on every server, and entries about persons are stored as
//! hashes.

use std::time::Duration;

use gatepost::pb::{self, Decision, ListKind, ListTarget, Verdict};
use tonic::Status;

use crate::cli::{code, err, on, out};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by, comment};
use crate::redis;

async fn admin(server: &Server) -> pb::admin_service_client::AdminServiceClient<tonic::transport::Channel> {
    pb::admin_service_client::AdminServiceClient::new(server.connect().await)
}

fn entry(kind: ListKind, target: ListTarget, value: &str) -> pb::ListEntry {
    pb::ListEntry { kind: kind.into(), target: target.into(), value: value.into(), ..Default::default() }
}

async fn put(server: &Server, entry: pb::ListEntry) -> Result<pb::ListEntry, Status> {
    let request =
        pb::PutListEntryRequest { site: SITE.into(), entry: Some(entry), moderator: "mia".into(), ..Default::default() };
    Ok(admin(server).await.put_list_entry(request).await?.into_inner().entry.unwrap())
}

async fn remove(server: &Server, entry: pb::ListEntry) -> bool {
    let request = pb::DeleteListEntryRequest { site: SITE.into(), entry: Some(entry), moderator: "mia".into() };
    admin(server).await.delete_list_entry(request).await.unwrap().into_inner().existed
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// Returns a comment by Ada with this e-mail and IP address.
fn known(id: &str, email: &str, ip: &str) -> pb::Comment {
    pb::Comment {
        author: Some(pb::Author { name: "Ada".into(), email: email.into(), ..Default::default() }),
        client: Some(pb::Client { ip: ip.into(), ..Default::default() }),
        ..comment(id, "I see it differently, and here is why.")
    }
}

async fn on_the_next_comment_of_either(one: &Server, other: &Server) {
    assert_eq!(other.check(comment("0", "I like marmots a lot.")).await.unwrap().decision(), Decision::Approve);
    for round in 0..5 {
        put(one, entry(ListKind::Block, ListTarget::Word, "marmots")).await.unwrap();
        let blocked = other.check(comment(&format!("in-{round}"), "I like Marmots a lot.")).await.unwrap();
        assert_eq!((blocked.decision(), codes(&blocked)[0]), (Decision::Reject, "BLOCKED_WORD"));
        assert_eq!(blocked.reasons[0].rule_id, "list.block.word:marmots");
        assert_eq!(blocked.reasons[0].span, Some(pb::Span { begin: 7, end: 14 }));
        assert!(remove(other, entry(ListKind::Block, ListTarget::Word, "Marmots")).await);
        let free = one.check(comment(&format!("out-{round}"), "I like Marmots a lot.")).await.unwrap();
        assert_eq!(free.decision(), Decision::Approve);
    }
    assert!(!remove(one, entry(ListKind::Block, ListTarget::Word, "marmots")).await, "it was removed");
}

#[tokio::test]
async fn an_entry_counts_from_the_next_comment_on() {
    let server = Server::steady().await;
    on_the_next_comment_of_either(&server, &server).await;
}

#[tokio::test]
async fn an_entry_counts_on_every_server_of_a_redis_at_once() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let (one, other) = (Server::steady_with("", &flags).await, Server::steady_with("", &flags).await);
    on_the_next_comment_of_either(&one, &other).await;
}

#[tokio::test]
async fn each_kind_of_entry_matches_what_it_is_for() {
    let server = Server::steady().await;
    for (target, value) in [
        (ListTarget::Author, "u-7"),
        (ListTarget::Domain, "Casino.example"),
        (ListTarget::Address, "203.0.113.0/24"),
        (ListTarget::Address, "@bad.example"),
        (ListTarget::Address, "eve@mail.example"),
        (ListTarget::Address, "192.0.2.7"),
    ] {
        put(&server, entry(ListKind::Block, target, value)).await.unwrap();
    }
    let cases = [
        (by("u-7", "author", "hello"), "BLOCKED_AUTHOR"),
        (comment("domain", "see https://www.casino.example/x"), "BLOCKED_DOMAIN"),
        (known("range", "", "203.0.113.9"), "BLOCKED_ADDRESS"),
        (known("mails", "x@bad.example", ""), "BLOCKED_ADDRESS"),
        (known("mail", "Eve@Mail.example ", ""), "BLOCKED_ADDRESS"),
        (known("ip", "", "::ffff:192.0.2.7"), "BLOCKED_ADDRESS"),
    ];
    for (comment, expected) in cases {
        let id = comment.comment_id.clone();
        let verdict = server.check(comment).await.unwrap();
        assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Reject, expected), "{id}");
    }
    let innocent =
        [by("u-8", "a", "hello"), known("b", "adam@mail.example", "192.0.2.8"), comment("c", "see notcasino.example")];
    for comment in innocent {
        assert!(!codes(&server.check(comment).await.unwrap())[0].starts_with("BLOCKED"));
    }
}

#[tokio::test]
async fn an_allowed_author_is_published_whatever_the_score() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    put(&server, entry(ListKind::Allow, ListTarget::Author, "ada")).await.unwrap();
    put(&server, entry(ListKind::Allow, ListTarget::Address, "ada@mail.example")).await.unwrap();
    let verdict = server.check(by("ada", "1", "hello")).await.unwrap();
    assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Approve, "ALLOWED_AUTHOR"));
    let mut verified = known("2", "ada@mail.example", "");
    verified.author.as_mut().unwrap().email_verified = Some(true);
    let verdict = server.check(verified).await.unwrap();
    assert_eq!((verdict.decision(), codes(&verdict)[0]), (Decision::Approve, "ALLOWED_ADDRESS"));
    // Anybody can type an unverified address.
    let verdict = server.check(known("typed", "ada@mail.example", "")).await.unwrap();
    assert_eq!(verdict.decision(), Decision::Hold);
    assert!(codes(&verdict).contains(&"ADDRESS_UNVERIFIED"), "{verdict:?}");
    assert_eq!(server.check(by("eve", "3", "hello")).await.unwrap().decision(), Decision::Hold);
}

#[tokio::test]
async fn an_entry_ends_by_itself() {
    let server = Server::steady().await;
    let end = std::time::SystemTime::now() + Duration::from_secs(4);
    put(&server, pb::ListEntry { expires_at: Some(end.into()), ..entry(ListKind::Block, ListTarget::Word, "marmots") })
        .await
        .unwrap();
    assert_eq!(server.check(comment("in", "marmots")).await.unwrap().decision(), Decision::Reject);
    let until = std::time::Instant::now() + PATIENCE;
    for number in 0.. {
        let verdict = server.check(comment(&format!("out-{number}"), "I like marmots.")).await.unwrap();
        if verdict.decision() == Decision::Approve {
            break;
        }
        assert!(std::time::Instant::now() < until, "it does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let request = pb::ListEntriesRequest { site: SITE.into() };
    assert!(admin(&server).await.list_entries(request).await.unwrap().into_inner().entries.is_empty());
}

#[tokio::test]
async fn a_persons_address_is_kept_as_a_hash_and_found_again_also_after_the_secret_was_rotated() {
    let server = Server::steady().await;
    let kept = put(&server, entry(ListKind::Block, ListTarget::Address, "Eve@Mail.example")).await.unwrap();
    assert!(kept.value.starts_with('#') && kept.value.len() == 33, "{kept:?}");
    assert_eq!(kept.shown, "e…@mail.example");
    let rotate = pb::RotateSecretRequest { site: SITE.into() };
    admin(&server).await.rotate_secret(rotate).await.unwrap();
    assert_eq!(server.check(known("1", "eve@mail.example", "")).await.unwrap().decision(), Decision::Reject);
    assert!(remove(&server, entry(ListKind::Block, ListTarget::Address, &kept.value)).await, "by the hash as it is listed");
    assert_eq!(server.check(known("2", "eve@mail.example", "")).await.unwrap().decision(), Decision::Approve);
}

#[tokio::test]
async fn the_author_of_a_comment_is_blocked_without_anybody_knowing_the_address() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    server.check(known("1", "eve@mail.example", "")).await.unwrap();
    server.check(by("u-9", "2", "hello")).await.unwrap();
    server.check(comment("3", "by nobody")).await.unwrap();
    let block = async |id: &str| {
        let entry = pb::ListEntry { kind: ListKind::Block.into(), ..Default::default() };
        let request =
            pb::PutListEntryRequest { site: SITE.into(), entry: Some(entry), author_of: id.into(), ..Default::default() };
        admin(&server).await.put_list_entry(request).await
    };
    assert!(block("1").await.unwrap().into_inner().entry.unwrap().value.starts_with('#'));
    assert_eq!(block("2").await.unwrap().into_inner().entry.unwrap().value, "u-9");
    assert!(block("3").await.unwrap_err().message().contains("neither by user id nor by e-mail"));
    assert!(block("none").await.is_err());
    assert_eq!(server.check(known("4", "eve@mail.example", "")).await.unwrap().decision(), Decision::Reject);
    assert_eq!(server.check(by("u-9", "5", "hello")).await.unwrap().decision(), Decision::Reject);
}

#[tokio::test]
async fn what_is_no_entry_is_refused_with_what_would_be() {
    let server = Server::steady().await;
    for (entry, words) in [
        (entry(ListKind::Unspecified, ListTarget::Word, "x"), "LIST_KIND"),
        (entry(ListKind::Block, ListTarget::Unspecified, "x"), "LIST_TARGET"),
        (entry(ListKind::Block, ListTarget::Word, "!!"), "contains no word"),
        (entry(ListKind::Block, ListTarget::Domain, "https://x/y"), "a domain such as"),
        (entry(ListKind::Block, ListTarget::Address, "nobody"), "an e-mail address"),
        (entry(ListKind::Block, ListTarget::Word, &"x".repeat(2_000)), "1 to 1024"),
        (
            pb::ListEntry {
                expires_at: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
                ..entry(ListKind::Block, ListTarget::Word, "x")
            },
            "the future",
        ),
    ] {
        let refused = put(&server, entry.clone()).await.unwrap_err();
        assert!(refused.message().contains(words), "{entry:?}: {}", refused.message());
    }
}

#[tokio::test]
async fn entries_are_put_listed_and_removed_from_the_command_line_and_the_audit_tells() {
    let server = Server::steady().await;
    let put = on(
        &server,
        &["list", "block", "domain", "casino.example", "--expires", "30d", "--note", "a wave", "--moderator", "mia"],
    );
    assert_eq!(code(&put), 0, "{}", err(&put));
    assert_eq!(code(&on(&server, &["list", "allow", "word", "ISIS"])), 0);
    let listed = on(&server, &["list", "--format", "csv"]);
    let lines: Vec<&str> = out(&listed).lines().collect();
    assert!(lines[1].starts_with("allow,word,isis,") && lines[2].starts_with("block,domain,casino.example,"), "{lines:?}");
    assert_eq!(code(&on(&server, &["list", "remove", "block", "domain", "casino.example"])), 0);
    assert_eq!(code(&on(&server, &["list", "remove", "block", "domain", "casino.example"])), 1);
    let audit = on(&server, &["audit", "--oldest-first", "--format", "csv"]);
    let told: Vec<&str> = out(&audit).lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(told, ["block domain casino.example", "allow word isis", "block domain casino.example"]);
}
