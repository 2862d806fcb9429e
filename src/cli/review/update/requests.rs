//! Derives the requests to send from the state. It runs at the end of every update, so that no request is forgotten.

use super::super::act::ActKind;
use super::super::connectivity::Connectivity;
use super::super::event::Effect;
use super::super::paging::{FetchKind, ListFetch, MAX_LIST_ROWS, PAGE_ROWS};
use super::super::row::CommentRow;
use super::super::state::{ScreenState, SimilarComments};

/// Distance of the cursor from the last row at which the next page is requested.
const PREFETCH_ROWS: usize = 15;

/// Adds the requests for everything that is missing.
pub fn request_missing(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.shutdown.is_some() {
        check_shutdown(state);
    }
    list(state, effects);
    if state.connectivity == Connectivity::Live {
        acts(state, effects);
        leases(state, effects);
        details(state, effects);
        alike(state, effects);
    }
}

/// Requests the near-duplicates of the comment on the screen.
fn alike(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    let Some(id) = state.visible_comment().filter(|(row, _)| state.is_pending(row)).map(|(row, _)| row.id.clone()) else {
        return;
    };
    if state.shutdown.is_some() || state.similar.as_ref().is_some_and(|similar| similar.id == id) {
        return;
    }
    state.similar = Some(SimilarComments { id: id.clone(), others: Vec::new() });
    effects.push(Effect::FindSimilar { id });
}

/// Lets the screen close once no act is pending and no claim is held, or when the deadline has passed.
fn check_shutdown(state: &mut ScreenState) {
    let lost = state.connectivity.is_lost();
    let claims = !state.claims.held.is_empty() || state.claims.in_flight;
    // Claims lapse by themselves, so they are no reason to wait for a server that does not answer.
    let idle = state.pending_acts.is_empty() && (!claims || lost);
    let now = state.now;
    if let Some(shutdown) = &mut state.shutdown {
        let late = shutdown.deadline.is_some_and(|deadline| deadline <= now);
        shutdown.done |= idle || late;
    }
}

/// Requests rows: the first page, the next page, or a refresh of the loaded ones.
fn list(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.list.in_flight.is_some() {
        return;
    }
    let wait = matches!(state.connectivity, Connectivity::Lost { next, .. } if next > state.now);
    if wait || state.shutdown.is_some() && state.connectivity == Connectivity::Live {
        return;
    }
    let ListFetch { stale, refresh_at, next_page_token: ref next, .. } = state.list;
    let near_end = state.cursor + PREFETCH_ROWS >= state.rows.len();
    let (kind, token, rows) = if stale {
        (FetchKind::First, String::new(), PAGE_ROWS)
    } else if refresh_at <= state.now || state.connectivity != Connectivity::Live {
        (FetchKind::Refresh, String::new(), state.rows.len().next_multiple_of(PAGE_ROWS).clamp(PAGE_ROWS, MAX_LIST_ROWS))
    } else if near_end && !next.is_empty() && state.rows.len() < MAX_LIST_ROWS {
        (FetchKind::NextPage, next.clone(), PAGE_ROWS)
    } else {
        return;
    };
    state.list.request_id += 1;
    state.list.in_flight = Some((state.list.request_id, kind));
    effects.push(Effect::List {
        ticket: state.list.request_id,
        filter: state.query.filter(),
        order: state.query.order,
        token,
        rows,
    });
}

/// Sends the acts that are not sent yet.
fn acts(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    for act in state.pending_acts.iter_mut().filter(|act| !act.sent) {
        act.sent = true;
        let mut act = act.clone();
        act.bulk &= state.claims.supported && matches!(act.kind, ActKind::Decide(_));
        effects.push(Effect::Act(Box::new(act)));
    }
}

/// Returns the comment that this screen should hold a claim on: the one under the cursor, if it is open.
fn claim_target(state: &ScreenState) -> Option<&CommentRow> {
    if state.shutdown.is_some() {
        return None;
    }
    let row = state.selected().filter(|row| state.is_pending(row))?;
    let free = state.claimed_by(row).is_none() && state.claims.released_by_hand.as_ref() != Some(&row.id);
    free.then_some(row)
}

/// Releases claims that are no longer needed, and claims or renews the claim on the comment under the cursor.
fn leases(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.claims.in_flight || !state.claims.supported {
        return;
    }
    let wanted = claim_target(state);
    let claim = wanted
        .filter(|row| state.claims.held.get(&row.id).is_none_or(|claim| claim.renew_at <= state.now))
        .map(|row| row.id.clone());
    let wanted = wanted.map(|row| row.id.clone());
    // The claim on a comment with a pending act is released after the act.
    let spare = |id: &&String| wanted.as_ref() != Some(*id) && state.pending_action(id).is_none();
    let release: Vec<String> = state.claims.held.keys().filter(spare).cloned().collect();
    if release.is_empty() && claim.is_none() {
        return;
    }
    for id in &release {
        // From now on a colleague may claim the comment, so it is not shown and cannot be decided.
        state.claims.held.remove(id);
    }
    state.claims.in_flight = true;
    effects.push(Effect::UpdateClaims { release, claim });
}

/// Requests the details of the comment under the cursor, and of the next open one.
fn details(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.shutdown.is_some() {
        return;
    }
    let missing = |row: &&CommentRow| {
        let known = state.details.get(&row.id).is_some_and(|known| known.is_current(&row.state));
        !known && !state.fetching.contains(&row.id) && state.pending_action(&row.id).is_none()
    };
    // The details are fetched while the claim is requested, but not shown before it is granted.
    let selected = state.selected().filter(|row| state.claimed_by(row).is_none()).filter(missing);
    // The next comment is fetched only once the current one is shown.
    let next = state.visible_comment().and_then(|_| state.next_open()).filter(missing);
    let ids: Vec<String> = selected.into_iter().chain(next).map(|row| row.id.clone()).collect();
    for id in ids {
        state.fetching.insert(id.clone());
        effects.push(Effect::Details { id });
    }
}
