//! Cases that only Redis must pass: every key names its site and expires, and scripts are loaded again after a flush.

use std::time::Duration;

use gatepost::limit::Scope;
use gatepost::retention::Retention;
use gatepost::verdict::Decision::{Approve, Hold, Reject};

use super::bed::{Bed, few, text};

/// Returns every key of a test with its remaining time in milliseconds, or -1 if it does not expire.
async fn keys(bed: &Bed) -> Vec<(String, i64)> {
    let client = redis::Client::open(crate::redis::url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pattern = format!("{}*", bed.settings.prefix);
    let names: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.unwrap();
    let mut keys = Vec::new();
    for name in names {
        let left = redis::cmd("PTTL").arg(&name).query_async(&mut connection).await.unwrap();
        keys.push((name[bed.settings.prefix.len()..].to_owned(), left));
    }
    keys.sort();
    keys
}

/// Calls everything that writes a key.
async fn use_all(bed: &Bed) {
    bed.store.secrets(&super::bed::site()).await.unwrap();
    let limited = |id: &str| {
        text(id).by("ada").limited(Scope::Author, few(9)).limited(Scope::Client, few(9)).limited(Scope::Site, few(9))
    };
    bed.recorded(&limited("1").held()).await;
    bed.recorded(&limited("2")).await;
    bed.edited(&limited("2").body("edited")).await;
    bed.undecided(&limited("3").needs(9)).await;
    bed.recorded(&text("nobody").decided(Reject)).await;
}

#[tokio::test]
async fn every_key_names_its_site() {
    let bed = Bed::redis().await;
    use_all(&bed).await;

    let keys = keys(&bed).await;

    assert!(keys.len() > 12, "{keys:?}");
    assert!(keys.iter().all(|(name, _)| name.starts_with("{blog.example}:")), "{keys:?}");
}

#[tokio::test]
async fn every_key_ends_but_the_secret_and_what_is_held() {
    let bed = Bed::redis().await;
    use_all(&bed).await;
    let lasting = |keys: Vec<(String, i64)>| {
        let names = keys.into_iter().filter(|(_, left)| *left < 0).map(|(name, _)| name.replace("{blog.example}:", ""));
        names.collect::<Vec<_>>()
    };

    let while_held = ["all:risk", "all:time", "comment:1", "held:risk", "held:time", "secret"];
    assert_eq!(lasting(keys(&bed).await), while_held);
    bed.decide("1", 1, Approve).await;
    assert_eq!(lasting(keys(&bed).await), ["secret"]);
    bed.decide("1", 2, Hold).await;
    let while_held = ["all:risk", "all:time", "comment:1", "held:risk", "held:time", "secret", "trail:1"];
    assert_eq!(lasting(keys(&bed).await), while_held);
}

#[tokio::test]
async fn each_kind_of_data_has_a_time_of_its_own() {
    let [approved, rejected, authors, changes, audit] = [10, 20, 30, 40, 50].map(Duration::from_secs);
    let outcomes = Duration::from_secs(60);
    let bed = Bed::redis_that_keeps(Retention { approved, rejected, authors, changes, audit, outcomes }).await;
    bed.recorded(&text("approved").by("ada")).await;
    bed.recorded(&text("rejected").by("ada").decided(Reject)).await;
    bed.recorded(&text("changed").by("ada").held()).await;
    bed.decide("changed", 1, Reject).await;

    assert_eq!(bed.store.audit(&super::bed::site(), 0, 10, false).await.unwrap().records.len(), 3, "all is sealed");
    let left = |key: &str, keys: &[(String, i64)]| {
        let (_, left) = keys.iter().find(|(name, _)| name.contains(key)).unwrap_or_else(|| panic!("{key}: {keys:?}"));
        // A test may be slow, but not by ten seconds.
        (left + 9_999) / 10_000 * 10
    };
    let keys = keys(&bed).await;
    let all = ["comment:approved", "comment:rejected", "comment:changed", "trail:changed", "author:", "events", "audit"];
    assert_eq!(all.map(|key| left(key, &keys)), [10, 20, 20, 20, 30, 40, 200], "{keys:?}");
}

#[tokio::test]
async fn changes_older_than_their_time_are_gone_with_the_next() {
    let bed = Bed::redis_that_keeps(Retention { changes: Duration::from_millis(200), ..Retention::uniform(1) }).await;
    for id in ["1", "2"] {
        bed.recorded(&text(id).held()).await;
    }
    let start = bed.store.first_cursor();
    bed.decide("1", 1, Approve).await;
    let first = bed.store.latest_cursor(&super::bed::site()).await.unwrap();
    // Without this, the stream as a whole would expire too.
    let client = redis::Client::open(crate::redis::url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let events = format!("{}{{blog.example}}:events", bed.settings.prefix);
    redis::cmd("PERSIST").arg(&events).query_async::<()>(&mut connection).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    bed.decide("2", 1, Approve).await;

    let left: u32 = redis::cmd("XLEN").arg(&events).query_async(&mut connection).await.unwrap();
    assert!(left <= 1, "{left}");
    assert!(bed.store.watch(&super::bed::site(), start).await.is_ok());
    assert!(first < bed.store.latest_cursor(&super::bed::site()).await.unwrap());
}

#[tokio::test]
async fn indexes_of_a_site_that_holds_nothing_end() {
    let bed = Bed::redis().await;
    bed.recorded(&text("1")).await;

    // Work that is not part of admitting a comment is done in the background.
    for _ in 0..100 {
        let keys = keys(&bed).await;
        assert!(keys.iter().any(|(name, _)| name.contains("comment:1")), "{keys:?}");
        if keys.iter().all(|(_, left)| *left >= 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?}", keys(&bed).await);
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_loaded_again() {
    let bed = Bed::redis().await;
    bed.recorded(&text("1").held()).await;
    let client = redis::Client::open(crate::redis::url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("SCRIPT").arg("FLUSH").query_async::<()>(&mut connection).await.unwrap();

    bed.recorded(&text("2")).await;
    assert!(bed.decide("1", 1, Approve).await);
}

#[tokio::test]
async fn expired_comments_leave_the_lists() {
    let bed = Bed::redis().await;
    let client = redis::Client::open(crate::redis::url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let site = format!("{}{{blog.example}}:", bed.settings.prefix);
    let index = format!("{site}all:time");
    bed.recorded(&text("expired")).await;
    bed.recorded(&text("standing").held()).await;
    // As if both had been sent long ago.
    redis::cmd("ZADD")
        .arg(&index)
        .arg(1)
        .arg("expired")
        .arg(2)
        .arg("standing")
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    redis::cmd("DEL").arg(format!("{site}comment:expired")).query_async::<()>(&mut connection).await.unwrap();
    assert_eq!(bed.ids(None, gatepost::store::Order::Oldest).await, ["standing"]);

    for i in 0..512 {
        bed.recorded(&text(format!("{i}"))).await;
    }

    let left = async |connection: &mut redis::aio::MultiplexedConnection| -> Vec<String> {
        redis::cmd("ZRANGE").arg(&index).arg(0).arg(0).query_async(connection).await.unwrap()
    };
    for _ in 0..100 {
        if left(&mut connection).await == ["standing"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(left(&mut connection).await, ["standing"]);
}

#[tokio::test]
async fn an_edit_whose_reservation_redis_lost_is_recorded_all_the_same() {
    let bed = Bed::redis().await;
    bed.recorded(&text("1")).await;
    let edit = text("1").body("an edit").held();
    let (_, id, revision) = bed.undecided(&edit).await;
    let client = redis::Client::open(crate::redis::url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = format!("{}{{blog.example}}:comment:1", bed.settings.prefix);
    let lost: u32 = redis::cmd("HDEL").arg(key).arg("r").query_async(&mut connection).await.unwrap();
    assert_eq!(lost, 1);

    let verdict = edit.verdict(id, revision);
    assert_eq!(edit.record(&bed.store, &verdict).await, verdict);

    assert_eq!(bed.get("1").await.verdict, verdict);
    assert_eq!(bed.queue().await, ["1"]);
}
