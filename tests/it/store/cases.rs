//! The cases of the conformance suite, which every engine must pass.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use gatepost::classify::site::Outcome;
use gatepost::classify::site::training_example::{OutcomeSource, TrainingExample};
use gatepost::classify::{Input, Model};
use gatepost::comment::Site;
use gatepost::error::Error;
use gatepost::facts::PreviousDecision;
use gatepost::limit::Scope;
use gatepost::pb;
use gatepost::store::{
    AdmissionOutcome, Change, ChangeEvent, ErasureCounts, Identity, ListQuery, Order, OutcomeLogState, OutcomeUpdate,
    RecordKind, RecordsUpdate, Store, Watcher,
};
use gatepost::verdict::Decision::{self, Approve, Hold, Reject};
use gatepost::verdict::{MACHINE, Verdict};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;

use super::bed::{Bed, Text, comment_id, email, few, ids, ip, person, rate, site, site_named, text};

/// A long timeout, which only failures reach.
const LONG: Duration = Duration::from_secs(10);

// === repeats and edits ===

pub async fn a_first_comment_is_recorded_with_its_limit(bed: Bed) {
    let comment = text("1").by("ada").limited(Scope::Author, few(3)).limited(Scope::Site, few(300));

    let verdict = bed.recorded(&comment).await;

    let limit = verdict.rate_limit.clone().unwrap();
    assert_eq!((limit.scope.as_ref(), limit.limit, limit.remaining, limit.local), ("author", 3, 2, false));
    assert_eq!(limit.retry_after, Duration::ZERO);
    let kept = bed.get("1").await;
    assert_eq!(kept.verdict, verdict);
    assert_eq!((kept.event.act.as_str(), kept.event.by.as_str(), kept.event.revision), ("CHECKED", "MACHINE", 1));
    assert!(kept.received_at.elapsed().unwrap() < LONG);
    assert!(kept.trail.is_empty());
}

pub async fn a_repeat_gets_the_same_verdict_and_is_not_counted(bed: Bed) {
    let comment = text("1").by("ada").held().limited(Scope::Author, few(200));
    let first = bed.recorded(&comment).await;

    for store in [&bed.store, &bed.other] {
        assert_eq!(comment.admit(store).await, AdmissionOutcome::Repeated(first.clone()));
    }

    assert_eq!(comment.look(&bed.store).await.limits[0].remaining, 198);
    assert_eq!(bed.history("ada").await, [0, 1, 0]);
}

pub async fn concurrent_duplicates_get_one_verdict_and_count_once(bed: Bed) {
    let comment = text("1").by("ada").held().limited(Scope::Author, few(100));
    let tasks: Vec<_> = (0..32)
        .map(|i| {
            let (store, comment) = (if i % 2 == 0 { &bed.store } else { &bed.other }.clone(), comment.clone());
            tokio::spawn(async move { comment.admit(&store).await })
        })
        .collect();

    let (mut verdicts, mut recorded) = (HashSet::new(), 0);
    for task in tasks {
        match task.await.unwrap() {
            AdmissionOutcome::Recorded(verdict) => {
                recorded += 1;
                verdicts.insert(verdict.id);
            }
            AdmissionOutcome::Repeated(verdict) => drop(verdicts.insert(verdict.id)),
            other => panic!("{other:?}"),
        }
    }

    assert_eq!((recorded, verdicts.len()), (1, 1));
    assert_eq!(bed.queue().await, ["1"]);
    assert_eq!(bed.history("ada").await, [0, 1, 0]);
    assert_eq!(comment.look(&bed.store).await.limits[0].remaining, 98);
}

pub async fn a_reservation_is_the_same_for_whoever_asks_again(bed: Bed) {
    bed.recorded(&text("0").by("ada")).await;
    let comment = text("1").by("ada").needs(5).limited(Scope::Author, few(100)).limited(Scope::Site, few(3));
    let first = bed.undecided(&comment).await;
    bed.recorded(&text("2").by("ada").limited(Scope::Site, few(3))).await;

    let again = comment.admit(&bed.other).await;

    let (facts, verdict_id, revision) = first;
    assert_eq!(facts.author.unwrap().approved, 1);
    assert_eq!(facts.limits.iter().map(|limit| limit.remaining).collect::<Vec<_>>(), [99, 2]);
    assert_eq!(again, AdmissionOutcome::Undecided { facts, verdict_id: verdict_id.clone(), revision });
    assert!(bed.store.get(&site(), &comment_id("1")).await.unwrap().is_none(), "nothing stands yet");
    // The repeated request did not count: only two of three are used.
    assert_eq!(text("3").limited(Scope::Site, few(3)).look(&bed.store).await.limits[0].remaining, 0);

    let verdict = comment.verdict(verdict_id, revision);
    comment.record(&bed.other, &verdict).await;
    assert_eq!(comment.admit(&bed.store).await, AdmissionOutcome::Repeated(verdict));
}

pub async fn an_edit_is_decided_anew_and_tells_what_stood(bed: Bed) {
    let original = text("1").by("ada").held().limited(Scope::Author, few(9));
    let first = bed.recorded(&original).await;
    let edit = original.clone().body("On second thought, you are right.").decided(Approve);

    let (facts, verdict_id, revision) = bed.undecided(&edit).await;
    assert_eq!(facts.previous, Some(PreviousDecision { decision: Hold, by_moderator: false }));
    assert_eq!(facts.limits[0].remaining, 7, "an edit is counted");
    assert_ne!(verdict_id, first.id);
    assert_eq!(revision, 2);
    assert_eq!(bed.get("1").await.verdict, first, "the old stands until the new is decided");
    assert_eq!(original.admit(&bed.store).await, AdmissionOutcome::Repeated(first.clone()));

    let verdict = edit.verdict(verdict_id, revision);
    assert_eq!(edit.record(&bed.store, &verdict).await, verdict);
    let kept = bed.get("1").await;
    assert_eq!(kept.verdict, verdict);
    assert_eq!(kept.comment.body, "On second thought, you are right.");
    assert_eq!((kept.event.act.as_str(), kept.event.before), ("EDITED", Hold.to_wire().into()));
    assert_eq!(kept.trail.len(), 1);
    assert_eq!((&kept.trail[0].verdict, kept.trail[0].event.act.as_str()), (&first, "CHECKED"));
    assert!(bed.queue().await.is_empty());
    assert_eq!(bed.history("ada").await, [1, 0, 0]);
}

pub async fn an_edit_by_another_author_moves_both_histories(bed: Bed) {
    bed.recorded(&text("1").by("ada")).await;

    bed.edited(&text("1").by("bob").body("Bob was here.").held()).await;

    assert_eq!(bed.history("ada").await, [0, 0, 0]);
    assert_eq!(bed.history("bob").await, [0, 1, 0]);
}

pub async fn a_decision_between_the_two_steps_of_an_edit_is_not_overwritten(bed: Bed) {
    bed.recorded(&text("1").held()).await;
    let edit = text("1").body("an edit");
    let (_, id, revision) = bed.undecided(&edit).await;
    assert!(bed.decide("1", 1, Reject).await);

    assert_eq!(edit.try_record(&bed.store, &edit.verdict(id, revision)).await, None);

    let stands = bed.get("1").await.verdict;
    assert_eq!((stands.decision, stands.revision), (Reject, 2));
    // Whoever asks again gets the facts as they are now.
    let (facts, id, revision) = bed.undecided(&edit).await;
    assert_eq!(facts.previous, Some(PreviousDecision { decision: Reject, by_moderator: true }));
    assert_eq!(revision, 3);
    let verdict = edit.verdict(id, revision);
    assert_eq!(edit.record(&bed.store, &verdict).await, verdict);
    let kept = bed.get("1").await;
    assert_eq!(kept.verdict, verdict);
    assert_eq!(kept.trail.iter().map(|past| past.verdict.revision).collect::<Vec<_>>(), [1, 2]);
}

pub async fn an_edit_that_was_edited_again_does_not_overwrite_the_newer(bed: Bed) {
    bed.recorded(&text("1")).await;
    let (second, third) = (text("1").body("second").held(), text("1").body("third"));
    let (_, second_id, _) = bed.undecided(&second).await;
    let stands = bed.edited(&third).await;

    let late = second.verdict(second_id, 2);
    assert_eq!(second.record(&bed.store, &late).await, late);

    assert_eq!(bed.get("1").await.verdict, stands);
    assert!(bed.queue().await.is_empty());
}

pub async fn a_new_text_of_an_undecided_comment_is_a_first_sight(bed: Bed) {
    bed.undecided(&text("1").by("ada").needs(1)).await;

    let verdict = bed.recorded(&text("1").by("ada").body("another text")).await;

    assert_eq!(verdict.revision, 1);
    assert_eq!(bed.get("1").await.comment.body, "another text");
}

pub async fn recording_twice_keeps_the_first(bed: Bed) {
    let comment = text("1").by("ada").needs(1).held();
    let (_, id, revision) = bed.undecided(&comment).await;
    let first = comment.verdict(id.clone(), revision);
    comment.record(&bed.store, &first).await;

    let second = comment.clone().decided(Reject).verdict(id, revision);
    assert_eq!(comment.record(&bed.other, &second).await, first);

    assert_eq!(bed.queue().await, ["1"]);
    assert_eq!(bed.history("ada").await, [0, 1, 0]);
}

// === limits ===

pub async fn a_burst_passes_and_the_next_is_refused_until_promised(bed: Bed) {
    let limit = rate(1, Duration::from_millis(400), 2);
    let comment = |id: &str| text(id).by("ada").limited(Scope::Author, limit);
    bed.recorded(&comment("1")).await;
    bed.recorded(&comment("2")).await;

    let (facts, ..) = bed.undecided(&comment("3")).await;
    let refused = facts.tightest().unwrap();
    assert!(refused.is_exceeded());
    assert_eq!((refused.remaining, refused.limit), (0, 2));
    assert!(refused.retry_after <= Duration::from_millis(400), "{:?}", refused.retry_after);

    sleep(refused.retry_after).await;
    bed.recorded(&comment("4")).await;
    bed.undecided(&comment("5")).await;
    bed.recorded(&text("6").by("bob").limited(Scope::Author, limit)).await;
}

pub async fn all_limits_count_or_none(bed: Bed) {
    let limited = |id: &str| {
        text(id).by("ada").limited(Scope::Author, few(1)).limited(Scope::Client, few(5)).limited(Scope::Site, few(9))
    };
    bed.recorded(&limited("1")).await;

    for id in ["2", "3", "4"] {
        let (facts, ..) = bed.undecided(&limited(id)).await;
        let told: Vec<_> = facts.limits.iter().map(|limit| (limit.scope, limit.remaining, limit.is_exceeded())).collect();
        assert_eq!(told, [(Scope::Author, 0, true), (Scope::Client, 4, false), (Scope::Site, 8, false)]);
    }
}

pub async fn no_window_admits_more_than_burst_and_rate(bed: Bed) {
    let limit = rate(1, Duration::from_millis(50), 5);
    let start = Instant::now();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = if task % 2 == 0 { &bed.store } else { &bed.other }.clone();
            tokio::spawn(async move { admitted_within(&store, task, limit, start + Duration::from_millis(500)).await })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += task.await.unwrap();
    }

    // The limit refills while the last answers are on their way.
    let most = 5 + start.elapsed().as_millis() / 50;
    assert!((10..=most).contains(&admitted), "{admitted} of at most {most}");
}

async fn admitted_within(store: &Store, task: u32, limit: gatepost::limit::Gcra, end: Instant) -> u128 {
    let (mut admitted, mut sent) = (0, 0);
    while Instant::now() < end {
        let comment = text(format!("{task}-{sent}")).limited(Scope::Site, limit);
        admitted += u128::from(matches!(comment.admit(store).await, AdmissionOutcome::Recorded(_)));
        sent += 1;
        sleep(Duration::from_millis(1)).await;
    }
    admitted
}

// === facts ===

pub async fn an_author_without_enough_approved_comments_is_undecided(bed: Bed) {
    let (facts, ..) = bed.undecided(&text("1").by("ada").needs(1)).await;
    assert_eq!(facts.author, Some(Default::default()));
    let (facts, ..) = bed.undecided(&text("2").needs(1)).await;
    assert_eq!(facts.author, None, "nobody has no history");

    bed.recorded(&text("3").by("ada").needs(0)).await;
    bed.recorded(&text("4").by("ada").needs(1)).await;
    bed.undecided(&text("5").by("ada").needs(3)).await;
}

pub async fn looking_changes_nothing(bed: Bed) {
    let limited = |id: &str| text(id).by("ada").limited(Scope::Author, few(3));
    bed.recorded(&limited("1").held()).await;
    let before = bed.get("1").await;

    for _ in 0..5 {
        let new = limited("2").look(&bed.store).await;
        assert_eq!((new.limits[0].remaining, new.previous), (1, None));
        assert_eq!(new.author.unwrap().held, 1);
        let edit = limited("1").body("edited").look(&bed.store).await;
        assert_eq!(edit.previous, Some(PreviousDecision { decision: Hold, by_moderator: false }));
        let known = limited("1").look(&bed.store).await;
        assert_eq!(known.previous, None);
    }

    assert_eq!(bed.get("1").await, before);
    assert!(bed.store.get(&site(), &comment_id("2")).await.unwrap().is_none());
    assert!(matches!(limited("2").admit(&bed.store).await, AdmissionOutcome::Recorded(_)), "no reservation is left");
}

// === lists ===

/// Sends five held comments. `e` has by far the highest risk; the others are certainly harmless.
async fn fill_queue(bed: &Bed) {
    for id in ["a", "b", "c", "d", "e"] {
        bed.recorded(&text(id).held().risk(if id == "e" { 1.0 } else { 0.0 })).await;
    }
    bed.recorded(&text("approved")).await;
}

pub async fn the_queue_is_in_order_of_risk_and_time(bed: Bed) {
    fill_queue(&bed).await;

    assert_eq!(bed.ids(Some(Hold), Order::Risk).await, ["e", "a", "b", "c", "d"]);
    assert_eq!(bed.ids(Some(Hold), Order::Oldest).await, ["a", "b", "c", "d", "e"]);
    assert_eq!(bed.ids(Some(Hold), Order::Newest).await, ["e", "d", "c", "b", "a"]);
}

pub async fn pages_stay_in_place_while_comments_leave(bed: Bed) {
    fill_queue(&bed).await;
    for order in [Order::Risk, Order::Oldest, Order::Newest] {
        let all = bed.ids(Some(Hold), order).await;
        let first = bed.page(Some(Hold), order, 2, None).await;
        assert_eq!(ids(&first), all[..2]);

        // Both comments of the page leave, and so does the first one of the next page.
        for id in &all[..3] {
            assert!(bed.decide(id, bed.get(id).await.verdict.revision, Approve).await);
        }
        let second = bed.page(Some(Hold), order, 9, first.next.as_deref()).await;

        assert_eq!((ids(&second), second.next), (all[3..].to_vec(), None));
        for id in &all[..3] {
            assert!(bed.decide(id, bed.get(id).await.verdict.revision, Hold).await);
        }
    }
}

pub async fn a_filter_searches_beyond_the_first_page(bed: Bed) {
    for i in 0..40 {
        bed.recorded(&text(format!("{i}")).held().body(if i % 13 == 12 { "rare" } else { "common" })).await;
    }

    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let query = ListQuery {
            spot_checks: false,
            decision: Some(Hold),
            order: Order::Oldest,
            size: 2,
            after: after.as_deref(),
            matches: &|kept| kept.comment.body == "rare",
            max_scanned: 10_000,
        };
        let page = bed.store.list(&site(), &query).await.unwrap();
        assert!(page.comments.len() <= 2);
        found.extend(ids(&page));
        after = page.next;
        if after.is_none() {
            break;
        }
    }

    assert_eq!(found, ["12", "25", "38"]);
}

pub async fn lists_of_decided_comments_are_in_order_too(bed: Bed) {
    for (id, decision, risk) in
        [("a", Approve, 0.0), ("b", Reject, 0.9), ("c", Hold, 0.5), ("d", Reject, 0.7), ("e", Approve, 0.1)]
    {
        bed.recorded(&text(id).decided(decision).risk(risk)).await;
    }

    assert_eq!(bed.ids(None, Order::Oldest).await, ["a", "b", "c", "d", "e"]);
    assert_eq!(bed.ids(None, Order::Risk).await, ["b", "d", "c", "e", "a"]);
    assert_eq!(bed.ids(Some(Reject), Order::Newest).await, ["d", "b"]);
    assert_eq!(bed.ids(Some(Approve), Order::Risk).await, ["e", "a"]);
}

pub async fn a_damaged_page_token_is_the_callers_mistake(bed: Bed) {
    for token in ["", "x", "0123", "zzzzzzzzzzzzzzzz61", "00000000000000016", "ééééééééé"] {
        let query = ListQuery {
            decision: None,
            spot_checks: false,
            order: Order::Risk,
            size: 1,
            after: Some(token),
            matches: &|_| true,
            max_scanned: 9,
        };
        let error = bed.store.list(&site(), &query).await.unwrap_err();
        assert!(matches!(&error, Error::Invalid(wrong) if wrong[0].field == "page_token"), "{token:?}: {error:?}");
    }
}

// === decisions ===

pub async fn a_change_needs_the_revision_that_stands(bed: Bed) {
    bed.recorded(&text("1").held()).await;

    let attempts = [bed.decide("1", 1, Approve), bed.decide("1", 1, Approve), bed.decide("1", 1, Approve)];
    let [a, b, c] = attempts;
    let (a, b, c) = tokio::join!(a, b, c);

    assert_eq!([a, b, c].iter().filter(|done| **done).count(), 1);
    assert!(!bed.decide("1", 1, Reject).await);
    assert_eq!(bed.get("1").await.verdict.revision, 2);
    assert!(bed.queue().await.is_empty());
}

pub async fn the_trail_tells_every_act_in_order(bed: Bed) {
    bed.recorded(&text("1").held()).await;
    bed.decide("1", 1, Approve).await;
    bed.edited(&text("1").body("sneaky").held()).await;
    bed.decide("1", 3, Reject).await;

    let kept = bed.get("1").await;

    let acts = kept.trail.iter().map(|past| &past.event).chain([&kept.event]);
    let acts: Vec<_> = acts.map(|event| (event.act.as_str(), event.revision, event.before, event.after)).collect();
    let [approve, hold, reject] = [Approve, Hold, Reject].map(|decision: Decision| i32::from(decision.to_wire()));
    assert_eq!(
        acts,
        [("CHECKED", 1, 0, hold), ("DECIDED", 2, hold, approve), ("EDITED", 3, approve, hold), ("DECIDED", 4, hold, reject)]
    );
    assert_eq!(kept.trail[1].verdict.decided_by, "mia");
}

// === changes ===

/// Waits for at least this many changes.
async fn changes(watcher: &mut Watcher, count: usize) -> Vec<ChangeEvent> {
    let (mut events, end) = (Vec::new(), Instant::now() + LONG);
    while events.len() < count && Instant::now() < end {
        events.extend(watcher.next(Duration::from_millis(500)).await.unwrap());
    }
    events
}

fn told(events: &[ChangeEvent]) -> Vec<(String, u32)> {
    events.iter().map(|event| (event.verdict.comment_id.clone(), event.verdict.revision)).collect()
}

pub async fn changes_arrive_once_in_order_and_from_any_cursor(bed: Bed) {
    let start = bed.store.latest_cursor(&site()).await.unwrap();
    for id in ["a", "b", "c"] {
        bed.recorded(&text(id).held()).await;
        bed.decide(id, 1, Approve).await;
    }
    bed.edited(&text("a").body("edited")).await;
    let expected = [("a", 2), ("b", 2), ("c", 2), ("a", 3)].map(|(id, revision)| (id.to_owned(), revision));

    let mut watcher = bed.store.watch(&site(), start).await.unwrap();
    let events = changes(&mut watcher, 4).await;
    assert_eq!(told(&events), expected);
    assert_eq!(events[0].verdict.decision, Approve);
    assert_eq!(events[3].cursor, bed.store.latest_cursor(&site()).await.unwrap());
    for (i, event) in events.iter().enumerate() {
        let cursor = bed.other.parse_cursor(&event.cursor.to_string()).unwrap();
        assert_eq!(cursor, event.cursor);
        let mut watcher = bed.other.watch(&site(), cursor).await.unwrap();
        assert_eq!(told(&changes(&mut watcher, 3 - i).await), expected[i + 1..]);
    }
    bed.decide("b", 2, Reject).await;
    assert_eq!(told(&changes(&mut watcher, 1).await), [("b".to_owned(), 3)], "nothing else was on its way");
    for text in ["", "x", "-", "1-", "-1", "+1", "1 "] {
        assert_eq!(bed.store.parse_cursor(text), None, "{text:?}");
    }
}

pub async fn a_watcher_is_woken_at_once(bed: Bed) {
    bed.recorded(&text("1").held()).await;
    let start = bed.store.latest_cursor(&site()).await.unwrap();
    let mut watcher = bed.other.watch(&site(), start).await.unwrap();
    let waiting = tokio::spawn(async move { watcher.next(LONG).await.unwrap() });
    sleep(Duration::from_millis(50)).await;

    let decided = Instant::now();
    bed.decide("1", 1, Reject).await;
    let events = waiting.await.unwrap();

    assert_eq!(told(&events), [("1".to_owned(), 2)]);
    assert!(decided.elapsed() < Duration::from_secs(2), "{:?}", decided.elapsed());
}

pub async fn a_dropped_wait_loses_no_change(bed: Bed) {
    bed.recorded(&text("1").held()).await;
    let mut watcher = bed.store.watch(&site(), bed.store.latest_cursor(&site()).await.unwrap()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(30), watcher.next(LONG)).await.is_err());

    bed.decide("1", 1, Approve).await;
    bed.decide("1", 2, Hold).await;

    assert_eq!(told(&changes(&mut watcher, 2).await), [("1".to_owned(), 2), ("1".to_owned(), 3)]);
}

// === the rest ===

pub async fn histories_follow_decisions(bed: Bed) {
    bed.recorded(&text("1").by("ada").held()).await;
    bed.recorded(&text("2").by("ada")).await;
    bed.recorded(&text("3").by("bob").decided(Reject)).await;
    assert_eq!(bed.history("ada").await, [1, 1, 0]);

    bed.decide("1", 1, Reject).await;
    assert_eq!(bed.history("ada").await, [1, 0, 1]);
    bed.decide("1", 2, Approve).await;
    assert_eq!(bed.history("ada").await, [2, 0, 0]);
    assert_eq!(bed.history("bob").await, [0, 0, 1]);
    assert_eq!(bed.history("eve").await, [0, 0, 0]);
}

pub async fn sites_know_nothing_of_each_other(bed: Bed) {
    let limited = |site: &str| text("1").on(site).by("ada").held().limited(Scope::Author, few(1)).limited(Scope::Site, few(1));
    bed.recorded(&limited("blog.example")).await;
    let elsewhere = bed.recorded(&limited("other.example")).await;

    assert!(bed.decide("1", 1, Approve).await);

    let there = site_named("other.example");
    assert_eq!(bed.store.get(&there, &comment_id("1")).await.unwrap().unwrap().verdict, elsewhere);
    let start = bed.store.latest_cursor(&site_named("unheard.example")).await.unwrap();
    let mut watcher = bed.store.watch(&there, start).await.unwrap();
    let verdict = Verdict { decision: Reject, revision: 2, ..elsewhere };
    let event = pb::AuditEvent { by: "mia".into(), act: "DECIDED".into(), comment_id: "1".into(), ..Default::default() };
    let change = Change { expected_revision: 1, verdict: &verdict, event, outcome_update: OutcomeUpdate::default() };
    assert!(bed.store.replace(&there, &comment_id("1"), &change).await.unwrap());
    let events = changes(&mut watcher, 1).await;
    assert_eq!((told(&events), events[0].verdict.decision), (vec![("1".to_owned(), 2)], Reject), "not what was decided here");
}

pub async fn a_secret_is_the_same_for_all_and_another_per_site(bed: Bed) {
    let one = site();
    let (a, b) = tokio::join!(bed.store.secrets(&one), bed.other.secrets(&one));
    let (a, b) = (a.unwrap(), b.unwrap());

    assert!(a == b);
    assert_ne!(*a.newest(), [0; 32]);
    assert!(a != bed.store.secrets(&site_named("other.example")).await.unwrap());
}

pub async fn a_rotated_secret_hashes_anew_and_still_knows_the_old(bed: Bed) {
    let old = bed.store.secrets(&site()).await.unwrap();

    bed.store.rotate_secret(&site(), &acted()).await.unwrap();

    let new = bed.store.secrets(&site()).await.unwrap();
    assert_ne!(new.newest(), old.newest());
    let known = new.hashes_of(Identity::User("ada"));
    assert_eq!(known.len(), 2);
    assert_eq!(known[1..], old.hashes_of(Identity::User("ada")));
    let one = site();
    let act = acted();
    let (here, there) = tokio::join!(bed.store.rotate_secret(&one, &act), bed.other.rotate_secret(&one, &act));
    assert!(here.is_ok() && there.is_ok());
    assert_eq!(bed.store.secrets(&site()).await.unwrap().hashes_of(Identity::User("ada")).len(), 4, "none is lost");
}

pub async fn what_is_kept_holds_no_address(bed: Bed) {
    bed.recorded(&text("1").held()).await;

    let kept = format!("{:?}", bed.get("1").await);

    assert!(!kept.contains("secret.example") && !kept.contains("203.0.113"), "{kept}");
}

// === erasure ===

/// Returns a comment by Ada, who is known by all three ids and counted by two of them.
fn adas(id: impl Into<String>) -> Text {
    let known = text(id).by("ada").mail("ada@example.org").at("192.0.2.1");
    known.limited(Scope::Author, few(1_000)).limited(Scope::Client, few(1_000))
}

fn bobs(id: impl Into<String>) -> Text {
    text(id).by("bob").mail("bob@example.org").at("192.0.2.2").limited(Scope::Author, few(1_000))
}

pub async fn a_person_is_found_and_erased_by_each_of_three_ids(bed: Bed) {
    bed.recorded(&bobs("other").held()).await;
    for (who, limits) in [(email("ada@example.org"), 0), (person("ada"), 1), (ip("192.0.2.1"), 1)] {
        bed.recorded(&adas("approved")).await;
        bed.recorded(&adas("decided").held()).await;
        bed.decide("decided", 1, Reject).await;
        bed.decide("decided", 2, Hold).await;
        bed.recorded(&adas("edited").held()).await;
        bed.edited(&adas("edited").body("better so").held()).await;
        let mut found = bed.other.find_comments_of(&site(), &who).await.unwrap();
        found.sort();
        assert_eq!(found, ["approved", "decided", "edited"].map(comment_id));

        let forgotten = bed.store.forget(&site(), &who).await.unwrap();

        assert_eq!(
            forgotten,
            ErasureCounts {
                comments: 3,
                verdicts: 6,
                events: 3,
                limits,
                histories: 1,
                acts: 5,
                listed: 0,
                outcomes: 0,
                quotes: 0
            }
        );
        assert_eq!(bed.other.find_comments_of(&site(), &who).await.unwrap(), []);
        assert_eq!(bed.other.forget(&site(), &who).await.unwrap(), ErasureCounts::default());
        assert_eq!(bed.history("ada").await, [0, 0, 0]);
    }
    assert_eq!(bed.history("bob").await, [0, 1, 0]);
    assert_eq!(bed.queue().await, ["other"]);
    assert_eq!(bobs("more").look(&bed.store).await.limits[0].remaining, 998);
}

pub async fn a_comment_also_came_from_whoever_sent_an_earlier_text(bed: Bed) {
    for who in [person("ada"), email("ada@example.org"), ip("192.0.2.1"), person("bob"), ip("192.0.2.2")] {
        bed.recorded(&adas("1")).await;
        bed.edited(&bobs("1").body("Bob was here.")).await;
        bed.edited(&bobs("1").body("Bob was here twice.")).await;

        let forgotten = bed.store.forget(&site(), &who).await.unwrap();

        assert_eq!((forgotten.comments, forgotten.verdicts, forgotten.events), (1, 3, 2));
        assert_eq!(bed.history("bob").await, [0, 0, 0]);
    }
}

pub async fn nothing_knows_an_erased_comment_and_its_id_can_be_sent_again(bed: Bed) {
    let start = bed.store.latest_cursor(&site()).await.unwrap();
    bed.recorded(&adas("1").held()).await;
    bed.decide("1", 1, Approve).await;
    bed.decide("1", 2, Hold).await;
    bed.undecided(&adas("1").body("an edit that is on its way")).await;

    bed.store.forget(&site(), &person("ada")).await.unwrap();

    assert_eq!(bed.other.get(&site(), &comment_id("1")).await.unwrap(), None);
    assert_eq!(bed.queue().await, [""; 0]);
    for order in [Order::Risk, Order::Newest, Order::Oldest] {
        assert_eq!(bed.ids(None, order).await, [""; 0]);
    }
    assert_eq!(adas("2").look(&bed.store).await.limits[0].remaining, 999, "counted anew");
    let mut watcher = bed.other.watch(&site(), start).await.unwrap();
    assert_eq!(watcher.next(Duration::from_millis(50)).await.unwrap(), []);

    let verdict = bed.recorded(&adas("1").held()).await;
    assert_eq!(verdict.revision, 1);
    let kept = bed.get("1").await;
    assert_eq!((kept.verdict, kept.trail), (verdict, Vec::new()));
    assert_eq!(bed.queue().await, ["1"]);
    assert_eq!(bed.history("ada").await, [0, 1, 0]);
}

pub async fn changes_of_others_keep_their_order_and_cursors(bed: Bed) {
    let start = bed.store.latest_cursor(&site()).await.unwrap();
    let mut expected = Vec::new();
    for i in 0..300 {
        let (hers, his) = (format!("ada-{i}"), format!("bob-{i}"));
        bed.recorded(&adas(&hers).held()).await;
        bed.decide(&hers, 1, Approve).await;
        bed.recorded(&bobs(&his).held()).await;
        bed.decide(&his, 1, Approve).await;
        expected.push((his, 2));
    }
    let mut watcher = bed.store.watch(&site(), start).await.unwrap();
    let before = changes(&mut watcher, 600).await;
    let waiting = tokio::spawn(async move { watcher.next(LONG).await.unwrap() });

    let forgotten = bed.other.forget(&site(), &person("ada")).await.unwrap();

    assert_eq!((forgotten.comments, forgotten.events), (300, 300));
    let mut watcher = bed.store.watch(&site(), start).await.unwrap();
    let left = changes(&mut watcher, 300).await;
    assert_eq!(told(&left), expected);
    assert!(left.iter().all(|event| before.contains(event)), "each has the cursor that it had");
    bed.decide("bob-0", 2, Reject).await;
    assert_eq!(told(&waiting.await.unwrap()), [("bob-0".to_owned(), 3)], "who waited goes on");
    assert_eq!(told(&changes(&mut watcher, 1).await), [("bob-0".to_owned(), 3)]);
}

pub async fn a_large_site_is_walked_over_in_full(bed: Bed) {
    for i in 0..900 {
        let comment = if i % 3 == 0 { adas(format!("{i}")) } else { bobs(format!("{i}")) };
        bed.recorded(&comment).await;
    }
    assert_eq!(bed.store.forget(&site(), &ip("192.0.2.1")).await.unwrap().comments, 300);
    assert_eq!(bed.ids(None, Order::Oldest).await.len(), 600);
    assert_eq!(bed.history("bob").await, [600, 0, 0]);
}

pub async fn many_are_erased_at_once_while_others_write(bed: Bed) {
    let start = bed.store.latest_cursor(&site()).await.unwrap();
    let name = |i: usize| format!("ada-{}", i % 6);
    for i in 0..180 {
        bed.recorded(&text(format!("hers-{i}")).by(&name(i)).held()).await;
        bed.decide(&format!("hers-{i}"), 1, Approve).await;
    }
    let erasures: Vec<_> = (0..6)
        .map(|i| {
            let store = if i % 2 == 0 { &bed.store } else { &bed.other }.clone();
            tokio::spawn(async move { store.forget(&site(), &person(&name(i))).await.unwrap() })
        })
        .collect();
    let mut expected = Vec::new();
    for i in 0..60 {
        let id = format!("his-{i}");
        bed.recorded(&bobs(&id).held()).await;
        assert!(bed.decide(&id, 1, Approve).await);
        expected.push((id, 2));
    }

    for erasure in erasures {
        let forgotten = erasure.await.unwrap();
        assert_eq!((forgotten.comments, forgotten.events, forgotten.histories), (30, 30, 1));
    }

    let mut watcher = bed.store.watch(&site(), start).await.unwrap();
    assert_eq!(told(&changes(&mut watcher, 60).await), expected);
    assert_eq!(watcher.next(Duration::from_millis(50)).await.unwrap(), []);
    assert_eq!(bed.ids(None, Order::Oldest).await.len(), 60);
    assert_eq!(bed.history("bob").await, [60, 0, 0]);
}

pub async fn only_the_persons_own_site_is_touched(bed: Bed) {
    bed.recorded(&adas("1").on("other.example")).await;
    assert_eq!(bed.store.forget(&site(), &person("ada")).await.unwrap(), ErasureCounts::default());
    assert!(bed.store.get(&site_named("other.example"), &comment_id("1")).await.unwrap().is_some());
}

pub async fn a_store_that_works_answers_a_ping(bed: Bed) {
    bed.store.ping().await.unwrap();
    assert!(["memory", "embedded", "redis"].contains(&bed.store.kind()));
}

// === the audit ===

/// Returns all records from the first on, and asserts that the hashes of the chain match them.
async fn chain(store: &Store, site: &Site) -> Vec<pb::AuditEvent> {
    let page = store.audit(site, 0, 1_000, false).await.unwrap();
    let mut hash = page.forgotten.hash;
    for (number, logged) in (page.forgotten.number + 1..).zip(&page.records) {
        if !logged.record.is_empty() {
            assert_eq!(<[u8; 32]>::from(Sha256::digest(&logged.record)), logged.digest);
        }
        hash = Sha256::new().chain_update(hash).chain_update(logged.digest).finalize().into();
        assert_eq!((logged.position.number, logged.position.hash), (number, hash));
    }
    assert_eq!(page.newest, page.records.last().map_or(page.forgotten, |last| last.position));
    page.records.iter().map(gatepost::store::AuditRecord::event).collect()
}

fn acts(events: &[pb::AuditEvent]) -> Vec<(u64, &str, &str, i32, i32)> {
    events
        .iter()
        .map(|event| (event.number, event.act.as_str(), event.comment_id.as_str(), event.before, event.after))
        .collect()
}

pub async fn every_act_is_in_the_audit_once_and_in_a_chain(bed: Bed) {
    bed.recorded(&text("published")).await;
    bed.recorded(&text("1").held()).await;
    assert!(matches!(text("1").held().admit(&bed.store).await, AdmissionOutcome::Repeated(_)));
    bed.decide("1", 1, Reject).await;
    bed.edited(&text("1").body("better").held()).await;
    assert!(!bed.decide("1", 1, Reject).await, "what did not happen is not told");

    let events = chain(&bed.other, &site()).await;

    let [approve, hold, reject] = Decision::ALL.map(|decision| decision.to_wire() as i32);
    assert_ne!(approve, 0);
    assert_eq!(
        acts(&events),
        [(1, "CHECKED", "1", 0, hold), (2, "DECIDED", "1", hold, reject), (3, "EDITED", "1", reject, hold)]
    );
    assert_eq!(events[0].by, MACHINE);
    let event = pb::AuditEvent { act: "LISTED".into(), subject: "block word x".into(), ..Default::default() };
    bed.other.append_audit(&site(), &event).await.unwrap();
    assert_eq!(chain(&bed.store, &site()).await[3].subject, "block word x");
    assert!(chain(&bed.store, &site_named("other.example")).await.is_empty());
}

pub async fn the_audit_is_read_in_both_directions_and_in_pieces(bed: Bed) {
    for number in 1..=7 {
        let event = pb::AuditEvent { revision: number, ..Default::default() };
        bed.store.append_audit(&site(), &event).await.unwrap();
    }
    let read = async |from, count, backwards| {
        let page = bed.other.audit(&site(), from, count, backwards).await.unwrap();
        page.records.iter().map(|logged| logged.position.number).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 3, false).await, [1, 2, 3]);
    assert_eq!(read(3, 100, false).await, [4, 5, 6, 7]);
    assert_eq!(read(u64::MAX, 2, true).await, [7, 6]);
    assert_eq!(read(6, 100, true).await, [5, 4, 3, 2, 1]);
    assert_eq!(read(7, 10, false).await, [0; 0]);
    assert_eq!(read(1, 10, true).await, [0; 0]);
}

pub async fn acts_at_once_on_two_servers_are_one_chain(bed: Bed) {
    let log = async |store: &Store, from: u32| {
        for number in from..from + 40 {
            store.append_audit(&site(), &pb::AuditEvent { revision: number, ..Default::default() }).await.unwrap();
        }
    };
    tokio::join!(log(&bed.store, 0), log(&bed.other, 100));
    let mut told: Vec<u32> = chain(&bed.store, &site()).await.iter().map(|event| event.revision).collect();
    assert_eq!(told.iter().filter(|number| **number < 100).copied().collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 80);
}

pub async fn the_audit_of_an_erased_comment_tells_nothing_and_the_chain_is_whole(bed: Bed) {
    bed.recorded(&adas("1").held()).await;
    bed.recorded(&bobs("2").held()).await;
    bed.decide("1", 1, Reject).await;

    assert_eq!(bed.store.forget(&site(), &person("ada")).await.unwrap().acts, 2);

    let events = chain(&bed.other, &site()).await;
    assert_eq!(events.iter().map(|event| event.comment_id.as_str()).collect::<Vec<_>>(), ["", "2", ""]);
    assert_eq!(events.iter().filter(|event| event.record.is_empty() && event.erased_digest.len() == 32).count(), 2);
}

pub async fn the_audit_forgets_a_person_also_where_the_comment_is_kept_no_more(bed: Bed) {
    let of = |act: &str, persons| pb::AuditEvent { act: act.into(), comment_id: "gone".into(), persons, ..Default::default() };
    let listed =
        pb::AuditEvent { act: "LISTED".into(), subject: format!("block address #{}", person("ada")), ..Default::default() };
    let other = pb::AuditEvent { act: "DECIDED".into(), comment_id: "theirs".into(), ..Default::default() };
    for event in [of("CHECKED", person("ada").to_bytes()), other, of("DECIDED", Vec::new()), listed] {
        bed.store.append_audit(&site(), &event).await.unwrap();
    }
    assert_eq!(bed.other.forget(&site(), &person("ada")).await.unwrap().acts, 3);
    let left: Vec<_> = chain(&bed.store, &site()).await.into_iter().map(|event| event.comment_id).collect();
    assert_eq!(left, ["", "theirs", "", ""]);
}

/// Returns an audit event.
fn acted() -> pb::AuditEvent {
    pb::AuditEvent { act: "ACTED".into(), by: "ann".into(), ..Default::default() }
}

async fn put(store: &Store, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    store.update_list_entries(&site(), RecordsUpdate::put(entries).with_act(&acted())).await.unwrap();
}

pub async fn a_comment_that_is_edited_for_ever_keeps_only_the_newest_of_its_past(bed: Bed) {
    bed.recorded(&text("c").body("0")).await;
    for n in 1..=130 {
        bed.edited(&text("c").body(&n.to_string())).await;
    }
    let kept = bed.store.get(&site(), &comment_id("c")).await.unwrap().unwrap();
    assert_eq!((kept.trail.len(), kept.verdict.revision), (100, 131));
    assert_eq!(kept.trail.last().unwrap().verdict.revision, 130);
    assert!(matches!(text("c").body("125").admit(&bed.store).await, AdmissionOutcome::Repeated(_)), "a late retry");
}

pub async fn records_of_another_version_are_left_as_they_are(bed: Bed) {
    let put = |name: &str| RecordsUpdate::put([(name.to_owned(), b"1".to_vec())]);
    bed.store.update_records(RecordKind::Keys, put("a").with_act(&acted())).await.unwrap();
    let version = bed.store.records_version(RecordKind::Keys).await.unwrap();
    let next = |name: &str| RecordsUpdate { version, ..put(name) };
    assert_eq!(bed.store.update_records(RecordKind::Keys, next("b")).await.unwrap(), Some(0));
    assert_eq!(bed.other.update_records(RecordKind::Keys, next("c")).await.unwrap(), None);
    let all = bed.other.records(RecordKind::Keys).await.unwrap().all;
    assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "b"]);
    let acts = chain(&bed.store, &Site::server()).await;
    assert_eq!(acts.iter().map(|event| event.act.as_str()).collect::<Vec<_>>(), ["ACTED"]);
}

pub async fn block_and_allow_entries_are_kept_by_name_and_seen_by_all(bed: Bed) {
    let entry = |value: &str| pb::ListEntry { value: value.into(), ..Default::default() }.encode_to_vec();
    put(&bed.store, [("a".into(), entry("1")), ("b".into(), entry("2"))]).await;
    put(&bed.other, [("a".into(), entry("3"))]).await;
    let before = bed.store.list_entries(&site()).await.unwrap();
    assert_eq!(before.all.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(before.all["a"], entry("3"));

    let gone = || RecordsUpdate::remove(["b".to_owned()]).with_act(&acted());
    assert_eq!(bed.other.update_list_entries(&site(), gone()).await.unwrap(), 1);
    assert_eq!(bed.store.update_list_entries(&site(), gone()).await.unwrap(), 0);
    let acts = chain(&bed.store, &site()).await;
    assert_eq!(acts.len(), 3, "each that changed something is in the audit, and no other: {acts:?}");
    let after = bed.store.list_entries(&site()).await.unwrap();
    assert!(after.version > before.version && after.all.len() == 1);
    assert!(bed.store.list_entries(&site_named("other.example")).await.unwrap().all.is_empty());
}

pub async fn a_comment_is_looked_at_again_when_entries_have_changed(bed: Bed) {
    let version = bed.store.list_entries(&site()).await.unwrap().version;
    if let Some(known) = bed.store.list_version(&site()) {
        // Only this process writes to this store, so it knows the version without a query.
        assert_eq!(known, version);
        put(&bed.other, [("a".into(), Vec::new())]).await;
        let risen = bed.store.list_version(&site()).unwrap();
        assert!(risen > version, "{risen}");
        assert_eq!(bed.store.list_entries(&site()).await.unwrap().version, risen);
        return;
    }
    bed.recorded(&text("1").knowing(version)).await;
    put(&bed.other, [("a".into(), Vec::new())]).await;
    assert_eq!(text("2").knowing(version).admit(&bed.store).await, AdmissionOutcome::ListsChanged);
    assert!(
        matches!(text("1").knowing(version).admit(&bed.store).await, AdmissionOutcome::Repeated(_)),
        "what was judged stands"
    );
    bed.recorded(&text("2").knowing(version + 1)).await;
}

pub async fn entries_for_an_erased_person_go_too(bed: Bed) {
    let newest = bed.store.secrets(&site()).await.unwrap();
    let ada = newest.hashes_of(Identity::Email("ada@example.org"))[0];
    let hash = pb::ListEntry { target: pb::ListTarget::Address.into(), value: format!("#{ada}"), ..Default::default() };
    let user = pb::ListEntry { target: pb::ListTarget::Author.into(), value: "ada".into(), ..Default::default() };
    let other = pb::ListEntry { target: pb::ListTarget::Word.into(), value: "ada".into(), ..Default::default() };
    let entries = [("a", &hash), ("b", &user), ("c", &other)].map(|(name, entry)| (name.to_owned(), entry.encode_to_vec()));
    put(&bed.store, entries).await;
    assert_eq!(bed.other.forget(&site(), &ada).await.unwrap().listed, 1);
    let user = newest.hashes_of(Identity::User("ada"))[0];
    assert_eq!(bed.other.forget(&site(), &user).await.unwrap().listed, 1);
    assert_eq!(bed.store.list_entries(&site()).await.unwrap().all.keys().collect::<Vec<_>>(), ["c"]);
}

// === outcomes ===

pub async fn an_author_who_was_mostly_rejected_is_undecided(bed: Bed) {
    for id in ["1", "2"] {
        bed.recorded(&text(id).by("ada").decided(Reject)).await;
    }
    let third = text("3").by("ada").bears(2);
    let (facts, ..) = bed.undecided(&third).await;
    assert_eq!(facts.author.unwrap().rejected, 2);
    assert_eq!(third.look(&bed.store).await.author.unwrap().rejected, 2);
    bed.recorded(&text("bob").by("bob").bears(2)).await;
    bed.recorded(&text("nobody").bears(2)).await;
    bed.recorded(&text("more").by("ada").bears(3)).await;
    for id in ["4", "5", "6"] {
        bed.recorded(&text(id).by("ada")).await;
    }
    // By now, more of her comments were approved than rejected.
    bed.recorded(&text("7").by("ada").bears(2)).await;
}

pub async fn what_was_approved_before_may_speak_for_an_author(bed: Bed) {
    bed.recorded(&text("1").by("ada")).await;
    let held = text("2").by("ada").decided(Hold);
    let (facts, ..) = bed.undecided(&held.clone().eased_by(1)).await;
    assert_eq!(facts.author.unwrap().approved, 1);
    bed.recorded(&text("3").by("ada").decided(Hold).eased_by(2)).await;
    bed.recorded(&text("bob").by("bob").decided(Hold).eased_by(1)).await;
    bed.recorded(&text("nobody").decided(Hold).eased_by(1)).await;
}

fn added(name: &str, record: &[u8]) -> OutcomeUpdate {
    OutcomeUpdate { removed: None, added: Some((name.to_owned(), record.to_vec())) }
}

/// Returns an outcome from long ago.
pub fn lesson(id: &str, persons: Vec<u8>) -> OutcomeUpdate {
    let text = "Earn money from home with our proven system, just visit us and start today";
    let lesson = TrainingExample {
        digest: None,
        name: format!("d:{id}:2"),
        comment_id: id.to_owned(),
        outcome: Some(Outcome::Spam),
        rejected: true,
        text_hash: 0,
        source: OutcomeSource::Moderator,
        by: "mia".to_owned(),
        decided_at: 1,
        features: Model::builtin().unwrap().feature_vector(&Input { text, ..Input::default() }),
        min_hash: None,
        persons,
        spot_check: None,
    };
    added(&lesson.name.clone(), &lesson.to_bytes())
}

fn removed(name: &str) -> OutcomeUpdate {
    OutcomeUpdate { removed: Some(name.to_owned()), added: None }
}

pub async fn the_log_of_outcomes_is_in_order_and_goes_by_names(bed: Bed) {
    let log = async |store: &Store| store.outcomes(&site(), 0, 1_000).await.unwrap();
    let empty = bed.store.outcome_head(&site()).await.unwrap();
    assert_eq!(empty, OutcomeLogState::default());
    assert_eq!(log(&bed.store).await, []);
    for number in 1..=600u64 {
        bed.store.update_outcomes(&site(), &added(&format!("d:{number}:2"), &number.to_be_bytes()), None).await.unwrap();
    }
    let full = bed.other.outcome_head(&site()).await.unwrap();
    assert_eq!((full.newest, full.removed, full.from, full.to), (600, 0, 0, None));
    let records = log(&bed.other).await;
    assert!(
        records
            .iter()
            .map(|(number, record)| (*number, record.clone()))
            .eq((1..=600u64).map(|n| (n, n.to_be_bytes().to_vec())))
    );
    assert_eq!(bed.other.outcomes(&site(), 598, 600).await.unwrap().len(), 2);

    // A removed record leaves a gap, and a record that is added again comes last.
    bed.store.update_outcomes(&site(), &removed("d:300:2"), None).await.unwrap();
    bed.other.update_outcomes(&site(), &removed("d:300:2"), None).await.unwrap();
    bed.other.update_outcomes(&site(), &added("d:1:2", b"again"), None).await.unwrap();
    let head = bed.store.outcome_head(&site()).await.unwrap();
    assert_eq!((head.newest, head.removed), (601, 2));
    assert!(!full.is_extended_by(&head));
    let records = log(&bed.store).await;
    assert_eq!((records.len(), records[0].0, records.last().unwrap().clone()), (599, 2, (601, b"again".to_vec())));
    assert_eq!(bed.store.outcome_named(&site(), "d:1:2").await.unwrap(), Some(b"again".to_vec()));
    assert_eq!(bed.store.outcome_named(&site(), "d:300:2").await.unwrap(), None);

    // Records are removed by number, because the name may belong to a newer record.
    bed.store.remove_outcomes(&site(), &[(1, "d:1:2".into()), (2, "d:2:2".into())], Some(3), false).await.unwrap();
    assert_eq!(log(&bed.other).await.len(), 598);
    assert_eq!(bed.other.outcome_named(&site(), "d:1:2").await.unwrap(), Some(b"again".to_vec()));
    assert_eq!(bed.other.outcome_named(&site(), "d:2:2").await.unwrap(), None);

    bed.store.set_outcome_range(&site(), 5, Some(9), &acted()).await.unwrap();
    let bounded = bed.other.outcome_head(&site()).await.unwrap();
    assert_eq!((bounded.from, bounded.to, bounded.newest), (5, Some(9), 601));
    assert!(
        !head.is_extended_by(&bounded)
            && !bounded.includes(5)
            && bounded.includes(6)
            && bounded.includes(9)
            && !bounded.includes(10)
    );
    bed.store.set_outcome_range(&site(), 0, None, &acted()).await.unwrap();
    assert_eq!(bed.other.outcome_head(&site()).await.unwrap().to, None);
    let elsewhere = Site::parse("site", "other.example").unwrap();
    assert_eq!(bed.store.outcome_head(&elsewhere).await.unwrap(), OutcomeLogState::default());
}

pub async fn an_act_teaches_in_its_own_step(bed: Bed) {
    bed.recorded(&text("1").held()).await;
    assert!(bed.decide_and_teach("1", 1, Reject, added("d:1:2", b"spam")).await);
    assert!(!bed.decide_and_teach("1", 1, Approve, added("d:1:2", b"ham")).await, "the revision is another");
    assert_eq!(bed.store.outcome_named(&site(), "d:1:2").await.unwrap(), Some(b"spam".to_vec()));
    assert!(bed.decide_and_teach("1", 2, Hold, removed("d:1:2")).await);
    let head = bed.other.outcome_head(&site()).await.unwrap();
    assert_eq!((head.newest, head.removed), (1, 1));
}

pub async fn what_a_person_taught_goes_with_the_person(bed: Bed) {
    bed.recorded(&text("hers").by("ada").held()).await;
    bed.decide_and_teach("hers", 1, Reject, lesson("hers", Vec::new())).await;
    // The outcome of a comment that is no longer stored.
    bed.store.update_outcomes(&site(), &lesson("gone", person("ada").to_bytes()), None).await.unwrap();
    bed.store.update_outcomes(&site(), &lesson("his", person("bob").to_bytes()), None).await.unwrap();
    let forgotten = bed.store.forget(&site(), &person("ada")).await.unwrap();
    assert_eq!(forgotten.outcomes, 2);
    let left = bed.other.outcomes(&site(), 0, 10).await.unwrap();
    assert_eq!(left.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3]);
}
