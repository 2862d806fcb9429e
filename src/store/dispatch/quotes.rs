//! Quotations in replies. Hosts send the text of the parent comment as `parent_text`; it is removed when the person who wrote
//! it is erased.

use std::collections::HashSet;

use prost::Message;
use sha2::{Digest, Sha256};

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::entry::StoredComment;
use crate::store::page::{ListQuery, Order};

/// Number of letters and digits of a text that are compared.
const COMPARED_CHARS: usize = 2_000;
/// Maximum number of attempts for a reply that is changed concurrently.
const MAX_ATTEMPTS: usize = 8;

/// Returns a digest of a text that ignores white space, punctuation and case. Returns `None` if the text has no letters or
/// digits.
fn text_digest(text: &str) -> Option<[u8; 32]> {
    let compared = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(COMPARED_CHARS);
    let compared: String = compared.collect();
    (!compared.is_empty()).then(|| Sha256::digest(compared).into())
}

impl Store {
    /// Removes the quotations of some comments from the replies to them. Returns the number of changed replies.
    pub(super) async fn remove_quotes_of(&self, site: &Site, ids: &[CommentId]) -> Result<u64, Error> {
        let mut digests = HashSet::new();
        for id in ids {
            if let Some(stored) = self.get(site, id).await? {
                digests.extend(text_digest(&stored.comment.body));
            }
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let ids: HashSet<&str> = ids.iter().map(CommentId::as_str).collect();
        let quotes = |stored: &StoredComment| {
            let pb::Comment { parent_id, parent_text, .. } = &stored.comment;
            let known = || text_digest(parent_text).is_some_and(|digest| digests.contains(&digest));
            !parent_text.is_empty() && (ids.contains(parent_id.as_str()) || known())
        };
        let (mut after, mut emptied): (Option<String>, u64) = (None, 0);
        loop {
            let query = ListQuery {
                decision: None,
                spot_checks: false,
                order: Order::Oldest,
                size: 256,
                after: after.as_deref(),
                matches: &quotes,
                max_scanned: 4_096,
            };
            let page = self.list(site, &query).await?;
            for stored in page.comments {
                emptied += u64::from(self.remove_quote(site, stored).await?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(emptied),
            }
        }
    }

    async fn remove_quote(&self, site: &Site, mut stored: StoredComment) -> Result<bool, Error> {
        let Ok(id) = CommentId::parse("id", &stored.comment.comment_id) else { return Ok(false) };
        for _ in 0..MAX_ATTEMPTS {
            let comment = pb::Comment { parent_text: String::new(), ..stored.comment };
            let revision = stored.verdict.revision;
            let emptied = match &self.engine {
                Engine::Memory(engine) => engine.set_comment(site, &id, revision, comment),
                Engine::Embedded(engine) => engine.set_comment(site, &id, revision, comment.encode_to_vec()).await,
                Engine::Redis(engine) => engine.set_comment(site, &id, revision, &comment.encode_to_vec()).await,
            };
            if emptied? {
                return Ok(true);
            }
            // The reply was decided, edited or removed in the meantime.
            match self.get(site, &id).await? {
                Some(now) if !now.comment.parent_text.is_empty() => stored = now,
                _ => return Ok(false),
            }
        }
        Err(Error::store("a reply changes faster than its quotation can be erased; repeat the erasure"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_known_however_it_is_set() {
        assert_eq!(text_digest("I live in Ulm,\n at the river."), text_digest("i live in ulm at the river"));
        assert_ne!(text_digest("I live in Ulm"), text_digest("I live in Bonn"));
        assert_eq!(text_digest(" … "), None);
    }
}
