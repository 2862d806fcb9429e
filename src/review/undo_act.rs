//! Acts on many comments that are one: found again by name in the audit, and taken back at once.

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

/// Most comments that are taken back at once.
const MAX_COMMENTS: usize = 1_000;
/// Records of the audit read at once.
const CHUNK: usize = 512;
/// Most records read in search of an act.
const MAX_SCANNED: usize = 200_000;
/// By how much clocks of servers and callers may differ.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(600);

/// What became of an act that was to be taken back.
pub struct UndoneAct {
    /// The act's name.
    pub act_id: String,
    /// What became of each comment.
    pub results: Vec<(String, Result<Verdict, Refusal>)>,
    /// How many more comments it was on.
    pub remaining: usize,
}

/// A decision that was part of an act.
struct ActDecision {
    comment_id: String,
    /// Something else was decided on it since, or its text is another.
    superseded: bool,
}

impl ReviewDesk {
    /// Takes back an act: each of its decisions that still stands, wherever that act's decision is the one that stands.
    ///
    /// # Errors
    /// No such act, or all of it was taken back; the store being away.
    pub async fn undo_act(&self, site: &Site, name: &str, act: &ReviewAct) -> Result<UndoneAct, Error> {
        let (act_id, parts) = self.find_decisions(site, name, &act.moderator).await?;
        if parts.is_empty() {
            let problem = match name {
                LAST_ACT => format!("no act of {} on this site is left to take back", act.moderator),
                _ => format!("no act named {name:?} on this site is left to take back"),
            };
            return Err(Error::invalid("act_id", problem));
        }
        let mut results = Vec::with_capacity(parts.len().min(MAX_COMMENTS));
        for part in parts.iter().take(MAX_COMMENTS) {
            let id = CommentId::parse("comment_id", &part.comment_id).map_err(Error::from)?;
            // Whatever its revision: what counts is that this act's decision is the one that stands.
            let undo =
                ReviewAct { expected_revision: None, action: ReviewAction::Undo { of: Some(act_id.clone()) }, ..act.clone() };
            results.push((part.comment_id.clone(), self.act(site, &id, &undo).await?));
        }
        Ok(UndoneAct { act_id, results, remaining: parts.len().saturating_sub(MAX_COMMENTS) })
    }

    /// Returns the decisions of an act that were not taken back, and its name. Those that still stand come first.
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
                Some(_) if scanned >= MAX_SCANNED && search.parts.is_empty() => {
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

/// A search for the decisions of one act, through the audit from the newest event on.
struct ActSearch<'a> {
    moderator: &'a str,
    /// The act's name. `None` while the moderator's last act was not found yet.
    wanted: Option<String>,
    parts: Vec<ActDecision>,
    /// How often decisions were taken back, by act and comment.
    undone: HashMap<(String, String), u32>,
    /// The comments that were decided anew or edited since.
    since: HashSet<String>,
}

impl<'a> ActSearch<'a> {
    fn new(name: &str, moderator: &'a str) -> Self {
        let wanted = (name != LAST_ACT).then(|| name.to_owned());
        Self { moderator, wanted, parts: Vec::new(), undone: HashMap::new(), since: HashSet::new() }
    }

    /// Returns whether an event is a decision from before the act can have begun.
    fn is_complete_before(&self, event: &pb::AuditEvent) -> bool {
        event.act == "DECIDED" && self.wanted.as_ref().is_some_and(|wanted| is_before_act(event, wanted))
    }

    /// Takes account of the next older event.
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
        let theirs = event.by == self.moderator && !event.act_id.is_empty();
        if self.wanted.is_none() && theirs && !superseded {
            self.wanted = Some(event.act_id.clone());
        }
        if self.wanted.as_ref() == Some(&event.act_id) {
            self.parts.push(ActDecision { comment_id: event.comment_id, superseded });
        }
    }

    /// Returns the act's name and its decisions. Those that still stand come first.
    fn found(mut self) -> (String, Vec<ActDecision>) {
        self.parts.sort_by_key(|part| part.superseded);
        (self.wanted.unwrap_or_default(), self.parts)
    }
}

/// Whether something happened before an act can have begun, by the act's name.
fn is_before_act(event: &pb::AuditEvent, act_id: &str) -> bool {
    let given = act_id.get(..36).and_then(|id| Uuid::parse_str(id).ok()).and_then(|id| id.get_timestamp()).map(|time| {
        let (seconds, nanos) = time.to_unix();
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
    });
    given.zip(event_time(event)).is_some_and(|(given, event_time)| event_time + MAX_CLOCK_SKEW < given)
}
