//! Applies replies about claims: granted, refused, or released.

use std::time::Duration;

use super::super::super::claims::{CLAIM_LEASE, Claim, HeldClaim};
use super::super::super::connectivity::Connectivity;
use super::super::super::event::{ClaimResult, RequestFailure};
use super::super::super::state::ScreenState;
use crate::cli::terminal::Tone;
use crate::cli::text;

/// Applies the result of releasing claims and of requesting one.
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
            // Counted by the clock of this machine, which may differ from the server's.
            let renew_at = state.now + CLAIM_LEASE / 3;
            state.claims.held.insert(id.clone(), HeldClaim { until, renew_at });
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

/// Applies a refused claim: a colleague holds the comment, or it is no longer in the queue.
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
    // A refresh of the list will show who holds the claim.
    state.list.refresh_at = state.list.refresh_at.min(now + Duration::from_millis(500));
    if state.selected().is_some_and(|row| row.id == id) {
        state.set_message(Tone::Warning, text::escape_line(message, 300));
        state.move_to_next_open();
    }
}

/// Applies the failure of a request about claims.
fn claims_failed(state: &mut ScreenState, problem: &RequestFailure) {
    if problem.is_unimplemented {
        state.claims.supported = false;
        state.claims.held.clear();
    } else if problem.is_retryable || state.connectivity == Connectivity::Live {
        state.lose_connection(problem.message());
    }
}
