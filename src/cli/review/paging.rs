//! How the list of comments is fetched, page by page.

use std::time::{Duration, SystemTime};

use super::query::Query;

/// Rows a page.
pub const PAGE_ROWS: usize = 50;
/// Rows held at most: whoever gets so far should filter.
pub const MAX_LIST_ROWS: usize = 2_000;

/// How the list comes in: one question at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFetch {
    /// What is asked for, and under which ticket.
    pub in_flight: Option<(u64, FetchKind)>,
    pub request_id: u64,
    /// The rows are not those of the query, and must come anew.
    pub stale: bool,
    /// Gets the rows after the last one. Empty: there are none.
    pub next_page_token: String,
    /// When to look again.
    pub refresh_at: SystemTime,
    /// Where the cursor goes once it is there.
    pub select_when_loaded: Option<String>,
    /// The query that the server last accepted.
    pub last_accepted_query: Option<Query>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchKind {
    First,
    NextPage,
    Refresh,
}

impl ListFetch {
    /// Returns a list of which nothing has been fetched.
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

    /// Discards what was fetched, and ignores the answer to a request that is still on its way.
    pub fn restart(&mut self) {
        self.stale = true;
        self.request_id += 1;
        self.in_flight = None;
        self.select_when_loaded = None;
        self.next_page_token = String::new();
    }
}

/// How long until the list is asked for again: long lists cost the server more.
pub fn refresh_interval(rows: usize) -> Duration {
    let pages = u32::try_from(rows / PAGE_ROWS).unwrap_or(u32::MAX);
    Duration::from_secs(3) + Duration::from_millis(1_500).saturating_mul(pages)
}
