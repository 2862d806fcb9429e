//! Applies pages of the list.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::event::RequestFailure;
use super::super::super::paging::{self, FetchKind};
use super::super::super::row::CommentRow;
use super::super::super::state::{ScreenState, Shutdown};
use crate::cli::terminal::Tone;

/// Applies the reply to a request for rows, unless a newer request was made meanwhile.
pub fn apply(state: &mut ScreenState, ticket: u64, listed: Result<(Vec<CommentRow>, String), RequestFailure>) {
    let Some((request_id, kind)) = state.list.in_flight else { return };
    if request_id != ticket {
        return;
    }
    state.list.in_flight = None;
    let (rows, next) = match listed {
        Ok(listed) => listed,
        Err(problem) => return list_failed(state, problem),
    };
    state.restore_connection();
    state.list.refresh_at = state.now + paging::refresh_interval(state.rows.len());
    match kind {
        FetchKind::First => {
            state.list.stale = false;
            state.list.last_accepted_query = Some(state.query.clone());
            state.rows = rows;
            state.cursor = 0;
            if state.selected().is_some_and(|row| state.claimed_by(row).is_some()) {
                state.move_to_next_open();
            }
            state.list.next_page_token = next;
        }
        FetchKind::NextPage => {
            let known: BTreeSet<String> = state.rows.iter().map(|row| row.id.clone()).collect();
            state.rows.extend(rows.into_iter().filter(|row| !known.contains(&row.id)));
            state.list.next_page_token = next;
        }
        FetchKind::Refresh => {
            merge(state, rows);
            state.list.next_page_token = next;
        }
    }
    if let Some(at) = state.list.select_when_loaded.as_deref().and_then(|id| state.find(id)) {
        state.list.select_when_loaded = None;
        state.move_to(at);
    }
}

/// Applies the failure of a request for rows.
fn list_failed(state: &mut ScreenState, problem: RequestFailure) {
    if problem.is_retryable {
        return state.lose_connection(problem.message());
    }
    match state.list.last_accepted_query.clone() {
        // The first query was refused, so there is none to return to.
        None => state.shutdown = Some(Shutdown::failed(problem.failure)),
        Some(accepted) if accepted != state.query => {
            state.query = accepted;
            state.restart_list();
            state.set_message(Tone::Bad, problem.message());
        }
        // Perhaps the API key was revoked. The screen keeps its state in case it becomes valid again.
        Some(_) => state.lose_connection(problem.message()),
    }
}

/// Replaces the rows by a refreshed list and keeps the cursor on its comment.
fn merge(state: &mut ScreenState, rows: Vec<CommentRow>) {
    let selected = state.selected().map(|row| row.id.clone());
    let place = state.cursor;
    let mut old: BTreeMap<String, CommentRow> =
        std::mem::take(&mut state.rows).into_iter().map(|row| (row.id.clone(), row)).collect();
    state.rows = rows
        .into_iter()
        .map(|mut row| {
            if let Some(known) = old.remove(&row.id) {
                row.last_error = known.last_error;
                if known.state.revision > row.state.revision {
                    // The server read the list before the latest act.
                    row.state = known.state;
                }
            }
            row
        })
        .collect();
    let mut retained = Vec::new();
    for (id, mut row) in old {
        if state.pending_action(&id).is_some() {
            retained.push(row);
        } else if selected.as_ref() == Some(&id) {
            row.off_list = true;
            // A decided comment has no claim.
            row.claim = None;
            retained.push(row);
            // Fetch the details again to show who decided it.
            state.details.remove(&id);
        } else {
            state.marked.remove(&id);
        }
    }
    for row in retained {
        let at = if selected.as_ref() == Some(&row.id) { place } else { state.rows.len() };
        state.rows.insert(at.min(state.rows.len()), row);
    }
    let selected_row = selected.and_then(|id| state.find(&id));
    state.cursor = selected_row.unwrap_or(place).min(state.rows.len().saturating_sub(1));
}
