//! Pages of the queue and of the history. In the queue, spot checks follow the held comments.

use std::time::SystemTime;

use super::desk::ReviewDesk;
use super::filter::{Filter, FilterContext};
use crate::classify::MinHash;
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::store::{ListPage, ListQuery, Order, StoredComment};
use crate::verdict::Decision;

/// Maximum number of comments that a page reads, so that a search with few matches ends the page early.
const MAX_SCANNED: usize = 10_000;
/// Maximum number of comments that a page reads in a search for similar comments, which costs more for each.
const MAX_SCANNED_SIMILAR: usize = 2_000;
/// Prefix of page tokens in the list of spot checks. Tokens of held comments never begin with it.
const SPOT_CHECK_PREFIX: &str = "s";

impl ReviewDesk {
    /// Returns a page of the queue or the history.
    pub async fn list(
        &self,
        site: &Site,
        filter: &Filter,
        order: Order,
        size: usize,
        after: Option<&str>,
    ) -> Result<ListPage, Error> {
        let like = self.wanted_min_hash(site, filter).await?;
        let context = FilterContext { now: SystemTime::now(), like };
        let matches = |stored: &StoredComment| filter.matches(stored, &context);
        let max_scanned = if filter.like().is_some() { MAX_SCANNED_SIMILAR } else { MAX_SCANNED };
        let held =
            ListQuery { decision: filter.decision(), spot_checks: false, order, size, after, matches: &matches, max_scanned };
        // Spot checks follow all held comments across pages: their page tokens have a prefix.
        let spot_checks = |after, size| ListQuery {
            decision: Some(Decision::Approve),
            spot_checks: true,
            after,
            size,
            ..ListQuery { matches: &matches, ..held }
        };
        let prefix_token = |mut page: ListPage| {
            page.next = page.next.map(|place| format!("{SPOT_CHECK_PREFIX}{place}"));
            page
        };
        if let Some(after) = after.and_then(|after| after.strip_prefix(SPOT_CHECK_PREFIX)) {
            let after = Some(after).filter(|after| !after.is_empty());
            return Ok(prefix_token(self.store.list(site, &spot_checks(after, size)).await?));
        }
        let mut page = self.store.list(site, &held).await?;
        if page.next.is_none() && filter.includes_spot_checks() {
            let left = size.saturating_sub(page.comments.len());
            let more = self.store.list(site, &spot_checks(None, left.max(1))).await?;
            if left == 0 {
                page.next = (!more.comments.is_empty()).then(|| SPOT_CHECK_PREFIX.to_owned());
            } else {
                let more = prefix_token(more);
                page.comments.extend(more.comments);
                page.next = more.next;
            }
        }
        Ok(page)
    }

    /// Returns the MinHash of the comment that the filter's `like` term names.
    async fn wanted_min_hash(&self, site: &Site, filter: &Filter) -> Result<Option<MinHash>, Error> {
        let Some(id) = filter.like() else { return Ok(None) };
        let id = CommentId::parse("filter", id).map_err(Error::from)?;
        let stored = self.store.get(site, &id).await?;
        let not_found = || Error::invalid("filter", "names a comment that does not exist (`like=`)");
        Ok(MinHash::from_text(&stored.ok_or_else(not_found)?.comment.body))
    }
}
