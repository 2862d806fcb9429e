//! What moderators do: list, claim, decide, undo. Each act is a compare-and-set on the comment's revision.

mod acts;
mod audit;
mod claim;
mod filter;
mod stats;

use std::sync::Arc;
use std::time::SystemTime;

use crate::classify::Likeness;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::History;
use crate::learning::{Learning, Voice};
use crate::pb;
use crate::store::{Change, Claim, Kept, ListPage, ListQuery, Past, Store, Teaching};
use crate::verdict::{self, Decision, Part, Reason, Verdict};

pub use crate::store::Order;
pub use acts::{LAST, TakenBack, is_act, new_act};
pub use audit::{Acts, ActsPage};
pub use claim::{Ask, Handed, MOST_BYTES, Withheld, full, size};
pub use filter::{Beside, Filter};

/// Most comments that one page of a list looks at. A search that finds little then ends the page, not the server.
const MOST_SCANNED: usize = 10_000;
/// The same for a search for what is alike, which costs more for each.
const FEWER_SCANNED: usize = 2_000;
/// What the place of a spot check in a list begins with: no place of a held comment does.
const SPOT_CHECKS: &str = "s";
/// How often an act is tried again when others decide the same comment in the meantime.
const TRIES: usize = 16;

/// A moderator's desk.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    learning: Learning,
    rules: Arc<dyn Fn(&Site) -> Rules + Send + Sync>,
}

/// What a site's policy says to its moderators.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// They must say why they reject a comment.
    pub reason_required: bool,
    /// From which score on each label holds and rejects.
    pub thresholds: Vec<(&'static str, Option<f64>, Option<f64>)>,
}

/// What a moderator wants done with a comment.
#[derive(Debug, Clone)]
pub struct Act {
    /// Who acts.
    pub moderator: String,
    /// Act only at this revision.
    pub expected_revision: Option<u32>,
    /// What to do.
    pub what: What,
    /// What it is part of.
    pub act_id: String,
    /// From where: the key's id.
    pub source: String,
    /// Whose word it is.
    pub voice: Voice,
}

/// The two acts there are.
#[derive(Debug, Clone)]
pub enum What {
    /// Decide.
    Decide {
        /// What becomes of the comment.
        decision: Decision,
        /// Why, as a code. Empty: not said.
        reason_code: String,
        /// For other moderators.
        note: String,
        /// For the author.
        author_message: String,
        /// What the host must leave out of an approved comment.
        publish_without: Vec<Part>,
    },
    /// Take back the last moderator's decision.
    Undo {
        /// Only if it was part of this act.
        of: Option<String>,
    },
}

/// Why an act on one comment did not happen. The others of the same call are not touched by it.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such comment.
    NotFound,
    /// The comment is at another revision than expected.
    Conflict(Box<Verdict>),
    /// Another moderator is at work on it.
    Claimed(Box<Verdict>, Claim),
    /// No moderator has decided it, so there is nothing to take back.
    NothingToUndo(Box<Verdict>),
}

/// Everything known of a comment.
pub struct Known {
    /// The comment, its verdict and its trail.
    pub kept: Kept,
    /// How its author has fared.
    pub author: Option<History>,
    /// Who is at work on it.
    pub claim: Option<Claim>,
}

impl Desk {
    /// A desk on a store, where each site has its rules, and learns from what is decided.
    pub fn new(store: Store, learning: Learning, rules: impl Fn(&Site) -> Rules + Send + Sync + 'static) -> Self {
        Self { store, learning, rules: Arc::new(rules) }
    }

    /// What sites learn.
    pub fn learning(&self) -> &Learning {
        &self.learning
    }

    /// What a site's policy says to its moderators.
    pub fn rules(&self, site: &Site) -> Rules {
        (self.rules)(site)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// One page of the queue or the history.
    pub async fn list(
        &self,
        site: &Site,
        filter: &Filter,
        order: Order,
        size: usize,
        after: Option<&str>,
    ) -> Result<ListPage, Error> {
        let like = match filter.like() {
            None => None,
            Some(id) => {
                let id = CommentId::parse("filter", id).map_err(Error::from)?;
                let kept = self.store.get(site, &id).await?;
                let gone = || Error::invalid("filter", "asks for what is like a comment that is not there (`like=`)");
                Likeness::of(&kept.ok_or_else(gone)?.comment.body)
            }
        };
        let beside = Beside { now: SystemTime::now(), like };
        let matches = |kept: &Kept| filter.matches(kept, &beside);
        let most_scanned = if filter.like().is_some() { FEWER_SCANNED } else { MOST_SCANNED };
        let held =
            ListQuery { decision: filter.decision(), spot_checks: false, order, size, after, matches: &matches, most_scanned };
        // Spot checks stand behind all that is held, also in pages: their places begin with a letter of their own.
        let spot_checks = |after, size| ListQuery {
            decision: Some(Decision::Approve),
            spot_checks: true,
            after,
            size,
            ..ListQuery { matches: &matches, ..held }
        };
        let of_spot_checks = |mut page: ListPage| {
            page.next = page.next.map(|place| format!("{SPOT_CHECKS}{place}"));
            page
        };
        if let Some(after) = after.and_then(|after| after.strip_prefix(SPOT_CHECKS)) {
            let after = Some(after).filter(|after| !after.is_empty());
            return Ok(of_spot_checks(self.store.list(site, &spot_checks(after, size)).await?));
        }
        let mut page = self.store.list(site, &held).await?;
        if page.next.is_none() && filter.asks_for_spot_checks() {
            let left = size.saturating_sub(page.comments.len());
            let more = self.store.list(site, &spot_checks(None, left.max(1))).await?;
            if left == 0 {
                page.next = (!more.comments.is_empty()).then(|| SPOT_CHECKS.to_owned());
            } else {
                let more = of_spot_checks(more);
                page.comments.extend(more.comments);
                page.next = more.next;
            }
        }
        Ok(page)
    }

    /// The present verdict.
    pub async fn verdict(&self, site: &Site, id: &CommentId) -> Result<Verdict, Error> {
        Ok(self.kept(site, id).await?.verdict)
    }

    /// Everything known of one comment.
    pub async fn comment(&self, site: &Site, id: &CommentId) -> Result<Known, Error> {
        let kept = self.kept(site, id).await?;
        let author = match &kept.author {
            Some(author) => Some(self.store.history(site, author).await?),
            None => None,
        };
        let claim = self.claimed(site, id).await?;
        Ok(Known { kept, author, claim })
    }

    /// Acts on one comment.
    pub async fn act(&self, site: &Site, id: &CommentId, act: &Act) -> Result<Result<Verdict, Refusal>, Error> {
        for _ in 0..TRIES {
            let Some(kept) = self.store.get(site, id).await? else { return Ok(Err(Refusal::NotFound)) };
            let now = SystemTime::now();
            let next = match plan(&kept, act, now) {
                Plan::Change(next) => *next,
                Plan::Done => return Ok(Ok(kept.verdict)),
                Plan::Refuse(refusal) => return Ok(Err(refusal)),
            };
            // Taking back asks for no claim: what is decided is nobody's.
            let claim = if matches!(act.what, What::Undo { .. }) { None } else { self.claimed(site, id).await? };
            if let Some(claim) = claim.as_ref().filter(|claim| claim.moderator != act.moderator) {
                return Ok(Err(Refusal::Claimed(Box::new(kept.verdict), claim.clone())));
            }
            let event = event(&kept, &next, act, now);
            let teaching = self.teaching(&kept, &next, act);
            let change = Change { expected_revision: kept.verdict.revision, verdict: &next, event, teaching };
            if self.store.replace(site, id, &change).await? {
                if claim.is_some() {
                    self.done_with(site, id).await;
                }
                return Ok(Ok(next));
            }
        }
        Err(Error::store("the comment changed under every try to decide it"))
    }

    /// What an act teaches.
    fn teaching(&self, kept: &Kept, next: &Verdict, act: &Act) -> Teaching {
        let decided = |verdict: &Verdict, code: &str, voice: Voice| {
            let what = (verdict.decision, code);
            let by = (&*verdict.decided_by, verdict.revision);
            let spot_check = kept.verdict.spot_check().map(|stands_for| stands_for as f32);
            self.learning.decided(&kept.comment, &kept.persons, what, voice, by, spot_check)
        };
        match &act.what {
            What::Decide { reason_code, .. } => Teaching { removed: None, added: decided(next, reason_code, act.voice) },
            What::Undo { .. } => last_decision(kept)
                .map_or_else(Teaching::default, |(_, undone)| Learning::undone(&kept.comment.comment_id, undone.revision)),
        }
    }

    async fn kept(&self, site: &Site, id: &CommentId) -> Result<Kept, Error> {
        let not_found = || Error::NotFound { site: site.as_str().to_owned(), comment_id: id.as_str().to_owned() };
        self.store.get(site, id).await?.ok_or_else(not_found)
    }
}

enum Plan {
    Change(Box<Verdict>),
    /// It is so already.
    Done,
    Refuse(Refusal),
}

/// What an act makes of a comment as it stands.
fn plan(kept: &Kept, act: &Act, now: SystemTime) -> Plan {
    let current = &kept.verdict;
    // A call that is repeated because its answer got lost finds its own work done: that is no conflict.
    if let What::Decide { decision, reason_code, publish_without, .. } = &act.what
        && current.decision == *decision
        && current.decided_by == act.moderator
        && (reason_code.is_empty() || kept.event.reason_code == *reason_code)
        && current.publish_without == *publish_without
        && act.expected_revision.is_none_or(|expected| expected == current.revision || expected + 1 == current.revision)
    {
        return Plan::Done;
    }
    if act.expected_revision.is_some_and(|expected| expected != current.revision) {
        return Plan::Refuse(Refusal::Conflict(Box::new(current.clone())));
    }
    let mut next = match &act.what {
        What::Decide { decision, reason_code, author_message, publish_without, .. } => {
            let code = if reason_code.is_empty() { String::new() } else { format!(" ({reason_code})") };
            let done = match decision {
                Decision::Approve => "approved",
                Decision::Hold => "held",
                Decision::Reject => "rejected",
            };
            let parts: Vec<&str> = publish_without.iter().map(|part| part.as_words()).collect();
            let without = if parts.is_empty() { String::new() } else { format!(", without {}", parts.join(" and ")) };
            let mut reasons = vec![Reason::new("MODERATOR", format!("{done} by {}{code}{without}", act.moderator))];
            reasons.extend(current.reasons.iter().filter(|reason| reason.code != "MODERATOR").cloned());
            Verdict {
                decision: *decision,
                reasons,
                decided_by: act.moderator.clone().into(),
                author_message: author_message.clone(),
                publish_without: publish_without.clone(),
                ..current.clone()
            }
        }
        What::Undo { of } => match last_decision(kept) {
            Some((_, decided)) if of.as_ref().is_some_and(|of| *of != decided.act_id) => {
                return Plan::Refuse(Refusal::Conflict(Box::new(current.clone())));
            }
            Some((before, _)) => before.clone(),
            None => return Plan::Refuse(Refusal::NothingToUndo(Box::new(current.clone()))),
        },
    };
    next.revision = current.revision + 1;
    next.decided_at = now;
    Plan::Change(Box::new(next))
}

/// The verdict that the last decision not yet taken back replaced, and the event of that decision. An edit begins anew:
/// what a moderator said of an earlier text does not come back.
fn last_decision(kept: &Kept) -> Option<(&Verdict, &pb::AuditEvent)> {
    let mut standing: Vec<(&Verdict, &pb::AuditEvent)> = Vec::new();
    let present = (&kept.verdict, &kept.event);
    for (verdict, event) in kept.trail.iter().map(|Past { verdict, event }| (verdict, event)).chain([present]) {
        match event.act.as_str() {
            "DECIDED" => standing.push((verdict, event)),
            "UNDONE" => {
                standing.pop();
            }
            _ => standing = vec![(verdict, event)],
        }
    }
    let [.., (before, _), (_, decided)] = standing.as_slice() else { return None };
    Some((before, decided))
}

fn event(kept: &Kept, after: &Verdict, act: &Act, now: SystemTime) -> pb::AuditEvent {
    let before = &kept.verdict;
    let (what, reason_code, note, undoes) = match &act.what {
        What::Decide { reason_code, note, .. } => ("DECIDED", reason_code.clone(), note.clone(), String::new()),
        What::Undo { .. } => {
            let undone = last_decision(kept).map(|(_, decided)| decided.act_id.clone());
            ("UNDONE", String::new(), String::new(), undone.unwrap_or_default())
        }
    };
    pb::AuditEvent {
        at: Some(now.into()),
        by: act.moderator.clone(),
        act: what.to_owned(),
        comment_id: after.comment_id.clone(),
        revision: after.revision,
        before: before.decision.to_wire().into(),
        after: after.decision.to_wire().into(),
        reason_code,
        note,
        label: before.leading().map(|(label, _)| label.to_owned()).unwrap_or_default(),
        score: before.leading().map_or(0.0, |(_, score)| score),
        act_id: act.act_id.clone(),
        source: act.source.clone(),
        undoes,
        persons: kept.author.map(|author| author.to_bytes()).unwrap_or_default(),
        ..Default::default()
    }
}

/// Returns whether a moderator may go by this name.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && verdict::may_name_somebody(name)
}
