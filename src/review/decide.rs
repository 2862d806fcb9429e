//! Decides one comment, or undoes its last decision: a compare-and-set on its revision.

use std::time::SystemTime;

use super::act::{Refusal, ReviewAct, ReviewAction};
use super::desk::ReviewDesk;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::learning::{DecisionMaker, Learning};
use crate::pb;
use crate::store::{Change, OutcomeUpdate, PastVerdict, StoredComment};
use crate::verdict::{Decision, Reason, RemovablePart, Verdict};

/// Maximum number of tries if others change the same comment in the meantime.
const MAX_TRIES: usize = 16;

impl ReviewDesk {
    /// Performs an act on a comment, and returns the resulting verdict.
    pub async fn act(&self, site: &Site, id: &CommentId, act: &ReviewAct) -> Result<Result<Verdict, Refusal>, Error> {
        for _ in 0..MAX_TRIES {
            let Some(stored) = self.store.get(site, id).await? else { return Ok(Err(Refusal::NotFound)) };
            let now = SystemTime::now();
            let next = match plan(&stored, act, now) {
                PlannedChange::Change(next) => *next,
                PlannedChange::Done => return Ok(Ok(stored.verdict)),
                PlannedChange::Refuse(refusal) => return Ok(Err(refusal)),
            };
            // An undo needs no claim, since a decided comment has none.
            let claim = if matches!(act.action, ReviewAction::Undo { .. }) { None } else { self.claim_on(site, id).await? };
            if let Some(claim) = claim.as_ref().filter(|claim| claim.moderator != act.moderator) {
                return Ok(Err(Refusal::Claimed(Box::new(stored.verdict), claim.clone())));
            }
            let event = audit_event(&stored, &next, act, now);
            let outcome_update = self.outcome_update(&stored, &next, act);
            let change = Change { expected_revision: stored.verdict.revision, verdict: &next, event, outcome_update };
            if self.store.replace(site, id, &change).await? {
                if claim.is_some() {
                    self.end_claim(site, id).await;
                }
                return Ok(Ok(next));
            }
        }
        Err(Error::store("the comment kept changing while it was being decided"))
    }

    /// Returns the change of the outcome log that goes with an act.
    fn outcome_update(&self, stored: &StoredComment, next: &Verdict, act: &ReviewAct) -> OutcomeUpdate {
        let decided = |verdict: &Verdict, code: &str, authority: DecisionMaker| {
            let what = (verdict.decision, code);
            let by = (&*verdict.decided_by, verdict.revision);
            let spot_check = stored.verdict.spot_check_weight().map(|stands_for| stands_for as f32);
            self.learning.decision_record(&stored.comment, &stored.persons, what, authority, by, spot_check)
        };
        match &act.action {
            ReviewAction::Decide { reason_code, .. } => {
                OutcomeUpdate { removed: None, added: decided(next, reason_code, act.authority) }
            }
            ReviewAction::Undo { .. } => last_decision(stored).map_or_else(OutcomeUpdate::default, |(_, undone)| {
                Learning::undo_teaching(&stored.comment.comment_id, undone.revision)
            }),
        }
    }
}

/// The planned effect of an act.
enum PlannedChange {
    /// The comment gets this verdict.
    Change(Box<Verdict>),
    /// The comment is already in the wanted state.
    Done,
    /// The act is refused.
    Refuse(Refusal),
}

/// Returns the effect of an act on a comment.
fn plan(stored: &StoredComment, act: &ReviewAct, now: SystemTime) -> PlannedChange {
    let current = &stored.verdict;
    if is_done(stored, act) {
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
        ReviewAction::Undo { of } => match last_decision(stored) {
            Some((_, decided)) if of.as_ref().is_some_and(|of| *of != decided.act_id) => {
                return PlannedChange::Refuse(Refusal::Conflict(Box::new(current.clone())));
            }
            Some((before, _)) => before.clone(),
            None => return PlannedChange::Refuse(Refusal::NothingToUndo(Box::new(current.clone()))),
        },
    };
    PlannedChange::Change(Box::new(Verdict { revision: current.revision + 1, decided_at: now, ..next }))
}

/// Returns whether the comment already is as the act would leave it. A call repeated after a lost response finds its own
/// result, which is not a conflict.
fn is_done(stored: &StoredComment, act: &ReviewAct) -> bool {
    let ReviewAction::Decide { decision, reason_code, publish_without, .. } = &act.action else { return false };
    let current = &stored.verdict;
    current.decision == *decision
        && current.decided_by == act.moderator
        && (reason_code.is_empty() || stored.event.reason_code == *reason_code)
        && current.publish_without == *publish_without
        && act.expected_revision.is_none_or(|expected| expected == current.revision || expected + 1 == current.revision)
}

/// Returns the reasons for a moderator's decision: the moderator's own, then those of the machine.
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

/// Returns the last decision that was not undone: the verdict that it replaced, and its event. An edit resets this: a
/// decision on an earlier text does not come back.
fn last_decision(stored: &StoredComment) -> Option<(&Verdict, &pb::AuditEvent)> {
    let mut decisions: Vec<(&Verdict, &pb::AuditEvent)> = Vec::new();
    let current = (&stored.verdict, &stored.event);
    for (verdict, event) in stored.trail.iter().map(|PastVerdict { verdict, event }| (verdict, event)).chain([current]) {
        match event.act.as_str() {
            "DECIDED" => decisions.push((verdict, event)),
            "UNDONE" => {
                decisions.pop();
            }
            _ => decisions = vec![(verdict, event)],
        }
    }
    let [.., (before, _), (_, decided)] = decisions.as_slice() else { return None };
    Some((before, decided))
}

/// Returns the audit record of an act that changes a comment.
fn audit_event(stored: &StoredComment, after: &Verdict, act: &ReviewAct, now: SystemTime) -> pb::AuditEvent {
    let before = &stored.verdict;
    let (what, reason_code, note, undoes) = match &act.action {
        ReviewAction::Decide { reason_code, note, .. } => ("DECIDED", reason_code.clone(), note.clone(), String::new()),
        ReviewAction::Undo { .. } => {
            let undone = last_decision(stored).map(|(_, decided)| decided.act_id.clone());
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
        persons: stored.author.map(|author| author.to_bytes()).unwrap_or_default(),
        ..Default::default()
    }
}
