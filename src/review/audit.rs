//! What was done on a site, as the audit has it: in pages, filtered, in either order.

use std::time::SystemTime;

use super::desk::ReviewDesk;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::{AuditRecord, ChainPosition};

/// Records read at once,
const CHUNK_RECORDS: usize = 512;
/// and at most for one page: a filter that finds little then ends the page, not the server.
const MAX_SCANNED: usize = 20_000;
/// How long a page may become in bytes.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Which acts.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// On this comment. Empty: any.
    pub comment_id: String,
    /// By whom. Empty: anybody.
    pub by: String,
    /// What. Empty: anything.
    pub act: String,
    /// Under this name. Empty: any.
    pub act_id: String,
    /// Since then.
    pub since: Option<SystemTime>,
    /// Newest first.
    pub newest_first: bool,
}

/// One page of acts.
pub struct AuditEventPage {
    /// The acts, in the order asked for.
    pub events: Vec<pb::AuditEvent>,
    /// After which number the next page begins. `None`: this was the last.
    pub next: Option<u64>,
    /// The newest record that is not kept any more.
    pub forgotten: ChainPosition,
    /// The newest of all.
    pub newest: ChainPosition,
}

impl AuditFilter {
    fn matches(&self, event: &pb::AuditEvent) -> bool {
        let same = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        same(&self.comment_id, &event.comment_id)
            && same(&self.by, &event.by)
            && same(&self.act, &event.act)
            && same(&self.act_id, &event.act_id)
            && self.since.is_none_or(|since| event_time(event).is_none_or(|at| at >= since))
    }

    /// Whether there is nothing more to find behind this.
    fn ends_at(&self, event: &pb::AuditEvent) -> bool {
        self.newest_first && self.since.is_some_and(|since| event_time(event).is_some_and(|at| at < since))
    }
}

impl ReviewDesk {
    /// One page of what was done, from a number on.
    ///
    /// # Errors
    /// The store being away.
    pub async fn audit_events(
        &self,
        site: &Site,
        acts: &AuditFilter,
        size: usize,
        from: Option<u64>,
    ) -> Result<AuditEventPage, Error> {
        let mut from = from.unwrap_or(if acts.newest_first { u64::MAX } else { 0 });
        let (mut events, mut scanned, mut bytes) = (Vec::new(), 0, 0);
        loop {
            let page = self.store.audit(site, from, CHUNK_RECORDS, acts.newest_first).await?;
            let (end, ends) = (page.end, (page.forgotten, page.newest));
            let done = |events, next| Ok(AuditEventPage { events, next, forgotten: ends.0, newest: ends.1 });
            for event in page.records.iter().map(AuditRecord::event) {
                if acts.ends_at(&event) {
                    return done(events, None);
                }
                if acts.matches(&event) {
                    bytes += event.record.len();
                    if events.len() == size || bytes > MAX_PAGE_BYTES && !events.is_empty() {
                        // One more than fits: there is a next page, and it begins with this one.
                        return done(events, Some(from));
                    }
                    from = event.number;
                    events.push(event);
                } else {
                    from = event.number;
                }
            }
            from = page.next.unwrap_or(from);
            scanned += page.records.len();
            if end || scanned >= MAX_SCANNED {
                return done(events, Some(from).filter(|_| !end));
            }
        }
    }
}

/// When something happened.
pub(super) fn event_time(event: &pb::AuditEvent) -> Option<SystemTime> {
    event.at.and_then(|at| SystemTime::try_from(at).ok())
}
