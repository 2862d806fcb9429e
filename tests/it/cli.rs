//! Tests of the commands: the real program, its output and its exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use gatepost::pb::Decision;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, comment};

/// A comment that the default policy holds.
pub const SPAM: &str = "Cheap pills!!! Buy viagra now at http://cheap-pills.example/buy http://cheap-pills.example/now";

/// Returns the program with arguments, shielded from the environment variables of the test run.
pub fn gatepost(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GATEPOST_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn run(args: &[&str]) -> Output {
    gatepost(args).output().unwrap()
}

/// Runs the program with this input on standard input.
pub fn pipe(args: &[&str], input: &[u8]) -> Output {
    let mut child = gatepost(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The input is written in a thread of its own, because both pipes could fill up otherwise.
    let writer = thread::spawn(move || {
        // Writing fails if the program refuses its arguments and reads nothing.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Runs the program against a server.
pub fn on(server: &Server, args: &[&str]) -> Output {
    gatepost(args).env("GATEPOST_SERVER", server.url()).env("GATEPOST_SITE", SITE).output().unwrap()
}

pub fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{:?}: {}", output.status, err(output)))
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

async fn hold(server: &Server, ids: &[&str]) {
    for id in ids {
        let verdict = server.check(comment(id, "hello there")).await.unwrap();
        assert_eq!(verdict.decision(), Decision::Hold);
    }
}

/// Has this many comments held by sending them as an archive, to which no limit applies. Returns their ids.
fn hold_many(server: &Server, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|number| format!("c-{number:03}")).collect();
    let lines: String = ids.iter().map(|id| format!("{{\"text\":\"hello from {id}\",\"id\":\"{id}\"}}\n")).collect();
    let url = server.url();
    let checked = pipe(&["check", "--server", &url, "--site", SITE, "--file", "-", "--format", "ids"], lines.as_bytes());
    assert_eq!((code(&checked), out(&checked).lines().count()), (0, count), "{}", err(&checked));
    ids
}

/// Runs the program against a server in a terminal. Returns what it shows, including standard error.
fn in_a_terminal(server: &Server, args: &[&str]) -> String {
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_gatepost"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GATEPOST_")) {
        command.env_remove(name);
    }
    command.env("GATEPOST_SERVER", server.url());
    command.env("GATEPOST_SITE", SITE);
    command.env("NO_COLOR", "1");
    command.args(args);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut shown = String::new();
    pair.master.try_clone_reader().unwrap().read_to_string(&mut shown).unwrap();
    assert!(child.wait().unwrap().success(), "{args:?}: {shown}");
    shown
}

// === one comment, without a server ===

#[test]
fn a_verdict_needs_no_server() {
    let output = run(&["check", "Great post, thank you"]);
    assert_eq!(code(&output), 0);
    assert!(out(&output).starts_with("APPROVE\n"), "{}", out(&output));
}

#[test]
fn the_exit_code_tells_the_decision_only_when_asked() {
    assert_eq!(code(&run(&["check", "--exit-code", "Great post, thank you"])), 0);
    for (decision, expected) in [("hold", 10), ("reject", 11)] {
        let policy = TempDir::new().unwrap();
        let text = format!("sites = [\"check\"]\n[blocked]\ndecision = \"{decision}\"\nwords = [\"gatecrash\"]\n");
        std::fs::write(policy.path().join("check.toml"), text).unwrap();
        let folder = policy.path().display().to_string();
        let args = ["check", "--policy-dir", &folder, "gatecrash the party"];
        let asked = gatepost(&args).arg("--exit-code").output().unwrap();
        assert_eq!(code(&asked), expected, "{}{}", out(&asked), err(&asked));
        assert!(out(&asked).contains("blocked.words[0]"), "{}", out(&asked));
        assert_eq!(code(&run(&args)), 0);
    }
}

#[test]
fn what_is_piped_in_is_the_comment() {
    let output = pipe(&["check", "--format", "json", "--id", "c-1", "--site", "blog.example"], b"hello there\n");
    let verdict: Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!((text(&verdict, "comment_id"), text(&verdict, "site")), ("c-1", "blog.example"));
    assert_eq!(text(&verdict, "decision"), "DECISION_APPROVE");
}

#[test]
fn every_wrong_field_has_its_line() {
    let output = run(&["check", "--id", "a b", " "]);
    assert_eq!(code(&output), 2);
    for field in ["comment.comment_id: ", "comment.body: "] {
        assert!(err(&output).lines().any(|line| line.trim_start().starts_with(field)), "{field} in {}", err(&output));
    }
}

#[test]
fn escape_sequences_of_a_comment_do_not_reach_the_terminal() {
    let body = "idiot\u{1b}[2J\u{9b}31m \u{202e}moron\u{202c} you idiot http://x.example/\u{1b}]0;owned\u{7}";
    for format in ["table", "json", "jsonl"] {
        let output = pipe(&["check", "--format", format, "--author-name", "\u{1b}[31m"], body.as_bytes());
        assert_eq!(code(&output), 0);
        let odd = out(&output).chars().find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{202c}".contains(*c));
        assert_eq!(odd, None, "{format}: {}", out(&output).escape_debug());
    }
}

// === a file of them ===

#[test]
fn a_file_is_judged_line_by_line_and_a_broken_line_is_only_that() {
    let lines = "{\"text\":\"one\",\"id\":\"set:1\",\"post_text\":\"a post\",\"label\":\"ham\"}\n\
                 this is no JSON\n\
                 {\"body\":\"two\",\"id\":\"not an id\",\"shoe_size\":43}\n\
                 {\"body\":\"three\",\"comment_id\":\"own\",\"site\":\"s\",\"id\":\"set:3\"}\n";
    let output = pipe(&["check", "--file", "-", "--format", "jsonl"], lines.as_bytes());
    assert_eq!(code(&output), 5);
    assert!(err(&output).contains("line 2: is not JSON"), "{}", err(&output));
    let verdicts = json_lines(out(&output));
    let ids: Vec<_> = verdicts.iter().map(|verdict| (text(verdict, "site"), text(verdict, "comment_id"))).collect();
    assert_eq!(ids, [("check", "set:1"), ("check", "line-3"), ("s", "own")]);
    assert!(verdicts.iter().all(|verdict| text(verdict, "decision").starts_with("DECISION_")));
}

#[test]
fn a_file_of_nothing_but_broken_lines_failed() {
    assert_eq!(code(&pipe(&["check", "--file", "-"], b"{\n[]\n")), 1);
}

#[test]
fn a_long_file_keeps_its_order() {
    let lines: String = (0..3_000).map(|i| format!("{{\"text\":\"hello number {i}\",\"id\":\"{i}\"}}\n")).collect();
    let output = pipe(&["check", "--file", "-", "--format", "ids"], lines.as_bytes());
    let expected: String = (0..3_000).map(|i| format!("{i}\n")).collect();
    assert!(out(&output) == expected, "{}", &out(&output)[..200.min(out(&output).len())]);
}

#[test]
fn the_summary_counts_what_was_asked_for_per_label() {
    let lines = "{\"text\":\"nice\",\"label\":\"ham\",\"split\":\"test\"}\n\
                 {\"text\":\"nice too\",\"label\":\"ham\",\"split\":\"test\",\"ambiguous\":true}\n\
                 {\"text\":\"nice again\",\"label\":\"ham\",\"split\":\"train\"}\n";
    let args = ["check", "--file", "-", "--where", "split=test", "--where", "ambiguous!=true", "--show", "approve"];
    let output = pipe(&args, lines.as_bytes());
    assert_eq!(code(&output), 0);
    let ham = out(&output).lines().find(|line| line.starts_with("ham")).unwrap();
    assert_eq!(ham.split_whitespace().collect::<Vec<_>>(), ["ham", "1", "1", "100.0", "0", "0.0", "0", "0.0"]);
    let listed = out(&output).lines().find(|line| line.contains("line-1")).unwrap();
    assert!(listed.starts_with("approve") && listed.ends_with("nice"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_judges_a_file_in_order_too_and_queues_what_it_holds() {
    let server = Server::start(HOLD_ALL, &[]).await;
    let mut lines: String = (0..200).map(|i| format!("{{\"text\":\"hello number {i}\",\"id\":\"{i}\"}}\n")).collect();
    lines.push_str("{\"text\":\" \"}\n");
    let url = server.url();
    let args = ["check", "--server", &url, "--site", SITE, "--file", "-", "--format", "ids"];
    let output = tokio::task::spawn_blocking({
        let args = args.map(str::to_owned);
        move || pipe(&args.each_ref().map(String::as_str), lines.as_bytes())
    })
    .await
    .unwrap();
    assert_eq!(code(&output), 5, "{}", err(&output));
    assert!(err(&output).contains("line 201: comment.body"), "{}", err(&output));
    let expected: String = (0..200).map(|i| format!("{i}\n")).collect();
    assert_eq!(out(&output), expected);
    assert_eq!(server.queue().await.len(), 200);
}

// === the desk ===

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_approved_through_a_pipe() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, &["a", "b", "c"]).await;
    let queue = on(&server, &["queue", "--format", "ids", "--order", "oldest"]);
    assert_eq!((code(&queue), out(&queue)), (0, "a\nb\nc\n"));

    let url = server.url();
    let args = ["approve", "-", "--server", &url, "--site", SITE, "--moderator", "ada", "--format", "csv"];
    let approved = pipe(&args, &queue.stdout);
    assert_eq!(code(&approved), 0, "{}", err(&approved));
    assert!(out(&approved).contains("\na,approve,2,ada,,\n"), "{}", out(&approved));
    assert_eq!(out(&on(&server, &["queue", "--format", "ids"])), "");

    let undone = on(&server, &["undo", "b", "--format", "ids"]);
    assert_eq!((code(&undone), out(&undone)), (0, "b\n"));
    assert_eq!(out(&on(&server, &["queue", "--format", "ids"])), "b\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_id_has_its_result_and_some_failures_exit_with_five() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, &["a"]).await;
    let some = on(&server, &["reject", "a", "gone", "--reason", "spam", "--format", "jsonl"]);
    assert_eq!(code(&some), 5);
    let results = json_lines(out(&some));
    assert_eq!(text(&results[0]["verdict"], "decision"), "DECISION_REJECT");
    assert_eq!(text(&results[1]["error"], "reason"), "NOT_FOUND");
    assert_eq!(code(&on(&server, &["approve", "gone"])), 1);
    let stale = on(&server, &["approve", "a", "--expected-revision", "1"]);
    assert!(out(&stale).contains("CONFLICT"), "{}", out(&stale));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_ids_than_a_call_takes_are_sent_in_several() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, &["a"]).await;
    let mut ids: String = (0..1_500).map(|i| format!("gone{i}\n")).collect();
    ids.push_str("a\n");
    let url = server.url();
    let output = pipe(&["approve", "-", "--server", &url, "--site", SITE, "--format", "jsonl"], ids.as_bytes());
    assert_eq!(code(&output), 5, "{}", err(&output));
    assert_eq!(out(&output).lines().count(), 1_501);
    assert_eq!(server.queue().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_of_the_queue_is_what_it_says() {
    let server = Server::start(HOLD_ALL, &[]).await;
    server.check(comment("a", "one, \"two\"\nthree \u{1b}[31m")).await.unwrap();
    server.check(comment("b", SPAM)).await.unwrap();
    let queue = |format| on(&server, &["queue", "--order", "oldest", "--format", format]);

    let table = queue("table");
    assert!(out(&table).starts_with("id ") && out(&table).contains("one, \"two\" three \\u{1b}[31m"), "{}", out(&table));
    assert_eq!(out(&table).lines().count(), 3);
    let json: Value = serde_json::from_str(out(&queue("json"))).unwrap();
    assert_eq!(text(&json[0]["comment"], "body"), "one, \"two\"\nthree \u{1b}[31m");
    assert_eq!(text(&json[1]["verdict"], "decision"), "DECISION_HOLD");
    assert_eq!(json_lines(out(&queue("jsonl"))).len(), 2);
    let csv = queue("csv");
    assert!(out(&csv).starts_with("comment_id,received_at,decision,"), "{}", out(&csv));
    assert!(out(&csv).contains("\"one, \"\"two\"\"\nthree"), "{}", out(&csv));
    assert_eq!(out(&on(&server, &["queue", "--filter", "decision=reject", "--format", "json"])), "[]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_gets_every_held_comment() {
    let server = Server::start(HOLD_ALL, &[]).await;
    let held = hold_many(&server, 120);
    let listed = on(&server, &["queue", "--format", "ids"]);
    assert_eq!((code(&listed), err(&listed)), (0, ""));
    let mut ids: Vec<&str> = out(&listed).lines().collect();
    ids.sort_unstable();
    assert_eq!(ids, held);

    let queue = |format| on(&server, &["queue", "--format", format]);
    assert_eq!(json_lines(out(&queue("jsonl"))).len(), 120);
    let json: Value = serde_json::from_str(out(&queue("json"))).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 120);
    for format in ["csv", "table"] {
        let listed = queue(format);
        assert_eq!((out(&listed).lines().count(), err(&listed)), (121, ""), "{format}: one line of headings and 120 others");
    }
    assert_eq!(out(&on(&server, &["queue", "--all", "--format", "ids"])), out(&listed));

    let url = server.url();
    let rejected = pipe(&["reject", "-", "--server", &url, "--site", SITE, "--reason", "spam"], &listed.stdout);
    assert_eq!(code(&rejected), 0, "{}", err(&rejected));
    assert!(server.queue().await.is_empty());
    let audit = on(&server, &["audit", "--act", "DECIDED", "--format", "ids"]);
    assert_eq!((out(&audit).lines().count(), err(&audit)), (120, ""), "so does a pipe from the audit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_says_that_there_is_more() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold_many(&server, 120);
    for command in ["queue", "audit"] {
        // Within the first page, and beyond it.
        for limit in ["1", "50", "110"] {
            let listed = on(&server, &[command, "--limit", limit, "--format", "ids"]);
            assert_eq!((code(&listed), out(&listed).lines().count().to_string().as_str()), (0, limit), "{command}");
            let said =
                format!("gatepost: stopped after {limit}, and there are more; give --all instead of --limit to print all\n");
            assert_eq!(err(&listed), said, "{command}");
        }
        for limit in ["120", "500"] {
            let listed = on(&server, &[command, "--limit", limit, "--format", "ids"]);
            assert_eq!((code(&listed), out(&listed).lines().count(), err(&listed)), (0, 120, ""), "{command} {limit}");
        }
        assert_eq!(code(&on(&server, &[command, "--limit", "5", "--all"])), 2, "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_fifty_rows_and_learns_how_to_get_the_others() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold_many(&server, 120);
    let rows = |shown: &str| shown.lines().filter(|line| line.contains("c-")).count();
    for command in ["queue", "audit"] {
        let shown = in_a_terminal(&server, &[command]);
        assert_eq!(rows(&shown), 50, "{command}: {shown}");
        let said = "gatepost: stopped after 50, and there are more; give --all to print all, or --limit N to print N";
        assert!(shown.contains(said), "{command}: {shown}");
        for args in [&[command, "--all"][..], &[command, "--format", "ids"]] {
            let shown = in_a_terminal(&server, args);
            assert_eq!(rows(&shown), 120, "{args:?}: {shown}");
            assert!(!shown.contains("gatepost: "), "{args:?}: {shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_shown_with_what_was_done_to_it() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, &["a"]).await;
    on(&server, &["reject", "a", "--reason", "abusive", "--note", "second time", "--moderator", "ada"]);
    let shown = on(&server, &["show", "a"]);
    assert_eq!(code(&shown), 0);
    for part in ["REJECT  a on blog.example", "  hello there", "by ada, revision 2", "DECIDED", "abusive", "second time"] {
        assert!(out(&shown).contains(part), "{part} in {}", out(&shown));
    }
    let known: Value = serde_json::from_str(out(&on(&server, &["show", "a", "--format", "json"]))).unwrap();
    assert_eq!(known["audit_events"].as_array().unwrap().len(), 2);
    let missing = on(&server, &["show", "nobody"]);
    assert_eq!(code(&missing), 1);
    assert!(err(&missing).contains("nobody"), "{}", err(&missing));
}

// === watching ===

/// A running `gatepost watch`, line by line. Killed when dropped.
struct Watching {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Watching {
    fn start(server: &Server, args: &[&str]) -> Self {
        let mut command = gatepost(&["watch", "--format", "jsonl", "--server", &server.url(), "--site", SITE]);
        let mut child = command.args(args).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    fn next(&self) -> (String, String) {
        let line = self.lines.recv_timeout(PATIENCE).expect("a change in time");
        let change: Value = serde_json::from_str(&line).unwrap();
        (text(&change["verdict"], "comment_id").to_owned(), text(&change, "cursor").to_owned())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_reconnects_by_itself_and_begins_where_it_left_off() {
    let mut server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, &["a", "b", "c"]).await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cursor");
    let path = file.display().to_string();

    let watching = Watching::start(&server, &["--cursor-file", &path]);
    server.decide("a", Decision::Approve).await;
    assert_eq!(watching.next().0, "a");
    server.restart().await;
    server.decide("b", Decision::Approve).await;
    let (id, cursor) = watching.next();
    assert_eq!(id, "b", "the same watcher goes on after the restart");
    // The cursor file is written right after the line.
    let until = Instant::now() + PATIENCE;
    while std::fs::read_to_string(&file).unwrap().trim() != cursor {
        assert!(Instant::now() < until, "the cursor is not kept");
        thread::sleep(Duration::from_millis(5));
    }
    drop(watching);

    server.decide("c", Decision::Reject).await;
    let mut watching = Watching::start(&server, &["--cursor-file", &path, "--max", "1"]);
    assert_eq!(watching.next().0, "c", "another watcher goes on from the file");
    assert!(watching.child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn control_c_ends_a_watcher_in_good_order() {
    let server = Server::start(HOLD_ALL, &[]).await;
    hold(&server, &["a"]).await;
    let mut watching = Watching::start(&server, &[]);
    server.decide("a", Decision::Approve).await;
    watching.next();
    assert!(Command::new("kill").args(["-INT", &watching.child.id().to_string()]).status().unwrap().success());
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_none_is_refused_and_not_tried_again() {
    let server = Server::steady().await;
    let output = on(&server, &["watch", "--cursor", "nonsense"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("after_cursor: "), "{}", err(&output));
}

// === failures ===

#[test]
fn wrong_usage_exits_with_two() {
    for args in [
        vec!["queue"],
        vec!["approve"],
        vec!["check", "--file", "x", "text"],
        vec!["queue", "--site", "s", "--limit", "0"],
        vec!["queue", "--site", "s", "--server", "ftp://x"],
        vec!["check", "--file", "x", "--where", "split"],
        vec!["import", "--site", "s"],
        vec!["import", "--site", "s", "--held", "--judge", "x"],
        vec!["import", "--site", "s", "--state", "x", "-"],
        vec!["nothing-like-it"],
    ] {
        let output = run(&args);
        assert_eq!(code(&output), 2, "{args:?}: {}", err(&output));
        assert!(!err(&output).is_empty() && out(&output).is_empty(), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_is_none_is_wrong_usage_too() {
    let server = Server::steady().await;
    let output = on(&server, &["queue", "--filter", "colour=red"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("\n  filter: "), "{}", err(&output));
}

#[test]
fn nobody_there_exits_with_three_and_says_what_to_do() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = format!("127.0.0.1:{port}");
    for args in [vec!["queue"], vec!["show", "a"], vec!["approve", "a"], vec!["watch"], vec!["check", "hello"]] {
        let output = gatepost(&args).args(["--site", "s", "--server", &server]).output().unwrap();
        assert_eq!(code(&output), 3, "{args:?}: {}", err(&output));
        assert!(err(&output).contains("is `gatepost serve` running?"), "{}", err(&output));
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let lines: String = (0..20_000).map(|i| format!("{{\"text\":\"hello\",\"id\":\"{i}\"}}\n")).collect();
    let mut child = gatepost(&["check", "--file", "-", "--format", "jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    drop(child.stdout.take());
    // The program may end before it has read everything.
    let _ = stdin.write_all(lines.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), err(&output)), (0, ""));
}

#[test]
fn every_command_shows_examples() {
    let mut waiting = vec![Vec::<String>::new()];
    let mut seen = 0;
    while let Some(command) = waiting.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = run(&words);
        let help = out(&help);
        let below = help.split("\nCommands:\n").nth(1).unwrap_or_default();
        let names = below.lines().take_while(|line| !line.trim().is_empty());
        // Descriptions of commands that wrap to a second line are indented further.
        let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        waiting.extend(names.map(|name| [command.clone(), vec![name.to_owned()]].concat()));
        if !command.is_empty() {
            seen += 1;
            assert!(help.contains("Examples:\n  gatepost "), "{command:?}: {help}");
        }
    }
    assert!(seen > 35, "{seen} commands");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_look_like_options_go_through_the_pipe() {
    let server = Server::steady_with(HOLD_ALL, &[]).await;
    let odd = ["-9f", "--site=other.example", "-h", "--", "-", "c-1"];
    hold(&server, &odd).await;
    let url = server.url();
    let queued = on(&server, &["queue", "--format", "ids"]);
    let mut ids: Vec<&str> = out(&queued).lines().collect();
    ids.sort_unstable();
    let mut expected = odd.to_vec();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let moderator = ["--server", &url, "--site", SITE, "--moderator", "mia"];
    for command in ["claim", "approve", "undo"] {
        let output = pipe(&[&[command][..], &moderator, &["--format", "ids", "-"]].concat(), &queued.stdout);
        let mut done: Vec<&str> = out(&output).lines().collect();
        done.sort_unstable();
        assert_eq!((code(&output), done), (0, expected.clone()), "{command}: {}", err(&output));
    }
    let released = pipe(&[&["release"][..], &moderator, &["-"]].concat(), &queued.stdout);
    assert_eq!(code(&released), 0, "{}", err(&released));
    let approved = on(&server, &["approve", "--format", "ids", "--", "-9f", "--site=other.example", "-h"]);
    assert_eq!((code(&approved), out(&approved).lines().count()), (0, 3), "{}", err(&approved));
    let shown = on(&server, &["show", "-9f", "--format", "json"]);
    assert_eq!(code(&shown), 0, "{}", err(&shown));
    // A misspelled option must not cause any act.
    let slip = on(&server, &["reject", "c-1", "--raeson", "spam"]);
    assert_eq!(code(&slip), 2, "{}", err(&slip));
    assert_eq!(server.queue().await.len(), 3);
}
