//! What replies quote of the comments they answer: hosts send it as `parent_text`, and it goes when the person is erased who
//! wrote it.

use std::collections::HashSet;

use prost::Message;
use sha2::{Digest, Sha256};

use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::store::entry::StoredComment;
use crate::store::page::{ListQuery, Order};

/// How many letters and digits of a text are compared.
const COMPARED_CHARS: usize = 2_000;
/// How often a reply is looked at again that is changed at the same time.
const MAX_ATTEMPTS: usize = 8;

/// Tells one text from another whatever their white space, punctuation and case are. Returns `None` for a text that has no
/// letters.
fn text_digest(text: &str) -> Option<[u8; 32]> {
    let said = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(COMPARED_CHARS);
    let said: String = said.collect();
    (!said.is_empty()).then(|| Sha256::digest(said).into())
}

impl Store {
    /// Empties what the replies to some comments quote of them. Returns how many replies there were.
    pub(super) async fn remove_quotes_of(&self, site: &Site, ids: &[CommentId]) -> Result<u64, Error> {
        let mut traces = HashSet::new();
        for id in ids {
            if let Some(kept) = self.get(site, id).await? {
                traces.extend(text_digest(&kept.comment.body));
            }
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let ids: HashSet<&str> = ids.iter().map(CommentId::as_str).collect();
        let quotes = |kept: &StoredComment| {
            let pb::Comment { parent_id, parent_text, .. } = &kept.comment;
            let known = || text_digest(parent_text).is_some_and(|trace| traces.contains(&trace));
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
            for kept in page.comments {
                emptied += u64::from(self.remove_quote(site, kept).await?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(emptied),
            }
        }
    }

    async fn remove_quote(&self, site: &Site, mut kept: StoredComment) -> Result<bool, Error> {
        let Ok(id) = CommentId::parse("id", &kept.comment.comment_id) else { return Ok(false) };
        for _ in 0..MAX_ATTEMPTS {
            let comment = pb::Comment { parent_text: String::new(), ..kept.comment };
            let revision = kept.verdict.revision;
            let emptied = match &self.engine {
                Engine::Memory(engine) => engine.set_comment(site, &id, revision, comment),
                Engine::Embedded(engine) => engine.set_comment(site, &id, revision, comment.encode_to_vec()).await,
                Engine::Redis(engine) => engine.set_comment(site, &id, revision, &comment.encode_to_vec()).await,
            };
            if emptied? {
                return Ok(true);
            }
            // Decided or edited in between, or gone.
            match self.get(site, &id).await? {
                Some(now) if !now.comment.parent_text.is_empty() => kept = now,
                _ => return Ok(false),
            }
        }
        Err(Error::store("a reply changes faster than what it quotes can be erased"))
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
