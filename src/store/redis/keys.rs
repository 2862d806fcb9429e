//! The names of all Redis keys. They must stay stable, because other versions of Gatepost read the same data.
//!
//! All keys of a site contain its name in braces. In a cluster they therefore share a slot, and one script may access them.
//! Site names contain no braces, and parts that callers choose come last, so that names cannot collide.

use std::fmt::Display;

use crate::comment::{CommentId, Site};
use crate::limit::Scope;
use crate::store::person::Person;

/// Returns the key that probes write to check whether Redis accepts writes (a string with a TTL of one second). The `tag`, in
/// braces, selects the slot.
pub(super) fn probe(prefix: &str, tag: Option<u32>) -> String {
    tag.map_or_else(|| format!("{prefix}probe"), |tag| format!("{prefix}{{{tag}}}:probe"))
}

/// The name by which scripts recognize an unknown author.
const UNKNOWN_AUTHOR: &str = "-";

/// Returns the name that identifies an author in keys and scripts.
pub(super) fn author_name(author: Option<Person>) -> String {
    author.map_or(UNKNOWN_AUTHOR.to_owned(), |author| author.to_string())
}

/// The names of a site's keys.
pub(super) struct Keys {
    /// Common prefix, for example `gp:{blog.example}:`.
    base: String,
}

impl Keys {
    /// Creates the names of a site's keys.
    pub fn new(prefix: &str, site: &Site) -> Self {
        Self { base: format!("{prefix}{{{}}}:", site.as_str()) }
    }

    /// Creates the names of the server's own keys, in the slot of `key`, which has no braces. A cluster hashes the part in
    /// braces, or the whole key if there are none, so a name with `key` in braces gets the same slot.
    pub fn in_slot_of(prefix: &str, key: &str) -> Self {
        Self { base: format!("{prefix}{{{key}}}:") }
    }

    /// Returns the key of a string: the secrets with which persons are hashed. It is the only key that never expires or
    /// becomes empty.
    pub fn secret(&self) -> String {
        self.key("secret")
    }

    /// Returns the key of a hash: a comment with its current verdict; see `keep.lua`.
    pub fn comment(&self, id: &CommentId) -> String {
        self.comment_named(id.as_str())
    }

    /// Returns the same key as [`comment`](Self::comment) for an id read from an index.
    pub fn comment_named(&self, id: &str) -> String {
        self.key_of("comment", id)
    }

    /// Returns the key of a list: the past verdicts on a comment, oldest first, three elements each; see `change.lua`.
    pub fn trail(&self, id: &CommentId) -> String {
        self.key_of("trail", id.as_str())
    }

    /// Returns the key of a string: the moderator who has claimed a comment. It expires with the claim.
    pub fn claim(&self, id: &CommentId) -> String {
        self.key_of("claim", id.as_str())
    }

    /// Returns the key of a sorted set: the ids of the comments that a moderator has claimed, by expiry of the claim.
    pub fn claims_of(&self, moderator: &str) -> String {
        self.key_of("claims", moderator)
    }

    /// Returns the key of a sorted set: all comment ids by time of receipt.
    pub fn all_by_time(&self) -> String {
        self.key("all:time")
    }

    /// Returns the key of a sorted set: all comment ids by time of receipt less up to 24 hours, depending on the risk score.
    pub fn all_by_risk(&self) -> String {
        self.key("all:risk")
    }

    /// Returns the key of a sorted set like [`all_by_time`](Self::all_by_time) for held comments only.
    pub fn held_by_time(&self) -> String {
        self.key("held:time")
    }

    /// Returns the key of a sorted set like [`all_by_risk`](Self::all_by_risk) for held comments only. It is the queue.
    pub fn held_by_risk(&self) -> String {
        self.key("held:risk")
    }

    /// Returns the key of a sorted set: the ids of approved comments that a moderator is to spot-check, by time of receipt.
    pub fn spot_checks(&self) -> String {
        self.key("spots:time")
    }

    /// Returns the key of a hash: the numbers of an author's approved, held and rejected comments. Scripts do not write it for
    /// the unknown author `-`.
    pub fn author(&self, author: &str) -> String {
        self.key_of("author", author)
    }

    /// Returns the key of a string: the theoretical arrival time of a rate limit. `person` is `None` for the site's limit.
    pub fn limit(&self, scope: Scope, person: Option<&Person>) -> String {
        match person {
            Some(person) => self.key_of("limit", format_args!("{}:{person}", scope.as_str())),
            None => self.key_of("limit", scope.as_str()),
        }
    }

    /// Returns the key of a hash: the number of comments per MinHash band in a counting window.
    pub fn similar(&self, window: u64) -> String {
        self.key_of("similar", window)
    }

    /// Returns the key of a stream: changed verdicts, for watchers.
    pub fn events(&self) -> String {
        self.key("events")
    }

    /// Returns the key of a string that is written only so that WAIT covers the writes before it.
    pub fn replica_probe(&self) -> String {
        self.key("replica-probe")
    }

    /// Returns the key of a list: audit records that are not in the hash chain yet; see `audit.rs`.
    pub fn unsealed(&self) -> String {
        self.key("audit:unsealed")
    }

    /// Returns the key of a hash: the audit, with a field per record number, and the ends of the chain in `newest` and
    /// `forgotten`.
    pub fn audit(&self) -> String {
        self.key("audit")
    }

    /// Returns the key of a hash: block and allow entries by name, and their version in the field `.`.
    pub fn listed(&self) -> String {
        self.key("listed")
    }

    /// Returns the key of a hash: the outcome log; see `teach.lua`.
    pub fn outcomes(&self) -> String {
        self.key("outcomes")
    }

    /// Returns the key of a stream: the copy of [`events`](Self::events) without deleted ones, while it is made; see
    /// `rewrite.lua`.
    pub fn rewritten_events(&self) -> String {
        self.key("events:rewritten")
    }

    fn key(&self, name: &str) -> String {
        [&self.base, name].concat()
    }

    fn key_of(&self, kind: &str, suffix: impl Display) -> String {
        format!("{}{kind}:{suffix}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_names_its_site_in_braces() {
        let keys = Keys::new("gp:", &Site::parse("site", "blog.example").unwrap());
        let id = CommentId::parse("id", "a:b").unwrap();
        assert_eq!(keys.comment(&id), "gp:{blog.example}:comment:a:b");
        assert_eq!(keys.held_by_risk(), "gp:{blog.example}:held:risk");
        assert_eq!(keys.limit(Scope::Site, None), "gp:{blog.example}:limit:site");
    }
}
