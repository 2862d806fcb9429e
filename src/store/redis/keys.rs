//! The names of all Redis keys. They are a file format: other versions of Gatepost read what this one wrote.
//!
//! All keys of a site hold its name in braces, so that in a cluster they share a slot and one script may touch them.
//! A site cannot hold braces, and whatever the caller chose comes last, so that no two names meet.

use std::fmt::Display;

use crate::comment::{CommentId, Site};
use crate::limit::Scope;
use crate::store::person::Person;

/// String: written to learn whether Redis takes writes. Gone after a second. A tag in braces chooses the slot.
pub(super) fn probe(prefix: &str, tag: Option<u32>) -> String {
    tag.map_or_else(|| format!("{prefix}probe"), |tag| format!("{prefix}{{{tag}}}:probe"))
}

/// What scripts take for an author who is not known.
const UNKNOWN_AUTHOR: &str = "-";

/// Returns the name of an author's counts.
pub(super) fn author_name(author: Option<Person>) -> String {
    author.map_or(UNKNOWN_AUTHOR.to_owned(), |author| author.to_string())
}

/// The keys of one site.
pub(super) struct Keys {
    /// `gp:{blog.example}:`
    base: String,
}

impl Keys {
    pub fn new(prefix: &str, site: &Site) -> Self {
        Self { base: format!("{prefix}{{{}}}:", site.as_str()) }
    }

    /// The keys of the server itself, in the slot of another key that holds no braces: in a cluster the slot is that of what
    /// stands in braces, or else of the whole key.
    pub fn in_slot_of(prefix: &str, key: &str) -> Self {
        Self { base: format!("{prefix}{{{key}}}:") }
    }

    /// String: the secret that persons are hashed with. The only key that neither expires nor empties.
    pub fn secret(&self) -> String {
        self.key("secret")
    }

    /// Hash: a comment and what stands on it; see `keep.lua`.
    pub fn comment(&self, id: &CommentId) -> String {
        self.comment_named(id.as_str())
    }

    /// The same, by an id that an index holds.
    pub fn comment_named(&self, id: &str) -> String {
        self.key_of("comment", id)
    }

    /// List: what stood on a comment, oldest first, three elements each; see `change.lua`.
    pub fn trail(&self, id: &CommentId) -> String {
        self.key_of("trail", id.as_str())
    }

    /// String: the moderator who is at work on a comment. Ends with the claim.
    pub fn claim(&self, id: &CommentId) -> String {
        self.key_of("claim", id.as_str())
    }

    /// Sorted set of the comment ids that a moderator has claimed, by when each claim ends.
    pub fn claims_of(&self, moderator: &str) -> String {
        self.key_of("claims", moderator)
    }

    /// Sorted set of comment ids by the time they were received.
    pub fn all_by_time(&self) -> String {
        self.key("all:time")
    }

    /// Sorted set of comment ids by that time less up to a day, the more the likelier they are bad.
    pub fn all_by_risk(&self) -> String {
        self.key("all:risk")
    }

    /// Like [`all_by_time`](Self::all_by_time), of held comments only.
    pub fn held_by_time(&self) -> String {
        self.key("held:time")
    }

    /// Like [`all_by_risk`](Self::all_by_risk), of held comments only: the queue.
    pub fn held_by_risk(&self) -> String {
        self.key("held:risk")
    }

    /// Sorted set of comment ids by the time they were received, of comments that the machine approved and that a moderator is
    /// to look at all the same.
    pub fn spot_checks(&self) -> String {
        self.key("spots:time")
    }

    /// Hash: how many comments of an author stand approved, held and rejected. Scripts touch no hash for `-`.
    pub fn author(&self, author: &str) -> String {
        self.key_of("author", author)
    }

    /// String: the theoretical arrival time of a limit. `None`: the site's.
    pub fn limit(&self, scope: Scope, person: Option<&Person>) -> String {
        match person {
            Some(person) => self.key_of("limit", format_args!("{}:{person}", scope.as_str())),
            None => self.key_of("limit", scope.as_str()),
        }
    }

    /// Hash: how often each band of nearly the same comments came in the window of that number.
    pub fn similar(&self, window: u64) -> String {
        self.key_of("similar", window)
    }

    /// Stream: verdicts that took the place of others.
    pub fn events(&self) -> String {
        self.key("events")
    }

    /// List: acts that are not in the audit's chain yet; see `audit.rs`.
    pub fn unsealed(&self) -> String {
        self.key("audit:unsealed")
    }

    /// Hash: the audit, a field for each record by its number, and `newest` and `forgotten`, the ends of the chain.
    pub fn audit(&self) -> String {
        self.key("audit")
    }

    /// Hash: block and allow entries by name, and their version in the field `.`.
    pub fn listed(&self) -> String {
        self.key("listed")
    }

    /// Hash: what moderators and hosts have taught; see `teach.lua`.
    pub fn outcomes(&self) -> String {
        self.key("outcomes")
    }

    /// The same as [`events`](Self::events), while deleted ones are left out of it; see `rewrite.lua`.
    pub fn rewritten_events(&self) -> String {
        self.key("events:rewritten")
    }

    fn key(&self, name: &str) -> String {
        [&self.base, name].concat()
    }

    fn key_of(&self, kind: &str, whose: impl Display) -> String {
        format!("{}{kind}:{whose}", self.base)
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
