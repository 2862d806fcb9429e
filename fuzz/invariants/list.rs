//! Invariants of what hosts and moderators send besides comments: filters, page tokens, cursors, names.

use std::sync::OnceLock;
use std::time::Duration;

use gatepost::classify::site::Outcome;
use gatepost::classify::{Input, Model};
use gatepost::comment::{Comment, CommentId, Site};
use gatepost::config::{Config, OptionValues};
use gatepost::error::Error;
use gatepost::judge::{Judge, SharedJudge};
use gatepost::learning::{Learning, LearningInput};
use gatepost::lists::ListCache;
use gatepost::moderate::{Moderator, Origin};
use gatepost::pb;
use gatepost::policy::Policies;
use gatepost::retention::{Retention, RetentionLookup};
use gatepost::review::{Filter, Order, ReviewDesk, ReviewRules};
use gatepost::store::Store;
use tokio::runtime::{Builder, Runtime};

use super::texts;

/// The number of comments in the store.
const COMMENTS: usize = 12;

struct Fixture {
    runtime: Runtime,
    store: Store,
    site: Site,
}

/// Returns a store with a few comments.
fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let flags: OptionValues = vec![("store", "memory:".to_owned())];
        let settings = Config::load(None, |_| None, &flags).expect("the defaults").store;
        let store = runtime.block_on(Store::open(&settings)).expect("a store in memory");
        let judge = Judge::new(Model::builtin().expect("compiled in"), Policies::read([]).expect("compiled in"));
        let learning = learning(&store);
        let moderator =
            Moderator::new(SharedJudge::from_pointee(judge).into(), store.clone(), ListCache::new(store.clone()), learning);
        for number in 0..COMMENTS {
            let comment = pb::Comment {
                site: "s".to_owned(),
                comment_id: format!("c{number}"),
                body: if number % 2 == 0 { "you stupid idiot" } else { "I like this." }.to_owned(),
                ..Default::default()
            };
            runtime.block_on(moderator.moderate(comment, Origin::Author, false)).expect("a verdict");
        }
        Fixture { runtime, store, site: Site::parse("site", "s").expect("a site") }
    })
}

/// Returns a learner that learns nothing, since no decisions are made.
fn learning(store: &Store) -> Learning {
    let read_input = |comment: &Comment| LearningInput {
        features: Model::builtin()
            .expect("compiled in")
            .feature_vector(&Input { text: comment.text().as_str(), ..Input::default() }),
        min_hash: None,
        likely_outcome: Outcome::Spam,
    };
    Learning::new(
        store.clone(),
        RetentionLookup::new(|_| Retention::uniform(30)),
        std::sync::Arc::new(read_input),
        std::sync::Arc::new(|_, _| [("spam", false); 2]),
    )
}

/// Reads a byte for order and page size, then a filter, a page token, a cursor, a site and an id.
pub fn list(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else { return };
    let mut texts = texts(data);
    let mut next = || texts.next().unwrap_or_default();
    let (filter, token, cursor, site, id) = (next(), next(), next(), next(), next());
    let Fixture { runtime, store, site: ours } = fixture();
    let order = [Order::Risk, Order::Newest, Order::Oldest][usize::from(choice) % 3];
    match Filter::parse(&filter) {
        Ok(filter) => walk_pages(
            runtime,
            &ReviewDesk::new(store.clone(), learning(store), |_| ReviewRules::default()),
            ours,
            &filter,
            order,
            usize::from(choice >> 4),
            &token,
        ),
        Err(problem) => assert!(problem.len() < 1_000, "a problem of {} bytes goes back in a header", problem.len()),
    }
    if let Some(parsed) = store.parse_cursor(&cursor) {
        let text = parsed.to_string();
        assert_eq!(store.parse_cursor(&text), Some(parsed), "a cursor is what it says");
        assert_eq!(text.trim_start_matches('0'), cursor.trim_start_matches('0'), "no two spellings but zeros before");
        let events = runtime.block_on(async {
            match store.watch(ours, parsed).await {
                Ok(mut watcher) => watcher.next(Duration::ZERO).await.map(|events| events.len()),
                Err(error) => Err(error),
            }
        });
        assert!(events.is_ok_and(|events| events <= COMMENTS));
    }
    for problem in [Site::parse("site", &site).err(), CommentId::parse("id", &id).err()].into_iter().flatten() {
        assert!(problem.problem.len() < 300, "{problem:?}");
    }
}

/// Lists all pages from any token: the token is refused, or the pages end and contain no comment twice.
fn walk_pages(runtime: &Runtime, desk: &ReviewDesk, site: &Site, filter: &Filter, order: Order, size: usize, token: &str) {
    let mut after = Some(token.to_owned()).filter(|token| !token.is_empty());
    let mut seen = Vec::new();
    for turn in 0.. {
        let page = match runtime.block_on(desk.list(site, filter, order, size, after.as_deref())) {
            Ok(page) => page,
            Err(Error::Invalid(violations)) => {
                assert!(turn == 0 && violations[0].problem.len() < 300, "{violations:?}");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert!(page.comments.len() <= size && turn <= COMMENTS, "{turn} pages");
        for stored in page.comments {
            assert!(!seen.contains(&stored.comment.comment_id), "{} twice", stored.comment.comment_id);
            seen.push(stored.comment.comment_id);
        }
        after = page.next;
        if after.is_none() {
            return;
        }
    }
}
