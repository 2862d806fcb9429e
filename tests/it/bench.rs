//! Tests of the load generator: its report adds up, waiting times count, and retries behave like those of a careful host.

use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::{code, err, gatepost, out, run};
use crate::harness::{PATIENCE, Server};
use crate::observe::metric;

/// Returns a command that puts load on servers without a warm-up and reports as JSON.
fn load(servers: &[&Server], args: &[&str]) -> Command {
    let mut command = gatepost(&["bench", "--warmup", "0s", "--format", "json"]);
    for server in servers {
        command.args(["--server", &server.url()]);
    }
    command.args(args);
    command
}

fn report(output: &Output) -> Value {
    serde_json::from_str(out(output)).unwrap_or_else(|error| panic!("{error}: {}{}", out(output), err(output)))
}

fn number(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {path} in {report}"))
}

fn figure(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {report}"))
}

/// Asserts that every call is in the sums and in the timeline.
fn adds_up(report: &Value) {
    let calls = |name: &str| number(report, &format!("/calls/{name}"));
    assert_eq!(calls("due"), calls("sent") + calls("not_sent"), "{report}");
    assert_eq!(calls("sent"), calls("answered") + calls("failed"), "{report}");
    for name in ["due", "answered", "failed", "not_sent"] {
        let seconds = report["timeline"].as_array().unwrap();
        let sum: u64 = seconds.iter().map(|second| second[name].as_u64().unwrap()).sum();
        assert_eq!(sum, calls(name), "{name} in {report}");
    }
    let sum = |list: &str, field: &str| -> u64 {
        report[list].as_array().unwrap().iter().map(|item| item[field].as_u64().unwrap()).sum()
    };
    assert_eq!(sum("failures", "count"), calls("failed"), "{report}");
    assert_eq!(sum("servers", "answered"), calls("answered"), "{report}");
    assert_eq!(sum("latency_steps", "calls"), calls("answered"), "{report}");
    let decisions: u64 = report["decisions"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(decisions, calls("answered"), "{report}");
}

fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

fn wait(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

/// Waits until a server has answered this many calls since its start.
fn until_called(server: &Server, calls: u32) {
    let until = Instant::now() + PATIENCE;
    while metric(server, "gatepost_call_duration_seconds_count{code=\"ok\",rpc=\"CheckComment\"}") < f64::from(calls) {
        assert!(Instant::now() < until, "nobody calls");
        thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn the_report_adds_up_and_every_call_that_was_due_is_in_it() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let output = load(&[&server], &["--rate", "100", "--duration", "2s", "--timeout", "10s"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    let report = report(&output);
    adds_up(&report);
    assert_eq!(number(&report, "/calls/due"), 200);
    assert_eq!(number(&report, "/calls/answered"), 200);
    assert!(number(&report, "/decisions/DECISION_APPROVE") > 100, "{report}");
    assert!(figure(&report, "/latency_ms/p50") > 0.0);
    assert!(figure(&report, "/latency_ms/p99.9") <= figure(&report, "/latency_ms/max"));
    assert_eq!((report["load"]["loop"].as_str(), report["stopped_early"].as_bool()), (Some("open"), Some(false)));
}

#[tokio::test]
async fn comments_come_with_new_ids_and_are_recorded_unless_it_is_a_dry_run() {
    let server = Server::start(crate::harness::HOLD_ALL, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comments.jsonl");
    std::fs::write(&file, "{\"text\":\"one\"}\n{\"text\":\"two\"}\n").unwrap();
    let file = file.display().to_string();
    let site = ["--site", crate::harness::SITE, "--file", &file, "--rate", "20", "--duration", "1s", "--timeout", "10s"];

    let dry = load(&[&server], &[&site[..], &["--dry-run"]].concat()).output().unwrap();
    assert_eq!(code(&dry), 0, "{}", err(&dry));
    assert!(server.held().await.is_empty());

    let output = load(&[&server], &site).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report = report(&output);
    assert_eq!(number(&report, "/decisions/DECISION_HOLD"), 20);
    let prefix = report["load"]["id_prefix"].as_str().unwrap();
    let held = server.held().await;
    assert_eq!(held.len(), 20);
    assert!(held.keys().all(|id| id.starts_with(prefix)), "{held:?}");
}

#[tokio::test]
async fn those_who_come_while_a_server_stalls_are_seen_to_wait() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let args = ["--rate", "100", "--duration", "3s", "--timeout", "10s", "--dry-run"];
    let child = load(&[&server], &args).spawn().unwrap();
    until_called(&server, 50);
    signal(server.process(), "-STOP");
    thread::sleep(Duration::from_millis(1_000));
    signal(server.process(), "-CONT");
    let output = wait(child);
    let report = report(&output);
    adds_up(&report);
    assert_eq!(number(&report, "/calls/answered"), 300, "{report}");
    assert!(figure(&report, "/latency_ms/max") >= 900.0, "{report}");
    // The requests that were due in the first 900 of the 1,000 ms waited for more than 100 ms. A load generator that waits for
    // its answers would have seen only as many slow calls as it has connections.
    let steps = report["latency_steps"].as_array().unwrap();
    let slow = steps.iter().filter(|step| step["at_most_ms"].as_f64().unwrap() > 100.0);
    let slow: u64 = slow.map(|step| step["calls"].as_u64().unwrap()).sum();
    assert!((85..=200).contains(&slow), "{slow} in {report}");
}

#[tokio::test]
async fn calls_without_an_answer_in_time_have_failed() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let args = ["--rate", "50", "--duration", "2s", "--timeout", "300ms", "--max-in-flight", "10", "--dry-run"];
    let child = load(&[&server], &args).spawn().unwrap();
    until_called(&server, 10);
    signal(server.process(), "-STOP");
    let output = wait(child);
    signal(server.process(), "-CONT");
    let report = report(&output);
    adds_up(&report);
    assert_eq!(code(&output), if number(&report, "/calls/answered") == 0 { 1 } else { 5 });
    assert!(number(&report, "/calls/failed") >= 10, "{report}");
    assert!(number(&report, "/calls/not_sent") >= 10, "{report}");
    assert_eq!(report["failures"][0]["code"], "DEADLINE_EXCEEDED");
    assert!(figure(&report, "/failed_after_ms/max") < 1_000.0, "{report}");
}

#[tokio::test]
async fn two_servers_restart_one_after_the_other_without_a_failed_call() {
    let mut servers =
        [Server::steady_with("", &["--store", "memory:"]).await, Server::steady_with("", &["--store", "memory:"]).await];
    let args = ["--rate", "100", "--duration", "6s", "--timeout", "10s", "--retry", "--dry-run"];
    let child = load(&[&servers[0], &servers[1]], &args).spawn().unwrap();
    for server in &mut servers {
        until_called(server, 20);
        server.restart().await;
        until_called(server, 1);
    }
    let output = wait(child);
    let report = report(&output);
    adds_up(&report);
    assert_eq!(code(&output), 0, "{report}");
    assert_eq!(number(&report, "/calls/answered"), 600, "{report}");
    assert!(number(&report, "/retries/answered") > 0, "{report}");
    let servers = report["servers"].as_array().unwrap();
    assert!(servers.iter().all(|server| server["answered"].as_u64() > Some(100)), "{report}");
}

#[tokio::test]
async fn without_retries_a_server_that_goes_away_is_seen() {
    let mut server = Server::steady_with("", &["--store", "memory:"]).await;
    let child = load(&[&server], &["--rate", "50", "--duration", "2s", "--dry-run"]).spawn().unwrap();
    until_called(&server, 20);
    server.kill();
    let output = wait(child);
    let report = report(&output);
    adds_up(&report);
    assert_eq!(code(&output), 5, "{report}");
    assert_eq!(report["failures"][0]["code"], "UNAVAILABLE");
}

#[tokio::test]
async fn callers_that_wait_find_the_capacity() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let args = ["--rate", "max", "--callers", "8", "--duration", "1s", "--timeout", "10s", "--dry-run"];
    let output = load(&[&server], &args).output().unwrap();
    let report = report(&output);
    adds_up(&report);
    assert!(number(&report, "/calls/answered") > 100, "{report}");
    assert_eq!((report["load"]["loop"].as_str(), number(&report, "/load/callers")), (Some("closed"), 8));
}

#[tokio::test]
async fn connections_beside_the_load_are_counted_until_the_server_closes_them() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let args = ["--idle", "5", "--half-open", "4", "--slow-readers", "6"];
    let args = [&["--rate", "20", "--duration", "13s", "--timeout", "10s"][..], &args].concat();
    let output = load(&[&server], &args).output().unwrap();
    let report = report(&output);
    adds_up(&report);
    let of = |kind: &str| {
        let all = report["beside"].as_array().unwrap();
        all.iter().find(|beside| beside["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {report}"))
    };
    for (kind, wanted) in [("idle", 5), ("half_open", 4), ("slow_readers", 6)] {
        assert_eq!((number(of(kind), "/wanted"), number(of(kind), "/opened")), (wanted, wanted), "{report}");
    }
    // Well-behaved idle connections stay open; those that send nothing are closed after ten seconds.
    assert_eq!(number(of("idle"), "/closed"), 0, "{report}");
    assert_eq!(number(of("half_open"), "/closed"), 4, "{report}");
    assert!((8.0..=13.0).contains(&figure(of("half_open"), "/median_closed_s")), "{report}");
    assert_eq!(number(&report, "/calls/failed"), 0, "{report}");
}

#[tokio::test]
async fn an_early_end_still_reports() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let begun = Instant::now();
    let child = load(&[&server], &["--rate", "50", "--duration", "60s", "--timeout", "10s"]).spawn().unwrap();
    until_called(&server, 30);
    signal(child.id(), "-INT");
    let output = wait(child);
    assert!(begun.elapsed() < Duration::from_secs(20));
    let report = report(&output);
    adds_up(&report);
    assert_eq!((code(&output), report["stopped_early"].as_bool()), (0, Some(true)), "{report}");
    assert!(number(&report, "/calls/answered") > 20 && figure(&report, "/seconds") < 20.0, "{report}");
}

#[tokio::test]
async fn people_get_tables_and_spreadsheets_the_timeline() {
    let server = Server::steady_with("", &["--store", "memory:"]).await;
    let run = |format: &str| {
        let args =
            ["bench", "--server", &server.url(), "--rate", "20", "--warmup", "0s", "--duration", "2s", "--format", format];
        let output = gatepost(&args).stdin(Stdio::null()).output().unwrap();
        assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
        out(&output).to_owned()
    };
    let table = run("table");
    for words in ["p99.9", "not sent", "answered", "20 calls a second", "approve"] {
        assert!(table.contains(words), "no {words} in\n{table}");
    }
    let csv = run("csv");
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("second,due,answered,failed,not_sent,p50_ms,p99_ms,max_ms", 3));
    assert!(lines[1].starts_with("0,20,20,0,0,"), "{csv}");
    assert_eq!(run("jsonl").lines().count(), 1);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_sent() {
    for args in [
        &["--rate", "0"][..],
        &["--rate", "fast"],
        &["--duration", "0s"],
        &["--format", "ids"],
        &["--callers", "3"],
        &["--keep-ids"],
    ] {
        let output = run(&[&["bench", "--server", "http://127.0.0.1:1"][..], args].concat());
        assert_eq!(code(&output), 2, "{args:?}: {}", err(&output));
    }
    let nobody = run(&["bench", "--server", "http://127.0.0.1:1"]);
    assert_eq!(code(&nobody), 3, "{}", err(&nobody));
}
