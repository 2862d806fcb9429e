//! Acts on many comments that are one: found again by name in the audit, and taken back at once.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::act::{Act, LAST, Refusal, What};
use super::audit::at;
use super::desk::Desk;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::verdict::Verdict;

/// Most comments that are taken back at once.
const MOST: usize = 1_000;
/// Records of the audit read at once.
const CHUNK: usize = 512;
/// Most records read in search of an act.
const MOST_SCANNED: usize = 200_000;
/// By how much clocks of servers and callers may differ.
const SLACK: Duration = Duration::from_secs(600);

/// What became of an act that was to be taken back.
pub struct TakenBack {
    /// The act's name.
    pub act_id: String,
    /// What became of each comment.
    pub results: Vec<(String, Result<Verdict, Refusal>)>,
    /// How many more comments it was on.
    pub remaining: usize,
}

/// A decision that was part of an act.
struct Part {
    comment_id: String,
    /// Something else was decided on it since, or its text is another.
    superseded: bool,
}

impl Desk {
    /// Takes back an act: each of its decisions that still stands, wherever that act's decision is the one that stands.
    ///
    /// # Errors
    /// No such act, or all of it was taken back; the store being away.
    pub async fn take_back(&self, site: &Site, name: &str, act: &Act) -> Result<TakenBack, Error> {
        let (act_id, parts) = self.parts(site, name, &act.moderator).await?;
        if parts.is_empty() {
            let problem = match name {
                LAST => format!("no act of {} on this site is left to take back", act.moderator),
                _ => format!("no act named {name:?} on this site is left to take back"),
            };
            return Err(Error::invalid("act_id", problem));
        }
        let mut results = Vec::with_capacity(parts.len().min(MOST));
        for part in parts.iter().take(MOST) {
            let id = CommentId::parse("comment_id", &part.comment_id).map_err(Error::from)?;
            // Whatever its revision: what counts is that this act's decision is the one that stands.
            let undo = Act { expected_revision: None, what: What::Undo { of: Some(act_id.clone()) }, ..act.clone() };
            results.push((part.comment_id.clone(), self.act(site, &id, &undo).await?));
        }
        Ok(TakenBack { act_id, results, remaining: parts.len().saturating_sub(MOST) })
    }

    /// The decisions of an act that were not taken back, and its name. Those that still stand come first.
    async fn parts(&self, site: &Site, name: &str, moderator: &str) -> Result<(String, Vec<Part>), Error> {
        let mut wanted = (name != LAST).then(|| name.to_owned());
        let (mut parts, mut from, mut scanned) = (Vec::new(), u64::MAX, 0);
        // How often decisions were taken back, by act and comment, and which comments were decided anew since.
        let (mut undone, mut since) = (HashMap::<(String, String), u32>::new(), HashSet::new());
        let sorted = |mut parts: Vec<Part>| {
            parts.sort_by_key(|part| part.superseded);
            parts
        };
        loop {
            let page = self.store.audit(site, from, CHUNK, true).await?;
            for event in page.records.iter().map(crate::store::Logged::event) {
                match event.act.as_str() {
                    "UNDONE" => *undone.entry((event.undoes, event.comment_id)).or_default() += 1,
                    "EDITED" => drop(since.insert(event.comment_id)),
                    "DECIDED" => {
                        if wanted.as_ref().is_some_and(|wanted| before(&event, wanted)) {
                            return Ok((wanted.unwrap_or_default(), sorted(parts)));
                        }
                        let taken_back = undone.get_mut(&(event.act_id.clone(), event.comment_id.clone()));
                        if let Some(times) = taken_back.filter(|times| **times > 0) {
                            *times -= 1;
                            continue;
                        }
                        let superseded = !since.insert(event.comment_id.clone());
                        let theirs = event.by == moderator && !event.act_id.is_empty();
                        if wanted.is_none() && theirs && !superseded {
                            wanted = Some(event.act_id.clone());
                        }
                        if wanted.as_ref() == Some(&event.act_id) {
                            parts.push(Part { comment_id: event.comment_id, superseded });
                        }
                    }
                    _ => {}
                }
            }
            scanned += page.records.len();
            match page.next.filter(|_| !page.end) {
                None => return Ok((wanted.unwrap_or_default(), sorted(parts))),
                Some(_) if scanned >= MOST_SCANNED => {
                    let problem =
                        format!("was not found among the last {scanned} acts of this site; name the comments instead");
                    return if parts.is_empty() {
                        Err(Error::invalid("act_id", problem))
                    } else {
                        Ok((wanted.unwrap_or_default(), sorted(parts)))
                    };
                }
                Some(next) => from = next,
            }
        }
    }
}

/// Whether something happened before an act can have begun, by the act's name.
fn before(event: &pb::AuditEvent, act_id: &str) -> bool {
    let given = act_id.get(..36).and_then(|id| Uuid::parse_str(id).ok()).and_then(|id| id.get_timestamp()).map(|time| {
        let (seconds, nanos) = time.to_unix();
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
    });
    given.zip(at(event)).is_some_and(|(given, at)| at + SLACK < given)
}
