//! The pipeline of one comment, from the request to the verdict.

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

/// Maximum number of evaluations of a comment for which the site's entries, or its earlier text's verdict, keep changing.
const MAX_ROUNDS: u32 = 8;

/// Maximum size of a short text, in bytes. Scoring one takes less than 0.1 ms, which is less than waiting for a turn.
const MAX_SHORT_TEXT: usize = 4 * 1024;

/// Moderates comments: evaluates them without I/O, and counts and records them in the store.
pub struct Moderator {
    judge: Arc<SharedJudge>,
    store: Store,
    lists: ListCache,
    learning: Learning,
    spots: SpotCheckSampler,
    floods: FloodTracker,
    /// Permits for parsing and scoring long texts.
    turns: FairSemaphore,
}

impl Moderator {
    /// Creates a moderator from a judge, a store, the block and allow lists, and the sites' models.
    pub fn new(judge: Arc<SharedJudge>, store: Store, lists: ListCache, learning: Learning) -> Arc<Self> {
        // Long texts may use half of the threads. The others serve calls and short texts, which are the majority.
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
    /// Returns [`Error::Invalid`] with every violation if the comment is invalid. Returns [`Error::Store`] if the store is
    /// unavailable, and the site's policy wants no verdict without it or the comment is from an archive; nothing is decided
    /// then, and the comment may be sent again.
    pub async fn moderate(&self, message: pb::Comment, origin: Origin, dry_run: bool) -> Result<Verdict, Error> {
        let now = SystemTime::now();
        let judge = self.judge.load_full();
        let comment = self.parse(message, now).await?;
        let (site, request) = (comment.site(), Request { comment: &comment, origin, dry_run, now });
        request.note_address();
        let site_model = self.learning.current(site).await;
        let mut round = 0;
        loop {
            let (lists, lists_error) = self.lists.get(site, now).await;
            let (sender, secrets_error) = Sender::new(self.store.secrets(site).await, &comment, &lists);
            self.floods.note_sender(&request, &sender.persons);
            let turn = self.turn(comment.stored_message()).await;
            let list_context = ListContext { entries: &lists.entries, senders: &sender.listed };
            let evaluation = measured(Stage::Score, || judge.evaluate(&comment, list_context, Some(&site_model)));
            let local = LocalFacts::new(&request, evaluation.policy, sender.persons, &self.floods, &site_model, &self.store);
            let decider = Decider { request: &request, evaluation: &evaluation, local: &local };
            let spot_check = self.spots.draw(&request, evaluation.policy.spot_checks());
            // For most comments the store has no fact that changes the verdict: it is sent along and recorded in the same
            // round trip.
            let tentative = spot_check.mark(measured(Stage::Decide, || decider.decide_tentatively()));
            drop(turn);
            let admission = admission(&decider, &tentative, lists.version);
            let without_store = |facts, error| decider.decide_without_store(&self.store, &admission, facts, error);
            if let Some(error) = secrets_error.or_else(|| too_many_rounds(round)).or(lists_error) {
                return without_store(None, error);
            }
            let recorded = match self.admit(&admission, dry_run).await {
                Ok(AdmissionOutcome::Recorded(verdict)) => verdict,
                Ok(AdmissionOutcome::Undecided { facts, verdict_id, revision }) => {
                    let verdict = decider.decide(facts.clone(), verdict_id, revision);
                    if dry_run {
                        return Ok(verdict);
                    }
                    match self.record(&admission, &spot_check.mark_again(verdict, &tentative), &facts).await {
                        Ok(Some(recorded)) => recorded,
                        // A moderator decided on the text that this one replaces.
                        Ok(None) => {
                            round += 1;
                            continue;
                        }
                        Err(error) => return without_store(Some(facts), error),
                    }
                }
                Ok(AdmissionOutcome::Repeated(verdict)) => return as_answered(evaluation.policy, verdict),
                Ok(AdmissionOutcome::ListsChanged) => {
                    self.lists.mark_outdated(site);
                    round += 1;
                    continue;
                }
                Err(error) => return without_store(None, error),
            };
            spot_check.count(&recorded);
            self.learn_imported(&admission, origin).await;
            return as_answered(evaluation.policy, recorded);
        }
    }

    /// Parses a comment, after waiting for a permit if it is long.
    async fn parse(&self, message: pb::Comment, now: SystemTime) -> Result<Comment, Error> {
        let _turn = self.turn(&message).await;
        Ok(measured(Stage::Parse, || Comment::parse(message, now))?)
    }

    /// Admits a comment to the store. In a dry run the store only returns the facts.
    async fn admit(&self, admission: &Admission<'_>, dry_run: bool) -> Result<AdmissionOutcome, Error> {
        if !dry_run {
            return measured_async(Stage::Admit, self.store.admit(admission)).await;
        }
        let (verdict_id, revision) = (admission.tentative.id.clone(), admission.tentative.revision);
        let found = self.store.peek(admission).await?;
        Ok(found.map_or(AdmissionOutcome::ListsChanged, |facts| AdmissionOutcome::Undecided { facts, verdict_id, revision }))
    }

    /// Records the verdict that was decided with the store's facts.
    /// Returns `None` if a moderator decided on an earlier text in the meantime.
    async fn record(&self, admission: &Admission<'_>, verdict: &Verdict, facts: &Facts) -> Result<Option<Verdict>, Error> {
        let recorded = measured_async(Stage::Record, self.store.record(admission, verdict)).await?;
        if let Some(recorded) = &recorded {
            self.floods.count_held(admission.comment.site(), &admission.persons, facts, recorded);
        }
        Ok(recorded)
    }

    /// Learns the decision that came with a comment from an archive, if there is one.
    async fn learn_imported(&self, admission: &Admission<'_>, origin: Origin) {
        if let Some(decision) = origin.decided() {
            self.learning.teach_imported(admission, decision).await;
        }
    }

    /// Waits for a permit to process a long text. Returns `None` at once for a short text.
    async fn turn(&self, message: &pb::Comment) -> Option<FairPermit> {
        let post = message.post.as_ref().map_or(0, |post| post.text.len());
        let long = message.body.len() + message.parent_text.len() + post > MAX_SHORT_TEXT;
        if long { Some(self.turns.acquire(&message.site, 1).await) } else { None }
    }
}

/// Returns an error if what a comment was evaluated with has changed in too many rounds. The comment is then answered as if the
/// store were unavailable.
fn too_many_rounds(round: u32) -> Option<Error> {
    (round >= MAX_ROUNDS).then(|| Error::store("the entries of the site, or the verdict on an earlier text, keep changing"))
}
