//! How the list of comments is fetched, page by page.

use std::time::{Duration, SystemTime};

use super::query::Query;

/// Rows a page.
pub const PAGE: usize = 50;
/// Rows held at most: whoever gets so far should filter.
pub const MOST_ROWS: usize = 2_000;

/// How the list comes in: one question at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// What is asked for, and under which ticket.
    pub asked: Option<(u64, Part)>,
    pub ticket: u64,
    /// The rows are not those of the query, and must come anew.
    pub stale: bool,
    /// Gets the rows after the last one. Empty: there are none.
    pub next: String,
    /// When to look again.
    pub again: SystemTime,
    /// Where the cursor goes once it is there.
    pub find: Option<String>,
    /// The query that the server last accepted.
    pub accepted: Option<Query>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Fresh,
    More,
    Again,
}

impl List {
    /// Returns a list of which nothing has been fetched.
    pub fn new(now: SystemTime) -> Self {
        Self { asked: None, ticket: 0, stale: true, next: String::new(), again: now, find: None, accepted: None }
    }

    /// Discards what was fetched, and ignores the answer to a request that is still on its way.
    pub fn restart(&mut self) {
        self.stale = true;
        self.ticket += 1;
        self.asked = None;
        self.find = None;
        self.next = String::new();
    }
}

/// How long until the list is asked for again: long lists cost the server more.
pub fn pace(rows: usize) -> Duration {
    let pages = u32::try_from(rows / PAGE).unwrap_or(u32::MAX);
    Duration::from_secs(3) + Duration::from_millis(1_500).saturating_mul(pages)
}
