//! Lists in pages that stay in place while comments come and go: a page begins after a comment, not after a count.

use std::fmt::Write as _;

use prost::Message as _;

use super::entry::StoredComment;
use crate::error::Error;
use crate::verdict::Decision;

/// How long a page may become in bytes, but for its first comment. A reader that takes its time keeps a page in memory.
const MAX_BYTES: usize = 256 * 1024;
/// Most comments fetched at once.
const CHUNK: usize = 256;

/// Which comments to list, and in which order.
pub struct ListQuery<'a> {
    /// What stands. `None`: anything.
    pub decision: Option<Decision>,
    /// Only spot checks that nobody has decided yet.
    pub spot_checks: bool,
    /// In which order.
    pub order: Order,
    /// How many at most.
    pub size: usize,
    /// The token of the page before.
    pub after: Option<&'a str>,
    /// Which of them.
    pub matches: &'a (dyn Fn(&StoredComment) -> bool + Sync),
    /// How many comments the page looks at, at most.
    pub max_scanned: usize,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Longest waiting first, where certain risk counts as 24 hours more.
    Risk,
    /// Last received first.
    Newest,
    /// First received first.
    Oldest,
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    /// The comments, in order.
    pub comments: Vec<StoredComment>,
    /// Gets the next page. `None`: this was the last.
    pub next: Option<String>,
}

/// Where a comment stands in an order: by key, then by id.
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

/// A page being filled, chunk by chunk.
pub(super) struct PageBuilder<'a> {
    query: &'a ListQuery<'a>,
    page: ListPage,
    /// The last comment looked at.
    last: Option<ListPosition>,
    scanned: usize,
    bytes: usize,
    done: bool,
}

impl<'a> PageBuilder<'a> {
    /// An empty page.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the query's token is none of ours.
    pub fn new(query: &'a ListQuery<'a>) -> Result<Self, Error> {
        let malformed = || Error::invalid("page_token", "is not a page token; send the next_page_token of the page before");
        let last = query.after.map(|token| ListPosition::parse(token).ok_or_else(malformed)).transpose()?;
        let page = ListPage { comments: Vec::new(), next: None };
        Ok(Self { query, page, last, scanned: 0, bytes: 0, done: query.size == 0 })
    }

    /// After which comment to go on, and how many to fetch. `None`: the page is done.
    pub fn next_chunk(&self) -> Option<(Option<&ListPosition>, usize)> {
        (!self.done).then(|| (self.last.as_ref(), self.query.size.saturating_add(1).clamp(16, CHUNK)))
    }

    /// Takes what was fetched: fewer than asked for is the end of the list, `None` a comment that is gone meanwhile.
    pub fn add(&mut self, asked: usize, rows: Vec<(ListPosition, Option<StoredComment>)>) {
        let end = rows.len() < asked;
        self.scanned += rows.len();
        for (place, kept) in rows {
            let wanted = |kept: &StoredComment| {
                self.query.decision.is_none_or(|decision| decision == kept.verdict.decision)
                    && (!self.query.spot_checks || kept.verdict.is_spot_check())
                    && (self.query.matches)(kept)
            };
            let Some(kept) = kept.filter(wanted) else {
                self.last = Some(place);
                continue;
            };
            self.bytes += wire_length(&kept);
            if self.page.comments.len() == self.query.size || self.bytes > MAX_BYTES && !self.page.comments.is_empty() {
                // One more than fits: there is a next page, and it begins with this one.
                return self.finish(true);
            }
            self.page.comments.push(kept);
            self.last = Some(place);
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

    /// The page.
    pub fn build(self) -> ListPage {
        self.page
    }
}

/// About how long a comment is on the wire.
fn wire_length(kept: &StoredComment) -> usize {
    let reasons = kept.verdict.reasons.iter().map(|reason| reason.message.len() + 64);
    kept.comment.encoded_len() + reasons.sum::<usize>() + 512
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_comes_back_from_its_token(key in 0..i64::MAX, id in "[!-~]{1,256}") {
            let place = ListPosition { key, id };
            prop_assert_eq!(ListPosition::parse(&place.token()), Some(place));
        }

        #[test]
        fn any_text_is_a_token_or_refused(text in ".{0,40}|[0-9a-f]{0,40}") {
            if let Some(place) = ListPosition::parse(&text) {
                prop_assert_eq!(place.token(), text.to_lowercase());
            }
        }
    }
}
