//! What only the embedded file must do: outlive the process, belong to one of them, refuse what it does not know.

use std::time::Duration;

use gatepost::limit::Scope;
use gatepost::store::{Admitted, Store};
use gatepost::verdict::Decision::Approve;

use super::bed::{Bed, few, site, text};

/// The cause: the error itself only says that the store is unavailable.
fn cause(error: &gatepost::error::Error) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn everything_but_limits_is_there_after_a_restart() {
    let bed = Bed::file().await;
    let secret = bed.store.site_secret(&site()).await.unwrap();
    let held = bed.recorded(&text("held").by("ada").held().limited(Scope::Author, few(5))).await;
    bed.recorded(&text("decided").held()).await;
    let before = bed.store.latest_cursor(&site()).await.unwrap().to_string();
    bed.decide("decided", 1, Approve).await;
    let (facts, verdict_id, revision) = bed.undecided(&text("open").by("ada").needs(1)).await;

    let bed = bed.reopen().await;

    assert_eq!(bed.store.site_secret(&site()).await.unwrap(), secret);
    assert_eq!(bed.get("held").await.verdict, held);
    assert_eq!(bed.queue().await, ["held"]);
    assert_eq!(bed.get("decided").await.trail.len(), 1);
    assert_eq!(bed.history("ada").await, [0, 1, 0]);
    let again = text("open").by("ada").needs(1).admit(&bed.store).await;
    assert_eq!(again, Admitted::Undecided { facts, verdict_id, revision });
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
async fn addresses_that_lead_nowhere_say_so() {
    let bed = Bed::memory().await;
    for (url, expected) in [
        ("rediss://:hunter2@127.0.0.1:1", "127.0.0.1:1"),
        ("redis+cluster://:hunter2@127.0.0.1:1/3", "one database only"),
        ("redis+sentinel://:hunter2@127.0.0.1:1", "the name that the Sentinels give the master"),
        ("redis+mirror://:hunter2@127.0.0.1:1", "redis+mirror:// is not known"),
        ("postgres://me:hunter2@host", "not known"),
        ("redis://127.0.0.1:1", "127.0.0.1:1"),
    ] {
        let error = Store::open(&gatepost::store::StoreSettings { url: Some(url.to_owned()), ..bed.settings.clone() }).await;
        let cause = cause(&error.err().unwrap());
        assert!(cause.contains(expected) && !cause.contains("hunter2"), "{url}: {cause}");
    }
}
