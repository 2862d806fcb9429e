//! Keys in all modes: dialogs and typed lines are handled here, the rest in browse mode.

use crossterm::event::{KeyCode, KeyEvent};

use super::super::event::Effect;
use super::super::keys::{Action, Key, REASON_KEYS};
use super::super::mode::{InputMode, LinePurpose};
use super::super::state::ScreenState;
use super::{acts, browse};
use crate::cli::terminal::Tone;
use crate::verdict::Decision;

/// Maximum length of a note in bytes, as the server allows.
const MAX_NOTE_BYTES: usize = 4_096;
/// Maximum length of a search in bytes.
const MAX_SEARCH_BYTES: usize = 200;

/// Handles a key in the current mode.
pub fn press(state: &mut ScreenState, event: KeyEvent) -> Option<Effect> {
    let (key, code) = (Key::from_event(event), event.code);
    state.message = None;
    if key == Key::INTERRUPT || state.keys.action(key) == Some(Action::Quit) && state.mode == InputMode::Browse {
        browse::quit(state);
        return None;
    }
    match std::mem::replace(&mut state.mode, InputMode::Browse) {
        InputMode::Browse => browse::press(state, key),
        // Any key closes it.
        InputMode::Help => {}
        InputMode::Confirm { decision, ids } => confirm(state, decision, ids, code),
        InputMode::Reason { ids, bulk } => reason(state, ids, bulk, code),
        InputMode::TextInput { purpose, text } => line(state, purpose, text, key, code),
        InputMode::Block { name, id } => return block(state, name, id, code),
    }
    None
}

/// Handles the answer to whether several comments are to be decided.
fn confirm(state: &mut ScreenState, decision: Decision, ids: Vec<String>, code: KeyCode) {
    match code {
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => match decision {
            Decision::Reject => state.mode = InputMode::Reason { ids, bulk: true },
            decision => acts::decide_all(state, decision, &ids, ""),
        },
        KeyCode::Char('n' | 'N') | KeyCode::Esc => state.set_message(Tone::Plain, "nothing was decided"),
        _ => state.mode = InputMode::Confirm { decision, ids },
    }
}

/// Handles the choice of a reason, and rejects the comments.
fn reason(state: &mut ScreenState, ids: Vec<String>, bulk: bool, code: KeyCode) {
    let chosen = match code {
        KeyCode::Enter if state.reason_required() => return state.mode = InputMode::Reason { ids, bulk },
        KeyCode::Enter => "",
        KeyCode::Esc => return state.set_message(Tone::Plain, "nothing was decided"),
        KeyCode::Char(c) => match REASON_KEYS.iter().find(|(key, _)| *key == c) {
            Some((_, word)) => word,
            None => return state.mode = InputMode::Reason { ids, bulk },
        },
        _ => return state.mode = InputMode::Reason { ids, bulk },
    };
    if bulk {
        acts::decide_all(state, Decision::Reject, &ids, chosen);
    } else if state.selected().map(|row| &row.id) == ids.first() && state.is_valid(Action::Reject) {
        acts::decide_visible(state, Decision::Reject, chosen);
    } else {
        // The comment was decided or claimed while the menu was open.
        browse::explain_refusal(state, Action::Reject);
    }
}

/// Handles the answer to whether an author is to be blocked.
fn block(state: &mut ScreenState, name: String, id: String, code: KeyCode) -> Option<Effect> {
    match code {
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => {
            state.set_message(Tone::Plain, format!("blocking {name}…"));
            let note = format!("from the review of {id}");
            return Some(Effect::Block { id, name, note });
        }
        KeyCode::Char('n' | 'N') | KeyCode::Esc => {}
        _ => state.mode = InputMode::Block { name, id },
    }
    None
}

/// Handles a key while a line is typed.
fn line(state: &mut ScreenState, purpose: LinePurpose, mut text: String, key: Key, code: KeyCode) {
    let max_bytes = if purpose == LinePurpose::Search { MAX_SEARCH_BYTES } else { MAX_NOTE_BYTES };
    match code {
        KeyCode::Esc => return,
        KeyCode::Enter => return typed(state, purpose, text),
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u') if key == Key::CLEAR_LINE => text.clear(),
        KeyCode::Char(c) if !key.is_ctrl() && !c.is_control() && text.len() + c.len_utf8() <= max_bytes => text.push(c),
        _ => {}
    }
    state.mode = InputMode::TextInput { purpose, text };
}

/// Applies a line that was finished with Enter.
fn typed(state: &mut ScreenState, purpose: LinePurpose, text: String) {
    match purpose {
        LinePurpose::Search if text != state.query.search => {
            state.query.search = text;
            state.restart_list();
        }
        LinePurpose::Search => {}
        LinePurpose::Note { id } if text.trim().is_empty() => drop(state.notes.remove(&id)),
        LinePurpose::Note { id } => {
            state.set_message(Tone::Plain, "the note goes along with the next decision on this comment");
            state.notes.insert(id, text.trim().to_owned());
        }
    }
}
