//! The state of fetching the list of comments page by page.

use std::time::{Duration, SystemTime};

use super::query::Query;

/// Number of rows per page.
pub const PAGE_ROWS: usize = 50;
/// Maximum number of rows in the list. A moderator who needs more should use a filter.
pub const MAX_LIST_ROWS: usize = 2_000;

/// The state of fetching the list. At most one request is in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFetch {
    /// Id and kind of the request in flight, if there is one.
    pub in_flight: Option<(u64, FetchKind)>,
    /// Id of the latest request.
    pub request_id: u64,
    /// Whether the rows are not those of the query and must be fetched from the start.
    pub stale: bool,
    /// Token of the page after the last row, or empty if there are no more rows.
    pub next_page_token: String,
    /// When to refresh the list.
    pub refresh_at: SystemTime,
    /// Id of the comment to select once it is in the list.
    pub select_when_loaded: Option<String>,
    /// The query that the server last accepted.
    pub last_accepted_query: Option<Query>,
}

/// The kind of a request for the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchKind {
    /// Fetch the first page of a query.
    First,
    /// Fetch the page after the last row.
    NextPage,
    /// Fetch all loaded rows again.
    Refresh,
}

impl ListFetch {
    /// Returns the state of a list of which nothing has been fetched.
    pub fn new(now: SystemTime) -> Self {
        Self {
            in_flight: None,
            request_id: 0,
            stale: true,
            next_page_token: String::new(),
            refresh_at: now,
            select_when_loaded: None,
            last_accepted_query: None,
        }
    }

    /// Starts fetching from the first page again. The reply to a request in flight will be ignored.
    pub fn restart(&mut self) {
        self.stale = true;
        self.request_id += 1;
        self.in_flight = None;
        self.select_when_loaded = None;
        self.next_page_token = String::new();
    }
}

/// Returns the time until the next refresh of the list. Long lists are refreshed less often, because they cost the server
/// more.
pub fn refresh_interval(rows: usize) -> Duration {
    let pages = u32::try_from(rows / PAGE_ROWS).unwrap_or(u32::MAX);
    Duration::from_secs(3) + Duration::from_millis(1_500).saturating_mul(pages)
}
