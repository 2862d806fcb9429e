//! Pages of a site's audit log, filtered and in either order.

use std::time::SystemTime;

use super::desk::ReviewDesk;
use crate::comment::Site;
use crate::error::Error;
use crate::pb;
use crate::store::{AuditRecord, ChainPosition};

/// Number of records read at once.
const CHUNK_RECORDS: usize = 512;
/// Maximum number of records read for one page, so that a filter with few matches ends the page early.
const MAX_SCANNED: usize = 20_000;
/// Maximum size of a page, in bytes.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// A filter for audit events. Empty fields match everything.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The comment's id.
    pub comment_id: String,
    /// The name of the moderator or machine that acted.
    pub by: String,
    /// The kind of the act.
    pub act: String,
    /// The act's id.
    pub act_id: String,
    /// The earliest time.
    pub since: Option<SystemTime>,
    /// Whether the newest events come first.
    pub newest_first: bool,
}

/// A page of audit events.
pub struct AuditEventPage {
    /// The events, in the requested order.
    pub events: Vec<pb::AuditEvent>,
    /// The number after which the next page begins, or `None` on the last page.
    pub next: Option<u64>,
    /// The position of the newest record that is no longer kept.
    pub forgotten: ChainPosition,
    /// The position of the newest record.
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

    /// Returns whether no later event of a page in this order can match.
    fn ends_at(&self, event: &pb::AuditEvent) -> bool {
        self.newest_first && self.since.is_some_and(|since| event_time(event).is_some_and(|at| at < since))
    }
}

impl ReviewDesk {
    /// Returns a page of audit events that begins after the number `from`, or with the first event if it is `None`.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn audit_events(
        &self,
        site: &Site,
        filter: &AuditFilter,
        size: usize,
        from: Option<u64>,
    ) -> Result<AuditEventPage, Error> {
        let mut from = from.unwrap_or(if filter.newest_first { u64::MAX } else { 0 });
        let (mut events, mut scanned, mut bytes) = (Vec::new(), 0, 0);
        loop {
            let page = self.store.audit(site, from, CHUNK_RECORDS, filter.newest_first).await?;
            let (end, ends) = (page.end, (page.forgotten, page.newest));
            let finish = |events, next| Ok(AuditEventPage { events, next, forgotten: ends.0, newest: ends.1 });
            for event in page.records.iter().map(AuditRecord::event) {
                if filter.ends_at(&event) {
                    return finish(events, None);
                }
                if filter.matches(&event) {
                    bytes += event.record.len();
                    if events.len() == size || bytes > MAX_PAGE_BYTES && !events.is_empty() {
                        // This event exceeds the page, and the next page begins with it.
                        return finish(events, Some(from));
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
                return finish(events, Some(from).filter(|_| !end));
            }
        }
    }
}

/// Returns the time of an event.
pub(super) fn event_time(event: &pb::AuditEvent) -> Option<SystemTime> {
    event.at.and_then(|at| SystemTime::try_from(at).ok())
}
