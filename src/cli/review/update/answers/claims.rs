//! Claims granted, refused, and given back.

use std::time::Duration;

use super::super::super::claims::{Claim, Grant, LEASE};
use super::super::super::connectivity::Link;
use super::super::super::event::{Leased, Problem};
use super::super::super::state::State;
use crate::cli::term::Tone;
use crate::cli::text;

/// Takes in what came of giving claims back and of making one.
pub fn apply(state: &mut State, claim: Option<String>, leased: Result<Leased, Problem>, released: &[String]) {
    state.claims.in_flight = false;
    for id in released {
        state.claims.held.remove(id);
    }
    let Some(id) = claim else {
        if let Err(problem) = leased {
            trouble(state, &problem);
        }
        return;
    };
    match leased {
        Ok(Leased::Granted { row, until }) => {
            // Counted from now by this clock: the server's may be another one.
            let renew = state.now + LEASE / 3;
            state.claims.held.insert(id.clone(), Grant { until, renew_at: renew });
            if let Some(known) = state.row_mut(&id) {
                known.claim = None;
                known.learn(&row.state);
            }
        }
        Ok(Leased::Refused(error)) => refused(state, &id, &error.reason, &error.message),
        Ok(Leased::NotClaimed) => refused(state, &id, "NOT_HELD", "the server did not hand it out"),
        Err(problem) => trouble(state, &problem),
    }
}

/// A comment that we do not get: somebody else looks at it, or nobody needs to any more.
fn refused(state: &mut State, id: &str, reason: &str, message: &str) {
    state.claims.held.remove(id);
    state.marked.remove(id);
    state.details.remove(id);
    let now = state.now;
    let Some(row) = state.row_mut(id) else { return };
    match reason {
        "CLAIMED" => row.claim = Some(Claim::by_unknown(now)),
        _ => {
            row.off_list = true;
            row.last_error = text::line(message, 300);
        }
    }
    // Soon the list tells who has it.
    state.list.refresh_at = state.list.refresh_at.min(now + Duration::from_millis(500));
    if state.selected().is_some_and(|row| row.id == id) {
        state.say(Tone::Warning, text::line(message, 300));
        state.move_to_next_open();
    }
}

fn trouble(state: &mut State, problem: &Problem) {
    if problem.is_unimplemented {
        state.claims.supported = false;
        state.claims.held.clear();
    } else if problem.is_retryable || state.connectivity == Link::Live {
        state.lose_connection(problem.message());
    }
}
