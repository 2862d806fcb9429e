//! What should be asked of the server now, given the state: at the end of every step, so that nothing is forgotten.

use super::super::act::What;
use super::super::connectivity::Link;
use super::super::event::Effect;
use super::super::listing::{List, MOST_ROWS, PAGE, Part};
use super::super::row::Row;
use super::super::state::{Alike, State};

/// How many rows before the last one more of them are asked for.
const AHEAD: usize = 15;

/// Asks for what is missing.
pub fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    if state.shutdown.is_some() {
        leave(state);
    }
    list(state, effects);
    if state.connectivity == Link::Live {
        acts(state, effects);
        leases(state, effects);
        details(state, effects);
        alike(state, effects);
    }
}

/// Asks which held comments are like the one that is looked at, once it is there.
fn alike(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(id) = state.seen().filter(|(row, _)| state.waits(row)).map(|(row, _)| row.id.clone()) else { return };
    if state.shutdown.is_some() || state.similar.as_ref().is_some_and(|asked| asked.id == id) {
        return;
    }
    state.similar = Some(Alike { id: id.clone(), others: Vec::new() });
    effects.push(Effect::FindSimilar { id });
}

/// Closes the screen once nothing is on its way and no claim is left.
fn leave(state: &mut State) {
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
fn list(state: &mut State, effects: &mut Vec<Effect>) {
    if state.list.in_flight.is_some() {
        return;
    }
    let wait = matches!(state.connectivity, Link::Lost { next, .. } if next > state.now);
    if wait || state.shutdown.is_some() && state.connectivity == Link::Live {
        return;
    }
    let List { stale, refresh_at: again, next_page_token: ref next, .. } = state.list;
    let near_end = state.cursor + AHEAD >= state.rows.len();
    let (part, token, rows) = if stale {
        (Part::First, String::new(), PAGE)
    } else if again <= state.now || state.connectivity != Link::Live {
        (Part::Refresh, String::new(), state.rows.len().next_multiple_of(PAGE).clamp(PAGE, MOST_ROWS))
    } else if near_end && !next.is_empty() && state.rows.len() < MOST_ROWS {
        (Part::NextPage, next.clone(), PAGE)
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
fn acts(state: &mut State, effects: &mut Vec<Effect>) {
    for act in state.pending_acts.iter_mut().filter(|act| !act.sent) {
        act.sent = true;
        let mut act = act.clone();
        act.bulk &= state.claims.supported && matches!(act.kind, What::Decide(_));
        effects.push(Effect::Act(Box::new(act)));
    }
}

/// The one comment that should be ours: the one that is looked at.
fn wanted(state: &State) -> Option<&Row> {
    if state.shutdown.is_some() {
        return None;
    }
    let row = state.selected().filter(|row| state.waits(row))?;
    let free = state.claimed_by(row).is_none() && state.claims.released_by_hand.as_ref() != Some(&row.id);
    free.then_some(row)
}

/// Gives back claims that are not needed any more, and claims the comment that is looked at.
fn leases(state: &mut State, effects: &mut Vec<Effect>) {
    if state.claims.in_flight || !state.claims.supported {
        return;
    }
    let wanted = wanted(state);
    let claim = wanted
        .filter(|row| state.claims.held.get(&row.id).is_none_or(|grant| grant.renew_at <= state.now))
        .map(|row| row.id.clone());
    let wanted = wanted.map(|row| row.id.clone());
    // What is being decided is given back when it is.
    let spare = |id: &&String| wanted.as_ref() != Some(*id) && state.doing(id).is_none();
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
fn details(state: &mut State, effects: &mut Vec<Effect>) {
    if state.shutdown.is_some() {
        return;
    }
    let missing = |row: &&Row| {
        let known = state.details.get(&row.id).is_some_and(|known| known.is_current(&row.state));
        !known && !state.fetching.contains(&row.id) && state.doing(&row.id).is_none()
    };
    // The text comes along with the claim and not after it; until the claim is ours it is not shown.
    let selected = state.selected().filter(|row| state.claimed_by(row).is_none()).filter(missing);
    // What comes next is fetched once what is looked at is there.
    let next = state.seen().and_then(|_| state.next_open()).filter(missing);
    let ids: Vec<String> = selected.into_iter().chain(next).map(|row| row.id.clone()).collect();
    for id in ids {
        state.fetching.insert(id.clone());
        effects.push(Effect::Details { id });
    }
}
