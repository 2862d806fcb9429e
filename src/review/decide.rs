//! Decides on one comment, or takes the last decision back: a compare-and-set on its revision.

use std::time::SystemTime;

use super::act::{Refusal, ReviewAct, ReviewAction};
use super::desk::ReviewDesk;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::learning::{DecisionMaker, Learning};
use crate::pb;
use crate::store::{Change, OutcomeUpdate, PastVerdict, StoredComment};
use crate::verdict::{Decision, Reason, RemovablePart, Verdict};

/// How often an act is tried again when others decide the same comment in the meantime.
const MAX_TRIES: usize = 16;

impl ReviewDesk {
    /// Acts on one comment.
    pub async fn act(&self, site: &Site, id: &CommentId, act: &ReviewAct) -> Result<Result<Verdict, Refusal>, Error> {
        for _ in 0..MAX_TRIES {
            let Some(kept) = self.store.get(site, id).await? else { return Ok(Err(Refusal::NotFound)) };
            let now = SystemTime::now();
            let next = match plan(&kept, act, now) {
                PlannedChange::Change(next) => *next,
                PlannedChange::Done => return Ok(Ok(kept.verdict)),
                PlannedChange::Refuse(refusal) => return Ok(Err(refusal)),
            };
            // Taking back asks for no claim: what is decided is nobody's.
            let claim = if matches!(act.action, ReviewAction::Undo { .. }) { None } else { self.claim_on(site, id).await? };
            if let Some(claim) = claim.as_ref().filter(|claim| claim.moderator != act.moderator) {
                return Ok(Err(Refusal::Claimed(Box::new(kept.verdict), claim.clone())));
            }
            let event = audit_event(&kept, &next, act, now);
            let teaching = self.teaching(&kept, &next, act);
            let change = Change { expected_revision: kept.verdict.revision, verdict: &next, event, outcome_update: teaching };
            if self.store.replace(site, id, &change).await? {
                if claim.is_some() {
                    self.end_claim(site, id).await;
                }
                return Ok(Ok(next));
            }
        }
        Err(Error::store("the comment changed under every try to decide it"))
    }

    /// What an act teaches.
    fn teaching(&self, kept: &StoredComment, next: &Verdict, act: &ReviewAct) -> OutcomeUpdate {
        let decided = |verdict: &Verdict, code: &str, voice: DecisionMaker| {
            let what = (verdict.decision, code);
            let by = (&*verdict.decided_by, verdict.revision);
            let spot_check = kept.verdict.spot_check_weight().map(|stands_for| stands_for as f32);
            self.learning.decision_record(&kept.comment, &kept.persons, what, voice, by, spot_check)
        };
        match &act.action {
            ReviewAction::Decide { reason_code, .. } => {
                OutcomeUpdate { removed: None, added: decided(next, reason_code, act.authority) }
            }
            ReviewAction::Undo { .. } => last_decision(kept).map_or_else(OutcomeUpdate::default, |(_, undone)| {
                Learning::undo_teaching(&kept.comment.comment_id, undone.revision)
            }),
        }
    }
}

/// What becomes of an act.
enum PlannedChange {
    /// The comment gets this verdict.
    Change(Box<Verdict>),
    /// It is so already.
    Done,
    /// The act does not happen.
    Refuse(Refusal),
}

/// Returns what an act makes of a comment as it stands.
fn plan(kept: &StoredComment, act: &ReviewAct, now: SystemTime) -> PlannedChange {
    let current = &kept.verdict;
    if is_done(kept, act) {
        return PlannedChange::Done;
    }
    if act.expected_revision.is_some_and(|expected| expected != current.revision) {
        return PlannedChange::Refuse(Refusal::Conflict(Box::new(current.clone())));
    }
    let next = match &act.action {
        ReviewAction::Decide { decision, reason_code, author_message, publish_without, .. } => Verdict {
            decision: *decision,
            reasons: reasons(current, &act.moderator, *decision, reason_code, publish_without),
            decided_by: act.moderator.clone().into(),
            author_message: author_message.clone(),
            publish_without: publish_without.clone(),
            ..current.clone()
        },
        ReviewAction::Undo { of } => match last_decision(kept) {
            Some((_, decided)) if of.as_ref().is_some_and(|of| *of != decided.act_id) => {
                return PlannedChange::Refuse(Refusal::Conflict(Box::new(current.clone())));
            }
            Some((before, _)) => before.clone(),
            None => return PlannedChange::Refuse(Refusal::NothingToUndo(Box::new(current.clone()))),
        },
    };
    PlannedChange::Change(Box::new(Verdict { revision: current.revision + 1, decided_at: now, ..next }))
}

/// Returns whether the comment stands as this act would leave it. A call that is repeated because its answer got lost finds its
/// own work done: that is no conflict.
fn is_done(kept: &StoredComment, act: &ReviewAct) -> bool {
    let ReviewAction::Decide { decision, reason_code, publish_without, .. } = &act.action else { return false };
    let current = &kept.verdict;
    current.decision == *decision
        && current.decided_by == act.moderator
        && (reason_code.is_empty() || kept.event.reason_code == *reason_code)
        && current.publish_without == *publish_without
        && act.expected_revision.is_none_or(|expected| expected == current.revision || expected + 1 == current.revision)
}

/// Returns the reasons of a moderator's decision: the moderator's first, then those of the machine.
fn reasons(
    current: &Verdict,
    moderator: &str,
    decision: Decision,
    reason_code: &str,
    publish_without: &[RemovablePart],
) -> Vec<Reason> {
    let code = if reason_code.is_empty() { String::new() } else { format!(" ({reason_code})") };
    let done = match decision {
        Decision::Approve => "approved",
        Decision::Hold => "held",
        Decision::Reject => "rejected",
    };
    let parts: Vec<&str> = publish_without.iter().map(|part| part.as_words()).collect();
    let without = if parts.is_empty() { String::new() } else { format!(", without {}", parts.join(" and ")) };
    let mut reasons = vec![Reason::new("MODERATOR", format!("{done} by {moderator}{code}{without}"))];
    reasons.extend(current.reasons.iter().filter(|reason| reason.code != "MODERATOR").cloned());
    reasons
}

/// The verdict that the last decision not yet taken back replaced, and the event of that decision. An edit begins anew:
/// what a moderator said of an earlier text does not come back.
fn last_decision(kept: &StoredComment) -> Option<(&Verdict, &pb::AuditEvent)> {
    let mut standing: Vec<(&Verdict, &pb::AuditEvent)> = Vec::new();
    let present = (&kept.verdict, &kept.event);
    for (verdict, event) in kept.trail.iter().map(|PastVerdict { verdict, event }| (verdict, event)).chain([present]) {
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

/// Returns the audit record of an act that changes a comment.
fn audit_event(kept: &StoredComment, after: &Verdict, act: &ReviewAct, now: SystemTime) -> pb::AuditEvent {
    let before = &kept.verdict;
    let (what, reason_code, note, undoes) = match &act.action {
        ReviewAction::Decide { reason_code, note, .. } => ("DECIDED", reason_code.clone(), note.clone(), String::new()),
        ReviewAction::Undo { .. } => {
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
        label: before.highest_score().map(|(label, _)| label.to_owned()).unwrap_or_default(),
        score: before.highest_score().map_or(0.0, |(_, score)| score),
        act_id: act.act_id.clone(),
        source: act.source.clone(),
        undoes,
        persons: kept.author.map(|author| author.to_bytes()).unwrap_or_default(),
        ..Default::default()
    }
}
