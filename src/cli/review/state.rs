//! Everything the screen knows, and what follows from it at a glance.

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

/// The model.
#[derive(Debug, Clone)]
pub struct ScreenState {
    pub now: SystemTime,
    pub site: String,
    /// Names this screen.
    pub session: String,
    pub moderator: String,
    pub keys: KeyMap,
    pub query: Query,
    pub rows: Vec<CommentRow>,
    /// The row under the cursor.
    pub cursor: usize,
    /// How far the text of the comment is scrolled, in lines.
    pub scroll: usize,
    pub marked: BTreeSet<String>,
    pub notes: BTreeMap<String, String>,
    pub details: BTreeMap<String, CommentDetails>,
    /// What was last asked for of that kind.
    pub similar: Option<SimilarComments>,
    pub mode: InputMode,
    pub connectivity: Connectivity,
    pub message: Option<(Tone, String)>,
    pub list: ListFetch,
    pub claims: HeldClaims,
    /// What is asked for at the moment, by id.
    pub fetching: BTreeSet<String>,
    /// Acts on their way, oldest first.
    pub pending_acts: Vec<PendingAct>,
    pub next_act: u64,
    /// Acts done here and not taken back, oldest first.
    pub undoable: Vec<CompletedAct>,
    pub shutdown: Option<Shutdown>,
}

/// Other held comments that are nearly the same as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarComments {
    /// The one.
    pub id: String,
    /// The others, each with its revision. Empty until the server has told.
    pub others: Vec<(String, u32)>,
}

/// The moderator wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// After this nobody waits any more.
    pub deadline: Option<SystemTime>,
    /// The screen may close.
    pub done: bool,
    /// Why the program ends badly.
    pub failure: Option<Failure>,
}

impl Shutdown {
    /// Returns the wish to go, without a deadline.
    pub fn started() -> Self {
        Self { deadline: None, done: false, failure: None }
    }

    /// Returns an end that is immediate, because of a failure.
    pub fn failed(failure: Failure) -> Self {
        Self { deadline: None, done: true, failure: Some(failure) }
    }
}

impl ScreenState {
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

    pub fn selected(&self) -> Option<&CommentRow> {
        self.rows.get(self.cursor)
    }

    pub fn find(&self, id: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.id == id)
    }

    pub fn row_mut(&mut self, id: &str) -> Option<&mut CommentRow> {
        self.rows.iter_mut().find(|row| row.id == id)
    }

    /// What is being done to a comment.
    pub fn pending_action(&self, id: &str) -> Option<ActKind> {
        self.pending_acts.iter().find(|act| act.items.iter().any(|(item, _)| item == id)).map(|act| act.kind)
    }

    /// Whose claim keeps us out.
    pub fn claimed_by<'a>(&self, row: &'a CommentRow) -> Option<&'a Claim> {
        let ours = self.claims.held.contains_key(&row.id);
        row.claim.as_ref().filter(|claim| !ours && claim.until > self.now && claim.holder != self.moderator)
    }

    /// Whether a comment waits for a decision, as far as is known here.
    pub fn is_pending(&self, row: &CommentRow) -> bool {
        row.state.is_pending() && !row.off_list && self.pending_action(&row.id).is_none()
    }

    /// Whether a comment may be seen: what waits is shown to nobody but whoever claimed it.
    pub fn is_visible(&self, row: &CommentRow) -> bool {
        !row.state.is_pending() || !self.claims.supported || self.claims.held.contains_key(&row.id)
    }

    /// The comment on the screen, when it is there whole.
    pub fn visible_comment(&self) -> Option<(&CommentRow, &CommentDetails)> {
        let row = self.selected().filter(|row| self.is_visible(row))?;
        Some((row, self.details.get(&row.id)?))
    }

    /// Who wrote the comment on the screen, for people. `None`: nobody knows, so that nobody can be blocked.
    pub fn author_name(&self) -> Option<&str> {
        let known = &self.visible_comment()?.1.response;
        let author = known.comment.as_ref()?.author.as_ref()?;
        let name = [&author.name, &author.user_id].into_iter().find(|name| !name.is_empty());
        // The server counts for whomever it knows: by user id, else by e-mail address, which it does not tell.
        known.author_history.as_ref().map(|_| name.map_or("the author", String::as_str))
    }

    /// Returns the parts without which the comment on the screen would be approved, by their numbers on the wire.
    pub fn publish_without(&self) -> &[i32] {
        let verdict = self
            .visible_comment()
            .filter(|(row, _)| self.is_pending(row))
            .and_then(|(_, details)| details.response.verdict.as_ref());
        verdict.map_or(&[], |verdict| &verdict.publish_without)
    }

    /// The other held comments that are nearly the same as the one on the screen.
    pub fn similar_comments(&self) -> &[(String, u32)] {
        let seen = self.visible_comment().map(|(row, _)| &row.id);
        match &self.similar {
            Some(SimilarComments { id, others }) if Some(id) == seen => others,
            _ => &[],
        }
    }

    /// Whether this site wants a reason with every rejection.
    pub fn reason_required(&self) -> bool {
        self.details.values().any(|details| details.response.reason_required)
    }

    /// Whether a key does something now. The help shows exactly these.
    pub fn is_valid(&self, action: Action) -> bool {
        let live = self.connectivity == Connectivity::Live;
        let still = |row: &CommentRow| self.pending_action(&row.id).is_none() && !row.off_list;
        let seen = self.visible_comment().is_some_and(|(row, _)| still(row));
        match action {
            Action::Approve | Action::Reject | Action::Note => live && seen,
            Action::ApproveStripped => live && seen && !self.publish_without().is_empty(),
            Action::Block => live && seen && self.author_name().is_some(),
            Action::RejectAlike => live && seen && !self.similar_comments().is_empty(),
            Action::Undo => live && (!self.undoable.is_empty() || !self.pending_acts.is_empty()),
            Action::Claim => live && self.claims.supported && self.selected().is_some_and(|row| self.is_pending(row)),
            Action::Mark => self.selected().is_some_and(|row| still(row) && self.claimed_by(row).is_none()),
            Action::ApproveMarked | Action::RejectMarked => live && !self.marked.is_empty(),
            Action::Down | Action::PageDown | Action::Last => self.cursor + 1 < self.rows.len(),
            Action::Up | Action::PageUp | Action::First => self.cursor > 0,
            Action::ScrollDown | Action::ScrollUp => self.visible_comment().is_some(),
            Action::Search | Action::Queue => live,
            Action::Help | Action::Quit => true,
        }
    }

    /// The name of an act on the server: nobody else's, and the same when it is sent again.
    pub fn act_id(&self, number: u64) -> String {
        format!("{}-{number}", self.session)
    }

    /// Says something until the next key.
    pub fn set_message(&mut self, tone: Tone, words: impl Into<String>) {
        self.message = Some((tone, words.into()));
    }

    /// Notes that the server does not answer. Nothing that is known is forgotten.
    pub fn lose_connection(&mut self, why: String) {
        self.connectivity = self.connectivity.failed_again(self.now, why);
    }

    /// Notes that the server answers.
    pub fn restore_connection(&mut self) {
        if self.connectivity.is_lost() {
            self.set_message(Tone::Good, "the server is back");
            // Who knows what became of the claims meanwhile.
            for grant in self.claims.held.values_mut() {
                grant.renew_at = self.now;
            }
        }
        self.connectivity = Connectivity::Live;
    }

    /// How the program ends.
    ///
    /// # Errors
    /// What it failed of.
    pub fn into_result(self) -> Result<(), Failure> {
        if let Some(failure) = self.shutdown.and_then(|leaving| leaving.failure) {
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
