//! The state of the screen, and the facts that follow from it.

mod cursor;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::act::{ActKind, CompletedAct, PendingAct};
use super::claims::{Claim, HeldClaims};
use super::connectivity::Connectivity;
use super::keys::{Action, KeyMap};
use super::mode::InputMode;
use super::paging::ListFetch;
use super::query::Query;
use super::row::{CommentDetails, CommentRow};
use crate::cli::failure::Failure;
use crate::cli::terminal::Tone;

/// The complete state of the screen.
#[derive(Debug, Clone)]
pub struct ScreenState {
    /// Time of the latest event.
    pub now: SystemTime,
    pub site: String,
    /// Unique id of this screen, from which the ids of acts are made.
    pub session: String,
    pub moderator: String,
    pub keys: KeyMap,
    pub query: Query,
    pub rows: Vec<CommentRow>,
    /// Index of the row under the cursor.
    pub cursor: usize,
    /// How far the text of the comment is scrolled, in lines.
    pub scroll: usize,
    /// Ids of the marked comments.
    pub marked: BTreeSet<String>,
    /// Notes to send with the next decision, by comment id.
    pub notes: BTreeMap<String, String>,
    /// Details of the comments near the cursor, by comment id.
    pub details: BTreeMap<String, CommentDetails>,
    /// The latest search for near-duplicates.
    pub similar: Option<SimilarComments>,
    pub mode: InputMode,
    pub connectivity: Connectivity,
    /// Message that is shown until the next key.
    pub message: Option<(Tone, String)>,
    pub list: ListFetch,
    pub claims: HeldClaims,
    /// Ids of the comments whose details are being fetched.
    pub fetching: BTreeSet<String>,
    /// Acts that are not confirmed yet, oldest first.
    pub pending_acts: Vec<PendingAct>,
    /// Number of the next act.
    pub next_act: u64,
    /// Acts of this screen that can be undone, oldest first.
    pub undoable: Vec<CompletedAct>,
    /// The progress of quitting, once it has begun.
    pub shutdown: Option<Shutdown>,
}

/// The held near-duplicates of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarComments {
    /// Id of the comment.
    pub id: String,
    /// Ids of the near-duplicates, each with its revision. Empty until the server has replied.
    pub others: Vec<(String, u32)>,
}

/// The progress of quitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// When the screen closes even if acts are not confirmed, or `None` to wait for them.
    pub deadline: Option<SystemTime>,
    /// Whether the screen may close.
    pub done: bool,
    /// The failure that ends the program, if there is one.
    pub failure: Option<Failure>,
}

impl Shutdown {
    /// Returns the start of quitting, without a deadline.
    pub fn started() -> Self {
        Self { deadline: None, done: false, failure: None }
    }

    /// Returns an immediate end because of a failure.
    pub fn failed(failure: Failure) -> Self {
        Self { deadline: None, done: true, failure: Some(failure) }
    }
}

impl ScreenState {
    /// Returns the state before the first reply.
    pub fn new(site: String, moderator: String, query: Query, keys: KeyMap, now: SystemTime) -> Self {
        Self {
            now,
            site,
            session: uuid::Uuid::now_v7().to_string(),
            moderator,
            keys,
            query,
            rows: Vec::new(),
            cursor: 0,
            scroll: 0,
            marked: BTreeSet::new(),
            notes: BTreeMap::new(),
            details: BTreeMap::new(),
            similar: None,
            mode: InputMode::Browse,
            connectivity: Connectivity::Loading,
            message: None,
            list: ListFetch::new(now),
            claims: HeldClaims::default(),
            fetching: BTreeSet::new(),
            pending_acts: Vec::new(),
            next_act: 1,
            undoable: Vec::new(),
            shutdown: None,
        }
    }

    /// Returns the row under the cursor, or `None` if the list is empty.
    pub fn selected(&self) -> Option<&CommentRow> {
        self.rows.get(self.cursor)
    }

    /// Returns the index of the row of a comment.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.id == id)
    }

    /// Returns the row of a comment.
    pub fn row_mut(&mut self, id: &str) -> Option<&mut CommentRow> {
        self.rows.iter_mut().find(|row| row.id == id)
    }

    /// Returns the kind of the unconfirmed act on a comment, or `None` if there is none.
    pub fn pending_action(&self, id: &str) -> Option<ActKind> {
        self.pending_acts.iter().find(|act| act.items.iter().any(|(item, _)| item == id)).map(|act| act.kind)
    }

    /// Returns the claim of a colleague on a comment, or `None` if there is none or it has lapsed.
    pub fn claimed_by<'a>(&self, row: &'a CommentRow) -> Option<&'a Claim> {
        let ours = self.claims.held.contains_key(&row.id);
        row.claim.as_ref().filter(|claim| !ours && claim.until > self.now && claim.holder != self.moderator)
    }

    /// Returns whether a comment waits for a decision and none is under way.
    pub fn is_pending(&self, row: &CommentRow) -> bool {
        row.state.is_pending() && !row.off_list && self.pending_action(&row.id).is_none()
    }

    /// Returns whether a comment may be shown. A comment that waits for a decision is shown only if this screen holds a claim
    /// on it or the server does not support claims.
    pub fn is_visible(&self, row: &CommentRow) -> bool {
        !row.state.is_pending() || !self.claims.supported || self.claims.held.contains_key(&row.id)
    }

    /// Returns the comment on the screen, or `None` if it may not be shown or its details are not loaded.
    pub fn visible_comment(&self) -> Option<(&CommentRow, &CommentDetails)> {
        let row = self.selected().filter(|row| self.is_visible(row))?;
        Some((row, self.details.get(&row.id)?))
    }

    /// Returns the name of the author of the comment on the screen, for display.
    ///
    /// Returns `None` if the author is unknown, so that there is nobody to block.
    pub fn author_name(&self) -> Option<&str> {
        let known = &self.visible_comment()?.1.response;
        let author = known.comment.as_ref()?.author.as_ref()?;
        let name = [&author.name, &author.user_id].into_iter().find(|name| !name.is_empty());
        // The server sends a history for every author it can identify: by user id, or else by e-mail address, which it does
        // not reveal.
        known.author_history.as_ref().map(|_| name.map_or("the author", String::as_str))
    }

    /// Returns the parts without which the comment on the screen could be published, by their numbers on the wire.
    pub fn publish_without(&self) -> &[i32] {
        let verdict = self
            .visible_comment()
            .filter(|(row, _)| self.is_pending(row))
            .and_then(|(_, details)| details.response.verdict.as_ref());
        verdict.map_or(&[], |verdict| &verdict.publish_without)
    }

    /// Returns the held near-duplicates of the comment on the screen, each with its revision.
    pub fn similar_comments(&self) -> &[(String, u32)] {
        let visible = self.visible_comment().map(|(row, _)| &row.id);
        match &self.similar {
            Some(SimilarComments { id, others }) if Some(id) == visible => others,
            _ => &[],
        }
    }

    /// Returns whether the site requires a reason for every rejection.
    pub fn reason_required(&self) -> bool {
        self.details.values().any(|details| details.response.reason_required)
    }

    /// Returns whether an action is possible now. The help shows exactly these actions.
    pub fn is_valid(&self, action: Action) -> bool {
        let live = self.connectivity == Connectivity::Live;
        let undecided = |row: &CommentRow| self.pending_action(&row.id).is_none() && !row.off_list;
        let decidable = self.visible_comment().is_some_and(|(row, _)| undecided(row));
        match action {
            Action::Approve | Action::Reject | Action::Note => live && decidable,
            Action::ApproveStripped => live && decidable && !self.publish_without().is_empty(),
            Action::Block => live && decidable && self.author_name().is_some(),
            Action::RejectAlike => live && decidable && !self.similar_comments().is_empty(),
            Action::Undo => live && (!self.undoable.is_empty() || !self.pending_acts.is_empty()),
            Action::Claim => live && self.claims.supported && self.selected().is_some_and(|row| self.is_pending(row)),
            Action::Mark => self.selected().is_some_and(|row| undecided(row) && self.claimed_by(row).is_none()),
            Action::ApproveMarked | Action::RejectMarked => live && !self.marked.is_empty(),
            Action::Down | Action::PageDown | Action::Last => self.cursor + 1 < self.rows.len(),
            Action::Up | Action::PageUp | Action::First => self.cursor > 0,
            Action::ScrollDown | Action::ScrollUp => self.visible_comment().is_some(),
            Action::Search | Action::Queue => live,
            Action::Help | Action::Quit => true,
        }
    }

    /// Returns the id of an act on the server. It is unique, and the same when the act is sent again.
    pub fn act_id(&self, number: u64) -> String {
        format!("{}-{number}", self.session)
    }

    /// Shows a message until the next key.
    pub fn set_message(&mut self, tone: Tone, words: impl Into<String>) {
        self.message = Some((tone, words.into()));
    }

    /// Records that the server does not answer. Everything loaded stays.
    pub fn lose_connection(&mut self, why: String) {
        self.connectivity = self.connectivity.failed_again(self.now, why);
    }

    /// Records that the server answers.
    pub fn restore_connection(&mut self) {
        if self.connectivity.is_lost() {
            self.set_message(Tone::Good, "the server is back");
            // The claims may have lapsed meanwhile.
            for claim in self.claims.held.values_mut() {
                claim.renew_at = self.now;
            }
        }
        self.connectivity = Connectivity::Live;
    }

    /// Returns the result of the program.
    ///
    /// # Errors
    /// Returns an error if quitting began with a failure, or if acts were not confirmed.
    pub fn into_result(self) -> Result<(), Failure> {
        if let Some(failure) = self.shutdown.and_then(|shutdown| shutdown.failure) {
            return Err(failure);
        }
        let ids: Vec<&str> = self.pending_acts.iter().flat_map(|act| &act.items).map(|(id, _)| id.as_str()).collect();
        match ids.len() {
            0 => Ok(()),
            n => Err(Failure::failed(format!(
                "the server did not confirm {n} acts; look at these again: {}",
                ids.iter().take(20).copied().collect::<Vec<_>>().join(" ")
            ))),
        }
    }
}
