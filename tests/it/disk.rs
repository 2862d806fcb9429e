//! Tests of a full disk and of one that refuses writes: every comment is answered, nothing is lost, and the messages are
//! helpful.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use gatepost::pb::{self, Decision};
use tempfile::TempDir;
use tonic::Code;

use crate::harness::{HOLD_ALL, PATIENCE, SITE, Server, by, comment, launch, launch_under};

/// Runs a script in a mount namespace of its own, so that only it and its child processes see its mounts. This needs no root
/// where the system allows it.
const APART: [&str; 5] = ["unshare", "--user", "--map-root-user", "--mount", "sh"];

fn apart(script: &str) -> Vec<String> {
    APART.iter().chain(&["-c", &format!("{script}\nexec \"$@\""), "sh"]).map(ToString::to_string).collect()
}

/// The variable that skips the tests here that need mounts. The person who runs the tests must set it, so that they are not
/// skipped unnoticed.
const WITHOUT_MOUNTS: &str = "TESTS_WITHOUT_MOUNTS";

/// Returns whether [`apart`] can mount anything here. Panics if it cannot and [`WITHOUT_MOUNTS`] is not set.
fn can_mount() -> bool {
    let folder = TempDir::new().unwrap();
    let script = format!("mount -t tmpfs tmpfs {}", folder.path().display());
    let (program, arguments) = APART.split_first().unwrap();
    let status = Command::new(program).args(arguments).args(["-c", &script]).stderr(Stdio::null()).status();
    let can = status.is_ok_and(|status| status.success());
    assert!(
        can || std::env::var_os(WITHOUT_MOUNTS).is_some(),
        "this needs `unshare --user --mount`, which is not there or not allowed: set {WITHOUT_MOUNTS}=1 to go on without"
    );
    can
}

async fn check(server: &Server, id: &str) -> pb::Verdict {
    let verdict = server.check(comment(id, "hello there")).await.expect("no caller gets an error");
    assert_eq!(verdict.decision(), Decision::Hold);
    verdict
}

/// Sends comments until one is not recorded. Returns the recorded ones.
async fn fill(server: &Server) -> HashMap<String, String> {
    let mut recorded = HashMap::new();
    for n in 0..5_000 {
        let id = format!("fill-{n}");
        let verdict = check(server, &id).await;
        if verdict.not_recorded {
            return recorded;
        }
        recorded.insert(id, verdict.verdict_id);
    }
    panic!("the disk never filled up")
}

/// Asserts what holds while the disk is full: comments are answered, recorded comments can be read, and decisions are refused.
async fn is_full(server: &Server, recorded: &HashMap<String, String>) {
    for n in 0..30 {
        let verdict = check(server, &format!("full-{n}")).await;
        assert!(verdict.not_recorded, "{verdict:?}");
        assert!(verdict.reasons.iter().any(|reason| reason.code == "NOT_RECORDED"), "{verdict:?}");
        // A recorded comment is still answered, which must not be taken as a sign that the disk has free space again.
        let known = check(server, "fill-0").await;
        assert_eq!((Some(&known.verdict_id), known.not_recorded), (recorded.get("fill-0"), false));
    }
    let request = pb::DecideCommentsRequest {
        site: SITE.into(),
        ids: vec!["fill-0".into()],
        decision: Decision::Approve.into(),
        moderator: "ada".into(),
        ..Default::default()
    };
    let told = match server.desk().decide_comments(request).await {
        Ok(answer) => answer.into_inner().results.remove(0).error.expect("nothing can be decided").reason,
        Err(status) => format!("{:?}", status.code()),
    };
    assert!(told == "STORE_UNAVAILABLE" || told == format!("{:?}", Code::Unavailable), "{told}");
    assert_eq!(&server.held().await, recorded);
}

/// Asserts what holds when the disk has free space again: recording resumes by itself, and comments that were not recorded can
/// be sent again.
async fn goes_on(server: &Server, mut recorded: HashMap<String, String>) {
    let until = Instant::now() + PATIENCE;
    while check(server, "full-0").await.not_recorded {
        assert!(Instant::now() < until, "it never went on");
    }
    for n in 0..30 {
        let id = format!("full-{n}");
        let verdict = check(server, &id).await;
        assert!(!verdict.not_recorded);
        recorded.insert(id, verdict.verdict_id);
    }
    assert_eq!(server.held().await, recorded);
    assert_eq!(server.logged("the store works again").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_comments_are_answered_nothing_is_lost_and_recording_goes_on_when_there_is_room() {
    if !can_mount() {
        return;
    }
    let mount = |data: &Path| {
        let data = data.display();
        apart(&format!(
            "mkdir {data} && mount -t tmpfs -o size=3m tmpfs {data} && head -c 1800000 /dev/zero > {data}/ballast || exit 1"
        ))
    };
    let server = Server::start_under(mount, HOLD_ALL, &[]).await;
    let recorded = fill(&server).await;
    is_full(&server, &recorded).await;
    let said = server.logged("the store fails");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("full"), "{said:?}");
    // Only the server sees that mount; the test reaches it through the server's process.
    let inside = format!("/proc/{}/root{}/ballast", server.process(), server.data_dir().display());
    fs::remove_file(inside).unwrap();
    goes_on(&server, recorded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_file_may_grow_it_is_the_same_and_a_restart_meanwhile_loses_nothing() {
    // With the signal ignored, exceeding the limit is an error of the write and does not end the process.
    let limited = "trap '' XFSZ; ulimit -S -f 1000; exec \"$@\"";
    let under = ["sh", "-c", limited, "sh"].map(str::to_owned).to_vec();
    let policy = format!("{HOLD_ALL}\n[limits]\nauthor = {{ count = 3, period = \"1h\", over = \"reject\" }}\n");
    let mut server = Server::start_under(|_| under, &policy, &[]).await;
    let recorded = fill(&server).await;
    is_full(&server, &recorded).await;
    assert_eq!(server.logged("the store fails").len(), 1);
    let mut said = Vec::new();
    for n in 0..5 {
        let verdict = server.check(by("zed", &format!("zed-{n}"), "hello there")).await.unwrap();
        assert_eq!(verdict.rate_limit.unwrap().source(), pb::RateLimitSource::Local);
        said.push(verdict.decision);
    }
    let said: Vec<Decision> = said.into_iter().map(|decision| decision.try_into().unwrap()).collect();
    assert_eq!(said, [Decision::Hold, Decision::Hold, Decision::Hold, Decision::Reject, Decision::Reject]);

    server.kill();
    server.start_again();
    assert_eq!(server.held().await, recorded);
    let process = server.process().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &process, "--fsize=unlimited:unlimited"]).status().unwrap();
    assert!(lifted.success());
    let verdict = check(&server, "full-0").await;
    assert!(!verdict.not_recorded, "{verdict:?}");
}

#[tokio::test]
async fn a_data_directory_that_takes_no_writes_is_refused_with_what_to_do() {
    if !can_mount() {
        return;
    }
    let mut server = Server::start(HOLD_ALL, &[]).await;
    check(&server, "1").await;
    server.terminate();
    let data = server.data_dir();
    let refused = |what: &Path, words: &[&str]| {
        let what = what.display();
        let under = apart(&format!("mount --bind {what} {what} && mount -o remount,ro,bind {what} || exit 1"));
        let refusal = launch_under(&under, &data, "127.0.0.1:0", &[]).unwrap_err();
        for word in [words, &["exit status: 1", "--data-dir", &data.display().to_string()]].concat() {
            assert!(refusal.contains(word), "{word} in {refusal}");
        }
    };
    refused(&data, &["Read-only file system"]);
    let copied = copy_where_nothing_can_be_written(&data);
    assert!(copied.contains("gatepost.db") && copied.contains("write in that directory"), "{copied}");
    refused(&data.join("gatepost.db"), &["gatepost.db", "read-only"]);
    server.start_again();
    assert_eq!(server.held().await.len(), 1);
}

/// Returns the error output of `export --snapshot`.
fn copy_where_nothing_can_be_written(data: &Path) -> String {
    let folder = TempDir::new().unwrap();
    let (data, file) = (data.display().to_string(), folder.path().join("copy.db").display().to_string());
    let under = apart(&format!("mount --bind {data} {data} && mount -o remount,ro,bind {data} || exit 1"));
    let mut command = Command::new(&under[0]);
    command.args(&under[1..]).arg(env!("CARGO_BIN_EXE_gatepost"));
    let copied = command.args(["export", "--snapshot", &file, "--data-dir", &data]).output().unwrap();
    String::from_utf8(copied.stderr).unwrap()
}

#[tokio::test]
async fn a_data_directory_that_is_none_and_a_database_that_is_none_are_refused_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "not a directory").unwrap();
    for data in [file.clone(), file.join("below")] {
        let refusal = launch(&data, "127.0.0.1:0", &[]).unwrap_err();
        for word in ["exit status: 1", "a file is in its place", "--data-dir"] {
            assert!(refusal.contains(word), "{word} in {refusal}");
        }
    }
    fs::write(folder.path().join("gatepost.db"), "Dear diary, this is no database at all. ".repeat(50)).unwrap();
    let refusal = launch(folder.path(), "127.0.0.1:0", &[]).unwrap_err();
    for word in ["exit status: 1", "gatepost.db", "not a database", "export --snapshot"] {
        assert!(refusal.contains(word), "{word} in {refusal}");
    }
}

#[tokio::test]
async fn what_the_store_keeps_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start("", &[]).await;
    server.check(comment("c1", "hello there")).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = server.data_dir();
    assert_eq!(mode(&data), 0o700);
    for file in std::fs::read_dir(&data).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_database_that_others_could_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let mut server = Server::start("", &[]).await;
    server.check(comment("c1", "hello there")).await.unwrap();
    let database = server.data_dir().join("gatepost.db");
    server.kill();
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
    server.start_again();
    assert_eq!(std::fs::metadata(&database).unwrap().permissions().mode() & 0o777, 0o600);
}
