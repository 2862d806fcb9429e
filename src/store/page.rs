//! Paginated lists of comments. A page starts after a given comment rather than at an offset, so that added and removed
//! comments do not shift it.

use std::fmt::Write as _;

use prost::Message as _;

use super::entry::StoredComment;
use crate::error::Error;
use crate::verdict::Decision;

/// Maximum size of a page in bytes, except that a page may always hold one comment. A slow reader keeps a page in memory.
const MAX_BYTES: usize = 256 * 1024;
/// Maximum number of comments fetched at once.
const CHUNK: usize = 256;

/// A query for a page of a list of comments.
pub struct ListQuery<'a> {
    /// Current decision of the comments to list, or `None` for any.
    pub decision: Option<Decision>,
    /// Whether to list only spot checks that no moderator has decided yet.
    pub spot_checks: bool,
    /// Order of the list.
    pub order: Order,
    /// Maximum number of comments on the page.
    pub size: usize,
    /// Page token from the previous page, or `None` for the first page.
    pub after: Option<&'a str>,
    /// Filter that a comment must pass to be listed.
    pub matches: &'a (dyn Fn(&StoredComment) -> bool + Sync),
    /// Number of scanned comments after which the page ends.
    pub max_scanned: usize,
}

/// The order of a list of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first, where the highest risk score counts as 24 hours of additional waiting time.
    Risk,
    /// Most recently received first.
    Newest,
    /// Least recently received first.
    Oldest,
}

/// A page of a list of comments.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    /// Comments, in the requested order.
    pub comments: Vec<StoredComment>,
    /// Token of the next page, or `None` on the last page.
    pub next: Option<String>,
}

/// The position of a comment in a list, which is sorted by key and then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListPosition {
    pub key: i64,
    pub id: String,
}

impl ListPosition {
    fn token(&self) -> String {
        let mut token = format!("{:016x}", self.key);
        for byte in self.id.bytes() {
            // Writing to a string cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    fn parse(token: &str) -> Option<Self> {
        let (key, id) = token.split_at_checked(16).filter(|_| token.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let pairs = id.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        let id = String::from_utf8(pairs.collect::<Option<_>>()?).ok().filter(|text| text.len() * 2 == id.len())?;
        Some(Self { key: i64::from_str_radix(key, 16).ok()?, id })
    }
}

/// Builds a page from chunks of comments.
pub(super) struct PageBuilder<'a> {
    query: &'a ListQuery<'a>,
    page: ListPage,
    /// Position of the last comment scanned.
    last: Option<ListPosition>,
    scanned: usize,
    bytes: usize,
    done: bool,
}

impl<'a> PageBuilder<'a> {
    /// Creates an empty page.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if the query's page token is malformed.
    pub fn new(query: &'a ListQuery<'a>) -> Result<Self, Error> {
        let malformed = || Error::invalid("page_token", "is not a page token; send the next_page_token of the page before");
        let last = query.after.map(|token| ListPosition::parse(token).ok_or_else(malformed)).transpose()?;
        let page = ListPage { comments: Vec::new(), next: None };
        Ok(Self { query, page, last, scanned: 0, bytes: 0, done: query.size == 0 })
    }

    /// Returns the position to continue after and the number of comments to fetch. Returns `None` if the page is complete.
    pub fn next_chunk(&self) -> Option<(Option<&ListPosition>, usize)> {
        (!self.done).then(|| (self.last.as_ref(), self.query.size.saturating_add(1).clamp(16, CHUNK)))
    }

    /// Adds a fetched chunk. Fewer rows than `requested` mean the end of the list; `None` is a comment that was removed
    /// meanwhile.
    pub fn add(&mut self, requested: usize, rows: Vec<(ListPosition, Option<StoredComment>)>) {
        let end = rows.len() < requested;
        self.scanned += rows.len();
        for (position, stored) in rows {
            let wanted = |stored: &StoredComment| {
                self.query.decision.is_none_or(|decision| decision == stored.verdict.decision)
                    && (!self.query.spot_checks || stored.verdict.is_spot_check())
                    && (self.query.matches)(stored)
            };
            let Some(stored) = stored.filter(wanted) else {
                self.last = Some(position);
                continue;
            };
            self.bytes += wire_length(&stored);
            if self.page.comments.len() == self.query.size || self.bytes > MAX_BYTES && !self.page.comments.is_empty() {
                // This comment does not fit any more: the next page starts with it.
                return self.finish(true);
            }
            self.page.comments.push(stored);
            self.last = Some(position);
        }
        if end {
            self.finish(false);
        } else if self.scanned >= self.query.max_scanned {
            self.finish(true);
        }
    }

    fn finish(&mut self, more: bool) {
        self.page.next = self.last.as_ref().filter(|_| more).map(ListPosition::token);
        self.done = true;
    }

    /// Returns the page.
    pub fn build(self) -> ListPage {
        self.page
    }
}

/// Returns the approximate encoded size of a comment, in bytes.
fn wire_length(stored: &StoredComment) -> usize {
    let reasons = stored.verdict.reasons.iter().map(|reason| reason.message.len() + 64);
    stored.comment.encoded_len() + reasons.sum::<usize>() + 512
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_comes_back_from_its_token(key in 0..i64::MAX, id in "[!-~]{1,256}") {
            let position = ListPosition { key, id };
            prop_assert_eq!(ListPosition::parse(&position.token()), Some(position));
        }

        #[test]
        fn any_text_is_a_token_or_refused(text in ".{0,40}|[0-9a-f]{0,40}") {
            if let Some(position) = ListPosition::parse(&text) {
                prop_assert_eq!(position.token(), text.to_lowercase());
            }
        }
    }
}
