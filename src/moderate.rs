//! The way of one comment, from the wire to its verdict.

mod admission;
mod decider;
mod floods;
mod local;
mod request;
mod sender;
mod spots;

use std::sync::Arc;
use std::time::SystemTime;

use crate::comment::Comment;
use crate::error::Error;
use crate::facts::Facts;
use crate::fair::{FairPermit, FairSemaphore};
use crate::judge::SharedJudge;
use crate::learning::Learning;
use crate::lists::ListCache;
use crate::pb;
use crate::policy::ListContext;
use crate::store::{Admission, AdmissionOutcome, Store};
use crate::telemetry::{Stage, measured, measured_async};
use crate::verdict::Verdict;
use admission::admission;
use decider::{Decider, as_answered};
use floods::FloodTracker;
use local::LocalFacts;
use request::Request;
use sender::Sender;
use spots::SpotCheckSampler;

pub use request::Origin;

/// How often a comment is looked at again because block and allow entries have changed meanwhile.
const MAX_LIST_CHANGES: u32 = 8;

/// Bytes of a text that takes less time to read than it does to wait for a turn: less than 0.1 ms.
const MAX_SHORT_TEXT: usize = 4 * 1024;

/// Moderates comments: pure judgement in the middle, the store at the rim.
pub struct Moderator {
    judge: Arc<SharedJudge>,
    store: Store,
    lists: ListCache,
    learning: Learning,
    spots: SpotCheckSampler,
    floods: FloodTracker,
    /// Turns at scoring long texts.
    turns: FairSemaphore,
}

impl Moderator {
    /// Joins a judge, a store, what moderators have blocked and allowed, and what their decisions have taught.
    pub fn new(judge: Arc<SharedJudge>, store: Store, lists: ListCache, learning: Learning) -> Arc<Self> {
        // Half of the threads: the others go on with calls, and with short texts, which are most.
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() / 2);
        let turns = FairSemaphore::new(u32::try_from(threads.max(1)).unwrap_or(1), 1);
        Arc::new(Self {
            judge,
            store,
            lists,
            learning,
            spots: SpotCheckSampler::default(),
            floods: FloodTracker::default(),
            turns,
        })
    }

    /// Moderates one comment. With `dry_run` nothing is counted, recorded or queued.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Error::Store`] when the store is away and the site's policy wants no
    /// answer without it, or the comment is of an archive: nothing was decided then, and it may be sent again.
    pub async fn moderate(&self, message: pb::Comment, origin: Origin, dry_run: bool) -> Result<Verdict, Error> {
        let now = SystemTime::now();
        let judge = self.judge.load_full();
        let comment = self.parse(message, now).await?;
        let (site, request) = (comment.site(), Request { comment: &comment, origin, dry_run, now });
        request.note_address();
        let learned = self.learning.current(site).await;
        let mut round = 0;
        loop {
            let (lists, lists_failed) = self.lists.get(site, now).await;
            let (sender, secrets_failed) = Sender::new(self.store.secrets(site).await, &comment, &lists);
            self.floods.note_sender(&request, &sender.persons);
            let turn = self.turn(comment.stored_message()).await;
            let listed = ListContext { entries: &lists.entries, senders: &sender.listed };
            let case = measured(Stage::Score, || judge.evaluate(&comment, listed, Some(&learned)));
            let local = LocalFacts::new(&request, case.policy, sender.persons, &self.floods, &learned, &self.store);
            let decider = Decider { request: &request, case: &case, local: &local };
            let spot_check = self.spots.draw(&request, case.policy.spot_checks());
            // Most comments change nothing in the store's eyes: the verdict goes along and is recorded in the same trip.
            let tentative = spot_check.mark(measured(Stage::Decide, || decider.decide_tentatively()));
            drop(turn);
            let admission = admission(&decider, &tentative, lists.version);
            let without_store = |facts, failed| decider.decide_without_store(&self.store, &admission, facts, failed);
            if let Some(failed) = secrets_failed.or_else(|| too_many_list_changes(round)).or(lists_failed) {
                return without_store(None, failed);
            }
            let recorded = match self.admit(&admission, dry_run).await {
                Ok(AdmissionOutcome::Recorded(verdict)) => verdict,
                Ok(AdmissionOutcome::Undecided { facts, verdict_id, revision }) => {
                    let verdict = decider.decide(facts.clone(), verdict_id, revision);
                    if dry_run {
                        return Ok(verdict);
                    }
                    match self.record(&admission, &spot_check.mark_again(verdict, &tentative), &facts).await {
                        Ok(recorded) => recorded,
                        Err(failed) => return without_store(Some(facts), failed),
                    }
                }
                Ok(AdmissionOutcome::Repeated(verdict)) => return as_answered(case.policy, verdict),
                Ok(AdmissionOutcome::ListsChanged) => {
                    self.lists.mark_outdated(site);
                    round += 1;
                    continue;
                }
                Err(failed) => return without_store(None, failed),
            };
            spot_check.count(&recorded);
            self.learn_imported(&admission, origin).await;
            return as_answered(case.policy, recorded);
        }
    }

    /// Parses a comment, once it is its turn.
    async fn parse(&self, message: pb::Comment, now: SystemTime) -> Result<Comment, Error> {
        let _turn = self.turn(&message).await;
        Ok(measured(Stage::Parse, || Comment::parse(message, now))?)
    }

    /// Has the store admit a comment. In a dry run the store only says what it would find.
    async fn admit(&self, admission: &Admission<'_>, dry_run: bool) -> Result<AdmissionOutcome, Error> {
        if !dry_run {
            return measured_async(Stage::Admit, self.store.admit(admission)).await;
        }
        let (verdict_id, revision) = (admission.tentative.id.clone(), admission.tentative.revision);
        let found = self.store.peek(admission).await?;
        Ok(found.map_or(AdmissionOutcome::ListsChanged, |facts| AdmissionOutcome::Undecided { facts, verdict_id, revision }))
    }

    /// Records the verdict that the facts of the store led to.
    async fn record(&self, admission: &Admission<'_>, verdict: &Verdict, facts: &Facts) -> Result<Verdict, Error> {
        let recorded = measured_async(Stage::Record, self.store.record(admission, verdict)).await?;
        self.floods.count_held(admission.comment.site(), &admission.persons, facts, &recorded);
        Ok(recorded)
    }

    /// Learns from the decision that came with a comment from an archive, if one did.
    async fn learn_imported(&self, admission: &Admission<'_>, origin: Origin) {
        if let Some(decision) = origin.decided() {
            self.learning.teach_imported(admission, decision).await;
        }
    }

    /// Waits for a turn at a text that takes long to read. Returns `None` at once for a short one.
    async fn turn(&self, message: &pb::Comment) -> Option<FairPermit> {
        let post = message.post.as_ref().map_or(0, |post| post.text.len());
        let long = message.body.len() + message.parent_text.len() + post > MAX_SHORT_TEXT;
        if long { Some(self.turns.acquire(&message.site, 1).await) } else { None }
    }
}

/// Returns an error once a site's block and allow entries have changed under too many tries to judge a comment by them. The
/// comment is then answered as while the store is unavailable.
fn too_many_list_changes(round: u32) -> Option<Error> {
    (round >= MAX_LIST_CHANGES).then(|| Error::store("block and allow entries keep changing"))
}
