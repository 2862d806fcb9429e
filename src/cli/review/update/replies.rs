//! Applies the replies of the server. The cursor stays on its comment.

mod claims;
mod list;

use std::collections::BTreeSet;

use super::super::claims::Claim;
use super::super::event::{RequestFailure, ServerReply};
use super::super::row::CommentDetails;
use super::super::state::ScreenState;
use super::outcomes;
use crate::cli::terminal::Tone;

/// Applies a reply.
pub fn apply(state: &mut ScreenState, answer: ServerReply) {
    match answer {
        ServerReply::Listed { ticket, listed } => list::apply(state, ticket, listed),
        ServerReply::Claims { claim, leased, released } => claims::apply(state, claim, leased, &released),
        ServerReply::Details { id, details } => self::details(state, id, details),
        ServerReply::Acted { number, results, problem } => outcomes::apply(state, number, results, problem),
        // A failure is ignored: without near-duplicates, only one line is missing.
        ServerReply::Similar { id, alike } => {
            if let Some(similar) = state.similar.as_mut().filter(|similar| similar.id == id) {
                similar.others = alike.unwrap_or_default();
            }
        }
        ServerReply::Blocked { name, blocked } => self::blocked(state, &name, blocked),
    }
}

/// Shows whether an author was blocked.
fn blocked(state: &mut ScreenState, name: &str, blocked: Result<(), RequestFailure>) {
    match blocked {
        Ok(()) => state.set_message(Tone::Good, format!("{name} is blocked from now on")),
        Err(problem) if problem.is_unimplemented => {
            state.set_message(Tone::Bad, format!("{name} is not blocked: this server cannot block authors yet"));
        }
        Err(problem) => state.set_message(Tone::Bad, format!("{name} is not blocked: {}", problem.message())),
    }
}

/// Applies the details of a comment.
fn details(state: &mut ScreenState, id: String, details: Result<Box<CommentDetails>, RequestFailure>) {
    state.fetching.remove(&id);
    match details {
        Ok(details) => {
            let claim = details.response.claim.as_ref().and_then(Claim::from_wire);
            let ours = state.claims.held.contains_key(&id);
            if let Some(row) = state.row_mut(&id) {
                row.update_state(&details.state);
                // The details are at least as new as the list; with the same verdict id they count as current.
                row.state.verdict_id.clone_from(&details.state.verdict_id);
                if !ours && claim.is_some() {
                    row.claim = claim;
                }
            }
            state.details.insert(id, *details);
            evict_details(state);
        }
        Err(problem) if problem.is_retryable => state.lose_connection(problem.message()),
        Err(problem) => {
            let words = problem.message();
            if let Some(row) = state.row_mut(&id) {
                row.last_error = words;
                row.off_list = true;
            }
        }
    }
}

/// Removes the details of comments far from the cursor, because each may be long.
fn evict_details(state: &mut ScreenState) {
    let near = |at: usize| at.abs_diff(state.cursor) <= 2;
    let keep: BTreeSet<&String> = state.rows.iter().enumerate().filter(|(at, _)| near(*at)).map(|(_, row)| &row.id).collect();
    if state.details.len() > 8 {
        let ahead = state.next_open().map(|row| row.id.clone());
        let keep: BTreeSet<String> = keep.into_iter().cloned().chain(ahead).collect();
        state.details.retain(|id, _| keep.contains(id));
    }
}
