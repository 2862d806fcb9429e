//! Tests that the sweep deletes all expired data and nothing else, in short slices.

use super::*;
use crate::retention::Retention;
use crate::store::clock::now_micros;
use crate::store::embedded::connection;

const DAY: i64 = 24 * 3_600 * 1_000_000;

/// Creates a database with `sites` sites. Every tenth keeps its data for longer than the others, which keep it for a day.
fn file(folder: &tempfile::TempDir, sites: i64, due: i64) -> Connection {
    let connection = connection::writable(&folder.path().join("gatepost.db")).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let (now, long_ago) = (now_micros(), now_micros() - 3 * DAY);
    for site in 1..=sites {
        let name = format!("{}-{site}.example", if site % 10 == 0 { "long" } else { "brief" });
        connection.execute("INSERT INTO site (key, name, secret) VALUES (?1, ?2, x'00')", params![site, name]).unwrap();
        for n in 0..due {
            insert(&connection, site, &format!("old-{n}"), 1 + 2 * (n % 2), long_ago);
        }
        insert(&connection, site, "young", 1, now);
        insert(&connection, site, "held", 2, long_ago);
        connection.execute("INSERT INTO author VALUES (?1, x'01', 1, 0, 0, ?2)", [site, long_ago]).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    connection
}

fn insert(connection: &Connection, site: i64, id: &str, decision: i64, at: i64) {
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO comment (site, id, decision, before, revision, by_moderator, received_at, risk_at, changed_at, \
             fingerprint, persons, event, verdict, comment) \
             VALUES (?1, ?2, ?3, 0, 1, 0, ?4, ?4, ?4, x'', x'', x'', zeroblob(300), zeroblob(700))",
        )
        .unwrap();
    insert.execute(params![site, id, decision, at]).unwrap();
    let mut past = connection
        .prepare_cached(
            "INSERT INTO past (site, id, number, before, event, verdict) \
             VALUES (?1, ?2, 1, 0, x'', x'')",
        )
        .unwrap();
    past.execute(params![site, id]).unwrap();
}

fn sweep() -> Sweep {
    let retention = RetentionLookup::new(|site| Retention::uniform(if site.as_str().starts_with("long") { 10 } else { 1 }));
    let settings = StoreSettings {
        url: None,
        data_dir: std::path::PathBuf::new(),
        prefix: String::new(),
        connections: 1,
        retention,
        keep_events: 10,
        timeout: Duration::from_secs(1),
        ca: None,
        wait_replicas: 0,
    };
    Sweep::new(&settings, Arc::default())
}

fn count(connection: &Connection, of: &str) -> i64 {
    connection.query_row(&format!("SELECT count(*) FROM {of}"), [], |row| row.get(0)).unwrap()
}

/// Runs slices until a round is complete. Returns the time of the longest slice.
fn round(sweep: &mut Sweep, connection: &Connection) -> Duration {
    let mut longest = Duration::ZERO;
    loop {
        let started = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        sweep.slice(connection).unwrap();
        longest = longest.max(started.elapsed());
        connection.execute_batch("COMMIT").unwrap();
        if !sweep.is_behind() {
            return longest;
        }
    }
}

#[test]
fn one_round_forgets_all_that_is_due_of_many_sites_in_short_slices() {
    let folder = tempfile::TempDir::new().unwrap();
    let connection = file(&folder, 1_000, 20);
    let mut sweep = sweep();
    let started = Instant::now();
    let longest = round(&mut sweep, &connection);
    let took = started.elapsed();
    assert_eq!(count(&connection, "comment WHERE id LIKE 'old-%'"), 100 * 20, "only those of sites that keep longer");
    assert_eq!(count(&connection, "past"), 100 * 20 + 2_000);
    assert_eq!(count(&connection, "comment WHERE id IN ('young', 'held')"), 2_000);
    assert_eq!(count(&connection, "author"), 100);
    // 18,000 comments, far beyond 2,000 a second.
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert!(longest < 50 * SLICE, "{longest:?}");
}

#[test]
fn a_round_that_finds_nothing_looks_at_no_comment() {
    let folder = tempfile::TempDir::new().unwrap();
    let connection = file(&folder, 3, 2_000);
    let plan: String = connection
        .query_row(
            "EXPLAIN QUERY PLAN SELECT rowid, id FROM comment WHERE site = ?1 AND decision = 1 AND decision <> 2 \
             AND changed_at < ?2 ORDER BY changed_at LIMIT ?3",
            params![1, 2, 3],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("decided_by_change (site=? AND decision=? AND changed_at<?)"), "{plan}");
    let mut sweep = sweep();
    round(&mut sweep, &connection);
    assert_eq!(count(&connection, "comment"), 6);
}

#[test]
fn one_site_with_very_much_does_not_keep_the_others_waiting() {
    let folder = tempfile::TempDir::new().unwrap();
    let connection = file(&folder, 3, 10);
    connection.execute_batch("BEGIN").unwrap();
    let long_ago = now_micros() - 3 * DAY;
    (0..4_000).for_each(|n| insert(&connection, 1, &format!("much-{n}"), 1, long_ago));
    connection.execute_batch("COMMIT").unwrap();
    let mut sweep = sweep();
    let mut left = i64::MAX;
    while count(&connection, "comment WHERE site = 2 AND id LIKE 'old-%'") > 0 {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        sweep.slice(&connection).unwrap();
        connection.execute_batch("COMMIT").unwrap();
        left = count(&connection, "comment WHERE site = 1");
    }
    assert!(left > 1_000, "{left}");
    round(&mut sweep, &connection);
    assert_eq!(count(&connection, "comment WHERE site = 1"), 2);
}
