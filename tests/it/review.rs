//! Tests of review: list, decide, conflict, undo.

use std::time::{Duration, Instant};

use gatepost::pb::{self, Decision};
use tonic::Code;

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by, comment};
use crate::redis;

fn listing(filter: &str, order_by: &str, page_size: i32, page_token: &str) -> pb::ListCommentsRequest {
    pb::ListCommentsRequest {
        site: SITE.into(),
        filter: filter.into(),
        order_by: order_by.into(),
        page_size,
        page_token: page_token.into(),
    }
}

fn ids(answer: &pb::ListCommentsResponse) -> Vec<&str> {
    answer.comments.iter().map(|comment| comment.comment.as_ref().unwrap().comment_id.as_str()).collect()
}

async fn undo(server: &Server, id: &str) -> pb::ReviewResult {
    let request =
        pb::UndoDecisionRequest { site: SITE.into(), ids: vec![id.into()], moderator: "bob".into(), ..Default::default() };
    server.desk().undo_decision(request).await.unwrap().into_inner().results.remove(0)
}

async fn a_day_at_the_desk(server: &Server) {
    let held = server.check(by("ada", "1", "hello")).await.unwrap();
    assert_eq!(server.queue().await, ["1"]);

    let approved = server.decide("1", Decision::Approve).await.verdict.unwrap();
    assert_eq!((approved.decision(), approved.decided_by.as_str(), approved.revision), (Decision::Approve, "ada", 2));
    assert_eq!(approved.verdict_id, held.verdict_id);
    assert_eq!(approved.reasons[0].code, "MODERATOR");
    assert!(server.queue().await.is_empty());
    let stands = pb::GetVerdictRequest { site: SITE.into(), comment_id: "1".into() };
    assert_eq!(server.host().get_verdict(stands).await.unwrap().into_inner().verdict.unwrap(), approved);
    // A retry of the host gets the current decision, not the first automatic one.
    assert_eq!(server.check(by("ada", "1", "hello")).await.unwrap().decision(), Decision::Approve);

    let again = server.decide("1", Decision::Approve).await;
    assert_eq!((again.error, again.verdict.unwrap().revision), (None, 2), "repeating a decision changes nothing");

    let request = pb::DecideCommentsRequest {
        site: SITE.into(),
        ids: vec!["1".into(), "missing".into(), "bad{id}".into()],
        decision: Decision::Reject.into(),
        expected_revision: Some(1),
        moderator: "bob".into(),
        reason_code: "spam".into(),
        note: "seen elsewhere".into(),
        ..Default::default()
    };
    let results = server.desk().decide_comments(request.clone()).await.unwrap().into_inner().results;
    let reasons: Vec<_> = results.iter().map(|result| result.error.as_ref().unwrap().reason.as_str()).collect();
    assert_eq!(reasons, ["CONFLICT", "NOT_FOUND", "INVALID_ID"]);
    assert_eq!(results[0].verdict.as_ref().unwrap().decided_by, "ada", "a conflict says who was first");

    let request = pb::DecideCommentsRequest { expected_revision: Some(2), ids: vec!["1".into()], ..request };
    let rejected = server.desk().decide_comments(request).await.unwrap().into_inner().results.remove(0).verdict.unwrap();
    assert_eq!((rejected.decision(), rejected.revision), (Decision::Reject, 3));

    assert_eq!(undo(server, "1").await.verdict.unwrap().decision(), Decision::Approve);
    let first = undo(server, "1").await.verdict.unwrap();
    assert_eq!((first.decision(), first.decided_by.as_str(), first.revision), (Decision::Hold, "MACHINE", 5));
    assert_eq!(server.queue().await, ["1"]);
    assert_eq!(undo(server, "1").await.error.unwrap().reason, "NOTHING_TO_UNDO");

    let known = pb::GetCommentRequest { site: SITE.into(), comment_id: "1".into() };
    let known = server.desk().get_comment(known).await.unwrap().into_inner();
    let acts: Vec<_> = known.audit_events.iter().map(|event| (event.act.as_str(), event.by.as_str(), event.revision)).collect();
    assert_eq!(
        acts,
        [("CHECKED", "MACHINE", 1), ("DECIDED", "ada", 2), ("DECIDED", "bob", 3), ("UNDONE", "bob", 4), ("UNDONE", "bob", 5)]
    );
    assert_eq!(known.audit_events[2].note, "seen elsewhere");
    assert_eq!(known.author_history.unwrap(), pb::AuthorHistory { approved: 0, held: 1, rejected: 0 });
    assert_eq!(known.comment.unwrap().body, "hello");
}

#[tokio::test]
async fn a_held_comment_is_decided_redecided_and_undone() {
    a_day_at_the_desk(&Server::start(HOLD_ALL, &[]).await).await;
}

#[tokio::test]
async fn the_same_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    a_day_at_the_desk(&Server::steady_with(HOLD_ALL, &["--store", &url, "--redis-prefix", &prefix]).await).await;
}

#[tokio::test]
async fn lists_come_in_order_filtered_and_in_pages_that_stay_stable() {
    let server = Server::start(HOLD_ALL, &[]).await;
    for id in ["a", "b", "c", "d", "e"] {
        server.check(comment(id, "hello there")).await.unwrap();
    }
    let mut desk = server.desk();
    let first = desk.list_comments(listing("", "oldest", 2, "")).await.unwrap().into_inner();
    assert_eq!(ids(&first), ["a", "b"]);
    // A comment that leaves the queue between two pages causes neither gaps nor repeats on the next page.
    server.decide("b", Decision::Approve).await;
    let next = desk.list_comments(listing("", "oldest", 2, &first.next_page_token)).await.unwrap().into_inner();
    assert_eq!(ids(&next), ["c", "d"]);
    let last = desk.list_comments(listing("", "oldest", 2, &next.next_page_token)).await.unwrap().into_inner();
    assert_eq!((ids(&last), last.next_page_token.as_str()), (vec!["e"], ""));

    let newest = desk.list_comments(listing("decision=any", "newest", 0, "")).await.unwrap().into_inner();
    assert_eq!(ids(&newest), ["e", "d", "c", "b", "a"]);
    let approved = desk.list_comments(listing("decision=approve", "", 0, "")).await.unwrap().into_inner();
    assert_eq!(ids(&approved), ["b"]);
    let none = desk.list_comments(listing("score>0.999", "", 0, "")).await.unwrap().into_inner();
    assert!(ids(&none).is_empty());
}

#[tokio::test]
async fn the_riskier_of_two_comments_comes_first() {
    let server = Server::start(HOLD_ALL, &[]).await;
    server.check(comment("calm", "What a thoughtful article, thank you.")).await.unwrap();
    server
        .check(comment("spam", "Earn $5000 now!!! subscribe http://x.example http://x.example http://x.example"))
        .await
        .unwrap();
    assert_eq!(server.queue().await, ["spam", "calm"]);
}

#[tokio::test]
async fn what_is_not_known_is_not_found() {
    let server = Server::steady().await;
    let known = pb::GetCommentRequest { site: SITE.into(), comment_id: "1".into() };
    assert_eq!(server.desk().get_comment(known).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_page_of_long_comments_ends_early_and_none_is_missed() {
    let server = Server::start(HOLD_ALL, &[]).await;
    let text = "a very long story ".repeat(1_000);
    for n in 0..40 {
        server.check(comment(&format!("long-{n}"), &format!("{n} {text}"))).await.unwrap();
    }
    let (mut ids, mut pages, mut token) = (std::collections::BTreeSet::new(), 0, String::new());
    loop {
        let page = server.desk().list_comments(listing("", "", 1_000, &token)).await.unwrap().into_inner();
        let bytes = prost::Message::encoded_len(&page);
        assert!(bytes < 400 * 1024, "{bytes} bytes");
        ids.extend(page.comments.into_iter().map(|kept| kept.comment.unwrap().comment_id));
        (pages, token) = (pages + 1, page.next_page_token);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(ids.len(), 40);
    assert!((3..10).contains(&pages), "{pages} pages");
}

#[tokio::test]
async fn comments_are_found_by_a_word_and_by_their_author() {
    let server = Server::start(HOLD_ALL, &[]).await;
    for (author, id, text) in
        [("ada", "1", "About the Sanctions"), ("ada", "2", "hello"), ("bob", "3", "more sanctions, please")]
    {
        server.check(by(author, id, text)).await.unwrap();
    }
    for (filter, found) in
        [("text=SANCTIONS", vec!["1", "3"]), ("author=ada", vec!["1", "2"]), ("author=ada text=sanct", vec!["1"])]
    {
        let page = server.desk().list_comments(listing(filter, "oldest", 0, "")).await.unwrap().into_inner();
        assert_eq!(ids(&page), found, "{filter}");
    }
}

fn wish(moderator: &str) -> pb::ClaimCommentsRequest {
    pb::ClaimCommentsRequest { site: SITE.into(), moderator: moderator.into(), ..Default::default() }
}

fn these(moderator: &str, id: &str) -> pb::ClaimCommentsRequest {
    pb::ClaimCommentsRequest { ids: vec![id.into()], ..wish(moderator) }
}

async fn claim(server: &Server, request: pb::ClaimCommentsRequest) -> pb::ClaimCommentsResponse {
    server.desk().claim_comments(request).await.unwrap().into_inner()
}

fn claimed(answer: &pb::ClaimCommentsResponse) -> Vec<String> {
    answer.comments.iter().map(|one| one.comment.as_ref().unwrap().comment_id.clone()).collect()
}

/// Asserts that moderators never get the same comment, on two servers with one store or on one server.
async fn moderators_do_not_meet(here: &Server, there: &Server) {
    for n in 0..30 {
        here.check(comment(&n.to_string(), "hello there")).await.unwrap();
    }
    // Four moderators claim three comments at a time until none is left.
    let mut moderators = tokio::task::JoinSet::new();
    for (n, server) in [here, there, here, there].into_iter().enumerate() {
        let mut desk = server.desk();
        moderators.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let request = pb::ClaimCommentsRequest { max: 3, ..wish(&format!("m{n}")) };
                let got = claimed(&desk.claim_comments(request).await.unwrap().into_inner());
                if got.is_empty() {
                    return mine;
                }
                mine.extend(got);
            }
        });
    }
    let mut all: Vec<String> = moderators.join_all().await.concat();
    all.sort();
    let once: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), once.len()), (30, 30), "each comment went to one");
    let list = here.desk().list_comments(listing("", "", 0, "")).await.unwrap().into_inner();
    assert!(!list.comments.is_empty());
    assert!(list.comments.iter().all(|one| one.claim.as_ref().unwrap().moderator.starts_with('m')));

    here.check(comment("x", "hello there")).await.unwrap();
    let mine = claim(here, these("bob", "x")).await;
    assert_eq!(claimed(&mine), ["x"]);
    // Ada claims the comment on the other server.
    let refused = claim(there, these("ada", "x")).await;
    assert_eq!((claimed(&refused).len(), refused.errors[0].reason.as_str()), (0, "CLAIMED"));
    assert!(refused.errors[0].message.starts_with("bob is at work on it until "), "{}", refused.errors[0].message);
    let conflict = there.decide("x", Decision::Approve).await;
    assert_eq!(conflict.error.unwrap().reason, "CLAIMED");
    assert_eq!(conflict.verdict.unwrap().decision(), Decision::Hold);
    let known = pb::GetCommentRequest { site: SITE.into(), comment_id: "x".into() };
    let known = there.desk().get_comment(known).await.unwrap().into_inner();
    assert_eq!(known.claim.unwrap().moderator, "bob");
    // Ada cannot release a claim of Bob. Bob can renew and release it.
    let back =
        |moderator: &str| pb::ReleaseCommentsRequest { site: SITE.into(), ids: vec!["x".into()], moderator: moderator.into() };
    there.desk().release_comments(back("ada")).await.unwrap();
    assert_eq!(claimed(&claim(here, these("bob", "x")).await), ["x"]);
    here.desk().release_comments(back("bob")).await.unwrap();
    here.desk().release_comments(back("bob")).await.unwrap();

    // A claim ends by itself, and with the decision.
    let short = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    assert_eq!(claimed(&claim(here, pb::ClaimCommentsRequest { lease: short, ..these("bob", "x") }).await), ["x"]);
    let since = Instant::now();
    while claimed(&claim(there, these("ada", "x")).await).is_empty() {
        assert!(since.elapsed() < PATIENCE, "it never ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(since.elapsed() > Duration::from_millis(700), "{:?}", since.elapsed());
    assert_eq!(there.decide("x", Decision::Approve).await.error, None);
    assert_eq!(claim(here, these("bob", "x")).await.errors[0].reason, "NOT_HELD");
    assert_eq!(claim(here, these("bob", "missing")).await.errors[0].reason, "NOT_FOUND");
    assert_eq!(undo(here, "x").await.error, None, "to take back asks for no claim");
    assert_eq!(claimed(&claim(here, these("bob", "x")).await), ["x"], "and the claim of the decided one is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_one_moderators_at_a_time() {
    let server = Server::start(HOLD_ALL, &[]).await;
    moderators_do_not_meet(&server, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_one_moderators_at_a_time_on_two_servers() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let store = ["--store", &url, "--redis-prefix", &prefix];
    let (here, there) = (Server::steady_with(HOLD_ALL, &store).await, Server::steady_with(HOLD_ALL, &store).await);
    moderators_do_not_meet(&here, &there).await;
}

#[tokio::test]
async fn claims_that_cannot_be_are_refused_with_every_mistake() {
    let server = Server::start(HOLD_ALL, &[]).await;
    let request = pb::ClaimCommentsRequest {
        filter: "decision=any".into(),
        max: 101,
        lease: Some(prost_types::Duration { seconds: 90_000, nanos: 0 }),
        ..wish("MACHINE")
    };
    let status = server.desk().claim_comments(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    for field in ["moderator", "filter", "max", "lease"] {
        assert!(status.message().contains(&format!("{field}: ")), "{field} in {}", status.message());
    }
}

#[tokio::test]
async fn a_moderator_holds_only_so_many_comments_and_an_answer_only_so_much() {
    let (url, prefix) = (redis::url(), redis::prefix());
    for flags in [&[][..], &["--store", &url, "--redis-prefix", &prefix]] {
        let server = Server::steady_with(HOLD_ALL, flags).await;
        for n in 0..60 {
            server.check(comment(&format!("long-{n}"), &"and so on, and so on. ".repeat(2_900))).await.unwrap();
        }
        let claim = async |ids: &[String], max: i32| {
            let request = pb::ClaimCommentsRequest {
                site: SITE.into(),
                ids: ids.to_vec(),
                max,
                moderator: "ann".into(),
                ..Default::default()
            };
            server.desk().claim_comments(request).await.map(tonic::Response::into_inner)
        };
        let first = claim(&[], 100).await.unwrap();
        let bytes = prost::Message::encoded_len(&first);
        assert!((1_000_000..4 << 20).contains(&bytes) && first.comments.len() < 60, "{bytes} bytes");
        let all: Vec<String> = (0..60).map(|n| format!("long-{n}")).collect();
        let named = claim(&all, 0).await.unwrap();
        assert!(prost::Message::encoded_len(&named) < 4 << 20);
        assert!(named.errors.iter().any(|error| error.reason == "ANSWER_FULL"), "{:?}", named.errors.first());

        for n in 0..520 {
            server.check(comment(&format!("short-{n}"), "hello there")).await.unwrap();
        }
        let refused = loop {
            match claim(&[], 100).await {
                Ok(answer) => assert!(!answer.comments.is_empty(), "there are more"),
                Err(status) => break status,
            }
        };
        assert!(refused.message().contains("500 comments"), "{refused}");
        // A moderator can claim more after deciding.
        let mine = first.comments[0].comment.as_ref().unwrap().comment_id.clone();
        let request = pb::DecideCommentsRequest {
            site: SITE.into(),
            ids: vec![mine],
            decision: Decision::Approve.into(),
            moderator: "ann".into(),
            ..Default::default()
        };
        server.desk().decide_comments(request).await.unwrap();
        assert_eq!(claim(&[], 100).await.unwrap().comments.len(), 1);
    }
}
