//! Test fixtures of the conformance suite: a new store of some engine, and comments to send to it.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use gatepost::comment::{Comment, CommentId, Site};
use gatepost::facts::{AuthorCounts, Facts};
use gatepost::limit::{Gcra, Scope};
use gatepost::pb;
use gatepost::retention::{Retention, RetentionLookup};
use gatepost::store::{
    Admission, AdmissionOutcome, Change, ListPage, ListQuery, Order, OutcomeUpdate, Person, Persons, Store, StoreSettings,
    StoredComment, TrustRule,
};
use gatepost::verdict::{Decision, MACHINE, Verdict};
use tempfile::TempDir;

use crate::redis;

/// The time at which verdicts are decided: now, because old verdicts are forgotten, and in whole seconds, because verdicts are
/// compared after a round trip over the wire.
static NOW: LazyLock<SystemTime> = LazyLock::new(|| {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
});

/// A store that no other test uses.
pub struct Bed {
    pub store: Store,
    /// Another handle: with Redis, that of another server; otherwise a clone.
    pub other: Store,
    pub settings: StoreSettings,
    _directory: TempDir,
}

impl Bed {
    pub async fn memory() -> Self {
        Self::new(Some("memory:".to_owned())).await
    }

    pub async fn file() -> Self {
        Self::new(None).await
    }

    pub async fn file_that_keeps(retention: Retention) -> Self {
        Self::keeping(None, None, retention).await
    }

    pub async fn redis() -> Self {
        Self::new(Some(redis::url())).await
    }

    pub async fn redis_that_keeps(retention: Retention) -> Self {
        Self::keeping(Some(redis::url()), None, retention).await
    }

    pub async fn tls() -> Self {
        let (url, ca) = redis::tls();
        Self::with(Some(url), Some(ca)).await
    }

    pub async fn cluster() -> Self {
        Self::new(Some(redis::cluster())).await
    }

    async fn new(url: Option<String>) -> Self {
        Self::with(url, None).await
    }

    async fn with(url: Option<String>, ca: Option<PathBuf>) -> Self {
        Self::keeping(url, ca, Retention::uniform(30)).await
    }

    async fn keeping(url: Option<String>, ca: Option<PathBuf>, retention: Retention) -> Self {
        let directory = TempDir::new().unwrap();
        let settings = StoreSettings {
            url,
            data_dir: directory.path().join("data"),
            prefix: redis::prefix(),
            connections: 2,
            retention: RetentionLookup::new(move |_| retention),
            keep_events: 1_000,
            timeout: Duration::from_secs(10),
            ca,
            wait_replicas: 0,
        };
        let store = Store::open(&settings).await.unwrap();
        let other = if store.kind() == "redis" { Store::open(&settings).await.unwrap() } else { store.clone() };
        Self { store, other, settings, _directory: directory }
    }

    /// Closes the store and opens it again.
    pub async fn reopen(self) -> Self {
        let Self { store, other, settings, _directory } = self;
        drop((store, other));
        let store = Store::open(&settings).await.unwrap();
        Self { other: store.clone(), store, settings, _directory }
    }

    /// Sends a comment whose tentative verdict must stand.
    pub async fn recorded(&self, text: &Text) -> Verdict {
        match text.admit(&self.store).await {
            AdmissionOutcome::Recorded(verdict) => verdict,
            other => panic!("not recorded: {other:?}"),
        }
    }

    /// Sends a comment whose tentative verdict must not stand.
    pub async fn undecided(&self, text: &Text) -> (Facts, String, u32) {
        match text.admit(&self.store).await {
            AdmissionOutcome::Undecided { facts, verdict_id, revision } => (facts, verdict_id, revision),
            other => panic!("decided: {other:?}"),
        }
    }

    /// Sends an edit and records its verdict.
    pub async fn edited(&self, text: &Text) -> Verdict {
        let (_, id, revision) = self.undecided(text).await;
        text.record(&self.store, &text.verdict(id, revision)).await
    }

    pub async fn get(&self, id: &str) -> StoredComment {
        self.store.get(&site(), &comment_id(id)).await.unwrap().expect("the comment is there")
    }

    pub async fn history(&self, author: &str) -> [u32; 3] {
        let AuthorCounts { approved, held, rejected } = self.store.history(&site(), &person(author)).await.unwrap();
        [approved, held, rejected]
    }

    /// Decides a comment as a moderator. Returns whether the expected revision was the current one.
    pub async fn decide(&self, id: &str, expected_revision: u32, decision: Decision) -> bool {
        self.decide_and_teach(id, expected_revision, decision, OutcomeUpdate::default()).await
    }

    /// Decides a comment as a moderator and updates the outcomes in the same transaction. Returns whether the expected
    /// revision was the current one.
    pub async fn decide_and_teach(
        &self,
        id: &str,
        expected_revision: u32,
        decision: Decision,
        teaching: OutcomeUpdate,
    ) -> bool {
        let stands = self.get(id).await.verdict;
        let verdict = Verdict { decision, revision: expected_revision + 1, decided_by: "mia".into(), ..stands.clone() };
        let event = pb::AuditEvent {
            by: "mia".to_owned(),
            act: "DECIDED".to_owned(),
            comment_id: id.to_owned(),
            revision: expected_revision + 1,
            before: stands.decision.to_wire().into(),
            after: decision.to_wire().into(),
            ..Default::default()
        };
        let change = Change { expected_revision, verdict: &verdict, event, outcome_update: teaching };
        self.store.replace(&site(), &comment_id(id), &change).await.unwrap()
    }

    pub async fn page(&self, decision: Option<Decision>, order: Order, size: usize, after: Option<&str>) -> ListPage {
        let query = ListQuery { decision, spot_checks: false, order, size, after, matches: &|_| true, max_scanned: usize::MAX };
        self.store.list(&site(), &query).await.unwrap()
    }

    /// Returns the ids of all comments of a list, read two at a time.
    pub async fn ids(&self, decision: Option<Decision>, order: Order) -> Vec<String> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.page(decision, order, 2, after.as_deref()).await;
            all.extend(ids(&page));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Returns the ids of the held comments, the most urgent first.
    pub async fn queue(&self) -> Vec<String> {
        self.ids(Some(Decision::Hold), Order::Risk).await
    }
}

pub fn ids(page: &ListPage) -> Vec<String> {
    page.comments.iter().map(|kept| kept.verdict.comment_id.clone()).collect()
}

pub fn site() -> Site {
    site_named("blog.example")
}

pub fn site_named(name: &str) -> Site {
    Site::parse("site", name).unwrap()
}

pub fn comment_id(id: &str) -> CommentId {
    CommentId::parse("comment_id", id).unwrap()
}

pub fn person(name: &str) -> Person {
    Person::new(&[7; 32], "user", name)
}

pub fn email(address: &str) -> Person {
    Person::new(&[7; 32], "email", address)
}

pub fn ip(address: &str) -> Person {
    Person::new(&[7; 32], "ip", address)
}

/// Returns a limit of `count` per `period` with bursts of `burst`.
pub fn rate(count: u32, period: Duration, burst: u32) -> Gcra {
    Gcra::new(count, period, burst).unwrap()
}

/// Returns a limit of `burst` comments, which does not refill within a test.
pub fn few(burst: u32) -> Gcra {
    rate(1, Duration::from_secs(3_600), burst)
}

/// A comment to send, with the tentative verdict of the policy.
#[derive(Clone)]
pub struct Text {
    site: Site,
    id: String,
    body: String,
    author: Option<String>,
    email: Option<String>,
    ip: String,
    limits: Vec<(Scope, Gcra)>,
    decision: Decision,
    risk: f64,
    min_approved: u32,
    max_rejected: u32,
    eased_by: u32,
    listed: Option<u64>,
}

/// Returns a harmless anonymous comment.
pub fn text(id: impl Into<String>) -> Text {
    Text {
        site: site(),
        id: id.into(),
        body: "I see it differently.".to_owned(),
        author: None,
        email: None,
        ip: "203.0.113.77".to_owned(),
        limits: Vec::new(),
        decision: Decision::Approve,
        risk: 0.0,
        min_approved: 0,
        max_rejected: 0,
        eased_by: 0,
        listed: None,
    }
}

impl Text {
    pub fn on(self, site: &str) -> Self {
        Self { site: site_named(site), ..self }
    }

    pub fn body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    pub fn by(self, author: &str) -> Self {
        Self { author: Some(author.to_owned()), ..self }
    }

    pub fn mail(self, email: &str) -> Self {
        Self { email: Some(email.to_owned()), ..self }
    }

    pub fn at(self, ip: &str) -> Self {
        Self { ip: ip.to_owned(), ..self }
    }

    pub fn limited(mut self, scope: Scope, gcra: Gcra) -> Self {
        self.limits.push((scope, gcra));
        self
    }

    pub fn decided(self, decision: Decision) -> Self {
        Self { decision, ..self }
    }

    pub fn held(self) -> Self {
        self.decided(Decision::Hold)
    }

    pub fn risk(self, risk: f64) -> Self {
        Self { risk, ..self }
    }

    /// From this number of rejected comments of the author on, the tentative verdict does not stand.
    pub fn bears(self, max_rejected: u32) -> Self {
        Self { max_rejected, ..self }
    }

    /// From this number of approved comments of the author on, the tentative verdict does not stand.
    pub fn eased_by(self, eased_by: u32) -> Self {
        Self { eased_by, ..self }
    }

    pub fn needs(self, min_approved: u32) -> Self {
        Self { min_approved, ..self }
    }

    /// Sets the version of the block and allow entries that the comment was judged with.
    pub fn knowing(self, version: u64) -> Self {
        Self { listed: Some(version), ..self }
    }

    /// Returns a verdict with the tentative decision.
    pub fn verdict(&self, id: impl Into<String>, revision: u32) -> Verdict {
        Verdict {
            id: id.into(),
            site: self.site.as_str().to_owned(),
            comment_id: self.id.clone(),
            decision: self.decision,
            scores: vec![("insult".into(), self.risk / 2.0), ("spam".into(), self.risk)],
            reasons: Vec::new(),
            rate_limit: None,
            model_version: "test".into(),
            policy_version: "test".into(),
            decided_at: *NOW,
            decided_by: MACHINE.into(),
            revision,
            author_message: String::new(),
            not_recorded: false,
            publish_without: Vec::new(),
            language: "en".into(),
        }
    }

    fn comment(&self) -> Comment {
        let message = pb::Comment {
            site: self.site.as_str().to_owned(),
            comment_id: self.id.clone(),
            body: self.body.clone(),
            author: Some(pb::Author { name: "Ada".to_owned(), email: "ada@secret.example".to_owned(), ..Default::default() }),
            client: Some(pb::Client { ip: "203.0.113.77".to_owned(), ..Default::default() }),
            ..Default::default()
        };
        Comment::parse(message, SystemTime::now()).unwrap()
    }

    /// Runs a call with an admission of this comment, whose tentative verdict has a new id.
    async fn with<T>(&self, call: impl AsyncFnOnce(&Admission<'_>) -> T) -> T {
        let (comment, tentative) = (self.comment(), self.verdict(uuid::Uuid::now_v7().to_string(), 1));
        let admission = Admission {
            comment: &comment,
            persons: Persons {
                user: self.author.as_deref().map(person),
                email: self.email.as_deref().map(email),
                ip: Some(ip(&self.ip)),
                visitor: None,
                verified: true,
                own_ip: true,
            },
            limits: self.limits.clone(),
            tentative: &tentative,
            trust: TrustRule { min_approved: self.min_approved, max_rejected: self.max_rejected, eased_by: self.eased_by },
            min_hash: None,
            campaign_threshold: 0,
            list_version: self.listed,
        };
        call(&admission).await
    }

    pub async fn admit(&self, store: &Store) -> AdmissionOutcome {
        self.with(async |admission| store.admit(admission).await.unwrap()).await
    }

    pub async fn look(&self, store: &Store) -> Facts {
        self.with(async |admission| store.peek(admission).await.unwrap().expect("no entries changed")).await
    }

    pub async fn record(&self, store: &Store, verdict: &Verdict) -> Verdict {
        self.try_record(store, verdict).await.expect("no moderator decided in the meantime")
    }

    pub async fn try_record(&self, store: &Store, verdict: &Verdict) -> Option<Verdict> {
        self.with(async |admission| store.record(admission, verdict).await.unwrap()).await
    }
}
