//! Cases that only the embedded store must pass: it outlives the process, belongs to one process, and refuses unknown schemas.

use std::time::{Duration, Instant};

use gatepost::comment::Site;
use gatepost::limit::Scope;
use gatepost::retention::Retention;
use gatepost::store::{AdmissionOutcome, Store};
use gatepost::verdict::Decision::{Approve, Hold, Reject};

use super::bed::{Bed, comment_id, few, person, site, text};

/// Returns the cause of an error. The error itself only says that the store is unavailable.
fn cause(error: &gatepost::error::Error) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn everything_but_limits_is_there_after_a_restart() {
    let bed = Bed::file().await;
    let secret = bed.store.secrets(&site()).await.unwrap();
    let held = bed.recorded(&text("held").by("ada").held().limited(Scope::Author, few(5))).await;
    bed.recorded(&text("decided").held()).await;
    let before = bed.store.latest_cursor(&site()).await.unwrap().to_string();
    bed.decide("decided", 1, Approve).await;
    let (facts, verdict_id, revision) = bed.undecided(&text("open").by("ada").needs(1)).await;

    let bed = bed.reopen().await;

    assert!(bed.store.secrets(&site()).await.unwrap() == secret);
    assert_eq!(bed.get("held").await.verdict, held);
    assert_eq!(bed.queue().await, ["held"]);
    assert_eq!(bed.get("decided").await.trail.len(), 1);
    assert_eq!(bed.history("ada").await, [0, 1, 0]);
    let again = text("open").by("ada").needs(1).admit(&bed.store).await;
    assert_eq!(again, AdmissionOutcome::Undecided { facts, verdict_id, revision });
    let mut watcher = bed.store.watch(&site(), bed.store.parse_cursor(&before).unwrap()).await.unwrap();
    let events = watcher.next(Duration::from_secs(5)).await.unwrap();
    assert_eq!(events.iter().map(|event| event.verdict.comment_id.as_str()).collect::<Vec<_>>(), ["decided"]);
}

#[tokio::test]
async fn a_second_store_in_the_same_directory_is_refused() {
    let bed = Bed::file().await;

    let error = Store::open(&bed.settings).await.err().unwrap();
    assert!(cause(&error).contains("in use by another process"), "{error:?}");

    bed.store.close().await;
    Store::open(&bed.settings).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_refuses_instead_of_waiting() {
    let bed = Bed::file().await;
    bed.recorded(&text("1")).await;
    bed.store.close().await;
    bed.store.close().await;

    assert!(bed.store.ping().await.is_err());
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let bed = Bed::file().await;
    bed.store.close().await;
    let file = rusqlite::Connection::open(bed.settings.data_dir.join("gatepost.db")).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();

    let error = Store::open(&bed.settings).await.err().unwrap();

    assert!(cause(&error).contains("schema 99"), "{error:?}");
}

#[tokio::test]
async fn each_kind_of_data_is_forgotten_in_its_time() {
    let brief = Retention { approved: Duration::ZERO, changes: Duration::ZERO, ..Retention::uniform(1) };
    let bed = Bed::file_that_keeps(brief).await;
    bed.recorded(&text("approved").by("ada")).await;
    bed.recorded(&text("rejected").by("ada").decided(Reject)).await;
    bed.recorded(&text("held").by("ada").held()).await;
    bed.recorded(&text("decided").by("ada").held()).await;
    bed.store.update_outcomes(&site(), &super::cases::lesson("long-ago", Vec::new()), None).await.unwrap();
    let taught = bed.store.outcome_version(&site());
    let before = bed.store.latest_cursor(&site()).await.unwrap().to_string();
    bed.decide("decided", 1, Reject).await;

    let until = Instant::now() + Duration::from_secs(20);
    while bed.store.get(&site(), &comment_id("approved")).await.unwrap().is_some() {
        assert!(Instant::now() < until, "never forgotten");
        tokio::time::sleep(Duration::from_millis(200)).await;
        bed.store.ping().await.unwrap();
    }

    assert_eq!(bed.ids(None, gatepost::store::Order::Oldest).await, ["rejected", "held", "decided"]);
    assert_eq!(bed.store.outcomes(&site(), 0, 10).await.unwrap(), []);
    assert_eq!(bed.store.outcome_head(&site()).await.unwrap().removed, 1);
    assert!(bed.store.outcome_version(&site()) > taught, "what was learned from it is folded anew");
    assert_eq!(bed.get("decided").await.trail.len(), 1);
    assert_eq!(bed.history("ada").await, [1, 1, 2], "histories have a time of their own");
    let late = bed.store.watch(&site(), bed.store.parse_cursor(&before).unwrap()).await;
    assert!(late.is_ok(), "nobody who began at the start has missed what they could have seen");
    bed.recorded(&text("more").held()).await;
    bed.decide("more", 1, Reject).await;
    let newest = bed.store.latest_cursor(&site()).await.unwrap();
    assert!(bed.store.watch(&site(), newest).await.is_ok());
}

/// Version 1 of the schema, as it was written into files.
const VERSION_1: &str = include_str!("schema_v1.sql");

#[tokio::test]
async fn a_file_of_version_1_is_taken_over_with_all_that_is_in_it() {
    let bed = Bed::file().await;
    let held = bed.recorded(&text("held").by("ada").held()).await;
    bed.recorded(&text("decided").by("ada").held()).await;
    bed.decide("decided", 1, Approve).await;
    bed.recorded(&text("bobs").by("bob").held()).await;
    bed.decide("bobs", 1, Approve).await;
    let secret = bed.store.secrets(&site()).await.unwrap();
    let (mut kept, cursor) = (bed.get("decided").await, bed.store.latest_cursor(&site()).await.unwrap());
    // Version 1 stored only the author.
    kept.persons.truncate(1);
    bed.store.close().await;
    let path = bed.settings.data_dir.join("gatepost.db");
    as_version_1(&path);

    let bed = bed.reopen().await;

    assert!(bed.store.secrets(&site()).await.unwrap() == secret);
    assert_eq!(bed.get("held").await.verdict, held);
    assert_eq!(bed.get("decided").await, kept);
    assert_eq!(bed.queue().await, ["held"]);
    assert_eq!(bed.history("ada").await, [1, 1, 0]);
    assert_eq!(bed.store.latest_cursor(&site()).await.unwrap(), cursor);
    bed.recorded(&text("new").by("ada").held()).await;
    assert!(bed.decide("held", 1, Approve).await);
    // For comments of version 1, only the author is known, and their events are found by the verdicts in them.
    let forgotten = bed.store.forget(&site(), &person("ada")).await.unwrap();
    assert_eq!((forgotten.comments, forgotten.verdicts, forgotten.events), (3, 5, 2));
    assert_eq!(bed.ids(None, gatepost::store::Order::Oldest).await, ["bobs"]);

    bed.store.close().await;
    let bed = bed.reopen().await;
    assert_eq!(bed.ids(None, gatepost::store::Order::Oldest).await, ["bobs"]);
}

/// Converts a file into what version 1 would have written.
fn as_version_1(path: &std::path::Path) {
    let old = path.with_extension("old");
    let file = rusqlite::Connection::open(&old).unwrap();
    file.execute_batch(VERSION_1).unwrap();
    file.execute("ATTACH ?1 AS new", [path.to_str().unwrap()]).unwrap();
    let tables = ["site", "comment", "past", "reservation", "author", "event"];
    for table in tables {
        let columns: Vec<String> = file
            .prepare(&format!("SELECT name FROM main.pragma_table_info('{table}')"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let columns = columns.join(", ");
        file.execute(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}"), []).unwrap();
    }
    file.pragma_update(None, "user_version", 1).unwrap();
    drop(file);
    std::fs::rename(old, path).unwrap();
}

#[tokio::test]
async fn an_erasure_that_was_cut_short_is_finished_by_the_next_start() {
    let bed = Bed::file().await;
    bed.recorded(&text("1").by("ada")).await;
    bed.store.close().await;
    let path = bed.settings.data_dir.join("gatepost.db");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("INSERT INTO chore VALUES ('wipe')", []).unwrap();
    drop(file);

    let bed = bed.reopen().await;

    let file = rusqlite::Connection::open(&path).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while file.query_row("SELECT count(*) FROM chore", [], |row| row.get::<_, i64>(0)).unwrap() > 0 {
        assert!(Instant::now() < until, "never finished");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bed.ids(None, gatepost::store::Order::Oldest).await, ["1"]);
}

#[tokio::test]
async fn an_erasure_does_not_wait_for_who_reads_the_file() {
    let bed = Bed::file().await;
    bed.recorded(&text("1").by("ada")).await;
    let reader = rusqlite::Connection::open(bed.settings.data_dir.join("gatepost.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM comment;").unwrap();

    bed.store.forget(&site(), &person("ada")).await.unwrap();

    assert!(bed.store.get(&site(), &comment_id("1")).await.unwrap().is_none());
    bed.recorded(&text("2").by("bob")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_of_many_sites_is_gone_soon_while_comments_come() {
    let brief = Retention { approved: Duration::ZERO, ..Retention::uniform(1) };
    let bed = Bed::file_that_keeps(brief).await;
    for n in 0..300 {
        text(format!("due-{n}")).on(&format!("site-{}.example", n % 100)).admit(&bed.store).await;
    }
    bed.recorded(&text("held").held()).await;

    let (until, mut came) = (Instant::now() + Duration::from_secs(20), 0);
    for n in 0..300 {
        let (id, site) = (comment_id(&format!("due-{n}")), Site::parse("site", &format!("site-{}.example", n % 100)).unwrap());
        while bed.store.get(&site, &id).await.unwrap().is_some() {
            assert!(Instant::now() < until, "{n} is never forgotten");
            came += 1;
            bed.recorded(&text(format!("more-{came}")).held()).await;
        }
    }
    assert_eq!(bed.get("held").await.verdict.decision, Hold);
}

#[tokio::test]
async fn addresses_that_are_none_say_so() {
    let bed = Bed::memory().await;
    for (url, expected) in [
        ("redis+cluster://:hunter2@127.0.0.1:1/3", "one database only"),
        ("redis+sentinel://:hunter2@127.0.0.1:1", "the name that the Sentinels give the master"),
        ("redis+mirror://:hunter2@127.0.0.1:1", "redis+mirror:// is not known"),
        ("postgres://me:hunter2@host", "not known"),
    ] {
        let error = Store::open(&gatepost::store::StoreSettings { url: Some(url.to_owned()), ..bed.settings.clone() }).await;
        let cause = cause(&error.err().unwrap());
        assert!(cause.contains(expected) && !cause.contains("hunter2"), "{url}: {cause}");
    }
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_waited_for() {
    let bed = Bed::memory().await;
    for url in ["redis://127.0.0.1:1", "rediss://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/m", "redis+cluster://127.0.0.1:1"]
    {
        let settings = gatepost::store::StoreSettings { url: Some(url.to_owned()), ..bed.settings.clone() };
        let store = Store::open(&settings).await.unwrap();
        assert!(store.ping().await.is_err(), "{url}");
        assert!(store.queue(&site()).await.is_err(), "{url}");
    }
}
