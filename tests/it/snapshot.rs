//! Tests of snapshots: a copy of the embedded store, taken while a server runs on it, is complete and blocks nothing.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatepost::pb::author_selector::Selector;
use gatepost::pb::{self, Decision};
use tempfile::TempDir;

use crate::cli::{code, err, out, run};
use crate::harness::{HOLD_ALL, SITE, Server, by, check, comment};

fn snapshot(data: &Path, file: &Path, more: &[&str]) -> Output {
    let (data, file) = (data.display().to_string(), file.display().to_string());
    run(&[&["export", "--snapshot", &file, "--data-dir", &data], more].concat())
}

/// Returns all file names in a directory.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hold_answered_before_a_snapshot_under_load_is_in_it() {
    let server = Server::start(HOLD_ALL, &[]).await;
    server.check(by("ada", "approved", "hello there")).await.unwrap();
    server.decide("approved", Decision::Approve).await;
    let answered = Arc::new(Mutex::new(HashMap::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..4 {
        let (mut host, stop, answered) = (server.host(), stop.clone(), answered.clone());
        callers.spawn(async move {
            for call in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("c{caller}-{call}");
                let verdict = check(&mut host, comment(&id, "hello there")).await.unwrap();
                answered.lock().unwrap().insert(id, verdict.verdict_id);
            }
        });
    }
    let folder = TempDir::new().unwrap();
    let mut copies = Vec::new();
    for n in 0..5 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let before = answered.lock().unwrap().clone();
        let (data, file) = (server.data_dir(), folder.path().join(format!("{n}.db")));
        let copying = file.clone();
        let copied = tokio::task::spawn_blocking(move || snapshot(&data, &copying, &[])).await.unwrap();
        assert_eq!(code(&copied), 0, "{}", err(&copied));
        copies.push((before, file, out(&copied).to_owned()));
    }
    stop.store(true, Ordering::Relaxed);
    callers.join_all().await;
    assert_eq!(names(folder.path()), ["0.db", "1.db", "2.db", "3.db", "4.db"], "nothing else is left");

    for (before, file, said) in copies {
        let second = Server::start_under(
            |data| {
                fs::create_dir(data).unwrap();
                fs::rename(&file, data.join("gatepost.db")).unwrap();
                Vec::new()
            },
            HOLD_ALL,
            &[],
        )
        .await;
        let held = second.held().await;
        assert!(before.len() > 10, "there was load: {}", before.len());
        let lost: Vec<_> = before.iter().filter(|(id, verdict)| held.get(*id) != Some(verdict)).collect();
        assert!(lost.is_empty(), "{} of {} are not in it: {lost:?}", lost.len(), before.len());
        let counts = format!("{} comments, {} of them held; ", held.len() + 1, held.len());
        assert!(said.contains(&counts), "{said} of {counts}");
        // The copy contains the secret of the site, without which the author would not be found.
        let author = Some(pb::AuthorSelector { selector: Some(Selector::UserId("ada".into())) });
        let request = pb::ExportAuthorRequest { site: SITE.into(), author };
        let shown = second.host().export_author(request).await.unwrap().into_inner().message().await.unwrap();
        assert_eq!(shown.unwrap().comment.unwrap().comment_id, "approved");
        second.check(comment("new", "hello there")).await.unwrap();
    }
}

#[tokio::test]
async fn a_snapshot_needs_no_server_and_replaces_nothing_unasked() {
    let mut server = Server::start(HOLD_ALL, &[]).await;
    server.check(comment("1", "hello there")).await.unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("copy.db");
    // After a kill, the acknowledged comment is in the write-ahead log and not in the database file yet.
    server.kill();
    assert_eq!(code(&snapshot(&server.data_dir(), &file, &[])), 0);
    server.start_again();
    server.check(comment("2", "hello there")).await.unwrap();
    server.terminate();

    let first = fs::read(&file).unwrap();
    let refused = snapshot(&server.data_dir(), &file, &[]);
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("copy.db exists already") && err(&refused).contains("--force"), "{}", err(&refused));
    assert_eq!(fs::read(&file).unwrap(), first);
    let forced = snapshot(&server.data_dir(), &file, &["--force"]);
    assert!(out(&forced).contains("copy.db: 2 comments, 2 of them held; "), "{forced:?}");
    assert_eq!(names(folder.path()), ["copy.db"]);

    // A snapshot replaces neither the server's own files nor a file that another server has open.
    let own = snapshot(&server.data_dir(), &server.data_dir().join("gatepost.db"), &["--force"]);
    assert!(code(&own) == 1 && err(&own).contains("outside the data directory"), "{}", err(&own));
    fs::write(folder.path().join("copy.db-wal"), b"").unwrap();
    let open = snapshot(&server.data_dir(), &file, &["--force"]);
    assert!(code(&open) == 1 && err(&open).contains("in use"), "{}", err(&open));
}

#[test]
fn what_cannot_be_copied_is_named_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("copy.db");
    let refused = |data: &Path, words: &[&str]| {
        let refused = snapshot(data, &file, &[]);
        assert_eq!(code(&refused), 1);
        for word in words {
            assert!(err(&refused).contains(word), "{word} in {}", err(&refused));
        }
    };
    refused(&folder.path().join("absent"), &["absent/gatepost.db", "--data-dir"]);
    refused(folder.path(), &["gatepost.db", "--data-dir"]);
    let sqlite = |sql: &str| {
        let file = rusqlite::Connection::open(folder.path().join("gatepost.db")).unwrap();
        file.execute_batch(sql).unwrap();
    };
    sqlite("PRAGMA user_version = 99;");
    refused(folder.path(), &["schema 99", "newer Gatepost"]);
    sqlite("PRAGMA user_version = 0; CREATE TABLE t (a);");
    refused(folder.path(), &["no database of Gatepost"]);
    fs::write(folder.path().join("gatepost.db"), "Dear diary, this is no database at all. ".repeat(50)).unwrap();
    refused(folder.path(), &["file is not a database"]);
    assert_eq!(names(folder.path()), ["gatepost.db"]);

    let both = run(&["export", "--snapshot", "a", "--user-id", "1"]);
    assert_eq!(code(&both), 2, "{}", err(&both));
    let neither = run(&["export"]);
    assert_eq!(code(&neither), 2, "{}", err(&neither));
}
