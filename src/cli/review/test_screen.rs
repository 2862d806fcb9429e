//! A screen for tests, without a terminal and with a small fake server that answers requests.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::act::ActKind;
use super::claims::CLAIM_LEASE;
use super::event::{ClaimResult, Effect, Event, RequestFailure, ServerReply};
use super::keys::KeyMap;
use super::query::Query;
use super::row::CommentRow;
use super::state::ScreenState;
use super::update::update;
use crate::cli::failure::Failure;
use crate::pb;
use crate::verdict::Decision;

/// The time of the tests, 2026-01-31 12:00 UTC, as Unix time in seconds.
pub const NOON: u64 = 1_769_860_800;

/// A screen with a fake server.
pub struct TestScreen {
    pub state: ScreenState,
    /// Requests that the server has not answered yet.
    pub pending_effects: Vec<Effect>,
    /// The comments of the server, by id.
    pub server: BTreeMap<String, pb::ModeratedComment>,
    /// Whether the server supports claims.
    pub knows_claims: bool,
    /// Whether the site requires a reason for every rejection.
    pub wants_reasons: bool,
    /// Whether all requests fail.
    pub unreachable: bool,
}

/// Returns a time relative to [`NOON`].
pub fn at(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: NOON as i64 + seconds, nanos: 0 }
}

/// Returns a verdict on a comment.
pub fn verdict(id: &str, decision: Decision, by: &str, revision: u32) -> pb::Verdict {
    pb::Verdict {
        verdict_id: format!("v-{id}"),
        comment_id: id.to_owned(),
        decision: decision.to_wire().into(),
        decided_by: by.to_owned(),
        decided_at: Some(at(-60)),
        revision,
        scores: [("spam".to_owned(), 0.91), ("toxicity".to_owned(), 0.08)].into(),
        reasons: vec![pb::Reason {
            code: "SCORE_HOLD".to_owned(),
            message: "spam at 0.91, held from 0.80 on".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// Returns a held comment.
pub fn comment(id: &str, body: &str) -> pb::ModeratedComment {
    pb::ModeratedComment {
        comment: Some(pb::Comment {
            site: "blog.example".into(),
            comment_id: id.into(),
            body: body.into(),
            ..Default::default()
        }),
        verdict: Some(verdict(id, Decision::Hold, "MACHINE", 1)),
        received_at: Some(at(-7_200)),
        claim: None,
    }
}

/// Returns the failure of a request to a server that cannot be reached.
pub fn lost() -> RequestFailure {
    RequestFailure {
        failure: Failure::failed("cannot reach http://there: Connection refused"),
        is_retryable: true,
        is_unimplemented: false,
    }
}

/// Returns the failure of a request that the server refused.
pub fn refused(words: &str) -> RequestFailure {
    RequestFailure { failure: Failure::usage(words), is_retryable: false, is_unimplemented: false }
}

impl TestScreen {
    pub fn new(comments: &[pb::ModeratedComment]) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOON);
        let state = ScreenState::new("blog.example".into(), "mia".into(), Query::new("", "risk"), KeyMap::default(), now);
        let server = comments.iter().map(|comment| (comment.comment.as_ref().unwrap().comment_id.clone(), comment.clone()));
        Self {
            state,
            pending_effects: Vec::new(),
            server: server.collect(),
            knows_claims: true,
            wants_reasons: false,
            unreachable: false,
        }
    }

    /// Returns an open screen with a comment for each character of `ids`.
    pub fn with(ids: &str) -> Self {
        let comments: Vec<_> = ids.chars().map(|c| comment(&c.to_string(), &format!("text of {c}"))).collect();
        let mut screen = Self::new(&comments);
        screen.open();
        screen
    }

    /// Loads the list and the first comment.
    pub fn open(&mut self) {
        self.event(Event::Tick);
        self.serve();
    }

    pub fn event(&mut self, event: Event) {
        let now = self.state.now;
        self.pending_effects.extend(update(&mut self.state, now, event));
    }

    /// Presses keys one after the other. `\n` is Enter, `\x1b` is Escape, and `\x08` is Backspace.
    pub fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                '\u{8}' => KeyCode::Backspace,
                c => KeyCode::Char(c),
            };
            self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    pub fn advance_clock(&mut self, seconds: u64) {
        self.state.now += Duration::from_secs(seconds);
        self.event(Event::Tick);
    }

    /// Presses keys, and has the server answer after each.
    pub fn press_and_serve(&mut self, keys: &str) {
        for c in keys.chars() {
            self.press(&c.to_string());
            self.serve();
        }
    }

    /// Answers all requests, and those that follow from the answers.
    pub fn serve(&mut self) {
        for _ in 0..50 {
            if self.pending_effects.is_empty() {
                return;
            }
            for effect in std::mem::take(&mut self.pending_effects) {
                let answer = self.answer(effect);
                self.event(Event::Reply(answer));
            }
        }
        panic!("the screen asks for ever: {:?}", self.pending_effects);
    }

    pub fn selected(&self) -> &str {
        self.state.selected().map_or("", |row| &row.id)
    }

    pub fn message(&self) -> &str {
        self.state.message.as_ref().map_or("", |(_, words)| words)
    }

    pub fn row(&self, id: &str) -> &CommentRow {
        &self.state.rows[self.state.find(id).unwrap()]
    }

    /// Returns the id of the comment whose text is on the screen.
    pub fn visible_id(&self) -> Option<&str> {
        self.state.visible_comment().map(|(row, _)| row.id.as_str())
    }

    /// Returns the decision and the revision of a comment on the server.
    pub fn server_state(&self, id: &str) -> (Decision, u32) {
        let verdict = self.server[id].verdict.as_ref().unwrap();
        (Decision::from_wire(verdict.decision).unwrap(), verdict.revision)
    }

    /// Decides a comment as a colleague.
    pub fn decide(&mut self, id: &str, decision: Decision, by: &str) {
        let verdict = self.server.get_mut(id).unwrap().verdict.as_mut().unwrap();
        verdict.revision += 1;
        verdict.decision = decision.to_wire().into();
        verdict.decided_by = by.to_owned();
        self.server.get_mut(id).unwrap().claim = None;
    }

    /// Claims a comment as a colleague.
    pub fn claim(&mut self, id: &str, by: &str) {
        self.server.get_mut(id).unwrap().claim = Some(pb::Claim { moderator: by.to_owned(), until: Some(at(3_600)) });
    }

    fn answer(&mut self, effect: Effect) -> ServerReply {
        let away = self.unreachable;
        let or_lost = move |fine| if away { Err(lost()) } else { Ok(fine) };
        match effect {
            Effect::List { ticket, filter, token, rows, .. } => {
                // Like the real server: without a decision, the filter means the queue.
                let term = filter.split_whitespace().find_map(|term| term.strip_prefix("decision=")).unwrap_or("hold");
                let wanted = Decision::parse(term);
                let fits = |comment: &&pb::ModeratedComment| {
                    let decision = comment.verdict.as_ref().unwrap().decision;
                    wanted.is_none() || Decision::from_wire(decision) == wanted
                };
                let after = |comment: &&pb::ModeratedComment| comment.comment.as_ref().unwrap().comment_id > token;
                let mut found: Vec<CommentRow> =
                    self.server.values().filter(fits).filter(after).map(CommentRow::from).collect();
                let more = found.len() > rows;
                found.truncate(rows);
                let next = if more { found.last().unwrap().id.clone() } else { String::new() };
                ServerReply::Listed { ticket, listed: or_lost(()).map(|()| (found, next)) }
            }
            Effect::UpdateClaims { release, claim } => {
                let unknown = RequestFailure { is_unimplemented: true, ..refused("not yet") };
                let known = if self.knows_claims { Ok(()) } else { Err(unknown) };
                let leased = or_lost(()).and(known).map(|()| self.lease(&release, claim.as_deref()));
                ServerReply::Claims { claim, leased, released: release }
            }
            Effect::Details { id } => {
                let known = self.server.get(&id).map(|comment| pb::GetCommentResponse {
                    comment: comment.comment.clone(),
                    verdict: comment.verdict.clone(),
                    received_at: comment.received_at,
                    claim: comment.claim.clone(),
                    author_history: comment
                        .comment
                        .as_ref()
                        .and_then(|comment| comment.author.as_ref())
                        .map(|_| Default::default()),
                    thresholds: vec![pb::Threshold { label: "spam".into(), hold: Some(0.8), reject: Some(0.99) }],
                    reason_required: self.wants_reasons,
                    ..Default::default()
                });
                let details = known.ok_or_else(|| refused("there is no such comment"));
                ServerReply::Details { id, details: or_lost(()).and(details).map(|known| Box::new(known.into())) }
            }
            Effect::Act(act) => {
                if away {
                    return ServerReply::Acted { number: act.number, results: Vec::new(), problem: Some(lost()) };
                }
                let results = act.items.iter().map(|(id, revision)| self.act(id, *revision, act.kind)).collect();
                ServerReply::Acted { number: act.number, results, problem: None }
            }
            Effect::FindSimilar { id } => {
                let body = |comment: &pb::ModeratedComment| comment.comment.as_ref().map(|comment| comment.body.clone());
                let own = self.server.get(&id).and_then(&body);
                let same = |(other, comment): &(&String, &pb::ModeratedComment)| **other != id && body(comment) == own;
                let held = |(_, comment): &(&String, &pb::ModeratedComment)| {
                    comment.verdict.as_ref().unwrap().decision() == pb::Decision::Hold
                };
                let alike = self.server.iter().filter(same).filter(held);
                let alike = alike.map(|(id, comment)| (id.clone(), comment.verdict.as_ref().unwrap().revision)).collect();
                ServerReply::Similar { id, alike: or_lost(()).map(|()| alike) }
            }
            Effect::Block { name, .. } => ServerReply::Blocked { name, blocked: or_lost(()) },
        }
    }

    fn lease(&mut self, release: &[String], claim: Option<&str>) -> ClaimResult {
        for id in release {
            if let Some(comment) = self.server.get_mut(id) {
                comment.claim = None;
            }
        }
        let Some(id) = claim else { return ClaimResult::NotClaimed };
        let error = |reason: &str, message: String| {
            ClaimResult::Refused(pb::ItemError { comment_id: id.to_owned(), reason: reason.to_owned(), message })
        };
        let now = self.state.now;
        let Some(comment) = self.server.get_mut(id) else { return error("NOT_FOUND", "it is gone".into()) };
        if comment.verdict.as_ref().unwrap().decision() != pb::Decision::Hold {
            return error("NOT_HELD", "it was decided".into());
        }
        if let Some(claim) = comment.claim.as_ref().filter(|claim| claim.moderator != "mia") {
            return error("CLAIMED", format!("claimed by {}", claim.moderator));
        }
        let until = now + CLAIM_LEASE;
        comment.claim = Some(pb::Claim { moderator: "mia".into(), until: Some(until.into()) });
        ClaimResult::Granted { row: Box::new(CommentRow::from(&*comment)), until }
    }

    fn act(&mut self, id: &str, revision: u32, what: ActKind) -> pb::ReviewResult {
        let comment = self.server.get_mut(id).unwrap();
        let verdict = comment.verdict.as_mut().unwrap();
        let mut result = pb::ReviewResult { comment_id: id.to_owned(), verdict: None, error: None };
        let error = |reason: &str| pb::ItemError { comment_id: id.to_owned(), reason: reason.into(), message: reason.into() };
        if let Some(claim) = comment.claim.as_ref().filter(|claim| claim.moderator != "mia") {
            result.error = Some(pb::ItemError { message: format!("claimed by {}", claim.moderator), ..error("CLAIMED") });
        } else if verdict.revision != revision {
            result.error = Some(error("CONFLICT"));
        } else {
            let decision = if let ActKind::Decide(decision) = what { decision } else { Decision::Hold };
            verdict.decision = decision.to_wire().into();
            verdict.decided_by = "mia".into();
            verdict.revision += 1;
        }
        result.verdict = Some(verdict.clone());
        result
    }
}
