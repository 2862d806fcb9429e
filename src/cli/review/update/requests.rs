//! What should be asked of the server now, given the state: at the end of every step, so that nothing is forgotten.

use super::super::act::ActKind;
use super::super::connectivity::Connectivity;
use super::super::event::Effect;
use super::super::paging::{FetchKind, ListFetch, MAX_LIST_ROWS, PAGE_ROWS};
use super::super::row::CommentRow;
use super::super::state::{ScreenState, SimilarComments};

/// How many rows before the last one more of them are asked for.
const PREFETCH_ROWS: usize = 15;

/// Asks for what is missing.
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

/// Asks which held comments are like the one that is looked at, once it is there.
fn alike(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    let Some(id) = state.visible_comment().filter(|(row, _)| state.is_pending(row)).map(|(row, _)| row.id.clone()) else {
        return;
    };
    if state.shutdown.is_some() || state.similar.as_ref().is_some_and(|asked| asked.id == id) {
        return;
    }
    state.similar = Some(SimilarComments { id: id.clone(), others: Vec::new() });
    effects.push(Effect::FindSimilar { id });
}

/// Closes the screen once nothing is on its way and no claim is left.
fn check_shutdown(state: &mut ScreenState) {
    let lost = state.connectivity.is_lost();
    let claims = !state.claims.held.is_empty() || state.claims.in_flight;
    // Claims lapse by themselves: a server that is lost is not waited for because of them.
    let quiet = state.pending_acts.is_empty() && (!claims || lost);
    let now = state.now;
    if let Some(leaving) = &mut state.shutdown {
        let late = leaving.deadline.is_some_and(|latest| latest <= now);
        leaving.done |= quiet || late;
    }
}

/// Asks for rows: all of them anew, those after the last one, or the same once more.
fn list(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.list.in_flight.is_some() {
        return;
    }
    let wait = matches!(state.connectivity, Connectivity::Lost { next, .. } if next > state.now);
    if wait || state.shutdown.is_some() && state.connectivity == Connectivity::Live {
        return;
    }
    let ListFetch { stale, refresh_at: again, next_page_token: ref next, .. } = state.list;
    let near_end = state.cursor + PREFETCH_ROWS >= state.rows.len();
    let (part, token, rows) = if stale {
        (FetchKind::First, String::new(), PAGE_ROWS)
    } else if again <= state.now || state.connectivity != Connectivity::Live {
        (FetchKind::Refresh, String::new(), state.rows.len().next_multiple_of(PAGE_ROWS).clamp(PAGE_ROWS, MAX_LIST_ROWS))
    } else if near_end && !next.is_empty() && state.rows.len() < MAX_LIST_ROWS {
        (FetchKind::NextPage, next.clone(), PAGE_ROWS)
    } else {
        return;
    };
    state.list.request_id += 1;
    state.list.in_flight = Some((state.list.request_id, part));
    effects.push(Effect::List {
        ticket: state.list.request_id,
        filter: state.query.filter(),
        order: state.query.order,
        token,
        rows,
    });
}

/// Sends acts that have not been sent.
fn acts(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    for act in state.pending_acts.iter_mut().filter(|act| !act.sent) {
        act.sent = true;
        let mut act = act.clone();
        act.bulk &= state.claims.supported && matches!(act.kind, ActKind::Decide(_));
        effects.push(Effect::Act(Box::new(act)));
    }
}

/// The one comment that should be ours: the one that is looked at.
fn claim_target(state: &ScreenState) -> Option<&CommentRow> {
    if state.shutdown.is_some() {
        return None;
    }
    let row = state.selected().filter(|row| state.is_pending(row))?;
    let free = state.claimed_by(row).is_none() && state.claims.released_by_hand.as_ref() != Some(&row.id);
    free.then_some(row)
}

/// Gives back claims that are not needed any more, and claims the comment that is looked at.
fn leases(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.claims.in_flight || !state.claims.supported {
        return;
    }
    let wanted = claim_target(state);
    let claim = wanted
        .filter(|row| state.claims.held.get(&row.id).is_none_or(|grant| grant.renew_at <= state.now))
        .map(|row| row.id.clone());
    let wanted = wanted.map(|row| row.id.clone());
    // What is being decided is given back when it is.
    let spare = |id: &&String| wanted.as_ref() != Some(*id) && state.pending_action(id).is_none();
    let release: Vec<String> = state.claims.held.keys().filter(spare).cloned().collect();
    if release.is_empty() && claim.is_none() {
        return;
    }
    for id in &release {
        // From now on it may be another's: it is not shown, and cannot be decided.
        state.claims.held.remove(id);
    }
    state.claims.in_flight = true;
    effects.push(Effect::UpdateClaims { release, claim });
}

/// Fetches the comment that is looked at whole, and the next one ahead.
fn details(state: &mut ScreenState, effects: &mut Vec<Effect>) {
    if state.shutdown.is_some() {
        return;
    }
    let missing = |row: &&CommentRow| {
        let known = state.details.get(&row.id).is_some_and(|known| known.is_current(&row.state));
        !known && !state.fetching.contains(&row.id) && state.pending_action(&row.id).is_none()
    };
    // The text comes along with the claim and not after it; until the claim is ours it is not shown.
    let selected = state.selected().filter(|row| state.claimed_by(row).is_none()).filter(missing);
    // What comes next is fetched once what is looked at is there.
    let next = state.visible_comment().and_then(|_| state.next_open()).filter(missing);
    let ids: Vec<String> = selected.into_iter().chain(next).map(|row| row.id.clone()).collect();
    for id in ids {
        state.fetching.insert(id.clone());
        effects.push(Effect::Details { id });
    }
}
