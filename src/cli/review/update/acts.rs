//! Decisions and their undoing: shown at once, sent, and rolled back where the server says no.

use super::super::row::{Claim, Row, Standing, done};
use super::super::state::{Act, Done, Grant, Problem, State, What};
use super::{answers, go, go_on};
use crate::cli::term::Tone;
use crate::cli::text;
use crate::pb;
use crate::verdict::Decision;

/// Decides the comment on the screen, and goes on to the next.
pub fn decide_seen(state: &mut State, decision: Decision, code: &str) {
    decide_seen_without(state, decision, code, Vec::new());
}

/// Approves the comment on the screen without the parts that it is held for, and goes on to the next.
pub fn approve_stripped(state: &mut State) {
    let without = state.publish_without().to_vec();
    decide_seen_without(state, Decision::Approve, "", without);
}

fn decide_seen_without(state: &mut State, decision: Decision, code: &str, without: Vec<i32>) {
    let Some((row, details)) = state.seen() else { return };
    // What was looked at, not what the list may have heard since.
    let item = (row.id.clone(), details.standing.revision);
    let note = state.notes.get(&row.id).cloned().unwrap_or_default();
    state.marked.remove(&item.0);
    start(state, What::Decide(decision), vec![item], code, note, false);
    if let Some(act) = state.acts.last_mut() {
        act.without = without;
    }
    go_on(state);
}

/// Decides all of them alike, as one act.
pub fn decide_all(state: &mut State, decision: Decision, ids: &[String], code: &str) {
    let open = |row: &&Row| ids.contains(&row.id) && !row.gone && state.doing(&row.id).is_none();
    let mut items: Vec<_> = state.rows.iter().filter(open).map(|row| (row.id.clone(), row.standing.revision)).collect();
    for (id, revision) in &mut items {
        // As it was when it was found alike: a text that changed since is not rejected unread.
        if let Some((_, seen)) = state.alike().iter().find(|(other, _)| other == id) {
            *revision = *seen;
        }
    }
    // What is alike may be further down than the list has come.
    let further = state.alike().iter().filter(|(id, _)| ids.contains(id) && state.find(id).is_none());
    items.extend(further.cloned().collect::<Vec<_>>());
    state.marked.clear();
    if items.is_empty() {
        return state.say(Tone::Warning, "what was marked is on this list no more");
    }
    start(state, What::Decide(decision), items, code, String::new(), true);
    if state.selected().is_some_and(|row| !state.waits(row)) {
        go_on(state);
    }
}

/// Takes back the last act that happened here.
pub fn undo(state: &mut State) {
    if !state.acts.is_empty() {
        return state.say(Tone::Warning, "the last act is still on its way; once more in a moment");
    }
    if let Some(Done { items }) = state.history.pop() {
        start(state, What::Undo, items, "", String::new(), false);
    }
}

fn start(state: &mut State, what: What, items: Vec<(String, u32)>, code: &str, note: String, bulk: bool) {
    for (id, _) in &items {
        if let Some(row) = state.row_mut(id) {
            row.problem.clear();
        }
    }
    let number = state.next_act;
    state.next_act += 1;
    state.acts.push(Act {
        number,
        id: state.act_name(number),
        what,
        items,
        code: code.to_owned(),
        note,
        without: Vec::new(),
        bulk,
        sent: false,
        done: Done::default(),
        refused: Vec::new(),
    });
}

/// What became of an act, or of a part of it.
pub fn acted(state: &mut State, number: u64, results: Vec<pb::ReviewResult>, problem: Option<Problem>) {
    let Some(at) = state.acts.iter().position(|act| act.number == number) else { return };
    let mut act = state.acts.remove(at);
    for result in results {
        act.items.retain(|(id, _)| *id != result.comment_id);
        settled(state, &mut act, result);
    }
    match problem {
        // Asking again is safe: a decision that happened already is no other one.
        Some(problem) if problem.may_pass && !act.items.is_empty() => {
            act.sent = false;
            state.acts.insert(at, act);
            answers::lost(state, &problem);
        }
        problem => {
            let words = problem.map(|problem| text::line(problem.failure.message(), 300));
            for (id, _) in std::mem::take(&mut act.items) {
                let words = words.clone().unwrap_or_else(|| "the server said nothing of it".to_owned());
                if let Some(row) = state.row_mut(&id) {
                    row.problem = words.clone();
                }
                act.refused.push(words);
            }
            finish(state, act);
        }
    }
}

/// What became of one comment.
fn settled(state: &mut State, act: &mut Act, result: pb::ReviewResult) {
    let now = state.now;
    let id = result.comment_id;
    let standing = result.verdict.as_ref().map(Standing::from);
    // Whatever was known of it is of yesterday.
    state.details.remove(&id);
    let Some(error) = result.error else {
        if let Some(standing) = standing {
            act.done.items.push((id.clone(), standing.revision));
            if let Some(row) = state.row_mut(&id) {
                row.learn(&standing);
            }
        }
        state.notes.remove(&id);
        return;
    };
    let words = match (&standing, error.reason.as_str()) {
        (Some(standing), "CONFLICT") => standing.words(now),
        _ => text::line(&error.message, 300),
    };
    if let Some(row) = state.row_mut(&id) {
        row.problem = words.clone();
        if let Some(standing) = &standing {
            row.learn(standing);
        }
        match error.reason.as_str() {
            "NOT_FOUND" => row.gone = true,
            "CLAIMED" => row.claim = Some(unknown_claim(now)),
            _ => {}
        }
    }
    if error.reason == "CLAIMED" {
        state.leases.mine.remove(&id);
    } else if act.bulk && state.leases.known {
        // It was claimed for this act only: not wanted, it is given back.
        state.leases.mine.insert(id.clone(), Grant { until: now + super::settle::LEASE, renew: now + super::settle::LEASE });
    }
    act.refused.push(words);
}

/// Somebody's claim of whom nothing more is known yet. The list will tell.
pub fn unknown_claim(now: std::time::SystemTime) -> Claim {
    Claim { by: String::new(), until: now + super::settle::LEASE }
}

/// Says what came of an act, once all of it is known.
fn finish(state: &mut State, act: Act) {
    let verb = match act.what {
        What::Decide(decision) => done(Some(decision)),
        What::Undo => "taken back",
    };
    let (good, bad) = (act.done.items.len(), act.refused.len());
    let why = act.refused.first().cloned().unwrap_or_default();
    let (tone, words) = match (good, bad) {
        (1, 0) if act.code.is_empty() => (Tone::Good, verb.to_owned()),
        (1, 0) => (Tone::Good, format!("{verb} ({})", act.code)),
        (good, 0) => (Tone::Good, format!("{good} comments {verb}")),
        (0, 1) => (Tone::Bad, format!("not {verb}: {why}")),
        (good, bad) => (Tone::Bad, format!("{good} {verb}, {bad} not: {why}")),
    };
    state.say(tone, words);
    if good == 0 {
        return;
    }
    match act.what {
        What::Decide(_) => state.history.push(act.done),
        What::Undo => {
            // Back to what was taken back; if it has left the list, the next look at it brings it in again.
            let first = act.done.items.first().map(|(id, _)| id.clone());
            match first.as_deref().and_then(|id| state.find(id)) {
                Some(at) => go(state, at),
                None => state.list.find = first,
            }
            state.list.again = state.now;
        }
    }
}
