//! Tests of invalid and malicious input: each gets a clear answer, and the server is unharmed.

use std::time::Duration;

use gatepost::pb::{self, Decision};
use prost_types::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::harness::{SITE, Server, comment};

fn fields(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(status.get_details_error_info().unwrap().domain, "gatepost");
    let mut fields: Vec<_> =
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|violation| violation.field).collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn every_violation_is_named_at_once() {
    let server = Server::steady().await;
    let bad = pb::Comment {
        site: "two words".into(),
        comment_id: "a{b}".into(),
        parent_id: "bell\u{7}".into(),
        author: Some(pb::Author { user_id: "nul\u{0}".into(), name: "x".repeat(2_000), ..Default::default() }),
        post: Some(pb::Post {
            id: "new\nline".into(),
            published_at: Some(Timestamp { seconds: 253_370_764_800, nanos: 0 }),
            ..Default::default()
        }),
        body: " \n ".into(),
        body_format: 99,
        submitted_at: Some(Timestamp { seconds: -1, nanos: 0 }),
        form: Some(pb::Form { honeypot: String::new(), fill_seconds: Some(f64::NAN) }),
        ..Default::default()
    };
    assert_eq!(
        fields(&server.check(bad).await.unwrap_err()),
        [
            "comment.body",
            "comment.body_format",
            "comment.comment_id",
            "comment.post.published_at",
            "comment.site",
            "comment.submitted_at",
        ]
    );
}

#[tokio::test]
async fn an_empty_request_names_what_is_missing() {
    let server = Server::steady().await;
    let status = server.host().check_comment(pb::CheckCommentRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["comment.body", "comment.comment_id", "comment.site"]);
}

#[tokio::test]
async fn a_body_of_the_longest_length_passes_and_one_byte_more_does_not() {
    let server = Server::steady().await;
    let longest = format!("  {}  ", "a b ".repeat(16_384));
    assert_eq!(longest.trim().len(), 65_535);
    server.check(comment("1", &format!("{}c", longest.trim()))).await.unwrap();
    let status = server.check(comment("2", &format!("{}cd", longest.trim()))).await.unwrap_err();
    assert_eq!(fields(&status), ["comment.body"]);
}

#[tokio::test]
async fn malformed_urls_and_addresses_are_evidence_not_errors() {
    let server = Server::steady().await;
    let mut odd = comment("1", "hello there");
    odd.author = Some(pb::Author { email: "not an e-mail".into(), url: Some("ht!tp:/\\".into()), ..Default::default() });
    odd.client = Some(pb::Client { ip: "999.1.1.1".into(), user_agent: "\u{0}".into(), ..Default::default() });
    let verdict = server.check(odd).await.unwrap();
    assert!(verdict.reasons.iter().any(|reason| reason.code == "ADDRESS_NOT_UNDERSTOOD"), "{verdict:?}");
}

#[tokio::test]
async fn what_a_visitor_sends_too_much_of_is_cut_and_names_may_be_in_any_script() {
    let server = Server::steady().await;
    for (number, user_id) in ["ada lovelace", "o'brien", "j\u{fc}rgen", "{\u{1F600}}"].iter().enumerate() {
        let mut long = comment(&format!("c{number}"), "hello there");
        let author = pb::Author { name: "n".repeat(9_000), email: "e".repeat(9_000), ..Default::default() };
        long.author = Some(pb::Author { user_id: (*user_id).into(), url: Some("u".repeat(9_000)), ..author });
        let client = pb::Client { ip: "203.0.113.8:51234".into(), ..Default::default() };
        long.client = Some(pb::Client { user_agent: "a".repeat(9_000), referrer: "r".repeat(9_000), ..client });
        long.post = Some(pb::Post { id: "/2020/\u{fc}ber-uns/".into(), ..Default::default() });
        long.parent_id = "\u{e9}".into();
        let verdict = server.check(long).await.unwrap();
        assert!(verdict.reasons.iter().all(|reason| reason.code != "ADDRESS_NOT_UNDERSTOOD"), "{verdict:?}");
    }
    let mut endless = comment("endless", "hello there");
    endless.author = Some(pb::Author {
        user_id: format!("u\u{0}\n{}", "7".repeat(3_000)),
        role: "r".repeat(9_000),
        url: Some(format!("{}http://pills.example/{}", " ".repeat(9_000), "x".repeat(9_000))),
        ..Default::default()
    });
    endless.post = Some(pb::Post {
        id: "p".repeat(9_000),
        url: format!("http://blog.example/?{}", "q".repeat(9_000)),
        title: "t".repeat(9_000),
        language: "l".repeat(99),
        ..Default::default()
    });
    endless.parent_id = "\u{7}".repeat(999);
    endless.language = "l".repeat(99);
    for seconds in [f64::NAN, f64::INFINITY, -1.0] {
        endless.form = Some(pb::Form { honeypot: " ".repeat(9_000), fill_seconds: Some(seconds) });
        endless.comment_id.push('x');
        let verdict = server.check(endless.clone()).await.unwrap();
        assert!(!verdict.reasons.iter().any(|reason| ["HONEYPOT", "FAST_FORM"].contains(&&*reason.code)), "{verdict:?}");
    }
    // The author can be blocked by the id of the comment that the host sent.
    let mut admin = gatepost::pb::admin_service_client::AdminServiceClient::new(server.connect().await);
    let entry = pb::ListEntry {
        kind: pb::ListKind::Block.into(),
        target: pb::ListTarget::Author.into(),
        value: endless.author.as_ref().unwrap().user_id[..1_000].to_owned(),
        ..Default::default()
    };
    let put = |entry: pb::ListEntry| pb::PutListEntryRequest { site: SITE.into(), entry: Some(entry), ..Default::default() };
    admin.put_list_entry(put(entry.clone())).await.unwrap();
    let mut named = comment("named", "hello there");
    named.author = Some(pb::Author { user_id: entry.value, ..Default::default() });
    assert_eq!(server.check(named).await.unwrap().decision(), pb::Decision::Reject);
    let mut list = comment("list", "hello there");
    list.client = Some(pb::Client { ip: "203.0.113.8, 198.51.100.7".into(), ..Default::default() });
    let verdict = server.check(list).await.unwrap();
    assert!(verdict.reasons.iter().any(|reason| reason.code == "ADDRESS_NOT_UNDERSTOOD"), "{verdict:?}");
}

#[tokio::test]
async fn a_message_of_ten_megabytes_is_refused_and_says_how_long_it_may_be() {
    let server = Server::steady().await;
    let status = server.check(comment("1", &"x".repeat(10_000_000))).await.unwrap_err();
    assert_eq!(fields(&status), ["request"]);
    assert!(status.message().contains("1048576"), "{status:?}");
}

#[tokio::test]
async fn html_bombs_and_stacks_of_marks_are_judged_or_refused_in_time() {
    let server = Server::steady().await;
    let html = |id: &str, body: String| pb::Comment { body_format: pb::BodyFormat::Html.into(), ..comment(id, &body) };
    let markdown = |id: &str, body: String| pb::Comment { body_format: pb::BodyFormat::Markdown.into(), ..comment(id, &body) };
    let begun = std::time::Instant::now();
    for (i, bomb) in [
        html("1", "<div><b>".repeat(8_000)),
        html("2", "<a href=x ".repeat(6_000)),
        html("3", "&amp;".repeat(13_000)),
        html("4", "<!--".repeat(16_000)),
        markdown("5", "[".repeat(60_000)),
        markdown("6", "> ".repeat(30_000)),
        markdown("7", "*a_ ".repeat(15_000)),
        markdown("8", "`".repeat(60_000)),
        comment("9", &format!("a{}", "\u{301}".repeat(32_000))),
        comment("10", &"\u{202e}\u{200b}".repeat(10_000)),
    ]
    .into_iter()
    .enumerate()
    {
        server.check(bomb).await.unwrap_or_else(|status| panic!("bomb {}: {status:?}", i + 1));
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let marks = comment("11", &"\u{301}".repeat(100_000));
    assert_eq!(fields(&server.check(marks).await.unwrap_err()), ["comment.body"]);
}

#[tokio::test]
async fn random_bytes_on_the_port_harm_nobody() {
    let server = Server::steady().await;
    for bytes in [
        &b"GET / HTTP/1.0\r\n\r\n"[..],
        &[0xff; 5_000],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"",
    ] {
        let mut socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        // The server may close the connection before everything is written.
        let _ = socket.write_all(bytes).await;
        let _ = socket.shutdown().await;
        let _ = tokio::time::timeout(Duration::from_secs(2), socket.read_to_end(&mut Vec::new())).await;
    }
    let verdict = server.check(comment("1", "hello there")).await.unwrap();
    assert_eq!(verdict.decision(), Decision::Approve);
}

#[tokio::test]
async fn bytes_that_are_no_message_are_an_invalid_argument() {
    let server = Server::steady().await;
    let mut client = tonic::client::Grpc::new(server.connect().await);
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/gatepost.v1.ModerationService/CheckComment");
    // The first field of this request is text, and that of the expected request is a message, which the text is not.
    let sent = pb::GetVerdictRequest { site: "\u{7f}\u{7f}\u{7f}".into(), comment_id: String::new() };
    let codec = tonic_prost::ProstCodec::<pb::GetVerdictRequest, pb::CheckCommentResponse>::default();
    let status = client.unary(tonic::Request::new(sent), path, codec).await.unwrap_err();
    assert_eq!(fields(&status), ["request"]);
}

#[tokio::test]
async fn the_desk_names_its_violations_too() {
    let server = Server::steady().await;
    let list =
        pb::ListCommentsRequest { filter: "colour=red".into(), order_by: "luck".into(), page_size: -1, ..Default::default() };
    assert_eq!(fields(&server.desk().list_comments(list).await.unwrap_err()), ["filter", "order_by", "page_size", "site"]);
    let token = pb::ListCommentsRequest { site: "s".into(), page_token: "nonsense".into(), ..Default::default() };
    assert_eq!(fields(&server.desk().list_comments(token).await.unwrap_err()), ["page_token"]);
    let decide = pb::DecideCommentsRequest { decision: 9, moderator: "machine".into(), ..Default::default() };
    let status = server.desk().decide_comments(decide).await.unwrap_err();
    assert_eq!(fields(&status), ["decision", "ids", "moderator", "site"]);
    let watch = pb::WatchVerdictsRequest { site: "s".into(), after_cursor: Some("yesterday".into()) };
    assert_eq!(fields(&server.host().watch_verdicts(watch).await.unwrap_err()), ["after_cursor"]);
}
