//! The way of one comment, from the wire to its verdict.

mod floods;
mod spots;

use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use crate::classify::Likeness;
use crate::classify::site::fold::Learned;
use crate::comment::{Comment, Site};
use crate::error::{Away, Error};
use crate::facts::{Alike, Facts, Similar};
use crate::fair::{Turn, Turns};
use crate::judge::{Case, Judge, SharedJudge, unrecorded};
use crate::learning::Learning;
use crate::lists::{self, Lists};
use crate::pb;
use crate::policy::Listed;
use crate::store::{Admission, Admitted, Persons, Store, Trust};
use crate::telemetry::{METRICS, Stage, measured, measuring};
use crate::verdict::{Decision, SPOT_CHECK, Verdict};
use floods::Floods;
use spots::Spots;

/// How often a comment is looked at again because block and allow entries have changed meanwhile.
const ROUNDS: u32 = 8;

/// Bytes of a text that takes less time to read than it does to wait for a turn: less than 0.1 ms.
const SHORT: usize = 4 * 1024;

/// Where a comment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its author sent it just now.
    Author,
    /// An archive, in which it stands since long ago: no limit counts it, holds it or rejects it.
    Archive {
        /// What was decided on it there. `None`: it is judged.
        decided: Option<Decision>,
    },
}

/// Moderates comments: pure judgement in the middle, the store at the rim.
pub struct Moderator {
    judge: Arc<SharedJudge>,
    store: Store,
    lists: Lists,
    learning: Learning,
    spots: Spots,
    floods: Floods,
    /// Turns at scoring long texts.
    turns: Turns,
}

impl Moderator {
    /// Joins a judge, a store, what moderators have blocked and allowed, and what their decisions have taught.
    pub fn new(judge: Arc<SharedJudge>, store: Store, lists: Lists, learning: Learning) -> Arc<Self> {
        // Half of the threads: the others go on with calls, and with short texts, which are most.
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() / 2);
        let turns = Turns::new(u32::try_from(threads.max(1)).unwrap_or(1), 1);
        Arc::new(Self { judge, store, lists, learning, spots: Spots::default(), floods: Floods::default(), turns })
    }

    /// Moderates one comment. With `dry_run` nothing is counted, recorded or queued.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Error::Store`] when the store is away and the site's policy wants no
    /// answer without it, or the comment is of an archive: nothing was decided then, and it may be sent again.
    pub async fn moderate(&self, message: pb::Comment, origin: Origin, dry_run: bool) -> Result<Verdict, Error> {
        let now = SystemTime::now();
        let judge = self.judge.load_full();
        let turn = self.turn(&message).await;
        let comment = measured(Stage::Parse, || Comment::parse(message, now))?;
        drop(turn);
        if origin == Origin::Author && !dry_run {
            note_address(&comment);
        }
        let learned = self.learning.of(comment.site()).await;
        let call = Call { judge: &judge, comment: &comment, learned: &learned, origin, dry_run, now };
        for round in 0..=ROUNDS {
            let (lists, mut unread) = match self.lists.of(comment.site(), now).await {
                Ok(lists) => (lists, None),
                Err((lists, failed)) => (lists, Some(failed)),
            };
            if round == ROUNDS {
                unread = Some(Error::store("block and allow entries keep changing"));
            }
            if let Some(verdict) = self.attempt(&call, &lists, unread).await? {
                return Ok(verdict);
            }
            self.lists.outdated(comment.site());
        }
        Err(Error::store(Away))
    }

    /// The rest of the way, with the site's entries as they are known. `None`: they are others by now.
    async fn attempt(&self, call: &Call<'_>, lists: &lists::Listed, unread: Option<Error>) -> Result<Option<Verdict>, Error> {
        let Call { judge, comment, learned, origin, dry_run, now } = *call;
        let secrets = self.store.secrets(comment.site()).await;
        let senders = lists.senders(secrets.as_ref().ok(), comment);
        // Without the site's secret a comment is counted for nobody in particular.
        let persons = secrets.as_ref().map_or_else(|_| Persons::default(), |secrets| Persons::of(secrets.newest(), comment));
        if origin == Origin::Author && !dry_run {
            self.floods.came(comment, &persons);
        }
        let turn = self.turn(comment.kept()).await;
        let case = measured(Stage::Score, || {
            judge.hear(comment, Listed { entries: &lists.entries, senders: &senders }, Some(learned))
        });
        // Most comments change nothing in the store's eyes: the verdict goes along and is recorded in the same trip.
        let looks = origin == Origin::Author && (case.policy.looks_for_campaigns() || case.policy.heeds_alike());
        let likeness = looks.then(|| Likeness::of(comment.text().as_str())).flatten();
        let mut similar = self.store.similar(comment.site(), likeness.as_ref());
        if dry_run {
            // Whoever may try texts out must not find out what came to other sites.
            similar.elsewhere = 0;
        }
        let alike = likeness.and_then(|likeness| alike(learned, comment, &likeness, now));
        let known = |facts: Facts| self.floods.known(comment.site(), &persons, facts);
        let beside = |facts: Facts| known(facts).beside(similar, alike.as_ref());
        let decide = |facts: Facts, id: String, revision: u32| origin.verdict(&case, beside(facts), now, id, revision);
        let draw = if origin == Origin::Author && !dry_run { spots::draw() } else { 1.0 };
        let spotted = |verdict: Verdict| self.spotted(verdict, comment.site(), case.policy.spot_checks(), draw, now);
        let tentative = spotted(measured(Stage::Decide, || decide(case.policy.uneventful(), Uuid::now_v7().to_string(), 1)));
        drop(turn);
        let admission = admission(call, &case, &tentative, (likeness, similar), persons, lists.version);
        // The store is away: it says so in its log, once. `known`: what it had found of the comment before it went.
        let without = |known: Option<Facts>, failed: Error| match failed {
            Error::Store(_) if origin == Origin::Author => {
                let (local, facts) = (known.is_none(), known.unwrap_or_else(|| self.store.alone(&admission, !dry_run)));
                case.verdict_unrecorded(&beside(facts), now, local).map(Some).ok_or(failed)
            }
            failed => Err(failed),
        };
        if let Some(failed) = secrets.err().or(unread) {
            return without(None, failed);
        }
        if dry_run {
            let looked = self.store.look(&admission).await;
            let told = |facts: Option<Facts>| Ok(facts.map(|facts| decide(facts, tentative.id.clone(), 1)));
            return looked.map_or_else(|failed| without(None, failed), told);
        }
        let mut new = true;
        let kept = match measuring(Stage::Admit, self.store.admit(&admission)).await {
            Ok(Admitted::Recorded(verdict)) => verdict,
            Ok(Admitted::Seen(verdict)) => {
                new = false;
                verdict
            }
            Ok(Admitted::Listed) => return Ok(None),
            Ok(Admitted::Undecided { facts, verdict_id, revision }) => {
                let mut verdict = decide(facts.clone(), verdict_id, revision);
                // Drawn once for a comment, whatever its facts are.
                verdict = match tentative.reasons.iter().find(|reason| reason.code == SPOT_CHECK) {
                    Some(reason) if verdict.decision == Decision::Approve => verdict.with(reason.clone()),
                    _ if tentative.decision != Decision::Approve => spotted(verdict),
                    _ => verdict,
                };
                match measuring(Stage::Record, self.store.record(&admission, &verdict)).await {
                    Ok(verdict) => {
                        self.floods.decided(comment.site(), &persons, &facts, &verdict);
                        verdict
                    }
                    Err(failed) => return without(Some(facts), failed),
                }
            }
            Err(failed) => return without(None, failed),
        };
        if new && draw < case.policy.spot_checks() && kept.decision == Decision::Approve {
            self.spots.count(comment.site(), kept.is_spot_check(), now);
        }
        if let Some(decision) = origin.decided().filter(|_| new) {
            self.learning.imported(&admission, decision).await;
        }
        // One that replicas lack stands, but may be lost.
        if kept.not_recorded { unrecorded(case.policy, kept).map(Some).ok_or(Error::store(Away)) } else { Ok(Some(kept)) }
    }
}

impl Moderator {
    /// Waits for a turn at a text that takes long to read. Returns `None` at once for a short one.
    async fn turn(&self, message: &pb::Comment) -> Option<Turn> {
        let post = message.post.as_ref().map_or(0, |post| post.text.len());
        let long = message.body.len() + message.parent_text.len() + post > SHORT;
        if long { Some(self.turns.take(&message.site, 1).await) } else { None }
    }

    /// Marks an approved comment as a spot check if it is drawn. It is published as ever.
    fn spotted(&self, verdict: Verdict, site: &Site, share: f64, draw: f64, now: SystemTime) -> Verdict {
        let approved = verdict.decision == Decision::Approve;
        match approved.then(|| self.spots.choose(site, share, draw, now)).flatten() {
            Some(reason) => verdict.with(reason),
            None => verdict,
        }
    }
}

/// Counts an address that no limit can use, and says so in the log the first time: the host sends its proxy's, mostly.
fn note_address(comment: &Comment) {
    let (why, advice) = if comment.has_odd_ip() {
        ("malformed", "send the visitor's address alone, without a list of proxies")
    } else if comment.ip().is_some() && comment.client_of_its_own().is_none() {
        ("not_public", "send the visitor's address, not the proxy's; private addresses count for nobody")
    } else {
        return;
    };
    if METRICS.address(why) {
        tracing::warn!(site = comment.site().as_str(), why, advice, "client.ip counts for no limit; told only once");
    }
}

/// What was decided within the hour on another comment that is nearly the same.
fn alike(learned: &Learned, comment: &Comment, likeness: &Likeness, now: SystemTime) -> Option<Alike> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    learned.decided_alike(comment.id().as_str(), comment.text().as_str(), likeness, now).map(|decided| Alike {
        comment_id: decided.comment_id.clone(),
        by: decided.by.clone(),
        rejected: decided.rejected,
        base: decided.base,
    })
}

/// What is asked, once it is parsed.
struct Call<'a> {
    judge: &'a Judge,
    comment: &'a Comment,
    learned: &'a Learned,
    origin: Origin,
    dry_run: bool,
    now: SystemTime,
}

/// What the store must know to admit a comment: whom to count it for, and what to record if nothing speaks against it.
fn admission<'a>(
    &Call { comment, origin, .. }: &Call<'a>,
    case: &Case<'_>,
    tentative: &'a Verdict,
    (likeness, similar): (Option<Likeness>, Similar),
    persons: Persons,
    listed: Option<u64>,
) -> Admission<'a> {
    let limits = if origin == Origin::Author { case.policy.limits().collect() } else { Vec::new() };
    // What was decided elsewhere stands whoever wrote it.
    let min_approved = match case.policy.approved_before_trust() {
        _ if origin.decided().is_some() => 0,
        // Nothing tells this visitor from somebody else who types the same address.
        1.. if !comment.author_is_told_apart() => u32::MAX,
        needed => needed,
    };
    // A campaign that this process knows of is in the tentative verdict already.
    let campaign = Some(case.policy.campaign()).filter(|campaign| similar.here < *campaign).unwrap_or_default();
    // What somebody typed as an e-mail address neither speaks for nor against its owner.
    let certain = comment.author_is_certain();
    let max_rejected = if origin == Origin::Author && certain { case.policy.rejected_hold() } else { 0 };
    // What was approved before may only help where something speaks against the comment.
    let eased = certain && origin.decided().is_none() && case.policy.knows_authors() && tentative.decision > Decision::Approve;
    let trust = Trust { min_approved, max_rejected, eased_by: u32::from(eased) };
    Admission { comment, limits, tentative, trust, persons, likeness, campaign, listed }
}

impl Origin {
    fn decided(self) -> Option<Decision> {
        match self {
            Self::Author => None,
            Self::Archive { decided } => decided,
        }
    }

    /// The verdict on a comment that comes from here.
    fn verdict(self, case: &Case<'_>, mut facts: Facts, now: SystemTime, id: String, revision: u32) -> Verdict {
        if self != Self::Author {
            // They are another's: its author sent the same comment, and that call has not come to an end yet.
            facts.limits.clear();
        }
        let verdict = case.verdict(&facts, now, id, revision);
        match self.decided() {
            Some(decision) => verdict.imported(decision),
            None => verdict,
        }
    }
}
