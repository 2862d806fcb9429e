//! Tests of imports of archives and of a lost queue: comments are stored once, with their decisions.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use gatepost::pb::moderation_service_client::ModerationServiceClient;
use gatepost::pb::{self, Decision};
use tempfile::TempDir;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::cli::{code, err, gatepost, on, out};
use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by, comment};
use crate::redis;

const ONE_AN_HOUR: &str = "[limits]\nauthor = { count = 1, period = \"1h\", burst = 1, over = \"hold\" }\n";

fn judge(comment: pb::Comment) -> pb::CheckCommentsRequest {
    pb::CheckCommentsRequest { comment: Some(comment), ..Default::default() }
}

fn decided(comment: pb::Comment, decision: Decision) -> pb::CheckCommentsRequest {
    pb::CheckCommentsRequest { decided: decision.into(), ..judge(comment) }
}

/// Sends requests on a stream and returns the answers.
async fn check_all(server: &Server, requests: Vec<pb::CheckCommentsRequest>) -> Vec<pb::CheckCommentsResponse> {
    let mut host = ModerationServiceClient::new(server.connect().await);
    let answers = host.check_comments(tokio_stream::iter(requests)).await.unwrap().into_inner();
    tokio::time::timeout(PATIENCE, answers.map(Result::unwrap).collect()).await.expect("answers in time")
}

async fn verdict(server: &Server, id: &str) -> pb::Verdict {
    let request = pb::GetVerdictRequest { site: SITE.into(), comment_id: id.into() };
    server.host().get_verdict(request).await.unwrap().into_inner().verdict.unwrap()
}

/// Returns all stored comments, whatever their decision.
async fn standing(server: &Server) -> Vec<pb::ModeratedComment> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListCommentsRequest {
            site: SITE.into(),
            filter: "decision=any".into(),
            page_size: 1_000,
            page_token,
            ..Default::default()
        };
        let page = server.desk().list_comments(request).await.unwrap().into_inner();
        all.extend(page.comments);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn written(folder: &TempDir, name: &str, text: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let shown = path.display().to_string();
    (path, shown)
}

// === the stream ===

async fn answers_come_in_order_with_a_bad_one_in_the_middle(server: &Server) {
    let mut requests: Vec<_> = (0..200).map(|i| judge(comment(&format!("c{i}"), "hello there"))).collect();
    requests[100] = judge(comment("c100", " "));
    requests[150] = pb::CheckCommentsRequest { decided: 9, ..judge(comment("c150", "hello there")) };
    let answers = check_all(server, requests).await;
    assert_eq!(answers.len(), 200);
    for (i, answer) in answers.into_iter().enumerate() {
        if i == 100 || i == 150 {
            let error = answer.error.unwrap();
            assert_eq!((error.comment_id, error.reason.as_str()), (format!("c{i}"), "INVALID_REQUEST"));
            assert!(error.message.contains(if i == 100 { "comment.body" } else { "decided" }), "{}", error.message);
            assert_eq!(answer.verdict, None);
        } else {
            assert_eq!(answer.verdict.unwrap().comment_id, format!("c{i}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_keep_the_order_around_a_comment_that_is_bad() {
    answers_come_in_order_with_a_bad_one_in_the_middle(&Server::steady().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis_too() {
    let (url, prefix) = (redis::url(), redis::prefix());
    let server = Server::steady_with("", &["--store", &url, "--redis-prefix", &prefix]).await;
    answers_come_in_order_with_a_bad_one_in_the_middle(&server).await;
    let answers = check_all(&server, vec![decided(comment("h", "hello there"), Decision::Hold)]).await;
    assert_eq!(answers[0].verdict.as_ref().unwrap().decided_by, "import");
    assert_eq!(server.queue().await, ["h"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_neither_counts_in_the_limits_nor_is_held_by_them() {
    let server = Server::steady_with(ONE_AN_HOUR, &[]).await;
    let requests = (0..20).map(|i| judge(by("ada", &format!("old{i}"), "hello there"))).collect();
    for answer in check_all(&server, requests).await {
        let verdict = answer.verdict.unwrap();
        assert_eq!((verdict.decision(), verdict.rate_limit.clone()), (Decision::Approve, None), "{:?}", verdict.reasons);
    }
    let new = server.check(by("ada", "new", "hello there")).await.unwrap();
    assert_eq!(new.decision(), Decision::Approve);
    let next = server.check(by("ada", "next", "hello there")).await.unwrap();
    assert_eq!(next.decision(), Decision::Hold, "what comes in now is counted as ever");
    let old = check_all(&server, vec![judge(by("ada", "old", "hello there"))]).await;
    assert_eq!(old[0].verdict.as_ref().unwrap().decision(), Decision::Approve, "and what is old still is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_elsewhere_stands_whatever_the_machine_thinks() {
    let server = Server::steady().await;
    let requests = || {
        vec![
            decided(comment("held", "hello there"), Decision::Hold),
            decided(comment("rejected", "hello there"), Decision::Reject),
            decided(comment("approved", "you stupid idiot, buy cheap pills at http://pills.example"), Decision::Approve),
        ]
    };
    let first = check_all(&server, requests()).await;
    assert_eq!(first, check_all(&server, requests()).await, "a repeat changes nothing");
    for (answer, decision) in first.into_iter().zip([Decision::Hold, Decision::Reject, Decision::Approve]) {
        let verdict = answer.verdict.unwrap();
        assert_eq!((verdict.decision(), verdict.decided_by.as_str(), verdict.revision), (decision, "import", 1));
        assert_eq!(verdict.reasons[0].code, "IMPORTED");
        assert!(!verdict.scores.is_empty());
    }
    assert_eq!(server.queue().await, ["held"]);
    let request = pb::GetCommentRequest { site: SITE.into(), comment_id: "rejected".into() };
    let known = server.desk().get_comment(request).await.unwrap().into_inner();
    assert_eq!(known.audit_events[0].by, "import");
    assert_eq!(server.check(comment("rejected", "hello there")).await.unwrap().decided_by, "import");
    let edited = server.check(comment("rejected", "hello there, edited")).await.unwrap();
    assert_eq!(edited.decision(), Decision::Hold, "people had rejected it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_leaves_nothing() {
    let server = Server::steady().await;
    let dry = pb::CheckCommentsRequest { dry_run: true, ..decided(comment("c", "hello there"), Decision::Hold) };
    let answers = check_all(&server, vec![dry]).await;
    assert_eq!(answers[0].verdict.as_ref().unwrap().decision(), Decision::Hold);
    assert_eq!(standing(&server).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leaves_answers_what_it_has_read_and_ends_the_stream() {
    let mut server = Server::steady().await;
    let mut host = ModerationServiceClient::new(server.connect().await);
    let (sender, requests) = tokio::sync::mpsc::channel(1);
    let mut answers = host.check_comments(ReceiverStream::new(requests)).await.unwrap().into_inner();
    sender.send(judge(comment("c", "hello there"))).await.unwrap();
    assert!(answers.next().await.unwrap().unwrap().verdict.is_some());
    assert!(tokio::task::spawn_blocking(move || server.terminate()).await.unwrap().success());
    let end = answers.next().await.unwrap().unwrap_err();
    assert_eq!(end.code(), Code::Unavailable);
}

// === the command ===

const WXR: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:content="c" xmlns:wp="w"><channel><title>The blog</title>
<item><title>On tea &amp; biscuits</title><link>https://blog.example/tea</link>
<content:encoded><![CDATA[<p>Tea is best when it is hot.</p>]]></content:encoded><wp:post_id>7</wp:post_id>
<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_author>Ann</wp:comment_author>
<wp:comment_date_gmt>2021-03-05 10:00:00</wp:comment_date_gmt><wp:comment_type></wp:comment_type>
<wp:comment_content><![CDATA[I drink <b>green</b> tea.]]></wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>
<wp:comment><wp:comment_id>2</wp:comment_id><wp:comment_content>So do I.</wp:comment_content><wp:comment_approved>0</wp:comment_approved></wp:comment>
<wp:comment><wp:comment_id>3</wp:comment_id><wp:comment_content>Me too.</wp:comment_content><wp:comment_approved>spam</wp:comment_approved></wp:comment>
<wp:comment><wp:comment_id>4</wp:comment_id><wp:comment_content>Oh.</wp:comment_content><wp:comment_approved>trash</wp:comment_approved></wp:comment>
<wp:comment><wp:comment_id>5</wp:comment_id><wp:comment_content>Oh.</wp:comment_content><wp:comment_approved>1</wp:comment_approved>
<wp:comment_type>pingback</wp:comment_type></wp:comment>
</item></channel></rss>
"#;

const DISQUS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<thread dsq:id="100"><link>https://blog.example/jam</link><title>On jam</title><createdAt>2021-03-04T05:06:07Z</createdAt></thread>
<post dsq:id="901"><message><![CDATA[<p>Strawberry.</p>]]></message><createdAt>2021-03-05T00:00:00Z</createdAt>
<isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>Ann</name></author><thread dsq:id="100"/></post>
<post dsq:id="902"><message>Raspberry.</message><isSpam>true</isSpam><thread dsq:id="100"/><parent dsq:id="901"/></post>
<post dsq:id="903"><message>Cherry.</message><isDeleted>true</isDeleted><thread dsq:id="100"/></post>
</disqus>
"#;

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_wordpress_and_disqus_come_in_as_they_were_decided() {
    let server = Server::steady().await;
    let folder = TempDir::new().unwrap();
    let (_, wxr) = written(&folder, "blog.xml", WXR);
    let (_, disqus) = written(&folder, "disqus.xml", DISQUS);
    let output = on(&server, &["import", &wxr, &disqus]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for row in ["approve 3", "hold 1", "reject 2", "skipped: deleted 2"] {
        let found = out(&output).lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(row));
        assert!(found, "{row} in {}", out(&output));
    }
    for (id, decision, title) in [
        ("1", Decision::Approve, "On tea & biscuits"),
        ("2", Decision::Hold, "On tea & biscuits"),
        ("3", Decision::Reject, "On tea & biscuits"),
        ("901", Decision::Approve, "On jam"),
        ("902", Decision::Reject, "On jam"),
    ] {
        let request = pb::GetCommentRequest { site: SITE.into(), comment_id: id.into() };
        let known = server.desk().get_comment(request).await.unwrap().into_inner();
        let verdict = known.verdict.unwrap();
        assert_eq!((verdict.decision(), verdict.decided_by.as_str()), (decision, "import"), "{id}");
        assert_eq!(known.comment.unwrap().post.unwrap().title, title, "{id}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no progress is left of what is done");

    let judged = on(&server, &["import", "--judge", "--dry-run", "--format", "ids", &wxr]);
    assert_eq!((code(&judged), out(&judged)), (0, "1\n2\n3\n5\n"), "{}", err(&judged));
    let held = on(&server, &["import", "--held", "--format", "ids", &wxr]);
    assert_eq!((code(&held), out(&held)), (0, "2\n"), "{}", err(&held));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_comment_is_named_with_its_line_and_the_others_come_in() {
    let server = Server::steady().await;
    let folder = TempDir::new().unwrap();
    let lines = "{\"text\":\"a\",\"id\":\"a\",\"status\":\"held\"}\nno JSON\n{\"text\":\" \",\"id\":\"c\"}\n{\"text\":\"d\",\"id\":\"d\"}\n";
    let (_, file) = written(&folder, "a.jsonl", lines);
    let output = on(&server, &["import", &file]);
    assert_eq!(code(&output), 5, "{}", err(&output));
    for problem in ["line 2: is not JSON", "line 3: comment c: comment.body"] {
        let found =
            err(&output).lines().any(|line| line.contains(problem) || line.contains(&problem.replace(": comment.body", ":")));
        assert!(found, "{problem} in {}", err(&output));
    }
    assert_eq!(verdict(&server, "a").await.decided_by, "import");
    assert_eq!(verdict(&server, "d").await.decided_by, "MACHINE");

    let (_, cut) = written(&folder, "cut.xml", &WXR[..WXR.find("Me too").unwrap()]);
    let output = on(&server, &["import", &cut]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(err(&output).contains("2 comments were imported; then: "), "{}", err(&output));
    assert!(err(&output).contains("line 9: the file ends within <wp:comment_content>"), "{}", err(&output));
}

const BLOGGER: &str = r#"<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<entry><id>tag:blogger.com,1999:blog-1.post-100</id><blogger:type>POST</blogger:type><title>On tea</title></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-1001</id><blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>
<blogger:parent>tag:blogger.com,1999:blog-1.post-100</blogger:parent><content type='html'>Green.</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-1002</id><blogger:type>COMMENT</blogger:type><blogger:status>PENDING</blogger:status>
<blogger:parent>tag:blogger.com,1999:blog-1.post-100</blogger:parent><content type='html'>Black.</content></entry>
<entry><id>tag:blogger.com,1999:blog-1.post-1003</id><blogger:type>COMMENT</blogger:type><blogger:status>EMPTIED</blogger:status></entry>
</feed>"#;

const REMARK42: &str = r#"{"version":1,"users":[],"posts":[]}
{"id":"2001","pid":"","text":"<p>Green.</p>","user":{"name":"Ann","id":"github_1"},"locator":{"site":"b","url":"https://blog.example/tea"},"time":"2021-03-05T00:00:00Z","title":"On tea"}
{"id":"2002","pid":"2001","text":"","user":{"name":"Bo","id":"github_2"},"locator":{"site":"b","url":"https://blog.example/tea"},"time":"2021-03-05T00:00:00Z","delete":true}
"#;

const COMMENTO: &str = r#"{"version":1,"comments":[
{"commentHex":"3001","url":"/tea","commenterHex":"c","markdown":"Green.","parentHex":"root","state":"approved","creationDate":"2021-03-05T00:00:00Z"},
{"commentHex":"3002","url":"/tea","commenterHex":"anonymous","markdown":"Black.","parentHex":"root","state":"unapproved","creationDate":"2021-03-05T00:00:00Z"},
{"commentHex":"3003","url":"/tea","commenterHex":"anonymous","markdown":"[deleted]","parentHex":"root","state":"approved","creationDate":"2021-03-05T00:00:00Z"}
],"commenters":[{"commenterHex":"c","email":"ann@mail.example","name":"Ann","link":""}]}"#;

const COMENTARIO: &str = r#"{"version":3,"pages":[{"id":"p","path":"/tea","title":"On tea"}],"comments":[
{"id":"4001","pageId":"p","markdown":"Green.","isApproved":true,"createdTime":"2021-03-05T00:00:00Z","userCreated":"u"},
{"id":"4002","pageId":"p","markdown":"Buy.","isApproved":false,"createdTime":"2021-03-05T00:00:00Z","userCreated":"u"}
],"commenters":[]}"#;

const ISSO: &str = "CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
    CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL, mode INTEGER,
        text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR);
    INSERT INTO threads VALUES (1, '/tea', 'On tea');
    INSERT INTO comments VALUES (1, 5001, NULL, 1614902400.5, 1, 'Green.', 'Ann', NULL, NULL), (1, 5002, 5001, 1614902400.5, 2,
        'Black.', NULL, NULL, NULL), (1, 5003, 5001, 1614902400.5, 4, '', NULL, NULL, NULL);";

/// Returns whether a table has a row that begins with these words.
fn has_row(output: &std::process::Output, row: &str) -> bool {
    out(output).lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(row))
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_of_five_other_systems_come_in_as_they_were_decided() {
    let server = Server::steady().await;
    let folder = TempDir::new().unwrap();
    let mut files: Vec<String> =
        [("feed.atom", BLOGGER), ("backup.json", REMARK42), ("commento.json", COMMENTO), ("comentario.json", COMENTARIO)]
            .map(|(name, text)| written(&folder, name, text).1)
            .into();
    let isso = folder.path().join("comments.db");
    rusqlite::Connection::open(&isso).unwrap().execute_batch(ISSO).unwrap();
    files.push(isso.display().to_string());
    let args: Vec<&str> = ["import"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = on(&server, &args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for row in ["approve 5", "hold 3", "reject 1", "skipped: deleted 4"] {
        assert!(has_row(&output, row), "{row} in {}", out(&output));
    }
    for (id, decision, title) in [
        ("1001", Decision::Approve, "On tea"),
        ("1002", Decision::Hold, "On tea"),
        ("2001", Decision::Approve, "On tea"),
        ("3001", Decision::Approve, ""),
        ("3002", Decision::Hold, ""),
        ("4001", Decision::Approve, "On tea"),
        ("4002", Decision::Reject, "On tea"),
        ("5001", Decision::Approve, "On tea"),
        ("5002", Decision::Hold, "On tea"),
    ] {
        let request = pb::GetCommentRequest { site: SITE.into(), comment_id: id.into() };
        let known = server.desk().get_comment(request).await.unwrap().into_inner();
        let verdict = known.verdict.unwrap();
        assert_eq!((verdict.decision(), verdict.decided_by.as_str()), (decision, "import"), "{id}");
        assert_eq!(known.comment.unwrap().post.unwrap().title, title, "{id}");
    }
    assert_eq!(standing(&server).await.len(), 9, "no deleted comment became a live one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_byte_costs_no_comment_and_what_is_left_out_is_said() {
    let server = Server::steady().await;
    let folder = TempDir::new().unwrap();
    let order = "<wp:comment><wp:comment_id>6</wp:comment_id><wp:comment_type>order_note</wp:comment_type></wp:comment>";
    let mut bytes = WXR.replace("</item>", &format!("{order}{order}</item>")).into_bytes();
    let at = WXR.find("I drink").unwrap();
    bytes[at] = 0xe9;
    let file = folder.path().join("blog.xml");
    fs::write(&file, bytes).unwrap();
    let output = on(&server, &["import", &file.display().to_string()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for row in [
        "approve 2",
        "skipped: deleted 1",
        "skipped: order_note 2",
        "1 comments contained or followed bytes that are not UTF-8",
    ] {
        assert!(has_row(&output, row), "{row} in {}", out(&output));
    }

    let lines = "{\"text\":\"hello\",\"id\":\"x\",\"hue\":true,\"author\":{\"karma\":3}}\n{\"text\":\"hi\",\"id\":\"y\",\"hue\":false}\n{\"text\":\"oh\",\"id\":\"z\",\"delete\":true}\n";
    let (_, file) = written(&folder, "a.jsonl", lines);
    let output = on(&server, &["import", &file, "--format", "ids"]);
    assert_eq!((code(&output), out(&output)), (0, "x\ny\n"), "{}", err(&output));
    assert!(err(&output).contains("author.karma (1), hue (2)"), "{}", err(&output));
    assert!(err(&output).contains("1 skipped: deleted"), "{}", err(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_without_a_comment_is_an_error_that_says_what_was_expected() {
    let server = Server::steady().await;
    let folder = TempDir::new().unwrap();
    for (name, text, expected) in [
        ("empty.jsonl", "", "`body` or `text`"),
        ("posts.xml", "<rss><channel><item><title>On tea</title></item></channel></rss>", "<wp:comment>"),
        ("orders.xml", "<rss><wp:comment><wp:comment_type>order_note</wp:comment_type></wp:comment></rss>", "order_note (1)"),
        ("posts.atom", "<feed><entry><title>On tea</title></entry></feed>", "of the kind comment"),
        ("none.json", "{\"version\":1,\"comments\":[],\"commenters\":[]}", "the list `comments`"),
    ] {
        let (_, file) = written(&folder, name, text);
        let output = on(&server, &["import", &file]);
        assert_eq!(code(&output), 1, "{name}: {}", err(&output));
        assert!(err(&output).contains("no comments in it") && err(&output).contains(expected), "{name}: {}", err(&output));
        assert!(!folder.path().join(format!("{name}.progress")).exists(), "{name}: nothing is left to go on with");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_exits_with_three() {
    let mut server = Server::steady().await;
    server.kill();
    let folder = TempDir::new().unwrap();
    let (_, file) = written(&folder, "a.jsonl", "{\"text\":\"a\"}\n");
    let output = on(&server, &["import", &file]);
    assert_eq!(code(&output), 3, "{}", err(&output));
}

/// Writes an archive of this many comments, so that an import can be interrupted.
fn many(folder: &TempDir, name: &str, count: usize) -> (PathBuf, String) {
    let lines: String =
        (0..count).map(|i| format!("{{\"text\":\"hello number {i}\",\"id\":\"{i}\",\"status\":\"held\"}}\n")).collect();
    written(folder, name, &lines)
}

/// Returns the number of imported comments in the progress file.
fn done(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file.with_extension("jsonl.progress")).ok()?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?["done"].as_u64()
}

fn wait_for(file: &Path, least: u64) -> u64 {
    let until = Instant::now() + PATIENCE;
    loop {
        match done(file) {
            Some(done) if done >= least => return done,
            _ => assert!(Instant::now() < until, "the import does not come to {least}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_goes_on_and_nothing_doubles() {
    const COUNT: usize = 40_000;
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let folder = TempDir::new().unwrap();
    let (path, file) = many(&folder, "many.jsonl", COUNT);
    let mut import = gatepost(&["import", &file, "--server", &server.url(), "--site", SITE]).spawn().unwrap();
    wait_for(&path, 1);
    import.kill().unwrap();
    import.wait().unwrap();
    let kept = usize::try_from(done(&path).unwrap()).unwrap();
    assert!((1..COUNT).contains(&kept), "{kept} were done when it was killed");

    let output = on(&server, &["import", "--format", "ids", &file]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains(&format!("resuming after {kept} ")), "{}", err(&output));
    assert_eq!(kept + out(&output).lines().count(), COUNT);
    let mut ids: Vec<usize> =
        standing(&server).await.iter().map(|c| c.comment.as_ref().unwrap().comment_id.parse().unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..COUNT), "{} of {COUNT} are there", ids.len());
    assert!(standing(&server).await.iter().all(|comment| comment.verdict.as_ref().unwrap().revision == 1));
    assert_eq!(done(&path), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_does_not_end_an_import_and_one_that_stays_away_does() {
    const COUNT: usize = 6_000;
    let mut server = Server::steady().await;
    let folder = TempDir::new().unwrap();
    let (path, file) = many(&folder, "many.jsonl", COUNT);
    let import = gatepost(&["import", &file, "--server", &server.url(), "--site", SITE]).spawn().unwrap();
    wait_for(&path, 1);
    server.kill();
    server.start_again();
    let output = import.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("trying again"), "{}", err(&output));
    assert_eq!(standing(&server).await.len(), COUNT);

    let (path, file) = many(&folder, "more.jsonl", 10 * COUNT);
    let args = ["import", "--retries", "1", &file, "--server", &server.url(), "--site", SITE];
    let import = gatepost(&args).spawn().unwrap();
    wait_for(&path, 1);
    server.kill();
    let output = import.wait_with_output().unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("run it again to go on"), "{}", err(&output));
    assert!(done(&path).unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_queue_comes_back_from_what_was_printed_of_it() {
    let (old, new) = (Server::steady_with(HOLD_ALL, &[]).await, Server::steady().await);
    for id in ["a", "b", "c"] {
        let parent = pb::Comment { parent_id: "p".into(), ..by("ada", id, "hello there") };
        old.check(parent).await.unwrap();
    }
    old.decide("b", Decision::Reject).await;
    let everything = on(&old, &["queue", "--filter", "decision=any", "--all", "--format", "jsonl"]);
    let folder = TempDir::new().unwrap();
    let (_, file) = written(&folder, "queue.jsonl", out(&everything));
    let output = on(&new, &["import", "--held", "--format", "ids", &file]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let mut queue = new.queue().await;
    queue.sort();
    assert_eq!(queue, ["a", "c"]);
    let restored = standing(&new).await.remove(0).comment.unwrap();
    assert_eq!((restored.parent_id.as_str(), restored.author.unwrap().user_id.as_str()), ("p", "ada"));
}
