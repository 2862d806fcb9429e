//! What the server says, taken in. The cursor stays on its comment, whatever comes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::super::row::{Details, Row, Standing};
use super::super::state::{Answer, Grant, Leased, Leaving, Link, Part, Problem, State};
use super::{acts, go_on, settle};
use crate::cli::term::Tone;
use crate::cli::text;

/// The longest pause before a server that is lost is asked again.
const LONGEST: Duration = Duration::from_secs(8);

/// Takes an answer in.
pub fn take(state: &mut State, answer: Answer) {
    match answer {
        Answer::Listed { ticket, listed } => self::listed(state, ticket, listed),
        Answer::Leased { claim, leased, released } => self::leased(state, claim, leased, &released),
        Answer::Details { id, details } => self::details(state, id, details),
        Answer::Acted { number, results, problem } => acts::acted(state, number, results, problem),
        // Without an answer the screen is as useful as before, but for one line.
        Answer::Alike { id, alike } => {
            if let Some(asked) = state.alike.as_mut().filter(|asked| asked.id == id) {
                asked.others = alike.unwrap_or_default();
            }
        }
        Answer::Blocked { name, blocked: Ok(()) } => state.say(Tone::Good, format!("{name} is blocked from now on")),
        Answer::Blocked { name, blocked: Err(problem) } if problem.unknown_call => {
            state.say(Tone::Bad, format!("{name} is not blocked: this server cannot block authors yet"));
        }
        Answer::Blocked { name, blocked: Err(problem) } => {
            state.say(Tone::Bad, format!("{name} is not blocked: {}", text::line(problem.failure.message(), 300)));
        }
    }
}

/// The server does not answer. Nothing that is known is forgotten.
pub fn lost(state: &mut State, problem: &Problem) {
    let (since, attempts) = match state.link {
        Link::Lost { since, attempts, .. } => (since, attempts + 1),
        _ => (state.now, 1),
    };
    let pause = Duration::from_millis(250).saturating_mul(1 << attempts.min(10)).min(LONGEST);
    let why = text::line(problem.failure.message(), 300);
    state.link = Link::Lost { since, why, attempts, next: state.now + pause };
}

fn live(state: &mut State) {
    if matches!(state.link, Link::Lost { .. }) {
        state.say(Tone::Good, "the server is back");
        // Who knows what became of the claims meanwhile.
        for grant in state.leases.mine.values_mut() {
            grant.renew = state.now;
        }
    }
    state.link = Link::Live;
}

fn listed(state: &mut State, ticket: u64, listed: Result<(Vec<Row>, String), Problem>) {
    let Some((asked, part)) = state.list.asked else { return };
    if asked != ticket {
        return;
    }
    state.list.asked = None;
    let (rows, next) = match listed {
        Ok(listed) => listed,
        Err(problem) => return not_listed(state, problem),
    };
    live(state);
    state.list.again = state.now + state.pace();
    match part {
        Part::Fresh => {
            state.list.stale = false;
            state.list.accepted = Some(state.query.clone());
            state.rows = rows;
            state.cursor = 0;
            if state.selected().is_some_and(|row| state.claimed_by(row).is_some()) {
                go_on(state);
            }
            state.list.next = next;
        }
        Part::More => {
            let known: BTreeSet<String> = state.rows.iter().map(|row| row.id.clone()).collect();
            state.rows.extend(rows.into_iter().filter(|row| !known.contains(&row.id)));
            state.list.next = next;
        }
        Part::Again => {
            merge(state, rows);
            state.list.next = next;
        }
    }
    if let Some(at) = state.list.find.as_deref().and_then(|id| state.find(id)) {
        state.list.find = None;
        super::go(state, at);
    }
}

fn not_listed(state: &mut State, problem: Problem) {
    if problem.may_pass {
        return lost(state, &problem);
    }
    match state.list.accepted.clone() {
        // The first question ever: nothing to fall back on.
        None => state.leaving = Some(Leaving { latest: None, closed: true, failure: Some(problem.failure) }),
        Some(accepted) if accepted != state.query => {
            state.query = accepted;
            super::anew(state);
            state.say(Tone::Bad, text::line(problem.failure.message(), 300));
        }
        // A key that was ended, perhaps: whoever gives it back finds the screen as it was.
        Some(_) => lost(state, &problem),
    }
}

/// Takes over a list as it is now, without moving what the moderator looks at.
fn merge(state: &mut State, rows: Vec<Row>) {
    let selected = state.selected().map(|row| row.id.clone());
    let place = state.cursor;
    let mut old: BTreeMap<String, Row> = std::mem::take(&mut state.rows).into_iter().map(|row| (row.id.clone(), row)).collect();
    state.rows = rows
        .into_iter()
        .map(|mut row| {
            if let Some(known) = old.remove(&row.id) {
                row.problem = known.problem;
                if known.standing.revision > row.standing.revision {
                    // The list was read before the newest act.
                    row.standing = known.standing;
                }
            }
            row
        })
        .collect();
    let mut back = Vec::new();
    for (id, mut row) in old {
        if state.doing(&id).is_some() {
            back.push(row);
        } else if selected.as_ref() == Some(&id) {
            row.gone = true;
            // What is decided is nobody's any more.
            row.claim = None;
            back.push(row);
            // Who did what to it?
            state.details.remove(&id);
        } else {
            state.marked.remove(&id);
        }
    }
    for row in back {
        let at = if selected.as_ref() == Some(&row.id) { place } else { state.rows.len() };
        state.rows.insert(at.min(state.rows.len()), row);
    }
    let kept = selected.and_then(|id| state.find(&id));
    state.cursor = kept.unwrap_or(place).min(state.rows.len().saturating_sub(1));
}

fn leased(state: &mut State, claim: Option<String>, leased: Result<Leased, Problem>, released: &[String]) {
    state.leases.busy = false;
    for id in released {
        state.leases.mine.remove(id);
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
            let renew = state.now + settle::LEASE / 3;
            state.leases.mine.insert(id.clone(), Grant { until, renew });
            if let Some(known) = state.row_mut(&id) {
                known.claim = None;
                known.learn(&row.standing);
            }
        }
        Ok(Leased::Refused(error)) => refused(state, &id, &error.reason, &error.message),
        Ok(Leased::Nothing) => refused(state, &id, "NOT_HELD", "the server did not hand it out"),
        Err(problem) => trouble(state, &problem),
    }
}

/// A comment that we do not get: somebody else looks at it, or nobody needs to any more.
fn refused(state: &mut State, id: &str, reason: &str, message: &str) {
    state.leases.mine.remove(id);
    state.marked.remove(id);
    state.details.remove(id);
    let now = state.now;
    let Some(row) = state.row_mut(id) else { return };
    match reason {
        "CLAIMED" => row.claim = Some(acts::unknown_claim(now)),
        _ => {
            row.gone = true;
            row.problem = text::line(message, 300);
        }
    }
    // Soon the list tells who has it.
    state.list.again = state.list.again.min(now + Duration::from_millis(500));
    if state.selected().is_some_and(|row| row.id == id) {
        state.say(Tone::Warning, text::line(message, 300));
        go_on(state);
    }
}

fn trouble(state: &mut State, problem: &Problem) {
    if problem.unknown_call {
        state.leases.known = false;
        state.leases.mine.clear();
    } else if problem.may_pass || state.link == Link::Live {
        lost(state, problem);
    }
}

fn details(state: &mut State, id: String, details: Result<Box<Details>, Problem>) {
    state.fetching.remove(&id);
    match details {
        Ok(details) => {
            let claim = details.known.claim.as_ref().and_then(super::super::row::Claim::from_wire);
            let ours = state.leases.mine.contains_key(&id);
            if let Some(row) = state.row_mut(&id) {
                row.learn(&details.standing);
                // At least as new as the list: this ends asking for what is newer.
                row.standing.verdict_id.clone_from(&details.standing.verdict_id);
                if !ours && claim.is_some() {
                    row.claim = claim;
                }
            }
            state.details.insert(id, *details);
            forget(state);
        }
        Err(problem) if problem.may_pass => lost(state, &problem),
        Err(problem) => {
            let words = text::line(problem.failure.message(), 300);
            if let Some(row) = state.row_mut(&id) {
                row.problem = words;
                row.gone = true;
            }
        }
    }
}

/// Keeps the comments around the cursor: each may be long.
fn forget(state: &mut State) {
    let near = |at: usize| at.abs_diff(state.cursor) <= 2;
    let keep: BTreeSet<&String> = state.rows.iter().enumerate().filter(|(at, _)| near(*at)).map(|(_, row)| &row.id).collect();
    if state.details.len() > 8 {
        let ahead = settle::next_of(state).map(|row| row.id.clone());
        let keep: BTreeSet<String> = keep.into_iter().cloned().chain(ahead).collect();
        state.details.retain(|id, _| keep.contains(id));
    }
}

/// Whether what is known whole is as new as what the list says.
pub fn is_current(details: &Details, standing: &Standing) -> bool {
    details.standing.revision >= standing.revision && details.standing.verdict_id == standing.verdict_id
}

/// When something is due.
pub fn is_due(at: SystemTime, now: SystemTime) -> bool {
    at <= now
}
