//! Tests of one comment: its verdict, its repeats and its edits.

use std::collections::HashSet;

use gatepost::pb::{self, Decision};

use crate::harness::{HOLD_ALL, SITE, Server, by, check, comment};
use crate::redis;

const SPAM: &str =
    "Cheap pills! Visit http://pills.example/buy now and earn $5000 a week, subscribe to my channel http://pills.example";

#[tokio::test]
async fn a_spam_comment_gets_a_verdict_that_says_why_and_where() {
    let server = Server::steady().await;
    let verdict = server.check(comment("1", SPAM)).await.unwrap();

    assert_ne!(verdict.decision(), Decision::Approve, "{verdict:?}");
    assert!(verdict.scores["spam"] > 0.5, "{:?}", verdict.scores);
    assert!(verdict.scores.values().all(|score| (0.0..=1.0).contains(score)));
    assert_eq!((verdict.site.as_str(), verdict.comment_id.as_str(), verdict.revision), (SITE, "1", 1));
    assert_eq!(verdict.decided_by, "MACHINE");
    assert!(!verdict.verdict_id.is_empty() && !verdict.model_version.is_empty() && !verdict.policy_version.is_empty());
    let length = u32::try_from(SPAM.chars().count()).unwrap();
    let spans: Vec<_> = verdict.reasons.iter().filter_map(|reason| reason.span).collect();
    assert!(!spans.is_empty() && spans.iter().all(|span| span.begin < span.end && span.end <= length), "{spans:?}");
}

#[tokio::test]
async fn the_weights_of_the_reasons_add_up_to_the_score() {
    let server = Server::steady().await;
    let mut sent = comment("1", SPAM);
    sent.form = Some(pb::Form { honeypot: "bot".into(), fill_seconds: Some(0.5) });
    let verdict = server.check(sent).await.unwrap();

    let logit: f64 = verdict.reasons.iter().filter(|reason| reason.label == "spam").map(|reason| reason.weight).sum();
    let score = verdict.scores["spam"];
    assert!((1.0 / (1.0 + (-logit).exp()) - score).abs() < 1e-4, "{logit} {score} {:?}", verdict.reasons);
}

#[tokio::test]
async fn a_harmless_first_comment_is_approved_at_once() {
    let server = Server::steady().await;
    for (id, body) in [
        ("1", "I disagree with the author about the sanctions, and here is why: they never worked before."),
        ("2", "Thanks, the part about the stolen weapons was new to me. Do you have a source?"),
        ("3", "See https://en.wikipedia.org/wiki/Islamic_State for the history of ISIS."),
    ] {
        let verdict = server.check(by("ada", id, body)).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Approve, "{body}: {:?}", verdict.reasons);
        assert!(!verdict.reasons.is_empty());
    }
    assert!(server.queue().await.is_empty());
}

#[tokio::test]
async fn spans_count_unicode_scalar_values_of_the_body_as_it_was_sent() {
    let server = Server::steady_with("[blocked]\nwords = [\"forbidden\"]\n", &[]).await;
    let mut sent = comment("1", "  <p>😀é &amp; <b>Forbidden</b> fruit</p>");
    sent.body_format = pb::BodyFormat::Html.into();
    let body: Vec<char> = sent.body.chars().collect();
    let verdict = server.check(sent).await.unwrap();

    assert_eq!(verdict.decision(), Decision::Reject);
    let reason = verdict.reasons.iter().find(|reason| reason.code == "BLOCKED_WORD").unwrap();
    assert_eq!(reason.rule_id, "blocked.words[0]");
    let span = reason.span.unwrap();
    let pointed: String = body[span.begin as usize..span.end as usize].iter().collect();
    assert_eq!(pointed, "Forbidden");
}

#[tokio::test]
async fn the_same_comment_sent_again_gets_the_same_verdict_and_is_queued_and_counted_once() {
    let server =
        Server::steady_with(&format!("{HOLD_ALL}[limits]\nauthor = {{ count = 10, period = \"1h\", burst = 10 }}\n"), &[])
            .await;
    let first = server.check(by("ada", "1", "hello")).await.unwrap();
    let again = server.check(by("ada", "1", "hello")).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(server.queue().await, ["1"]);

    let other = server.check(by("ada", "2", "hello")).await.unwrap();
    assert_eq!(other.rate_limit.unwrap().remaining, 8, "ten, less two comments");
}

async fn concurrent_repeats_have_one_verdict(servers: &[&Server]) {
    let mut calls = tokio::task::JoinSet::new();
    for i in 0..48 {
        let mut host = servers[i % servers.len()].host();
        calls.spawn(async move { check(&mut host, by("ada", "same", "hello")).await.unwrap() });
    }
    let verdicts: Vec<_> = calls.join_all().await;
    let ids: HashSet<_> = verdicts.iter().map(|verdict| (&verdict.verdict_id, verdict.revision, verdict.decision)).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(servers[0].queue().await, ["same"]);
    let other = servers[0].check(by("ada", "other", "hello")).await.unwrap();
    assert_eq!(other.rate_limit.unwrap().remaining, 98, "a hundred, less two comments");
}

const HUNDRED: &str = "[limits]\nauthor = { count = 100, period = \"10h\", burst = 100 }\n";

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_repeats_on_one_server_have_one_verdict_and_count_once() {
    let server = Server::steady_with(&format!("{HOLD_ALL}{HUNDRED}"), &[]).await;
    concurrent_repeats_have_one_verdict(&[&server]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_repeats_on_two_servers_of_one_redis_have_one_verdict_and_count_once() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let policy = format!("{HOLD_ALL}{HUNDRED}");
    let (one, two) = (Server::steady_with(&policy, &flags).await, Server::steady_with(&policy, &flags).await);
    concurrent_repeats_have_one_verdict(&[&one, &two]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_repeats_of_a_comment_that_needs_a_second_thought_have_one_verdict() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    // The author has no approved comment, so no tentative verdict stands.
    let policy = format!("[authors]\napproved_before_trust = 1\n{HUNDRED}");
    let (one, two) = (Server::steady_with(&policy, &flags).await, Server::steady_with(&policy, &flags).await);
    concurrent_repeats_have_one_verdict(&[&one, &two]).await;
}

#[tokio::test]
async fn a_changed_body_is_an_edit_and_decided_anew() {
    let server = Server::steady_with("[blocked]\nwords = [\"forbidden\"]\ndecision = \"hold\"\n", &[]).await;
    let first = server.check(comment("1", "forbidden fruit")).await.unwrap();
    assert_eq!((first.decision(), first.revision), (Decision::Hold, 1));

    let edited = server.check(comment("1", "an apple")).await.unwrap();
    assert_eq!((edited.decision(), edited.revision), (Decision::Approve, 2));
    assert_ne!(edited.verdict_id, first.verdict_id);
    assert!(server.queue().await.is_empty(), "the edit left the queue");
}

#[tokio::test]
async fn an_edit_of_what_a_moderator_rejected_goes_back_to_a_moderator() {
    let server = Server::steady().await;
    server.check(comment("1", "hello")).await.unwrap();
    server.decide("1", Decision::Reject).await;
    let edited = server.check(comment("1", "hello again")).await.unwrap();
    assert_eq!(edited.decision(), Decision::Hold);
    assert_eq!(edited.reasons[0].code, "EDITED_AFTER_REJECTION");
}

#[tokio::test]
async fn a_dry_run_leaves_no_trace() {
    let server = Server::steady_with(&format!("{HOLD_ALL}{HUNDRED}"), &[]).await;
    let request = pb::CheckCommentRequest { comment: Some(by("ada", "1", "hello")), dry_run: true };
    for _ in 0..3 {
        let verdict = server.host().check_comment(request.clone()).await.unwrap().into_inner().verdict.unwrap();
        assert_eq!(verdict.decision(), Decision::Hold);
        assert_eq!(verdict.rate_limit.unwrap().remaining, 99, "as if it were counted, and it never is");
    }
    assert!(server.queue().await.is_empty());
    let unknown = pb::GetVerdictRequest { site: SITE.into(), comment_id: "1".into() };
    assert_eq!(server.host().get_verdict(unknown).await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn no_email_and_no_address_is_kept_as_it_is() {
    let mut server = Server::steady_with(HOLD_ALL, &[]).await;
    let mut sent = by("", "1", "hello");
    sent.author = Some(pb::Author { name: "Ada".into(), email: "ada@secret-mail.example".into(), ..Default::default() });
    sent.client = Some(pb::Client { ip: "203.0.113.77".into(), ..Default::default() });
    server.check(sent).await.unwrap();
    assert!(server.terminate().success());

    for entry in std::fs::read_dir(server.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in [&b"secret-mail"[..], b"203.0.113.77"] {
            let found = bytes.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret));
            assert!(!found, "{} holds {}", path.display(), String::from_utf8_lossy(secret));
        }
    }
}
