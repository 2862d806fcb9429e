//! Tests that erased data is overwritten and that all other data stays as it was.

use rusqlite::params;

use super::*;
use crate::store::embedded::connection;

const TRACE: &str = "xylophonequarrel";

fn traces(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(TRACE.len()).filter(|found| *found == TRACE.as_bytes()).count()).sum()
}

/// Returns a generator of pseudo-random numbers that is the same in each run.
fn numbers() -> impl FnMut(i64) -> i64 {
    let mut random = fastrand::Rng::with_seed(7);
    move |below| random.i64(0..below)
}

/// Inserts, edits and deletes trails of comments. Those with the trace are all deleted in the end.
fn use_all(connection: &Connection) {
    let mut number = numbers();
    connection.execute_batch("BEGIN").unwrap();
    let text = |words: &str, length: i64| words.repeat(1 + usize::try_from(length).unwrap());
    for round in 0..3_000 {
        let (site, id) = (number(5), format!("c{}", number(900)));
        let is_traced = number(4) == 0;
        let id = if is_traced { format!("{id}-hers") } else { id };
        let body = text(if is_traced { TRACE } else { "something else " }, number(if round % 50 == 0 { 900 } else { 60 }));
        let mut put = connection
            .prepare_cached(
                "INSERT OR REPLACE INTO past (site, id, number, before, event, verdict) \
             VALUES (?1, ?2, ?3, 0, ?4, x'')",
            )
            .unwrap();
        put.execute(params![site, id, number(4), body.as_bytes()]).unwrap();
    }
    assert!(connection.execute("DELETE FROM past WHERE id LIKE '%-hers'", []).unwrap() > 100);
    connection.execute_batch("COMMIT").unwrap();
}

fn content(connection: &Connection) -> Vec<(i64, String, i64, Vec<u8>)> {
    let mut all = connection.prepare("SELECT site, id, number, event FROM past ORDER BY site, id, number").unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn is_whole(connection: &Connection) {
    let result: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(result, "ok");
}

#[test]
fn no_byte_of_what_was_erased_is_left_and_all_else_is_as_it_was_while_others_write() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("gatepost.db");
    let connection = connection::writable(&path).unwrap();
    use_all(&connection);
    chore::request_wipe(&connection).unwrap();
    let before = content(&connection);
    let mut wipe = Wipe::new(&path, &connection, Arc::default()).unwrap();
    assert!(truncate_log(&connection).unwrap());
    assert!(traces(folder.path()) > 10, "there are copies in the file itself");
    assert!(wipe.is_due(), "what was left is done at once");

    let (mut steps, mut written) = (0, 0_i64);
    while wipe.pass.is_some() || wipe.due.is_some() {
        wipe.step(&connection);
        // Splits and merges pages before and after the position of the pass.
        if steps < 40 {
            for _ in 0..20 {
                written += 1;
                let id = format!("new-{}", written * 7919 % 1_000);
                let mut put = connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO past (site, id, number, before, event, verdict) \
             VALUES (?1, ?2, 9, 0, ?3, x'')",
                    )
                    .unwrap();
                put.execute(params![written % 5, id, vec![7_u8; usize::try_from(written % 700).unwrap()]]).unwrap();
            }
        }
        steps += 1;
        assert!(steps < 10_000);
    }

    assert_eq!(traces(folder.path()), 0);
    is_whole(&connection);
    let kept: Vec<_> = content(&connection).into_iter().filter(|(_, id, ..)| !id.starts_with("new-")).collect();
    assert!(kept == before);
    assert!(!chore::is_wipe_due(&connection).unwrap());
    // Nothing comes back from a cache with the next changes.
    connection.execute("UPDATE past SET event = x'00'", []).unwrap();
    assert_eq!(traces(folder.path()), 0);
    is_whole(&connection);
}

#[test]
fn what_is_erased_during_a_pass_has_another_one() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("gatepost.db");
    let connection = connection::writable(&path).unwrap();
    use_all(&connection);
    chore::request_wipe(&connection).unwrap();
    let mut wipe = Wipe::new(&path, &connection, Arc::default()).unwrap();
    (wipe.due, wipe.pass) = (None, Some(Pass::new()));
    wipe.request();
    while wipe.pass.is_some() {
        wipe.step(&connection);
    }
    assert!(chore::is_wipe_due(&connection).unwrap() && wipe.due.is_some());
}

#[test]
fn nothing_is_overwritten_while_another_program_reads_and_all_of_it_afterwards() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("gatepost.db");
    let connection = connection::writable(&path).unwrap();
    use_all(&connection);
    let reader = connection::readable(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM past").unwrap();
    connection
        .execute(
            "INSERT INTO past (site, id, number, before, event, verdict) \
             VALUES (1, 'more', 1, 0, x'', x'')",
            [],
        )
        .unwrap();
    let mut wipe = Wipe::new(&path, &connection, Arc::default()).unwrap();
    wipe.request();
    (0..5).for_each(|_| wipe.step(&connection));
    assert!(wipe.pass.is_some() && wipe.blocked.is_some());
    drop(reader);
    while wipe.pass.is_some() {
        wipe.step(&connection);
    }
    assert_eq!(traces(folder.path()), 0);
    is_whole(&connection);
}
