//! Keys in browse mode.

use super::super::keys::{Action, Key};
use super::super::mode::{InputMode, LinePurpose};
use super::super::state::{ScreenState, Shutdown};
use super::acts;
use crate::cli::terminal::Tone;
use crate::verdict::Decision;

/// Number of rows of a page movement.
const PAGE_STEP: usize = 10;

/// Handles a key in browse mode.
pub fn press(state: &mut ScreenState, key: Key) {
    let Some(action) = state.keys.action(key) else {
        if key != Key::ESCAPE {
            let help = state.keys.key_name(Action::Help);
            state.set_message(Tone::Faint, format!("{key} has no meaning here; {help} shows what has"));
        }
        return;
    };
    if state.shutdown.is_some() {
        return;
    }
    if state.is_valid(action) {
        perform(state, action);
    } else {
        explain_refusal(state, action);
    }
}

/// Performs an action that is valid now.
fn perform(state: &mut ScreenState, action: Action) {
    let last = state.rows.len().saturating_sub(1);
    match action {
        Action::Down => state.move_to(state.cursor + 1),
        Action::Up => state.move_to(state.cursor - 1),
        Action::PageDown => state.move_to((state.cursor + PAGE_STEP).min(last)),
        Action::PageUp => state.move_to(state.cursor.saturating_sub(PAGE_STEP)),
        Action::First => state.move_to(0),
        Action::Last => state.move_to(last),
        // The view limits the value to the length of the text.
        Action::ScrollDown => state.scroll += PAGE_STEP / 2,
        Action::ScrollUp => state.scroll = state.scroll.saturating_sub(PAGE_STEP / 2),
        Action::Approve => acts::decide_visible(state, Decision::Approve, ""),
        Action::ApproveStripped => acts::approve_stripped(state),
        Action::Reject => {
            let ids = selected_id(state).into_iter().collect();
            state.mode = InputMode::Reason { ids, bulk: false };
        }
        Action::Block => {
            let id = selected_id(state).unwrap_or_default();
            if let Some(name) = state.author_name() {
                state.mode = InputMode::Block { name: name.to_owned(), id };
            }
        }
        Action::Undo => acts::undo(state),
        Action::Claim => claim(state),
        Action::Note => {
            let id = selected_id(state).unwrap_or_default();
            let text = state.notes.get(&id).cloned().unwrap_or_default();
            state.mode = InputMode::TextInput { purpose: LinePurpose::Note { id }, text };
        }
        Action::Mark => mark(state),
        Action::ApproveMarked | Action::RejectMarked => {
            let decision = if action == Action::ApproveMarked { Decision::Approve } else { Decision::Reject };
            state.mode = InputMode::Confirm { decision, ids: state.marked.iter().cloned().collect() };
        }
        Action::RejectAlike => {
            let own = selected_id(state);
            let ids = own.into_iter().chain(state.similar_comments().iter().map(|(id, _)| id.clone())).collect();
            state.mode = InputMode::Confirm { decision: Decision::Reject, ids };
        }
        Action::Search => state.mode = InputMode::TextInput { purpose: LinePurpose::Search, text: state.query.search.clone() },
        Action::Queue => {
            state.query.queue = state.query.queue.next();
            state.restart_list();
        }
        Action::Help => state.mode = InputMode::Help,
        Action::Quit => quit(state),
    }
}

/// Returns the id of the comment under the cursor.
fn selected_id(state: &ScreenState) -> Option<String> {
    state.selected().map(|row| row.id.clone())
}

/// Claims the comment under the cursor, or releases it if this screen holds the claim.
fn claim(state: &mut ScreenState) {
    let Some(id) = selected_id(state) else { return };
    if state.claims.held.contains_key(&id) {
        state.claims.released_by_hand = Some(id);
        return;
    }
    state.claims.released_by_hand = None;
    // A colleague's claim may have ended since it was seen.
    if let Some(row) = state.row_mut(&id) {
        row.claim = None;
    }
}

/// Marks or unmarks the comment under the cursor, and moves to the next row.
fn mark(state: &mut ScreenState) {
    let Some(id) = selected_id(state) else { return };
    if !state.marked.remove(&id) {
        state.marked.insert(id);
    }
    if state.cursor + 1 < state.rows.len() {
        state.move_to(state.cursor + 1);
    }
}

/// Quits once everything is confirmed, or at once if it is called a second time.
pub fn quit(state: &mut ScreenState) {
    state.mode = InputMode::Browse;
    match &mut state.shutdown {
        // The second request does not wait; the program reports what is not confirmed.
        Some(shutdown) => shutdown.deadline = Some(state.now),
        None => state.shutdown = Some(Shutdown::started()),
    }
}

/// Shows why an action is not possible.
pub fn explain_refusal(state: &mut ScreenState, action: Action) {
    let words = match action {
        Action::Approve | Action::ApproveStripped | Action::Reject | Action::Block | Action::Note => undecidable(state, action),
        Action::Undo => "nothing was done here that could be taken back".to_owned(),
        Action::ApproveMarked | Action::RejectMarked => {
            format!("nothing is marked; {} marks a comment", state.keys.key_name(Action::Mark))
        }
        Action::RejectAlike => "no other held comment is like this one".to_owned(),
        Action::Claim if !state.claims.supported => "this server knows no claims".to_owned(),
        Action::Claim | Action::Mark => "there is nothing to claim or mark".to_owned(),
        Action::Search | Action::Queue => "the server does not answer at the moment".to_owned(),
        _ => return,
    };
    state.set_message(Tone::Warning, words);
}

/// Returns why the comment under the cursor cannot be decided.
fn undecidable(state: &ScreenState, action: Action) -> String {
    if state.connectivity.is_lost() {
        return "the server is lost; nothing can be decided until it is back".to_owned();
    }
    let Some(row) = state.selected() else { return "there is no comment to decide".to_owned() };
    match (state.claimed_by(row), state.pending_action(&row.id)) {
        _ if row.off_list => "it is on this list no more".to_owned(),
        (Some(claim), _) => format!("{} is at work on it", claim.holder_name()),
        (_, Some(_)) => "it is being decided already".to_owned(),
        _ if state.claims.released_by_hand.as_deref() == Some(&row.id) => {
            format!("you gave it back; {} claims it again", state.keys.key_name(Action::Claim))
        }
        _ if action == Action::Block && state.visible_comment().is_some() => {
            "the host did not say who wrote it, so nobody can be blocked".to_owned()
        }
        _ if action == Action::ApproveStripped && state.visible_comment().is_some() => {
            "leaving its links out would not be enough to publish it".to_owned()
        }
        _ => "wait until it is shown".to_owned(),
    }
}
