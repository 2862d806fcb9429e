//! Tests of erasure: an erased person leaves no trace, neither in an answer nor in a stored byte.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepost::pb::author_selector::Selector;
use gatepost::pb::{self, Decision};
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_types::StatusExt;

use crate::cli::{code, err, gatepost, out};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment};
use crate::redis;

const EMAIL: &str = "ada.zanzibar@secret.example";
const IP: &str = "203.0.113.197";
const NAME: &str = "Adelheid Zanzibar";
const WORDS: [&str; 2] = ["xylophonequarrel", "zebrafishparliament"];
/// The texts that must not be found.
const TRACES: [&str; 5] = [EMAIL, IP, NAME, WORDS[0], WORDS[1]];

/// Returns a policy that holds every comment, whatever was decided on near-duplicates.
fn policy() -> String {
    format!("{HOLD_ALL}[learning]\ncorrect = false\nalike_rejected = \"approve\"\nalike_approved = false\n")
}

fn hers(id: &str, body: &str) -> pb::Comment {
    let email = format!(" {}", EMAIL.to_uppercase());
    let author = pb::Author { name: NAME.into(), email, email_verified: Some(true), ..Default::default() };
    let client = pb::Client { ip: IP.into(), ..Default::default() };
    pb::Comment { author: Some(author), client: Some(client), ..comment(id, body) }
}

fn by_email() -> Option<pb::AuthorSelector> {
    Some(pb::AuthorSelector { selector: Some(Selector::Email(EMAIL.into())) })
}

async fn undo(server: &Server, id: &str) {
    let request = pb::UndoDecisionRequest { site: SITE.into(), ids: vec![id.into()], ..Default::default() };
    assert_eq!(server.desk().undo_decision(request).await.unwrap().into_inner().results[0].error, None);
}

/// Sends comments by Ada that are held, edited, decided and undone, among many other comments of many lengths.
async fn use_all(server: &Server) {
    for i in 0..120 {
        let others = format!("{} I see it differently, {}", "so ".repeat(i * 37 % 900), "and how. ".repeat(i % 50));
        server.check(comment(&format!("other-{i}"), &others)).await.unwrap();
        server.decide(&format!("other-{i}"), Decision::Approve).await;
        if i % 6 == 0 {
            let (id, long) = (format!("ada-{i}"), format!("{} ", WORDS[0]).repeat(1 + i * 3));
            server.check(hers(&id, &long)).await.unwrap();
            server.decide(&id, Decision::Approve).await;
            server.check(hers(&id, &format!("{} buy http://{}.example", "idiot ".repeat(i % 7), WORDS[1]))).await.unwrap();
            server.decide(&id, Decision::Reject).await;
            undo(server, &id).await;
        }
    }
    // From now on the store knows Ada by another hash, and must find her all the same.
    let rotated = gatepost(&["keys", "rotate-secret", "--site", SITE, "--server", &server.url()]).output().unwrap();
    assert_eq!((code(&rotated), err(&rotated).trim()), (0, "the site has a new secret"));
    server.check(hers("ada-last", WORDS[0])).await.unwrap();
    // A reply to her comment, with the text of that comment as hosts send it.
    let reply = pb::Comment { parent_id: "ada-last".into(), parent_text: WORDS[0].into(), ..comment("reply", "I see") };
    server.check(reply).await.unwrap();
    server.decide("reply", Decision::Approve).await;
}

async fn forget(server: &Server, dry_run: bool) -> std::collections::BTreeMap<String, u64> {
    let request = pb::ForgetAuthorRequest { site: SITE.into(), author: by_email(), dry_run };
    server.host().forget_author(request).await.unwrap().into_inner().counts
}

/// Erases Ada and checks every answer afterwards.
async fn ada_is_forgotten(server: &Server) {
    assert_eq!(forget(server, true).await, [("comments".to_owned(), 21)].into());
    let counts = forget(server, false).await;
    let expected = [
        ("acts", 101),
        ("comments", 21),
        ("events", 80),
        ("histories", 2),
        ("limits", 2),
        ("listed", 0),
        ("outcomes", 20),
        ("quotes", 1),
        ("verdicts", 101),
    ];
    assert_eq!(counts, expected.map(|(kind, count)| (kind.to_owned(), count)).into());
    assert_eq!(forget(server, false).await, expected.map(|(kind, _)| (kind.to_owned(), 0)).into());

    assert!(server.queue().await.is_empty());
    let request = pb::GetVerdictRequest { site: SITE.into(), comment_id: "ada-0".into() };
    assert_eq!(server.host().get_verdict(request).await.unwrap_err().code(), Code::NotFound);
    let (mut left, mut page_token) = (0, String::new());
    loop {
        let filter = "decision=any".into();
        let request = pb::ListCommentsRequest { site: SITE.into(), filter, page_size: 1_000, page_token, ..Default::default() };
        let page = server.desk().list_comments(request).await.unwrap().into_inner();
        (left, page_token) = (left + page.comments.len(), page.next_page_token);
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(left, 121);
}

/// Returns the traces that are in any file of the folder.
fn in_files(folder: &Path) -> Vec<&'static str> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let all: Vec<Vec<u8>> = files.collect();
    TRACES.into_iter().filter(|trace| all.iter().any(|bytes| holds(bytes, trace))).collect()
}

/// Returns whether the bytes contain the text, ignoring case.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_the_data_folder_tells_of_who_was_forgotten() {
    let server = Server::steady_with(&policy(), &[]).await;
    use_all(&server).await;
    // E-mail and IP addresses are never stored; her name and texts are.
    assert_eq!(in_files(&server.data_dir()), [NAME, WORDS[0], WORDS[1]]);

    ada_is_forgotten(&server).await;

    all_is_overwritten(&server.data_dir()).await;
}

/// Waits until no file of the folder contains a trace. The bytes are overwritten some seconds after the erasure.
async fn all_is_overwritten(folder: &Path) {
    let until = Instant::now() + 2 * PATIENCE;
    while !in_files(folder).is_empty() {
        assert!(Instant::now() < until, "never overwritten: {:?}", in_files(folder));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_host_erases_in_a_loop_comments_of_other_sites_are_recorded_and_all_bytes_go_in_the_end() {
    let server = Server::steady_with(&policy(), &[]).await;
    for n in 0..60 {
        server.check(hers(&format!("ada-{n}"), &format!("{} ", WORDS[0]).repeat(200))).await.unwrap();
        server.check(comment(&format!("other-{n}"), &"so ".repeat(800))).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (mut host, stopped) = (server.host(), Arc::clone(&stop));
    let erasing = tokio::spawn(async move {
        let mut erased = 0;
        while !stopped.load(Ordering::Relaxed) {
            let one = pb::Comment { author: hers("", "").author, ..comment("again", WORDS[1]) };
            crate::harness::check(&mut host, one).await.unwrap();
            let request = pb::ForgetAuthorRequest { site: SITE.into(), author: by_email(), dry_run: false };
            host.forget_author(request).await.unwrap();
            erased += 1;
        }
        erased
    });
    // Longer than the time until the first pages are overwritten.
    let (until, mut slowest) = (Instant::now() + Duration::from_secs(8), Duration::ZERO);
    for n in 0.. {
        if Instant::now() >= until {
            break;
        }
        let begun = Instant::now();
        let neighbour = pb::Comment { site: "neighbour.example".into(), ..comment(&format!("n-{n}"), "hello there") };
        let verdict = server.check(neighbour).await.unwrap();
        assert!(!verdict.not_recorded, "{verdict:?}");
        slowest = slowest.max(begun.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    assert!(erasing.await.unwrap() > 20, "there was a loop");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    all_is_overwritten(&server.data_dir()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_before_the_bytes_are_overwritten_does_so_when_it_is_back() {
    let mut server = Server::steady_with(&policy(), &[]).await;
    use_all(&server).await;
    forget(&server, false).await;
    server.kill();
    assert!(!in_files(&server.data_dir()).is_empty(), "it was early enough");
    server.start_again();
    all_is_overwritten(&server.data_dir()).await;
}

/// Returns the traces that are in any key with the prefix, or in its name.
async fn in_redis(prefix: &str) -> Vec<&'static str> {
    let client = ::redis::Client::open(redis::url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // A trace in a compressed text would not be found.
    ::redis::cmd("CONFIG").arg(&["SET", "rdbcompression", "no"]).query_async::<()>(&mut connection).await.unwrap();
    let names: Vec<String> = ::redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut connection).await.unwrap();
    assert!(names.len() > 100, "{names:?}");
    let mut all = Vec::new();
    for name in names {
        all.push(::redis::cmd("DUMP").arg(&name).query_async::<Vec<u8>>(&mut connection).await.unwrap_or_default());
        all.push(name.into_bytes());
    }
    TRACES.into_iter().filter(|trace| all.iter().any(|bytes| holds(bytes, trace))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_redis_tells_of_who_was_forgotten() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let server = Server::steady_with(&policy(), &["--store", &url, "--redis-prefix", &prefix]).await;
    use_all(&server).await;
    assert_eq!(in_redis(&prefix).await, [NAME, WORDS[0], WORDS[1]]);

    ada_is_forgotten(&server).await;

    assert_eq!(in_redis(&prefix).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_tells_all_that_is_kept_of_a_person() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    server.check(comment("other", "hello there")).await.unwrap();
    server.check(hers("1", "first")).await.unwrap();
    server.check(hers("2", "second")).await.unwrap();
    server.decide("2", Decision::Approve).await;

    let request = pb::ExportAuthorRequest { site: SITE.into(), author: by_email() };
    let stream = server.host().export_author(request).await.unwrap().into_inner();
    let told: Vec<_> = stream.map(Result::unwrap).collect().await;

    let bodies: Vec<_> = told.iter().map(|told| told.comment.as_ref().unwrap().body.as_str()).collect();
    assert_eq!(bodies, ["first", "second"]);
    let acts: Vec<_> =
        told[1].trail.iter().map(|entry| (entry.act.as_str(), entry.verdict.as_ref().unwrap().revision)).collect();
    assert_eq!(acts, [("CHECKED", 1), ("DECIDED", 2)]);
    assert_eq!(told[1].verdict, told[1].trail[1].verdict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_not_named_is_refused_with_the_field() {
    let server = Server::steady().await;
    for (selector, field) in [
        (None, "author"),
        (Some(Selector::UserId(String::new())), "author.user_id"),
        (Some(Selector::Email("  ".into())), "author.email"),
        (Some(Selector::Ip("300.1.2.3".into())), "author.ip"),
    ] {
        let author = Some(pb::AuthorSelector { selector });
        let request = pb::ForgetAuthorRequest { site: String::new(), author, dry_run: false };
        let status = server.host().forget_author(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        let fields: Vec<_> =
            status.get_details_bad_request().unwrap().field_violations.into_iter().map(|violation| violation.field).collect();
        assert_eq!(fields, ["site", field]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_exported_and_forgotten_from_the_command_line() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    server.check(hers("1", "first")).await.unwrap();
    server.check(hers("2", "second")).await.unwrap();
    let on = |args: &[&str]| gatepost(args).env("GATEPOST_SERVER", server.url()).env("GATEPOST_SITE", SITE).output().unwrap();

    let exported = on(&["export", "--email", EMAIL]);
    assert_eq!(code(&exported), 0, "{}", err(&exported));
    assert_eq!(out(&exported).lines().count(), 2);
    assert!(out(&exported).starts_with("{\"comment\":{\"site\":\"blog.example\",\"comment_id\":\"1\""), "{}", out(&exported));

    let asked = on(&["forget", "--ip", IP]);
    assert_eq!(code(&asked), 2);
    assert!(err(&asked).contains("--yes"), "{}", err(&asked));
    assert_eq!(out(&on(&["forget", "--ip", IP, "--dry-run", "--format", "csv"])), "kind,count\ncomments,2\n");
    let forgotten = on(&["forget", "--ip", IP, "--yes"]);
    assert_eq!(code(&forgotten), 0, "{}", err(&forgotten));
    let rows: Vec<Vec<&str>> = out(&forgotten).lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1..3], [["comments", "2"], ["verdicts", "2"]], "{}", out(&forgotten));
    assert_eq!(out(&on(&["export", "--email", EMAIL])), "");

    for args in [&["forget", "--yes"][..], &["export", "--ip", IP, "--user-id", "7"], &["forget", "--ip", "x", "--yes"]] {
        assert_eq!(code(&on(args)), 2, "{args:?}");
    }
}
