//! Starts acts: decisions and their undoing. The screen shows them before the server confirms them.

use super::super::act::{ActKind, CompletedAct, PendingAct};
use super::super::row::CommentRow;
use super::super::state::ScreenState;
use crate::cli::terminal::Tone;
use crate::verdict::Decision;

/// Decides the comment on the screen and moves to the next one.
pub fn decide_visible(state: &mut ScreenState, decision: Decision, code: &str) {
    decide_visible_without(state, decision, code, Vec::new());
}

/// Approves the comment on the screen without the parts that it is held for, and moves to the next one.
pub fn approve_stripped(state: &mut ScreenState) {
    let without = state.publish_without().to_vec();
    decide_visible_without(state, Decision::Approve, "", without);
}

/// Decides the comment on the screen, with parts that the host must leave out, and moves to the next one.
fn decide_visible_without(state: &mut ScreenState, decision: Decision, code: &str, without: Vec<i32>) {
    let Some((row, details)) = state.visible_comment() else { return };
    // The revision that the moderator saw; the list may have a newer one by now.
    let item = (row.id.clone(), details.state.revision);
    let note = state.notes.get(&row.id).cloned().unwrap_or_default();
    state.marked.remove(&item.0);
    start(state, ActKind::Decide(decision), vec![item], code, note, false);
    if let Some(act) = state.pending_acts.last_mut() {
        act.publish_without = without;
    }
    state.move_to_next_open();
}

/// Decides several comments as one act.
pub fn decide_all(state: &mut ScreenState, decision: Decision, ids: &[String], code: &str) {
    let open = |row: &&CommentRow| ids.contains(&row.id) && !row.off_list && state.pending_action(&row.id).is_none();
    let mut items: Vec<_> = state.rows.iter().filter(open).map(|row| (row.id.clone(), row.state.revision)).collect();
    for (id, revision) in &mut items {
        // The revision that was found to be a near-duplicate, so that a text that changed since is not rejected unread.
        if let Some((_, found)) = state.similar_comments().iter().find(|(other, _)| other == id) {
            *revision = *found;
        }
    }
    // Near-duplicates may be beyond the loaded part of the list.
    let unlisted = state.similar_comments().iter().filter(|(id, _)| ids.contains(id) && state.find(id).is_none());
    items.extend(unlisted.cloned().collect::<Vec<_>>());
    state.marked.clear();
    if items.is_empty() {
        return state.set_message(Tone::Warning, "what was marked is on this list no more");
    }
    start(state, ActKind::Decide(decision), items, code, String::new(), true);
    if state.selected().is_some_and(|row| !state.is_pending(row)) {
        state.move_to_next_open();
    }
}

/// Undoes the last act of this screen.
pub fn undo(state: &mut ScreenState) {
    if !state.pending_acts.is_empty() {
        return state.set_message(Tone::Warning, "the last act is still on its way; once more in a moment");
    }
    if let Some(CompletedAct { items }) = state.undoable.pop() {
        start(state, ActKind::Undo, items, "", String::new(), false);
    }
}

/// Adds an act to the pending acts, to be sent at the end of the update.
fn start(state: &mut ScreenState, kind: ActKind, items: Vec<(String, u32)>, code: &str, note: String, bulk: bool) {
    for (id, _) in &items {
        if let Some(row) = state.row_mut(id) {
            row.last_error.clear();
        }
    }
    let number = state.next_act;
    state.next_act += 1;
    state.pending_acts.push(PendingAct {
        number,
        id: state.act_id(number),
        kind,
        items,
        reason_code: code.to_owned(),
        note,
        publish_without: Vec::new(),
        bulk,
        sent: false,
        completed: CompletedAct::default(),
        refusals: Vec::new(),
    });
}
