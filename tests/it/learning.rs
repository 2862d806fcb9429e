//! Tests of the learning of a site: it learns from its decisions at once, on every server, keeps that over restarts, and
//! unlearns.

use std::time::{Duration, Instant};

use gatepost::pb::{self, Decision, Verdict};
use serde_json::Value;
use tokio::time::sleep;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::cli::{code, err, on, out};
use crate::harness::{HOLD_ALL, SITE, Server, by, comment};
use crate::observe::metric;
use crate::redis;

/// Spam of a kind that no data set has, in varying words.
const WAVE: [&str; 6] = [
    "My savings doubled thanks to Gerald and marmot futures, the best asset",
    "I doubled my savings with marmot futures, thanks to Gerald",
    "My aunt doubled her savings with marmot futures, thanks to Gerald",
    "I tripled my savings with Gerald, marmot futures are a safe asset",
    "Gerald doubled my savings, marmot futures are the best asset",
    "My aunt swears by Gerald and his marmot futures, such a safe asset",
];
/// A text that is long enough for the detection of near-duplicates.
const TEMPLATE: &str = "Dear readers, the town library opens its doors again on Monday at nine, bring your cards and a \
                        friend, children are welcome in the reading corner until noon";

async fn admin(server: &Server) -> pb::admin_service_client::AdminServiceClient<tonic::transport::Channel> {
    pb::admin_service_client::AdminServiceClient::new(server.connect().await)
}

async fn info(server: &Server, site: &str) -> pb::SiteLearning {
    let request = pb::GetModelInfoRequest { site: site.into() };
    admin(server).await.get_model_info(request).await.unwrap().into_inner().learning.unwrap()
}

async fn decide(server: &Server, site: &str, id: &str, decision: Decision, code: &str, who: &str) {
    let request = pb::DecideCommentsRequest {
        site: site.into(),
        ids: vec![id.into()],
        decision: decision.into(),
        reason_code: code.into(),
        moderator: who.into(),
        ..Default::default()
    };
    let results = server.desk().decide_comments(request).await.unwrap().into_inner().results;
    assert_eq!(results[0].error, None);
    // A decision waits only briefly for its training step; a busy machine takes longer.
    info(server, site).await;
}

async fn report(server: &Server, site: &str, id: &str, outcome: pb::Outcome) -> Result<(), Status> {
    let target = Some(pb::report_outcome_request::Target::CommentId(id.into()));
    let request = pb::ReportOutcomeRequest { site: site.into(), target, outcome: outcome.into() };
    server.host().report_outcome(request).await.map(drop)
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn message<'v>(verdict: &'v Verdict, code: &str) -> &'v str {
    verdict.reasons.iter().find(|reason| reason.code == code).map_or("", |reason| &reason.message)
}

/// Checks a text repeatedly until it is not approved any more, for at most a second.
async fn held_within_a_second(server: &Server, body: &str) -> Verdict {
    let begun = Instant::now();
    loop {
        // A dry run is not counted; counted repeats would be a campaign.
        let request = pb::CheckCommentRequest { comment: Some(comment("late", body)), dry_run: true };
        let verdict = server.host().check_comment(request).await.unwrap().into_inner().verdict.unwrap();
        if verdict.decision() != Decision::Approve {
            return verdict;
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "{verdict:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

// === from outside ===

async fn a_new_kind_is_held_after_three(one: &Server, other: &Server) {
    for (number, body) in WAVE.iter().enumerate().take(3) {
        let id = format!("wave-{number}");
        assert_eq!(one.check(comment(&id, body)).await.unwrap().decision(), Decision::Approve, "{body}");
        decide(one, SITE, &id, Decision::Reject, "spam", "ann").await;
    }
    let here = one.check(comment("fourth", WAVE[3])).await.unwrap();
    assert_eq!(here.decision(), Decision::Hold, "{here:?}");
    assert!(message(&here, "SITE_LEARNED").contains("reject"), "{here:?}");
    // The weights of the reasons of a label add up to the logit of its score.
    let sum: f64 = here.reasons.iter().filter(|reason| reason.label == "spam").map(|reason| reason.weight).sum();
    assert!((1.0 / (1.0 + (-sum).exp()) - here.scores["spam"]).abs() < 1e-3, "{sum} {here:?}");
    let there = held_within_a_second(other, WAVE[4]).await;
    assert!(codes(&there).contains(&"SITE_LEARNED"), "{there:?}");
    // Unrelated comments pass.
    for (number, body) in
        ["The bread did not rise, what did I do wrong?", "I see it differently, and here is why."].iter().enumerate()
    {
        let verdict = other.check(comment(&format!("other-{number}"), body)).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Approve, "{verdict:?}");
    }
    assert_eq!(info(one, SITE).await.digest, info(other, SITE).await.digest);
}

#[tokio::test]
async fn three_rejected_of_a_new_kind_are_enough() {
    let server = Server::steady().await;
    a_new_kind_is_held_after_three(&server, &server).await;
    let told = info(&server, SITE).await;
    assert_eq!((told.outcomes, told.by_outcome["spam"], told.by_source["moderator"]), (3, 3, 3));
    assert!(told.summary.starts_with("learned 3 decisions (3 spam, 0 toxic, 0 ham); spam: errors on the last 3: base 3"));
    assert!(told.labels[0].serves && told.labels[0].why.starts_with("serving"), "{told:?}");
}

#[tokio::test]
async fn they_are_enough_on_another_server_within_a_second() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let (one, other) = (Server::steady_with("", &flags).await, Server::steady_with("", &flags).await);
    // The other server already has state of the site.
    other.check(comment("first", "Thank you, I did not know that.")).await.unwrap();
    a_new_kind_is_held_after_three(&one, &other).await;
}

#[tokio::test]
async fn five_false_alarms_approved_and_the_sixth_passes() {
    let server = Server::steady().await;
    let alarms = [
        "My crazy dog is an idiot, he ate the manuscript",
        "My dog is a moron, he ate the whole manuscript again",
        "The dog is an idiot, he burned down the toaster",
        "My crazy dog is a moron, he sat on the toaster",
        "My dog, the idiot, ate the manuscript",
        "Our dog is an idiot, he ate the bread and the biscuit",
    ];
    for (number, body) in alarms.iter().enumerate().take(5) {
        let id = format!("alarm-{number}");
        let verdict = server.check(comment(&id, body)).await.unwrap();
        if number < 2 {
            assert_eq!(verdict.decision(), Decision::Hold, "{verdict:?}");
        }
        decide(&server, SITE, &id, Decision::Approve, "", "ann").await;
    }
    let sixth = server.check(comment("sixth", alarms[5])).await.unwrap();
    assert_eq!(sixth.decision(), Decision::Approve, "{sixth:?}");
    assert!(message(&sixth, "SITE_LEARNED").contains("approved"), "{sixth:?}");
    // A comment that is only as rude as the approved ones is held as before.
    let abuse = server.check(comment("abuse", "You dumb idiot, go away and die")).await.unwrap();
    assert_ne!(abuse.decision(), Decision::Approve, "{abuse:?}");
}

#[tokio::test]
async fn what_is_nearly_the_same_goes_the_way_of_what_was_decided() {
    let server = Server::steady().await;
    server.check(comment("first", TEMPLATE)).await.unwrap();
    decide(&server, SITE, "first", Decision::Reject, "irrelevant", "ann").await;
    // No words are learned from an irrelevant comment, but a near-duplicate of it counts as irrelevant too.
    assert_eq!(info(&server, SITE).await.outcomes, 0);
    let again = server.check(comment("again", TEMPLATE)).await.unwrap();
    assert_eq!(again.reasons[0].message, "near-duplicate of first, rejected by ann");
    decide(&server, SITE, "first", Decision::Reject, "spam", "bob").await;
    let like = server.check(comment("like", &TEMPLATE.replace("Monday", "Tuesday"))).await.unwrap();
    assert_eq!((like.decision(), codes(&like)[0]), (Decision::Hold, "LIKE_REJECTED"));
    assert_eq!(like.reasons[0].message, "near-duplicate of first, rejected by bob");
    assert_eq!(like.reasons[0].rule_id, "learning.alike_rejected");
}

#[tokio::test]
async fn a_template_that_was_approved_is_not_held_again() {
    // Every comment is held for its score.
    let server = Server::steady_with(&format!("{HOLD_ALL}[learning]\ncorrect = false\n"), &[]).await;
    assert_eq!(server.check(comment("first", TEMPLATE)).await.unwrap().decision(), Decision::Hold);
    decide(&server, SITE, "first", Decision::Approve, "", "ann").await;
    let like = server.check(comment("like", &TEMPLATE.replace(" ", "\n "))).await.unwrap();
    assert_eq!((like.decision(), codes(&like)[0]), (Decision::Approve, "LIKE_APPROVED"), "{like:?}");
    // A word that was added, removed or replaced may be what makes a text bad.
    let (first, rest) = TEMPLATE.split_once(' ').unwrap();
    for (id, body) in [
        ("other", TEMPLATE.replace("Monday", "Tuesday")),
        ("more", format!("{TEMPLATE} fools")),
        ("number", format!("{TEMPLATE} 0900 5550")),
        ("emoji", format!("{TEMPLATE} \u{1f595}")),
        ("less", rest.to_owned()),
        ("order", format!("{rest} {first}")),
        ("mark", format!("{TEMPLATE} \u{0fd5}")),
        ("far", format!("{TEMPLATE} {} fools", "\u{200b}".repeat(2_100))),
    ] {
        let verdict = server.check(comment(id, &body)).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Hold, "{id}: {verdict:?}");
    }
    // The target of an added link was not reviewed.
    let link = server.check(comment("link", &format!("{TEMPLATE} http://pills.example/"))).await.unwrap();
    assert_eq!(link.decision(), Decision::Hold, "{link:?}");
}

#[tokio::test]
async fn an_author_who_was_mostly_rejected_waits() {
    let server = Server::steady().await;
    for number in 0..3 {
        let id = format!("c{number}");
        server.check(by("eve", &id, &format!("I have an opinion on the {number}th paragraph of this"))).await.unwrap();
        decide(&server, SITE, &id, Decision::Reject, "irrelevant", "ann").await;
    }
    let fourth = server.check(by("eve", "fourth", "A quiet word on the weather")).await.unwrap();
    assert_eq!((fourth.decision(), codes(&fourth)[0]), (Decision::Hold, "AUTHOR_REJECTED"), "{fourth:?}");
    assert_eq!(server.check(by("ada", "hers", "A quiet word on the weather")).await.unwrap().decision(), Decision::Approve);
}

// === the same, bit for bit ===

async fn teach(server: &Server, site: &str, which: &[usize]) {
    for number in which {
        let id = format!("c{number}");
        let sent = pb::Comment {
            site: site.into(),
            author: Some(pb::Author { user_id: format!("u{number}"), ..Default::default() }),
            ..comment(&id, WAVE[*number])
        };
        server.check(sent).await.unwrap();
        let decision = if number % 2 == 0 { Decision::Reject } else { Decision::Approve };
        decide(server, site, &id, decision, "spam", "ann").await;
    }
}

async fn undo(server: &Server, site: &str, id: &str) {
    let request =
        pb::UndoDecisionRequest { site: site.into(), ids: vec![id.into()], moderator: "ann".into(), ..Default::default() };
    let results = server.desk().undo_decision(request).await.unwrap().into_inner().results;
    assert_eq!(results[0].error, None);
}

async fn what_is_taken_back_was_never_learned(server: &Server) {
    teach(server, "without.example", &[0, 2, 4, 5]).await;
    let without = info(server, "without.example").await.digest;
    assert_eq!(without.len(), 64);

    teach(server, "undone.example", &[0, 1, 2, 3, 4, 5]).await;
    assert_ne!(info(server, "undone.example").await.digest, without);
    undo(server, "undone.example", "c1").await;
    undo(server, "undone.example", "c3").await;
    assert_eq!(info(server, "undone.example").await.digest, without);
    // A comment that is put back into the queue contributes nothing, whoever decided it before. Undoing that restores the
    // earlier state.
    decide(server, "undone.example", "c5", Decision::Reject, "spam", "bob").await;
    decide(server, "undone.example", "c5", Decision::Hold, "", "ann").await;
    assert_eq!(info(server, "undone.example").await.outcomes, 3);
    undo(server, "undone.example", "c5").await;
    undo(server, "undone.example", "c5").await;
    assert_eq!(info(server, "undone.example").await.digest, without);

    teach(server, "forgotten.example", &[0, 1, 2, 3, 4, 5]).await;
    for author in ["u1", "u3"] {
        let selector = pb::AuthorSelector { selector: Some(pb::author_selector::Selector::UserId(author.into())) };
        let request = pb::ForgetAuthorRequest { site: "forgotten.example".into(), author: Some(selector), dry_run: false };
        let counts = server.host().forget_author(request).await.unwrap().into_inner().counts;
        assert_eq!((counts["comments"], counts["outcomes"]), (1, 1));
    }
    assert_eq!(info(server, "forgotten.example").await.digest, without);

    // A second decision of the same moderator replaces the first one and is the newest outcome.
    teach(server, "corrected.example", &[0, 1, 2]).await;
    decide(server, "corrected.example", "c1", Decision::Reject, "spam", "ann").await;
    let corrected = info(server, "corrected.example").await;
    assert_eq!((corrected.outcomes, corrected.by_outcome["spam"], corrected.contested), (3, 3, 0));
}

#[tokio::test]
async fn what_is_taken_back_was_never_learned_embedded() {
    what_is_taken_back_was_never_learned(&Server::steady().await).await;
}

#[tokio::test]
async fn what_is_taken_back_was_never_learned_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    what_is_taken_back_was_never_learned(&Server::steady_with("", &["--store", &url, "--redis-prefix", &prefix]).await).await;
}

#[tokio::test]
async fn killed_and_started_again_it_knows_the_same() {
    let mut server = Server::steady().await;
    teach(&server, SITE, &[0, 2, 4]).await;
    let before = info(&server, SITE).await;
    server.kill();
    server.start_again();
    let verdict = held_within_a_second(&server, WAVE[3]).await;
    assert_eq!(verdict.decision(), Decision::Hold, "{verdict:?}");
    assert!(codes(&verdict).contains(&"SITE_LEARNED"), "{verdict:?}");
    assert_eq!(info(&server, SITE).await, before);
}

#[tokio::test]
async fn a_fresh_replica_with_an_empty_disk_knows_the_same() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let one = Server::steady_with("", &flags).await;
    teach(&one, SITE, &[0, 1, 2, 3, 4]).await;
    let fresh = Server::steady_with("", &flags).await;
    assert_eq!(info(&fresh, SITE).await, info(&one, SITE).await);
    assert_eq!(info(&fresh, SITE).await.digest.len(), 64);
}

// === hosts ===

#[tokio::test]
async fn a_host_reports_what_its_own_moderators_found() {
    let server = Server::steady().await;
    for (number, body) in WAVE.iter().enumerate().take(3) {
        let id = format!("c{number}");
        server.check(comment(&id, body)).await.unwrap();
        report(&server, SITE, &id, pb::Outcome::Spam).await.unwrap();
    }
    let told = info(&server, SITE).await;
    assert_eq!((told.outcomes, told.by_source["host"]), (3, 3));
    // A repeated report changes nothing.
    report(&server, SITE, "c0", pb::Outcome::Spam).await.unwrap();
    assert_eq!(info(&server, SITE).await, told);
    assert_ne!(server.check(comment("fourth", WAVE[3])).await.unwrap().decision(), Decision::Approve);
    // The latest report counts.
    report(&server, SITE, "c0", pb::Outcome::Ham).await.unwrap();
    let corrected = info(&server, SITE).await;
    assert_eq!((corrected.outcomes, corrected.by_outcome["ham"]), (3, 1));

    // The report of a comment that was never checked contains the comment.
    let target = Some(pb::report_outcome_request::Target::Comment(comment("new", WAVE[5])));
    let request = pb::ReportOutcomeRequest { site: SITE.into(), target, outcome: pb::Outcome::Spam.into() };
    server.host().report_outcome(request.clone()).await.unwrap();
    server.host().report_outcome(request).await.unwrap();
    assert_eq!(info(&server, SITE).await.outcomes, 4);
    let audit = on(&server, &["audit", "--act", "REPORTED", "--format", "jsonl"]);
    assert_eq!(out(&audit).lines().count(), 5, "{}", out(&audit));
}

#[tokio::test]
async fn a_host_decides_what_is_held_and_a_moderator_has_the_last_word() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    for id in ["a", "b", "c"] {
        assert_eq!(server.check(comment(id, "hello there, I am new here")).await.unwrap().decision(), Decision::Hold);
    }
    report(&server, SITE, "a", pb::Outcome::Ham).await.unwrap();
    report(&server, SITE, "b", pb::Outcome::Toxic).await.unwrap();
    report(&server, SITE, "b", pb::Outcome::Toxic).await.unwrap();
    assert_eq!(server.queue().await, ["c"]);
    let get = async |id: &str| {
        let request = pb::GetVerdictRequest { site: SITE.into(), comment_id: id.into() };
        server.host().get_verdict(request).await.unwrap().into_inner().verdict.unwrap()
    };
    let decided = get("a").await;
    assert_eq!((decided.decision(), decided.decided_by.as_str(), decided.revision), (Decision::Approve, "host", 2));
    assert_eq!((get("b").await.decision(), get("b").await.revision), (Decision::Reject, 2));
    // The decision of the moderator counts, whatever the host reports later.
    decide(&server, SITE, "a", Decision::Reject, "spam", "ann").await;
    report(&server, SITE, "a", pb::Outcome::Ham).await.unwrap();
    let told = info(&server, SITE).await;
    assert_eq!((told.outcomes, told.by_outcome["spam"], told.by_source["moderator"]), (2, 1, 1));
    assert_eq!(get("a").await.decision(), Decision::Reject);
}

#[tokio::test]
async fn a_report_that_is_none_says_what_is_wrong_with_it() {
    let server = Server::steady().await;
    let status = server.host().report_outcome(pb::ReportOutcomeRequest::default()).await.unwrap_err();
    let fields: Vec<String> =
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|wrong| wrong.field).collect();
    assert_eq!((status.code(), fields), (Code::InvalidArgument, vec!["outcome".to_owned(), "comment_id".to_owned()]));
    let missing = report(&server, SITE, "nobody", pb::Outcome::Spam).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    let target =
        Some(pb::report_outcome_request::Target::Comment(pb::Comment { site: "b.example".into(), ..comment("x", "y") }));
    let request = pb::ReportOutcomeRequest { site: SITE.into(), target, outcome: pb::Outcome::Ham.into() };
    let elsewhere = server.host().report_outcome(request).await.unwrap_err();
    assert!(elsewhere.message().contains("comment.site"), "{elsewhere:?}");
}

#[tokio::test]
async fn of_an_archive_some_decisions_are_learned() {
    let server = Server::steady().await;
    let rows: String = WAVE
        .iter()
        .enumerate()
        .map(|(number, body)| format!("{{\"comment_id\":\"a{number}\",\"text\":{body:?},\"status\":\"rejected\"}}\n"))
        .collect();
    let file = server.data_dir().join("archive.jsonl");
    std::fs::write(&file, rows).unwrap();
    let imported = on(&server, &["import", "--format", "jsonl", &file.display().to_string()]);
    assert_eq!(code(&imported), 0, "{}", err(&imported));
    let told = info(&server, SITE).await;
    assert_eq!((told.outcomes, told.by_source["import"]), (6, 6), "{told:?}");
}

// === operators ===

fn model(server: &Server, args: &[&str]) -> String {
    let ran = on(server, &[&["model"], args].concat());
    assert_eq!(code(&ran), 0, "{}", err(&ran));
    out(&ran).to_owned()
}

#[tokio::test]
async fn learning_can_be_stopped_taken_back_and_begun_anew() {
    let server = Server::steady().await;
    teach(&server, SITE, &[0, 1, 2]).await;
    let three = info(&server, SITE).await.digest;
    let frozen = model(&server, &["freeze"]);
    assert!(frozen.contains("ends with outcome 3") && frozen.contains("frozen at outcome 3"), "{frozen}");
    teach(&server, SITE, &[3, 4]).await;
    assert_eq!((info(&server, SITE).await.digest, info(&server, SITE).await.newest), (three.clone(), 5));
    model(&server, &["thaw"]);
    let five = info(&server, SITE).await;
    assert_eq!(five.outcomes, 5);
    assert!(model(&server, &["rollback", "--to", "3"]).contains(&three));
    let beyond = on(&server, &["model", "rollback", "--to", "9"]);
    assert!(code(&beyond) == 2 && err(&beyond).contains("the newest is 5"), "{}", err(&beyond));
    assert!(model(&server, &["reset"]).contains("nothing learned yet"));
    teach(&server, SITE, &[5]).await;
    assert_eq!(info(&server, SITE).await.outcomes, 1);
    // Freezing and thawing does not bring back what a reset has left out.
    model(&server, &["freeze"]);
    model(&server, &["thaw"]);
    assert_eq!(info(&server, SITE).await.outcomes, 1);
    model(&server, &["thaw"]);
    assert_eq!(info(&server, SITE).await.outcomes, 6);
    model(&server, &["reset"]);
    assert!(model(&server, &["rollback", "--to", "3"]).contains(&three), "as it was then, before the reset");
    let audit = on(&server, &["audit", "--act", "LEARNING_CHANGED", "--format", "jsonl"]);
    assert_eq!(out(&audit).lines().count(), 9, "{}", out(&audit));
}

#[tokio::test]
async fn model_info_says_what_was_learned_and_whether_it_serves() {
    let server = Server::steady_with("[learning]\ncorrect = false\n", &[]).await;
    assert!(model(&server, &["info"]).contains("nothing learned yet"));
    teach(&server, SITE, &[0, 2, 4]).await;
    let shown = model(&server, &["info"]);
    assert!(shown.contains("spam     in shadow: it would serve, but the policy says `correct = false`"), "{shown}");
    assert!(shown.contains("sources  3 moderator"), "{shown}");
    // A model in shadow does not affect the verdict.
    assert_eq!(server.check(comment("next", "Gerald has marmot futures again")).await.unwrap().decision(), Decision::Approve);
    let json: Value = serde_json::from_str(&model(&server, &["info", "--format", "json"])).unwrap();
    assert_eq!((json["learning"]["outcomes"].as_u64(), json["trials"].as_array().unwrap().len()), (Some(3), 3));
    assert!(metric(&server, "gatepost_outcomes_learned_total") >= 3.0);
}

#[tokio::test]
async fn thresholds_are_proposed_by_what_a_site_has_learned() {
    let server = Server::steady().await;
    teach(&server, SITE, &[0, 1, 2, 3, 4, 5]).await;
    let tuned = on(&server, &["policy", "tune", "--format", "toml"]);
    assert_eq!(code(&tuned), 0, "{}", err(&tuned));
    assert!(out(&tuned).contains("# Proposed from 6 labelled comments"), "{}", out(&tuned));
    let none = on(&server, &["policy", "tune", "--site", ""]);
    assert!(code(&none) == 2 && err(&none).contains("--data"), "{}", err(&none));
}

#[tokio::test]
async fn usage_tells_the_verdicts_of_a_site() {
    let server = Server::steady().await;
    for id in ["1", "2"] {
        server.check(comment(id, "I see it differently")).await.unwrap();
    }
    let request = pb::GetUsageRequest { site: SITE.into() };
    let verdicts = admin(&server).await.get_usage(request).await.unwrap().into_inner().verdicts;
    assert_eq!((verdicts["approve"], verdicts.get("hold")), (2, None));
}

// === what is learned costs nothing that the base knew ===

/// Returns a harmless comment for a blog about bread, different for each number.
fn at_home(number: usize) -> String {
    let (who, what, how) = (
        ["My aunt", "The baker here", "A friend", "Our neighbour", "My son"][number % 5],
        ["rye loaf", "sourdough", "baguette", "brioche", "flat bread", "seeded roll", "pretzel"][number % 7],
        ["rose well in the cold kitchen", "needed another hour", "came out a little pale", "was gone by noon"][number % 4],
    );
    format!("{who} made the {what} of recipe {number} and it {how}, thanks for writing it down")
}

/// Spam and abuse of kinds that the base model knows.
const BAD: [&str; 10] = [
    "Cheap pills without prescription, visit http://pills.example/buy now!!! Viagra and Cialis at the lowest price",
    "Best online casino bonus 2026, free spins for you at http://casino.example/spin, join and win big money",
    "Get your lost bitcoin back, contact our certified recovery expert at recover@hack.example, he helped me",
    "Need a loan today? Bad credit no problem, apply at http://loans.example/fast, approval in five minutes",
    "Buy cheap replica watches and designer handbags at http://replica.example/shop, worldwide free shipping",
    "We sell backlinks and guest posts with high DA, order SEO services at http://seo.example/cheap today",
    "You are a fucking idiot and everybody here hates you, go and kill yourself",
    "Shut up you stupid bitch, nobody wants your disgusting opinion here",
    "I will find out where you live and beat you to death, you piece of shit",
    "You worthless moron, your whole family should be ashamed of you, you dumb pig",
];

async fn published(server: &Server, site: &str, round: &str) -> Vec<&'static str> {
    let mut published = Vec::new();
    for (number, body) in BAD.iter().enumerate() {
        let asked = pb::Comment { site: site.into(), ..comment(&format!("{round}-{number}"), body) };
        let request = pb::CheckCommentRequest { comment: Some(asked), dry_run: true };
        let verdict = server.host().check_comment(request).await.unwrap().into_inner().verdict.unwrap();
        if verdict.decision() == Decision::Approve {
            published.push(*body);
        }
    }
    published
}

#[tokio::test]
async fn an_archive_of_approved_comments_does_not_switch_the_filter_off() {
    let server = Server::steady().await;
    assert_eq!(published(&server, SITE, "before").await, [""; 0]);
    let folder = tempfile::TempDir::new().unwrap();
    let lines: Vec<String> = (0..200)
        .map(|number| {
            let id = format!("old-{number}");
            serde_json::json!({ "comment_id": id, "body": at_home(number), "status": "approved" }).to_string()
        })
        .collect();
    let file = folder.path().join("archive.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let output = on(&server, &["import", &file.display().to_string()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let said = out(&output).to_owned();
    assert!(said.contains("Learned from 200 decisions of archives"), "{said}");
    assert!(said.contains("Not learned: what spam looks like"), "{said}");
    assert!(info(&server, SITE).await.by_source["import"] == 200);
    assert_eq!(published(&server, SITE, "after").await, [""; 0]);
}

#[tokio::test]
async fn approvals_in_a_language_that_is_not_spoken_do_not_open_it_for_abuse() {
    let server = Server::steady().await;
    let said = |number: usize| {
        let (who, what) = (["moja teta", "naša susjeda", "pekarica"][number % 3], ["raž", "pletenicu"][number % 2]);
        format!(
            "Puno hvala na ovom receptu, {who} je isprobala {what} prošle nedjelje tijekom {number} sati, i cijela obitelj je bila \
             jako zadovoljna jer je bilo ukusno"
        )
    };
    let abuse = [
        "Naći ću te i razbiti ti glavu, smeće jedno, vidjet ćeš što će se dogoditi tvojoj obitelji",
        "Ti si obično govno i svi te ovdje već dugo mrze, pa crkni u svom kutu",
        "Zaradite puno novca lako s našim kasinom na internetu, besplatni bonus vas također čeka",
        "Kupite jeftinu viagru bez recepta, dostava je vrlo brza po cijeloj Hrvatskoj",
        "Ljude poput tebe trebalo bi zatvoriti, vi ste samo životinje i ne zaslužujete živjeti",
    ];
    for number in 0..18 {
        let id = format!("hr-{number}");
        let asked = pb::Comment { language: "hr".into(), ..comment(&id, &said(number)) };
        let verdict = server.check(asked).await.unwrap();
        // The later ones are near-duplicates of the first.
        assert!(number > 0 || verdict.decision() == Decision::Hold, "{verdict:?}");
        decide(&server, SITE, &id, Decision::Approve, "", "ann").await;
    }
    for (number, body) in abuse.iter().enumerate() {
        let asked = pb::Comment { language: "hr".into(), ..comment(&format!("abus-{number}"), body) };
        let verdict = server.check(asked).await.unwrap();
        assert_ne!(verdict.decision(), Decision::Approve, "{verdict:?}");
    }
}

#[tokio::test]
async fn rejections_alone_do_not_hold_what_is_harmless() {
    let server = Server::steady().await;
    for number in 0..40 {
        let id = format!("spam-{number}");
        let body = format!("Offer {number}: {} and call us at line {}", BAD[number % 6], number * 7);
        server.check(comment(&id, &body)).await.unwrap();
        decide(&server, SITE, &id, Decision::Reject, "spam", "ann").await;
    }
    let held = |number: usize| {
        let server = &server;
        async move {
            let request =
                pb::CheckCommentRequest { comment: Some(comment(&format!("home-{number}"), &at_home(number))), dry_run: true };
            server.host().check_comment(request).await.unwrap().into_inner().verdict.unwrap().decision() != Decision::Approve
        }
    };
    let mut wrong = 0;
    for number in 0..100 {
        wrong += u32::from(held(number).await);
    }
    assert!(wrong <= 3, "{wrong} of 100");
}

// === spot checks ===

#[tokio::test]
async fn a_spot_check_is_published_as_ever_and_stands_last_in_the_queue() {
    spot_checks(&Server::steady_with("[review]\nspot_checks = \"100%\"\n", &[]).await).await;
}

#[tokio::test]
async fn a_spot_check_is_published_as_ever_and_stands_last_in_the_queue_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    spot_checks(&Server::steady_with("[review]\nspot_checks = \"100%\"\n", &flags).await).await;
}

async fn spot_checks(server: &Server) {
    let request = pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: None };
    let mut changes = server.host().watch_verdicts(request).await.unwrap().into_inner();
    for number in 0..24 {
        let verdict = server.check(comment(&format!("c{number}"), &at_home(number))).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Approve, "{verdict:?}");
        assert_eq!(codes(&verdict).contains(&"SPOT_CHECK"), number < 20, "twenty a day: {number} {verdict:?}");
    }
    let held = server.check(comment("held", "My crazy dog is an idiot, he ate the manuscript")).await.unwrap();
    assert_eq!(held.decision(), Decision::Hold, "{held:?}");
    let queue = out(&on(server, &["queue", "--format", "ids"])).to_owned();
    let ids: Vec<&str> = queue.lines().collect();
    assert_eq!((ids.len(), ids[0]), (21, "held"), "{ids:?}");
    let paged = out(&on(server, &["queue", "--format", "ids", "--order", "oldest", "--limit", "3"])).to_owned();
    assert_eq!(paged.lines().collect::<Vec<_>>(), ["held", "c0", "c1"]);
    assert_eq!(out(&on(server, &["queue", "--filter", "decision=hold", "--format", "ids"])), "held\n");

    // The spot check can be claimed and decided like any other comment, and its rejection reaches the host.
    let claims = pb::ClaimCommentsRequest { site: SITE.into(), moderator: "ann".into(), max: 30, ..Default::default() };
    let claimed = server.desk().claim_comments(claims).await.unwrap().into_inner();
    assert!(claimed.comments.len() == 21, "{}", claimed.comments.len());
    decide(server, SITE, "c3", Decision::Reject, "spam", "ann").await;
    for number in [4, 5, 6, 7, 8, 9, 10, 11, 12, 13] {
        decide(server, SITE, &format!("c{number}"), Decision::Approve, "", "ann").await;
    }
    let change = changes.message().await.unwrap().unwrap().verdict.unwrap();
    assert_eq!((change.comment_id.as_str(), change.decision()), ("c3", Decision::Reject));
    let request = pb::GetQueueStatsRequest { site: SITE.into(), since: None };
    let missed = server.desk().get_queue_stats(request).await.unwrap().into_inner().missed.unwrap();
    assert_eq!(missed.checked, 11);
    assert!(missed.low < 1.0 / 11.0 && missed.high > 1.0 / 11.0 && missed.high < 0.5, "{missed:?}");
    let said = out(&on(server, &["stats"])).to_owned();
    assert!(said.contains("of what the machine approved, 0.2 % to 41.3 % was bad (95 %, by 11 spot checks)"), "{said}");

    // After the undo it waits for a decision again.
    undo(server, SITE, "c3").await;
    let queue = out(&on(server, &["queue", "--format", "ids"])).to_owned();
    assert!(queue.lines().any(|id| id == "c3") && queue.lines().count() == 11, "{queue}");
}

#[tokio::test]
async fn without_spot_checks_nothing_is_marked() {
    let server = Server::steady_with("[review]\nspot_checks = 0\n", &[]).await;
    for number in 0..60 {
        let verdict = server.check(comment(&format!("c{number}"), &at_home(number))).await.unwrap();
        assert!(!codes(&verdict).contains(&"SPOT_CHECK"), "{verdict:?}");
    }
}
