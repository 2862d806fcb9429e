//! Applies the outcomes of acts: confirmed, refused, or to be sent again.

use super::super::act::{ActKind, PendingAct};
use super::super::claims::{CLAIM_LEASE, Claim, HeldClaim};
use super::super::event::RequestFailure;
use super::super::row::{DecisionState, past_participle};
use super::super::state::ScreenState;
use crate::cli::terminal::Tone;
use crate::cli::text;
use crate::pb;

/// Applies the results of an act, which may cover only part of its comments.
pub fn apply(state: &mut ScreenState, number: u64, results: Vec<pb::ReviewResult>, problem: Option<RequestFailure>) {
    let Some(at) = state.pending_acts.iter().position(|act| act.number == number) else { return };
    let mut act = state.pending_acts.remove(at);
    for result in results {
        act.items.retain(|(id, _)| *id != result.comment_id);
        apply_result(state, &mut act, result);
    }
    match problem {
        // Sending the act again is safe: the server does not apply it twice.
        Some(problem) if problem.is_retryable && !act.items.is_empty() => {
            act.sent = false;
            state.pending_acts.insert(at, act);
            state.lose_connection(problem.message());
        }
        problem => {
            let words = problem.map(|problem| problem.message());
            for (id, _) in std::mem::take(&mut act.items) {
                let words = words.clone().unwrap_or_else(|| "the server said nothing of it".to_owned());
                if let Some(row) = state.row_mut(&id) {
                    row.last_error = words.clone();
                }
                act.refusals.push(words);
            }
            finish(state, act);
        }
    }
}

/// Applies the result of an act for one comment.
fn apply_result(state: &mut ScreenState, act: &mut PendingAct, result: pb::ReviewResult) {
    let now = state.now;
    let id = result.comment_id;
    let server_state = result.verdict.as_ref().map(DecisionState::from);
    // The loaded details are outdated.
    state.details.remove(&id);
    let Some(error) = result.error else {
        if let Some(server_state) = server_state {
            act.completed.items.push((id.clone(), server_state.revision));
            if let Some(row) = state.row_mut(&id) {
                row.update_state(&server_state);
            }
        }
        state.notes.remove(&id);
        return;
    };
    let words = match (&server_state, error.reason.as_str()) {
        (Some(server_state), "CONFLICT") => server_state.describe(now),
        _ => text::escape_line(&error.message, 300),
    };
    if let Some(row) = state.row_mut(&id) {
        row.last_error = words.clone();
        if let Some(server_state) = &server_state {
            row.update_state(server_state);
        }
        match error.reason.as_str() {
            "NOT_FOUND" => row.off_list = true,
            "CLAIMED" => row.claim = Some(Claim::by_unknown(now)),
            _ => {}
        }
    }
    if error.reason == "CLAIMED" {
        state.claims.held.remove(&id);
    } else if act.bulk && state.claims.supported {
        // The comment was claimed for this act only. Recording the claim as held makes the next update release it.
        state.claims.held.insert(id.clone(), HeldClaim { until: now + CLAIM_LEASE, renew_at: now + CLAIM_LEASE });
    }
    act.refusals.push(words);
}

/// Shows the outcome of an act once all results are known, and makes it undoable.
fn finish(state: &mut ScreenState, act: PendingAct) {
    let verb = match act.kind {
        ActKind::Decide(decision) => past_participle(Some(decision)),
        ActKind::Undo => "taken back",
    };
    let (good, bad) = (act.completed.items.len(), act.refusals.len());
    let why = act.refusals.first().cloned().unwrap_or_default();
    let (tone, words) = match (good, bad) {
        (1, 0) if act.reason_code.is_empty() => (Tone::Good, verb.to_owned()),
        (1, 0) => (Tone::Good, format!("{verb} ({})", act.reason_code)),
        (good, 0) => (Tone::Good, format!("{good} comments {verb}")),
        (0, 1) => (Tone::Bad, format!("not {verb}: {why}")),
        (good, bad) => (Tone::Bad, format!("{good} {verb}, {bad} not: {why}")),
    };
    state.set_message(tone, words);
    if good == 0 {
        return;
    }
    match act.kind {
        ActKind::Decide(_) => state.undoable.push(act.completed),
        ActKind::Undo => {
            // Select the comment that was undone. If it has left the list, the next refresh brings it back.
            let first = act.completed.items.first().map(|(id, _)| id.clone());
            match first.as_deref().and_then(|id| state.find(id)) {
                Some(at) => state.move_to(at),
                None => state.list.select_when_loaded = first,
            }
            state.list.refresh_at = state.now;
        }
    }
}
