//! Tests of the audit log: an act is one entry and is undone as one, changes break the hash chain, and queue changes are
//! streamed.

use std::process::Command;

use gatepost::pb::{self, Decision};
use serde_json::Value;
use tokio::time::timeout;

use crate::cli::{code, err, gatepost, on, out, pipe};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by, comment};
use crate::redis;

const SPAM: &str = "Cheap pills!!! Buy viagra now at http://cheap-pills.example/buy http://cheap-pills.example/now";

async fn hold(server: &Server, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|number| format!("c-{number:03}")).collect();
    for id in &ids {
        assert_eq!(server.check(comment(id, "hello there")).await.unwrap().decision(), Decision::Hold);
    }
    ids
}

fn decisions(server: &Server) -> usize {
    let audit = on(server, &["audit", "--act", "DECIDED", "--all", "--format", "ids"]);
    assert_eq!(code(&audit), 0, "{}", err(&audit));
    out(&audit).lines().count()
}

fn verify(server: &Server, more: &[&str]) -> (i32, String) {
    let verified = on(server, &[&["audit", "verify"], more].concat());
    (code(&verified), out(&verified).to_owned() + err(&verified))
}

async fn a_bulk_is_one_act(server: &Server) {
    let ids = hold(server, 7).await;
    let mut watcher = server.host();
    let watch = pb::WatchVerdictsRequest { site: SITE.into(), after_cursor: Some("now".into()) };
    let mut changes = watcher.watch_verdicts(watch).await.unwrap().into_inner();

    let listed = on(server, &["queue", "--format", "ids", "--order", "oldest"]);
    let rejected = pipe_on(server, &["reject", "--reason", "spam", "--moderator", "mia", "-"], out(&listed));
    assert_eq!(code(&rejected), 0, "{}", err(&rejected));
    assert!(server.queue().await.is_empty());
    // One of the comments was decided again since.
    assert_eq!(server.decide(&ids[3], Decision::Approve).await.error, None);

    let undone = on(server, &["undo", "--last", "--moderator", "mia", "--format", "csv"]);
    assert_eq!(code(&undone), 5, "{}", out(&undone));
    assert!(out(&undone).contains("c-003,approve,3,ada,CONFLICT"), "{}", out(&undone));
    assert_eq!(server.queue().await.len(), 6);
    let nothing = on(server, &["undo", "--last", "--moderator", "eve"]);
    assert_eq!(code(&nothing), 2);
    assert!(err(&nothing).contains("no act of eve"), "{}", err(&nothing));

    // A comment that somebody else decided since is not part of this moderator's act, so nothing is left to undo.
    let again = on(server, &["undo", "--last", "--moderator", "mia"]);
    assert!(code(&again) == 2 && err(&again).contains("no act of mia"), "{}", err(&again));

    let mut seen = Vec::new();
    for _ in 0..14 {
        let change = timeout(PATIENCE, changes.message()).await.unwrap().unwrap().unwrap().verdict.unwrap();
        seen.push((change.comment_id.clone(), change.revision, change.decision()));
    }
    assert_eq!(seen[..7], ids.iter().map(|id| (id.clone(), 2, Decision::Reject)).collect::<Vec<_>>());
    assert_eq!(seen[7], ("c-003".to_owned(), 3, Decision::Approve));
    assert!(seen[8..].iter().all(|(_, revision, decision)| (*revision, *decision) == (3, Decision::Hold)));
    let (status, said) = verify(server, &[]);
    assert_eq!(status, 0, "{said}");
    assert!(said.starts_with("whole: 21 acts, 8 of them decisions"), "{said}");
}

fn pipe_on(server: &Server, args: &[&str], input: &str) -> std::process::Output {
    let url = server.url();
    pipe(&[args, &["--server", &url, "--site", SITE]].concat(), input.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_of_the_command_line_is_one_act_that_is_taken_back_at_once() {
    a_bulk_is_one_act(&Server::start(HOLD_ALL, &[]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_redis() {
    let (url, prefix) = (redis::url(), redis::prefix());
    a_bulk_is_one_act(&Server::steady_with(HOLD_ALL, &["--store", &url, "--redis-prefix", &prefix]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_decides_what_it_showed_and_nobody_is_asked_only_with_yes() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, 3).await;
    server.check(by("eve", "other", "hello there")).await.unwrap();
    let tried = on(&server, &["reject", "--filter", "author=eve", "--dry-run", "--format", "ids"]);
    assert_eq!((out(&tried), code(&tried)), ("other\n", 0));
    assert!(err(&tried).contains("1 comment would be rejected"), "{}", err(&tried));
    assert_eq!(server.queue().await.len(), 4);
    let unasked = on(&server, &["reject", "--filter", "author=eve"]);
    assert_eq!(code(&unasked), 2);
    assert!(err(&unasked).contains("--yes"), "{}", err(&unasked));
    let done = on(&server, &["approve", "--filter", "text=there age<1h", "--yes", "--format", "ids"]);
    assert_eq!((code(&done), out(&done).lines().count()), (0, 4), "{}", err(&done));
    let act = err(&done).split("--act ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    let undone = on(&server, &["undo", "--act", &act, "--format", "ids"]);
    assert_eq!((code(&undone), out(&undone).lines().count()), (0, 4), "{}", err(&undone));
    assert_eq!(server.queue().await.len(), 4);
    assert_eq!(code(&on(&server, &["undo", "--act", &act])), 2, "nothing is left of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_is_named_and_so_is_a_missing_record_and_a_chain_made_anew() {
    let mut server = Server::start(HOLD_ALL, &[]).await;
    let ids = hold(&server, 4).await;
    for id in &ids {
        server.decide(id, Decision::Approve).await;
    }
    let (status, said) = verify(&server, &[]);
    assert_eq!(status, 0, "{said}");
    let end = said.lines().find_map(|line| line.strip_prefix("end ")).unwrap().to_owned();
    assert_eq!(verify(&server, &["--end", &end]).0, 0);
    let export = on(&server, &["audit", "--all", "--oldest-first", "--format", "jsonl"]);
    let lines: Vec<Value> = out(&export).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    let offline = pipe(&["audit", "verify", "--file", "-"], &export.stdout);
    assert_eq!(code(&offline), 0, "{}{}", out(&offline), err(&offline));

    assert!(server.terminate().success());
    sqlite(
        &server,
        "UPDATE audit SET record = CAST(substr(record, 1, 9) || x'7a' || substr(record, 11) AS BLOB) WHERE number = 3",
    );
    server.start_again();
    let (status, said) = verify(&server, &[]);
    assert_eq!(status, 1, "{said}");
    assert!(said.starts_with("3: was changed") && said.lines().count() == 3, "{said}");

    assert!(server.terminate().success());
    sqlite(&server, "DELETE FROM audit WHERE number = 6");
    server.start_again();
    let (status, said) = verify(&server, &[]);
    assert!(status == 1 && said.contains("6: missing"), "{said}");

    // A chain whose end was cut off is consistent in itself. Only a noted end reveals the cut.
    assert!(server.terminate().success());
    sqlite(&server, "DELETE FROM audit WHERE number >= 3");
    server.start_again();
    assert_eq!(verify(&server, &[]).0, 0);
    let (status, said) = verify(&server, &["--end", &end]);
    assert!(status == 1 && said.contains("no longer does"), "{said}");
}

/// Runs a statement on the database of the server, like an attacker who can write the file.
fn sqlite(server: &Server, statement: &str) {
    let connection = rusqlite::Connection::open(server.data_dir().join("gatepost.db")).unwrap();
    assert!(connection.execute(statement, []).unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_in_redis_is_named_too() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let server = Server::steady_with(HOLD_ALL, &["--store", &url, "--redis-prefix", &prefix]).await;
    let ids = hold(&server, 2).await;
    server.decide(&ids[0], Decision::Reject).await;
    assert_eq!(verify(&server, &[]).0, 0);
    let key = format!("{prefix}{{{SITE}}}:audit");
    let mut connection = ::redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
    let mut row: Vec<u8> = ::redis::cmd("HGET").arg(&key).arg(2).query(&mut connection).unwrap();
    *row.last_mut().unwrap() ^= 1;
    let _: i64 = ::redis::cmd("HSET").arg(&key).arg(2).arg(row).query(&mut connection).unwrap();
    let (status, said) = verify(&server, &[]);
    assert!(status == 1 && said.starts_with("2: was changed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_is_told_of_no_more_and_the_chain_is_whole() {
    let server = Server::start(HOLD_ALL, &[]).await;
    server.check(by("eve", "1", "hello there")).await.unwrap();
    server.decide("1", Decision::Reject).await;
    let forget = on(&server, &["forget", "--user-id", "eve", "--yes", "--format", "json"]);
    let counts: Value = serde_json::from_str(out(&forget)).unwrap();
    assert_eq!(counts["counts"]["acts"], "2");
    let (status, said) = verify(&server, &[]);
    assert!(status == 0 && said.starts_with("whole: 3 acts, 2 of them erased"), "{said}");
    let told = on(&server, &["audit", "--oldest-first", "--format", "csv"]);
    assert!(!out(&told).contains(",1,") || !out(&told).contains("eve"), "{}", out(&told));
    assert!(out(&told).contains("FORGOTTEN"), "{}", out(&told));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_followed_as_it_moves() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let flags = ["--store", &url, "--redis-prefix", &prefix];
    let (server, other) = (Server::steady_with(HOLD_ALL, &flags).await, Server::steady_with(HOLD_ALL, &flags).await);
    let request = pb::WatchQueueRequest { site: SITE.into() };
    let mut moves = pb::review_service_client::ReviewServiceClient::new(server.connect().await)
        .watch_queue(request)
        .await
        .unwrap()
        .into_inner();
    other.check(comment("1", "hello")).await.unwrap();
    other.decide("1", Decision::Approve).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let moved = timeout(PATIENCE, moves.message()).await.unwrap().unwrap().unwrap();
        let event = moved.event.unwrap();
        assert_eq!(moved.comment.unwrap().comment.unwrap().comment_id, "1");
        told.push((event.act.clone(), event.after()));
    }
    assert_eq!(told, [("CHECKED".to_owned(), Decision::Hold), ("DECIDED".to_owned(), Decision::Approve)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_say_who_did_what_and_where_machine_and_moderators_agree() {
    let server = Server::steady_with(
        "[thresholds.spam]\nhold = 0.0\nreject = \"never\"\n[thresholds.toxicity]\nhold = \"never\"\n",
        &[],
    )
    .await;
    server.check(comment("spam", SPAM)).await.unwrap();
    server.check(comment("fine", "What a thoughtful article about marmots and bread.")).await.unwrap();
    server.check(comment("open", "Another thoughtful remark on bread and marmots.")).await.unwrap();
    server.decide("spam", Decision::Reject).await;
    server.decide("fine", Decision::Approve).await;
    let stats = on(&server, &["stats", "--since", "1h", "--format", "json"]);
    let stats: Value = serde_json::from_str(out(&stats)).unwrap();
    assert_eq!(stats["held"], "1");
    assert_eq!(stats["moderators"][0], serde_json::json!({"moderator": "ada", "approved": "1", "rejected": "1"}));
    let agreed: u64 = stats["labels"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|label| label["held_rejected"].as_str()?.parse::<u64>().ok())
        .sum();
    assert_eq!(agreed, 1);
    let table = on(&server, &["stats"]);
    assert!(out(&table).contains("1 held now") && out(&table).contains("moderators decided       2"), "{}", out(&table));
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_claimed_and_given_back_from_the_command_line() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, 4).await;
    let mia = on(&server, &["claim", "--max", "3", "--moderator", "mia", "--format", "ids"]);
    assert_eq!((code(&mia), out(&mia).lines().count()), (0, 3));
    let ben = on(&server, &["claim", "--max", "9", "--moderator", "ben", "--format", "ids"]);
    assert_eq!(out(&ben), "c-003\n");
    let theirs = on(&server, &["claim", "c-000", "--moderator", "ben"]);
    assert_eq!(code(&theirs), 1, "{}", err(&theirs));
    assert!(err(&theirs).contains("mia is at work on it"), "{}", err(&theirs));
    let claimed = on(&server, &["queue", "--filter", "claimed=mia", "--all", "--format", "ids"]);
    assert_eq!(out(&claimed), out(&mia));
    assert_eq!(code(&pipe_on(&server, &["release", "--moderator", "mia", "-"], out(&claimed))), 0);
    let free = on(&server, &["queue", "--filter", "claimed=no", "--format", "ids"]);
    assert_eq!(out(&free).lines().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_may_want_a_reason_with_every_rejection() {
    let server = Server::steady_with(&format!("{HOLD_ALL}[review]\nreason_required = true\n"), &[]).await;
    hold(&server, 2).await;
    let refused = on(&server, &["reject", "c-000"]);
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("reason_code: is required on this site"), "{}", err(&refused));
    assert_eq!(code(&on(&server, &["reject", "c-000", "--reason", "spam"])), 0);
    assert_eq!(code(&on(&server, &["approve", "c-001"])), 0);
    assert_eq!(decisions(&server), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_by_rule_language_age_and_likeness() {
    let server = Server::start(HOLD_ALL, &[]).await;
    let wave = "Earn money from home with our proven system, just visit my profile and start today, no experience needed";
    server.check(comment("one", wave)).await.unwrap();
    server.check(comment("two", &wave.to_uppercase())).await.unwrap();
    server
        .check(pb::Comment { language: "de-AT".into(), ..comment("de", "Das sehe ich anders, und zwar aus gutem Grund.") })
        .await
        .unwrap();
    let found = |filter: &str| {
        let listed = on(&server, &["queue", "--filter", filter, "--order", "oldest", "--format", "ids"]);
        assert_eq!(code(&listed), 0, "{}", err(&listed));
        out(&listed).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("like=one"), ["one", "two"]);
    assert_eq!(found("like=de"), ["de"]);
    assert_eq!(found("lang=de"), ["de"]);
    assert_eq!(found("rule=thresholds.spam").len(), 3);
    assert!(found("rule=thresholds.spam.reject").is_empty());
    assert!(found("age>1h").is_empty());
    assert_eq!(found("age<1h").len(), 3);
    let page = on(&server, &["queue", "--filter", "like=missing"]);
    assert_eq!(code(&page), 2, "{}", err(&page));
}

#[test]
fn shells_and_manuals_are_served_from_the_same_words() {
    for (shell, words) in [("bash", "_gatepost()"), ("zsh", "#compdef gatepost"), ("fish", "complete -c gatepost")] {
        let made = gatepost(&["completions", shell]).output().unwrap();
        assert!(out(&made).contains(words), "{shell}");
    }
    let page = gatepost(&["man"]).output().unwrap();
    assert!(out(&page).contains(".TH gatepost 1"), "{}", out(&page));
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    assert!(gatepost(&["man", "--dir", dir.to_str().unwrap()]).status().unwrap().success());
    let pages = std::fs::read_dir(&dir).unwrap().count();
    assert!(pages > 20, "{pages} pages");
    // Bash accepts the completion script.
    let script = gatepost(&["completions", "bash"]).output().unwrap();
    std::fs::write(folder.path().join("gatepost.bash"), &script.stdout).unwrap();
    let taken = Command::new("bash").arg("-n").arg(folder.path().join("gatepost.bash")).status();
    assert!(taken.expect("bash, which the checks need too").success());
}
