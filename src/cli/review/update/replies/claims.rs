//! Claims granted, refused, and given back.

use std::time::Duration;

use super::super::super::claims::{CLAIM_LEASE, Claim, HeldClaim};
use super::super::super::connectivity::Connectivity;
use super::super::super::event::{ClaimResult, RequestFailure};
use super::super::super::state::ScreenState;
use crate::cli::terminal::Tone;
use crate::cli::text;

/// Takes in what came of giving claims back and of making one.
pub fn apply(state: &mut ScreenState, claim: Option<String>, leased: Result<ClaimResult, RequestFailure>, released: &[String]) {
    state.claims.in_flight = false;
    for id in released {
        state.claims.held.remove(id);
    }
    let Some(id) = claim else {
        if let Err(problem) = leased {
            claims_failed(state, &problem);
        }
        return;
    };
    match leased {
        Ok(ClaimResult::Granted { row, until }) => {
            // Counted from now by this clock: the server's may be another one.
            let renew = state.now + CLAIM_LEASE / 3;
            state.claims.held.insert(id.clone(), HeldClaim { until, renew_at: renew });
            if let Some(known) = state.row_mut(&id) {
                known.claim = None;
                known.update_state(&row.state);
            }
        }
        Ok(ClaimResult::Refused(error)) => refused(state, &id, &error.reason, &error.message),
        Ok(ClaimResult::NotClaimed) => refused(state, &id, "NOT_HELD", "the server did not hand it out"),
        Err(problem) => claims_failed(state, &problem),
    }
}

/// A comment that we do not get: somebody else looks at it, or nobody needs to any more.
fn refused(state: &mut ScreenState, id: &str, reason: &str, message: &str) {
    state.claims.held.remove(id);
    state.marked.remove(id);
    state.details.remove(id);
    let now = state.now;
    let Some(row) = state.row_mut(id) else { return };
    match reason {
        "CLAIMED" => row.claim = Some(Claim::by_unknown(now)),
        _ => {
            row.off_list = true;
            row.last_error = text::escape_line(message, 300);
        }
    }
    // Soon the list tells who has it.
    state.list.refresh_at = state.list.refresh_at.min(now + Duration::from_millis(500));
    if state.selected().is_some_and(|row| row.id == id) {
        state.set_message(Tone::Warning, text::escape_line(message, 300));
        state.move_to_next_open();
    }
}

fn claims_failed(state: &mut ScreenState, problem: &RequestFailure) {
    if problem.is_unimplemented {
        state.claims.supported = false;
        state.claims.held.clear();
    } else if problem.is_retryable || state.connectivity == Connectivity::Live {
        state.lose_connection(problem.message());
    }
}
