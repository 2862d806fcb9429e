//! Acts on many comments that are one: found again by name in the audit, and taken back at once.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Act, Desk, Refusal, What};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::verdict::Verdict;

/// What names a moderator's last act that was not taken back.
pub const LAST: &str = "last";
/// Most comments that are taken back at once.
const MOST: usize = 1_000;
/// Records of the audit read at once.
const CHUNK: usize = 512;
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
    revision: u32,
}

/// A name for an act. It tells when it was given, so that nobody who looks for it looks further back.
pub fn new_act() -> String {
    Uuid::now_v7().to_string()
}

/// Whether an act may be named so.
pub fn is_act(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

impl Desk {
    /// Takes back an act: each of its decisions that still stands, on a comment that has not changed since.
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
            let undo = Act { expected_revision: Some(part.revision), what: What::Undo, ..act.clone() };
            results.push((part.comment_id.clone(), self.act(site, &id, &undo).await?));
        }
        Ok(TakenBack { act_id, results, remaining: parts.len().saturating_sub(MOST) })
    }

    /// The decisions of an act that were not taken back, newest first, and its name.
    async fn parts(&self, site: &Site, name: &str, moderator: &str) -> Result<(String, Vec<Part>), Error> {
        let mut wanted = (name != LAST).then(|| name.to_owned());
        let (mut parts, mut from) = (Vec::new(), u64::MAX);
        // What was taken back, by act and comment.
        let mut undone = HashSet::new();
        loop {
            let page = self.store.audit(site, from, CHUNK, true).await?;
            for event in page.records.iter().map(crate::store::Logged::event) {
                from = event.number;
                if event.act == "UNDONE" {
                    undone.insert((event.undoes, event.comment_id));
                    continue;
                }
                if event.act != "DECIDED" || event.act_id.is_empty() {
                    continue;
                }
                if wanted.as_ref().is_some_and(|wanted| before(&event, wanted)) {
                    return Ok((wanted.unwrap_or_default(), parts));
                }
                let stands = !undone.remove(&(event.act_id.clone(), event.comment_id.clone()));
                if stands && wanted.is_none() && event.by == moderator {
                    wanted = Some(event.act_id.clone());
                }
                if stands && wanted.as_ref() == Some(&event.act_id) {
                    parts.push(Part { comment_id: event.comment_id, revision: event.revision });
                }
            }
            if page.records.len() < CHUNK {
                return Ok((wanted.unwrap_or_default(), parts));
            }
        }
    }
}

/// Whether something happened before an act can have begun, by the act's name.
fn before(event: &pb::AuditEvent, act_id: &str) -> bool {
    let given = Uuid::parse_str(act_id).ok().and_then(|id| id.get_timestamp()).map(|time| {
        let (seconds, nanos) = time.to_unix();
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
    });
    let at = event.at.and_then(|at| SystemTime::try_from(at).ok());
    given.zip(at).is_some_and(|(given, at)| at + SLACK < given)
}
