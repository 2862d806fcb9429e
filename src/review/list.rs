//! Pages of the queue and of the history, with spot checks behind all that is held.

use std::time::SystemTime;

use super::desk::ReviewDesk;
use super::filter::{Filter, FilterContext};
use crate::classify::MinHash;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::{ListPage, ListQuery, Order, StoredComment};
use crate::verdict::Decision;

/// Most comments that one page of a list looks at. A search that finds little then ends the page, not the server.
const MAX_SCANNED: usize = 10_000;
/// The same for a search for what is alike, which costs more for each.
const MAX_SCANNED_SIMILAR: usize = 2_000;
/// What the place of a spot check in a list begins with: no place of a held comment does.
const SPOT_CHECK_PREFIX: &str = "s";

impl ReviewDesk {
    /// One page of the queue or the history.
    pub async fn list(
        &self,
        site: &Site,
        filter: &Filter,
        order: Order,
        size: usize,
        after: Option<&str>,
    ) -> Result<ListPage, Error> {
        let like = self.wanted_likeness(site, filter).await?;
        let beside = FilterContext { now: SystemTime::now(), like };
        let matches = |kept: &StoredComment| filter.matches(kept, &beside);
        let most_scanned = if filter.like().is_some() { MAX_SCANNED_SIMILAR } else { MAX_SCANNED };
        let held = ListQuery {
            decision: filter.decision(),
            spot_checks: false,
            order,
            size,
            after,
            matches: &matches,
            max_scanned: most_scanned,
        };
        // Spot checks stand behind all that is held, also in pages: their places begin with a letter of their own.
        let spot_checks = |after, size| ListQuery {
            decision: Some(Decision::Approve),
            spot_checks: true,
            after,
            size,
            ..ListQuery { matches: &matches, ..held }
        };
        let of_spot_checks = |mut page: ListPage| {
            page.next = page.next.map(|place| format!("{SPOT_CHECK_PREFIX}{place}"));
            page
        };
        if let Some(after) = after.and_then(|after| after.strip_prefix(SPOT_CHECK_PREFIX)) {
            let after = Some(after).filter(|after| !after.is_empty());
            return Ok(of_spot_checks(self.store.list(site, &spot_checks(after, size)).await?));
        }
        let mut page = self.store.list(site, &held).await?;
        if page.next.is_none() && filter.includes_spot_checks() {
            let left = size.saturating_sub(page.comments.len());
            let more = self.store.list(site, &spot_checks(None, left.max(1))).await?;
            if left == 0 {
                page.next = (!more.comments.is_empty()).then(|| SPOT_CHECK_PREFIX.to_owned());
            } else {
                let more = of_spot_checks(more);
                page.comments.extend(more.comments);
                page.next = more.next;
            }
        }
        Ok(page)
    }

    /// Returns what the listed comments must share with the comment that the filter names.
    async fn wanted_likeness(&self, site: &Site, filter: &Filter) -> Result<Option<MinHash>, Error> {
        let Some(id) = filter.like() else { return Ok(None) };
        let id = CommentId::parse("filter", id).map_err(Error::from)?;
        let kept = self.store.get(site, &id).await?;
        let gone = || Error::invalid("filter", "asks for what is like a comment that is not there (`like=`)");
        Ok(MinHash::from_text(&kept.ok_or_else(gone)?.comment.body))
    }
}
