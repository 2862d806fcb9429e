//! What follows from what happens: a new state, and what to ask of the server. Pure.

mod acts;
mod answers;
mod settle;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use crossterm::event::KeyCode;

use super::keys::{Action, Key, REASONS};
use super::state::{Effect, Event, Leaving, Link, Mode, Purpose, State};
use crate::cli::term::Tone;
use crate::verdict::Decision;

pub use settle::LEASE;

/// Longest note, in bytes, as the server takes it.
const MOST_NOTE: usize = 4_096;
/// Longest search, in bytes.
const MOST_SEARCH: usize = 200;
/// How far a page goes.
const STRIDE: usize = 10;
/// How long the system waits for a program that it wants to end.
const GRACE: Duration = Duration::from_secs(3);

/// One step.
pub fn update(state: &mut State, now: SystemTime, event: Event) -> Vec<Effect> {
    state.now = now;
    let mut effects = Vec::new();
    match event {
        Event::Key(event) => key(state, Key::of(event), event.code, &mut effects),
        Event::Tick => {}
        Event::Stop => {
            state.mode = Mode::Browse;
            state.leaving.get_or_insert(Leaving { latest: None, closed: false, failure: None }).latest = Some(now + GRACE);
        }
        Event::Answer(answer) => answers::take(state, answer),
    }
    settle::settle(state, &mut effects);
    effects
}

fn key(state: &mut State, key: Key, code: KeyCode, effects: &mut Vec<Effect>) {
    state.message = None;
    if key == Key::INTERRUPT || state.keys.action(key) == Some(Action::Quit) && state.mode == Mode::Browse {
        quit(state);
        return;
    }
    match std::mem::replace(&mut state.mode, Mode::Browse) {
        Mode::Browse => browse(state, key),
        // Any key closes it.
        Mode::Help => {}
        Mode::Confirm { decision, ids } => confirm(state, decision, ids, code),
        Mode::Reason { ids, bulk } => reason(state, ids, bulk, code),
        Mode::Line { purpose, text } => line(state, purpose, text, key, code),
        Mode::Block { name, id } => match code {
            KeyCode::Char('y' | 'Y') | KeyCode::Enter => {
                state.say(Tone::Plain, format!("blocking {name}…"));
                let note = format!("from the review of {id}");
                effects.push(Effect::Block { id, name, note });
            }
            KeyCode::Char('n' | 'N') | KeyCode::Esc => {}
            _ => state.mode = Mode::Block { name, id },
        },
    }
}

fn quit(state: &mut State) {
    state.mode = Mode::Browse;
    match &mut state.leaving {
        // Twice: whoever wants to go, goes, and is told what is not certain.
        Some(leaving) => leaving.latest = Some(state.now),
        None => state.leaving = Some(Leaving { latest: None, closed: false, failure: None }),
    }
}

fn browse(state: &mut State, key: Key) {
    let Some(action) = state.keys.action(key) else {
        if key != Key::ESCAPE {
            let help = state.keys.name(Action::Help);
            state.say(Tone::Faint, format!("{key} has no meaning here; {help} shows what has"));
        }
        return;
    };
    if state.leaving.is_some() {
        return;
    }
    if !state.is_valid(action) {
        return why_not(state, action);
    }
    let last = state.rows.len().saturating_sub(1);
    match action {
        Action::Down => go(state, state.cursor + 1),
        Action::Up => go(state, state.cursor - 1),
        Action::PageDown => go(state, (state.cursor + STRIDE).min(last)),
        Action::PageUp => go(state, state.cursor.saturating_sub(STRIDE)),
        Action::First => go(state, 0),
        Action::Last => go(state, last),
        // The view knows where the text ends.
        Action::ScrollDown => state.scroll += STRIDE / 2,
        Action::ScrollUp => state.scroll = state.scroll.saturating_sub(STRIDE / 2),
        Action::Approve => acts::decide_seen(state, Decision::Approve, ""),
        Action::ApproveStripped => acts::approve_stripped(state),
        Action::Reject => {
            let ids = state.selected().map(|row| row.id.clone()).into_iter().collect();
            state.mode = Mode::Reason { ids, bulk: false };
        }
        Action::Block => {
            let id = state.selected().map(|row| row.id.clone()).unwrap_or_default();
            if let Some(name) = state.author() {
                state.mode = Mode::Block { name: name.to_owned(), id };
            }
        }
        Action::Undo => acts::undo(state),
        Action::Claim => claim(state),
        Action::Note => {
            let id = state.selected().map(|row| row.id.clone()).unwrap_or_default();
            let text = state.notes.get(&id).cloned().unwrap_or_default();
            state.mode = Mode::Line { purpose: Purpose::Note { id }, text };
        }
        Action::Mark => mark(state),
        Action::ApproveMarked | Action::RejectMarked => {
            let decision = if action == Action::ApproveMarked { Decision::Approve } else { Decision::Reject };
            state.mode = Mode::Confirm { decision, ids: state.marked.iter().cloned().collect() };
        }
        Action::RejectAlike => {
            let own = state.selected().map(|row| row.id.clone());
            let ids = own.into_iter().chain(state.alike().iter().map(|(id, _)| id.clone())).collect();
            state.mode = Mode::Confirm { decision: Decision::Reject, ids };
        }
        Action::Search => state.mode = Mode::Line { purpose: Purpose::Search, text: state.query.search.clone() },
        Action::Queue => {
            state.query.queue = state.query.queue.next();
            anew(state);
        }
        Action::Help => state.mode = Mode::Help,
        Action::Quit => quit(state),
    }
}

/// Says why a key does nothing.
fn why_not(state: &mut State, action: Action) {
    let words = match action {
        Action::Approve | Action::ApproveStripped | Action::Reject | Action::Block | Action::Note => {
            match (&state.link, state.selected()) {
                (Link::Lost { .. }, _) => "the server is lost; nothing can be decided until it is back".to_owned(),
                (_, None) => "there is no comment to decide".to_owned(),
                (_, Some(row)) => match (state.claimed_by(row), state.doing(&row.id)) {
                    _ if row.gone => "it is on this list no more".to_owned(),
                    (Some(claim), _) => format!("{} is at work on it", claim.who()),
                    (_, Some(_)) => "it is being decided already".to_owned(),
                    _ if state.leases.let_go.as_deref() == Some(&row.id) => {
                        format!("you gave it back; {} claims it again", state.keys.name(Action::Claim))
                    }
                    _ if action == Action::Block && state.seen().is_some() => {
                        "the host did not say who wrote it, so nobody can be blocked".to_owned()
                    }
                    _ if action == Action::ApproveStripped && state.seen().is_some() => {
                        "leaving its links out would not be enough to publish it".to_owned()
                    }
                    _ => "wait until it is shown".to_owned(),
                },
            }
        }
        Action::Undo => "nothing was done here that could be taken back".to_owned(),
        Action::ApproveMarked | Action::RejectMarked => {
            format!("nothing is marked; {} marks a comment", state.keys.name(Action::Mark))
        }
        Action::RejectAlike => "no other held comment is like this one".to_owned(),
        Action::Claim if !state.leases.known => "this server knows no claims".to_owned(),
        Action::Claim | Action::Mark => "there is nothing to claim or mark".to_owned(),
        Action::Search | Action::Queue => "the server does not answer at the moment".to_owned(),
        _ => return,
    };
    state.say(Tone::Warning, words);
}

/// Puts the cursor somewhere. What stayed only for its sake is left behind.
pub fn go(state: &mut State, to: usize) {
    if to == state.cursor {
        return;
    }
    let gone = state.selected().is_some_and(|row| row.gone).then_some(state.cursor);
    state.cursor = to;
    state.scroll = 0;
    state.leases.let_go = None;
    if let Some(gone) = gone {
        state.rows.remove(gone);
        if gone < state.cursor {
            state.cursor -= 1;
        }
    }
    state.cursor = state.cursor.min(state.rows.len().saturating_sub(1));
}

/// Goes to the next comment that a moderator could decide, or stays.
pub fn go_on(state: &mut State) {
    let free = |at: &usize| state.waits(&state.rows[*at]) && state.claimed_by(&state.rows[*at]).is_none();
    let (len, at) = (state.rows.len(), state.cursor);
    let next = (at + 1..len).find(free).or_else(|| (0..at.min(len)).find(free));
    if let Some(next) = next {
        go(state, next);
    }
}

/// Forgets the rows: the query is another one.
pub fn anew(state: &mut State) {
    state.list.stale = true;
    state.list.ticket += 1;
    state.list.asked = None;
    state.list.find = None;
    state.list.next = String::new();
    state.marked.clear();
    state.rows.clear();
    state.cursor = 0;
    state.scroll = 0;
}

fn claim(state: &mut State) {
    let Some(id) = state.selected().map(|row| row.id.clone()) else { return };
    if state.leases.mine.contains_key(&id) {
        state.leases.let_go = Some(id);
        return;
    }
    state.leases.let_go = None;
    // What was seen of a colleague's claim may be over.
    if let Some(row) = state.row_mut(&id) {
        row.claim = None;
    }
}

fn mark(state: &mut State) {
    let Some(id) = state.selected().map(|row| row.id.clone()) else { return };
    if !state.marked.remove(&id) {
        state.marked.insert(id);
    }
    if state.cursor + 1 < state.rows.len() {
        go(state, state.cursor + 1);
    }
}

fn confirm(state: &mut State, decision: Decision, ids: Vec<String>, code: KeyCode) {
    match code {
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => match decision {
            Decision::Reject => state.mode = Mode::Reason { ids, bulk: true },
            decision => acts::decide_all(state, decision, &ids, ""),
        },
        KeyCode::Char('n' | 'N') | KeyCode::Esc => state.say(Tone::Plain, "nothing was decided"),
        _ => state.mode = Mode::Confirm { decision, ids },
    }
}

fn reason(state: &mut State, ids: Vec<String>, bulk: bool, code: KeyCode) {
    let chosen = match code {
        KeyCode::Enter if state.reason_required() => return state.mode = Mode::Reason { ids, bulk },
        KeyCode::Enter => "",
        KeyCode::Esc => return state.say(Tone::Plain, "nothing was decided"),
        KeyCode::Char(c) => match REASONS.iter().find(|(key, _)| *key == c) {
            Some((_, word)) => word,
            None => return state.mode = Mode::Reason { ids, bulk },
        },
        _ => return state.mode = Mode::Reason { ids, bulk },
    };
    if bulk {
        acts::decide_all(state, Decision::Reject, &ids, chosen);
    } else if state.selected().map(|row| &row.id) == ids.first() && state.is_valid(Action::Reject) {
        acts::decide_seen(state, Decision::Reject, chosen);
    } else {
        // It went from under the menu.
        why_not(state, Action::Reject);
    }
}

fn line(state: &mut State, purpose: Purpose, mut text: String, key: Key, code: KeyCode) {
    let most = if purpose == Purpose::Search { MOST_SEARCH } else { MOST_NOTE };
    match code {
        KeyCode::Esc => return,
        KeyCode::Enter => {
            match purpose {
                Purpose::Search if text != state.query.search => {
                    state.query.search = text;
                    anew(state);
                }
                Purpose::Search => {}
                Purpose::Note { id } if text.trim().is_empty() => drop(state.notes.remove(&id)),
                Purpose::Note { id } => {
                    state.say(Tone::Plain, "the note goes along with the next decision on this comment");
                    state.notes.insert(id, text.trim().to_owned());
                }
            }
            return;
        }
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u') if key == Key::CLEAR => text.clear(),
        KeyCode::Char(c) if !key.is_ctrl() && !c.is_control() && text.len() + c.len_utf8() <= most => text.push(c),
        _ => {}
    }
    state.mode = Mode::Line { purpose, text };
}
