//! Undoes an act on many comments: finds its decisions in the audit log by the act's id.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::act::{LAST_ACT, Refusal, ReviewAct, ReviewAction};
use super::audit::event_time;
use super::desk::ReviewDesk;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::AuditRecord;
use crate::verdict::Verdict;

/// Maximum number of comments that are undone at once.
const MAX_COMMENTS: usize = 1_000;
/// Number of audit records read at once.
const CHUNK: usize = 512;
/// Maximum number of audit records read in search of an act.
const MAX_SCANNED: usize = 200_000;
/// Maximum difference between the clocks of servers and callers.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(600);

/// The result of undoing an act.
pub struct UndoneAct {
    /// The id of the undone act.
    pub act_id: String,
    /// The result for each comment.
    pub results: Vec<(String, Result<Verdict, Refusal>)>,
    /// Number of the act's comments that are left for another call.
    pub remaining: usize,
}

/// A decision that was part of an act.
struct ActDecision {
    comment_id: String,
    /// Whether the comment was decided again or edited since.
    superseded: bool,
}

impl ReviewDesk {
    /// Undoes an act: each of its decisions that is still the current one.
    ///
    /// # Errors
    /// Returns an error if there is no such act, if all of it is already undone, or if the store is unavailable.
    pub async fn undo_act(&self, site: &Site, name: &str, act: &ReviewAct) -> Result<UndoneAct, Error> {
        let (act_id, decisions) = self.find_decisions(site, name, &act.moderator).await?;
        if decisions.is_empty() {
            let problem = match name {
                LAST_ACT => format!("no act of {} on this site is left to undo", act.moderator),
                _ => format!("no act named {name:?} on this site is left to undo"),
            };
            return Err(Error::invalid("act_id", problem));
        }
        let mut results = Vec::with_capacity(decisions.len().min(MAX_COMMENTS));
        for decision in decisions.iter().take(MAX_COMMENTS) {
            let id = CommentId::parse("comment_id", &decision.comment_id).map_err(Error::from)?;
            // At any revision: it suffices that this act's decision is the current one.
            let undo =
                ReviewAct { expected_revision: None, action: ReviewAction::Undo { of: Some(act_id.clone()) }, ..act.clone() };
            results.push((decision.comment_id.clone(), self.act(site, &id, &undo).await?));
        }
        Ok(UndoneAct { act_id, results, remaining: decisions.len().saturating_sub(MAX_COMMENTS) })
    }

    /// Returns the id of an act and those of its decisions that were not undone. Current ones come first.
    async fn find_decisions(&self, site: &Site, name: &str, moderator: &str) -> Result<(String, Vec<ActDecision>), Error> {
        let mut search = ActSearch::new(name, moderator);
        let (mut from, mut scanned) = (u64::MAX, 0);
        loop {
            let page = self.store.audit(site, from, CHUNK, true).await?;
            for event in page.records.iter().map(AuditRecord::event) {
                if search.is_complete_before(&event) {
                    return Ok(search.found());
                }
                search.add(event);
            }
            scanned += page.records.len();
            match page.next.filter(|_| !page.end) {
                None => return Ok(search.found()),
                Some(_) if scanned >= MAX_SCANNED && search.decisions.is_empty() => {
                    let problem =
                        format!("was not found among the last {scanned} acts of this site; name the comments instead");
                    return Err(Error::invalid("act_id", problem));
                }
                Some(_) if scanned >= MAX_SCANNED => return Ok(search.found()),
                Some(next) => from = next,
            }
        }
    }
}

/// A search through the audit log for the decisions of one act, from the newest event on.
struct ActSearch<'a> {
    moderator: &'a str,
    /// The act's id, or `None` until the moderator's last act is found.
    wanted: Option<String>,
    decisions: Vec<ActDecision>,
    /// The number of undos still to be matched, by act and comment.
    undone: HashMap<(String, String), u32>,
    /// The comments that were decided again or edited since.
    since: HashSet<String>,
}

impl<'a> ActSearch<'a> {
    fn new(name: &str, moderator: &'a str) -> Self {
        let wanted = (name != LAST_ACT).then(|| name.to_owned());
        Self { moderator, wanted, decisions: Vec::new(), undone: HashMap::new(), since: HashSet::new() }
    }

    /// Returns whether an event is a decision from before the act can have begun, which completes the search.
    fn is_complete_before(&self, event: &pb::AuditEvent) -> bool {
        event.act == "DECIDED" && self.wanted.as_ref().is_some_and(|wanted| is_before_act(event, wanted))
    }

    /// Adds the next older event.
    fn add(&mut self, event: pb::AuditEvent) {
        match event.act.as_str() {
            "UNDONE" => *self.undone.entry((event.undoes, event.comment_id)).or_default() += 1,
            "EDITED" => drop(self.since.insert(event.comment_id)),
            "DECIDED" => self.add_decision(event),
            _ => {}
        }
    }

    fn add_decision(&mut self, event: pb::AuditEvent) {
        let taken_back = self.undone.get_mut(&(event.act_id.clone(), event.comment_id.clone()));
        if let Some(times) = taken_back.filter(|times| **times > 0) {
            *times -= 1;
            return;
        }
        let superseded = !self.since.insert(event.comment_id.clone());
        let is_own = event.by == self.moderator && !event.act_id.is_empty();
        if self.wanted.is_none() && is_own && !superseded {
            self.wanted = Some(event.act_id.clone());
        }
        if self.wanted.as_ref() == Some(&event.act_id) {
            self.decisions.push(ActDecision { comment_id: event.comment_id, superseded });
        }
    }

    /// Returns the act's id and its decisions. Current ones come first.
    fn found(mut self) -> (String, Vec<ActDecision>) {
        self.decisions.sort_by_key(|decision| decision.superseded);
        (self.wanted.unwrap_or_default(), self.decisions)
    }
}

/// Returns whether an event happened before an act can have begun, according to the time in the act's UUIDv7.
fn is_before_act(event: &pb::AuditEvent, act_id: &str) -> bool {
    let act_time = act_id.get(..36).and_then(|id| Uuid::parse_str(id).ok()).and_then(|id| id.get_timestamp()).map(|time| {
        let (seconds, nanos) = time.to_unix();
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
    });
    act_time.zip(event_time(event)).is_some_and(|(act_time, event_time)| event_time + MAX_CLOCK_SKEW < act_time)
}
