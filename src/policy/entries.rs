//! Block and allow entries that moderators made: the same kinds of lists as a policy file has, and authors.

use std::collections::HashSet;

use super::lists::{Addresses, Domains, Words};
use crate::comment::external_id;

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Does not count against a comment.
    Allow,
    /// Counts as the policy's own blocked lists do.
    Block,
}

/// What an entry is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Words and phrases of the body.
    Word,
    /// Domains of links.
    Domain,
    /// E-mail addresses, mail domains, IP addresses and ranges.
    Address,
    /// User ids.
    Author,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }
}

impl Target {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Domain => "domain",
            Self::Address => "address",
            Self::Author => "author",
        }
    }

    /// The one form of a value, however it is typed.
    ///
    /// # Errors
    /// It is none of this kind; what would be.
    pub fn canonical(self, value: &str) -> Result<String, String> {
        let value = value.trim();
        match self {
            Self::Word => Words::parse(value).map(|words| words.join(" ")),
            Self::Domain => Domains::parse(value),
            // A hash, as it is listed.
            Self::Address if is_hash(value) => Ok(value.to_owned()),
            Self::Address => Addresses::parse(value).map(|address| address.to_string()),
            Self::Author if value.is_empty() => Err("is empty: the author's user id is required".to_owned()),
            Self::Author => Ok(external_id(value).into_owned()),
        }
    }
}

fn is_hash(value: &str) -> bool {
    value.strip_prefix('#').is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A site's entries, ready to be compared with comments.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    pub(super) blocked: Listing,
    pub(super) allowed: Listing,
}

/// Entries of one kind, each list with the values that its places stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    pub words: Words,
    pub word_values: Vec<String>,
    pub domains: Domains,
    pub domain_values: Vec<String>,
    pub addresses: Addresses,
    pub address_values: Vec<String>,
    /// Keyed hashes of e-mail and IP addresses.
    pub person_hashes: HashSet<String>,
    /// User ids.
    pub user_ids: HashSet<String>,
}

/// The entries that a comment is held to, and whom it came from as they name persons.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// The site's entries.
    pub entries: &'a Entries,
    /// Who sent it.
    pub senders: &'a Senders,
}

/// Keyed hashes of who sent a comment, as entries name persons.
#[derive(Debug, Clone, Default)]
pub struct Senders {
    /// Those that are no mere claim: a verified e-mail address, and the IP address.
    pub verified: Vec<String>,
    /// An e-mail address that somebody typed.
    pub unverified: Vec<String>,
}

impl Senders {
    /// Returns all of them.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.verified.iter().chain(&self.unverified)
    }
}

impl Entries {
    /// Compiles entries: kind, target, and the value in its one form. One that is none any more is left out.
    pub fn new(entries: impl Iterator<Item = (Kind, Target, String)>) -> Self {
        let (mut blocked, mut allowed) = (Raw::default(), Raw::default());
        for (kind, target, value) in entries {
            let raw = if kind == Kind::Block { &mut blocked } else { &mut allowed };
            match target {
                Target::Word => raw.words.extend(Words::parse(&value).ok().map(|words| (words, value))),
                Target::Domain => raw.domains.push(value),
                Target::Address if is_hash(&value) => drop(raw.persons.insert(value)),
                Target::Address => raw.addresses.extend(Addresses::parse(&value).ok().map(|address| (address, value))),
                Target::Author => drop(raw.authors.insert(value)),
            }
        }
        Self { blocked: blocked.compiled(), allowed: allowed.compiled() }
    }

    /// Whether any of them is for the address of a person.
    pub fn know_persons(&self) -> bool {
        !self.blocked.person_hashes.is_empty() || !self.allowed.person_hashes.is_empty()
    }
}

#[derive(Default)]
struct Raw {
    words: Vec<(Vec<String>, String)>,
    domains: Vec<String>,
    addresses: Vec<(super::lists::Address, String)>,
    persons: HashSet<String>,
    authors: HashSet<String>,
}

impl Raw {
    fn compiled(self) -> Listing {
        let (words, word_values) = self.words.into_iter().unzip();
        let (addresses, address_values) = self.addresses.into_iter().unzip();
        Listing {
            words: Words::new(words),
            word_values,
            domains: Domains::new(self.domains.clone()),
            domain_values: self.domains,
            addresses: Addresses::new(addresses),
            address_values,
            person_hashes: self.persons,
            user_ids: self.authors,
        }
    }
}

impl Listed<'_> {
    /// No entries.
    pub fn none() -> Listed<'static> {
        static NONE: std::sync::LazyLock<Entries> = std::sync::LazyLock::new(Entries::default);
        static NOBODY: Senders = Senders { verified: Vec::new(), unverified: Vec::new() };
        Listed { entries: &NONE, senders: &NOBODY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form_however_it_is_typed() {
        let cases = [
            (Target::Word, " Buy  NOW! ", "buy now"),
            (Target::Domain, "*.Casino.example.", "casino.example"),
            (Target::Domain, "XN--mller-kva.example", "müller.example"),
            (Target::Domain, "ｍüller。example", "müller.example"),
            (Target::Address, "A@B.example", "a@b.example"),
            (Target::Address, "@B.example", "@b.example"),
            (Target::Address, "A@XN--mller-kva.Example.", "a@müller.example"),
            (Target::Address, "192.0.2.7", "192.0.2.7"),
            (Target::Address, "192.0.2.9/24", "192.0.2.0/24"),
            (Target::Address, "2001:DB8::/32", "2001:db8::/32"),
            (Target::Author, "u-7", "u-7"),
        ];
        for (target, typed, form) in cases {
            assert_eq!(target.canonical(typed).as_deref(), Ok(form), "{typed}");
        }
        for (target, typed) in [(Target::Word, "!!"), (Target::Domain, "a b"), (Target::Address, "nobody")] {
            assert!(target.canonical(typed).is_err(), "{typed}");
        }
    }
}
