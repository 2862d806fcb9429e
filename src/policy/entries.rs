//! Block and allow entries that moderators made: the lists of a policy file, and authors.

use std::collections::HashSet;

use super::lists::{AddressList, DomainList, WordList};
use crate::comment::external_id;

/// The effect of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A match does not count against a comment.
    Allow,
    /// A match has the effect of the policy's own blocked lists.
    Block,
}

/// The part of a comment that an entry is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryTarget {
    /// Words and phrases of the body.
    Word,
    /// Domains of links.
    Domain,
    /// E-mail addresses, mail domains, IP addresses and ranges.
    Address,
    /// User ids.
    Author,
}

impl EntryKind {
    /// Returns the name of the kind: `allow` or `block`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }
}

impl EntryTarget {
    /// Returns the name of the target: `word`, `domain`, `address` or `author`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Domain => "domain",
            Self::Address => "address",
            Self::Author => "author",
        }
    }

    /// Returns the canonical form of a value.
    ///
    /// # Errors
    /// Returns an error that says what is accepted if the value does not fit the target.
    pub fn canonicalize(self, value: &str) -> Result<String, String> {
        let value = value.trim();
        match self {
            Self::Word => WordList::parse(value).map(|words| words.join(" ")),
            Self::Domain => DomainList::parse(value),
            // A keyed hash, as lists show it.
            Self::Address if is_person_hash(value) => Ok(value.to_owned()),
            Self::Address => AddressList::parse(value).map(|address| address.to_string()),
            Self::Author if value.is_empty() => Err("is empty: the author's user id is required".to_owned()),
            Self::Author => Ok(external_id(value).into_owned()),
        }
    }
}

/// Returns whether a value is the keyed hash of a person's address: `#` and 32 hex digits.
fn is_person_hash(value: &str) -> bool {
    value.strip_prefix('#').is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A site's entries, ready to be compared with comments.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    pub(super) blocked: EntryLists,
    pub(super) allowed: EntryLists,
}

/// Entries of one kind. Each list comes with the values of its entries, by position.
#[derive(Debug, Clone, Default)]
pub(super) struct EntryLists {
    pub words: WordList,
    pub word_values: Vec<String>,
    pub domains: DomainList,
    pub domain_values: Vec<String>,
    pub addresses: AddressList,
    pub address_values: Vec<String>,
    /// Keyed hashes of e-mail and IP addresses.
    pub person_hashes: HashSet<String>,
    /// User ids.
    pub user_ids: HashSet<String>,
}

/// The entries that a comment is compared with, and the hashes of its sender.
#[derive(Debug, Clone, Copy)]
pub struct ListContext<'a> {
    /// The site's entries.
    pub entries: &'a Entries,
    /// Hashes of the comment's sender.
    pub senders: &'a SenderHashes,
}

/// Keyed hashes of a comment's sender, in the form in which entries name persons.
#[derive(Debug, Clone, Default)]
pub struct SenderHashes {
    /// Hashes of the e-mail address if it is verified, and of the IP address.
    pub verified: Vec<String>,
    /// Hashes of the e-mail address if it is not verified.
    pub unverified: Vec<String>,
}

impl SenderHashes {
    /// Returns all hashes, the verified ones first.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.verified.iter().chain(&self.unverified)
    }
}

impl Entries {
    /// Compiles entries, given as kind, target and canonical value. Values that are no longer valid are left out.
    pub fn new(entries: impl Iterator<Item = (EntryKind, EntryTarget, String)>) -> Self {
        let (mut blocked, mut allowed) = (EntryListsBuilder::default(), EntryListsBuilder::default());
        for (kind, target, value) in entries {
            let raw = if kind == EntryKind::Block { &mut blocked } else { &mut allowed };
            match target {
                EntryTarget::Word => raw.words.extend(WordList::parse(&value).ok().map(|words| (words, value))),
                EntryTarget::Domain => raw.domains.push(value),
                EntryTarget::Address if is_person_hash(&value) => drop(raw.persons.insert(value)),
                EntryTarget::Address => raw.addresses.extend(AddressList::parse(&value).ok().map(|address| (address, value))),
                EntryTarget::Author => drop(raw.authors.insert(value)),
            }
        }
        Self { blocked: blocked.build(), allowed: allowed.build() }
    }

    /// Returns whether any entry is for the address of a person.
    pub fn have_person_entries(&self) -> bool {
        !self.blocked.person_hashes.is_empty() || !self.allowed.person_hashes.is_empty()
    }
}

#[derive(Default)]
struct EntryListsBuilder {
    words: Vec<(Vec<String>, String)>,
    domains: Vec<String>,
    addresses: Vec<(super::lists::AddressEntry, String)>,
    persons: HashSet<String>,
    authors: HashSet<String>,
}

impl EntryListsBuilder {
    fn build(self) -> EntryLists {
        let (words, word_values) = self.words.into_iter().unzip();
        let (addresses, address_values) = self.addresses.into_iter().unzip();
        EntryLists {
            words: WordList::new(words),
            word_values,
            domains: DomainList::new(self.domains.clone()),
            domain_values: self.domains,
            addresses: AddressList::new(addresses),
            address_values,
            person_hashes: self.persons,
            user_ids: self.authors,
        }
    }
}

impl ListContext<'_> {
    /// Returns a context without entries and without a sender.
    pub fn empty() -> ListContext<'static> {
        static NONE: std::sync::LazyLock<Entries> = std::sync::LazyLock::new(Entries::default);
        static NOBODY: SenderHashes = SenderHashes { verified: Vec::new(), unverified: Vec::new() };
        ListContext { entries: &NONE, senders: &NOBODY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form_however_it_is_typed() {
        let cases = [
            (EntryTarget::Word, " Buy  NOW! ", "buy now"),
            (EntryTarget::Domain, "*.Casino.example.", "casino.example"),
            (EntryTarget::Domain, "XN--mller-kva.example", "müller.example"),
            (EntryTarget::Domain, "ｍüller。example", "müller.example"),
            (EntryTarget::Address, "A@B.example", "a@b.example"),
            (EntryTarget::Address, "@B.example", "@b.example"),
            (EntryTarget::Address, "A@XN--mller-kva.Example.", "a@müller.example"),
            (EntryTarget::Address, "192.0.2.7", "192.0.2.7"),
            (EntryTarget::Address, "192.0.2.9/24", "192.0.2.0/24"),
            (EntryTarget::Address, "2001:DB8::/32", "2001:db8::/32"),
            (EntryTarget::Author, "u-7", "u-7"),
        ];
        for (target, typed, form) in cases {
            assert_eq!(target.canonicalize(typed).as_deref(), Ok(form), "{typed}");
        }
        for (target, typed) in [(EntryTarget::Word, "!!"), (EntryTarget::Domain, "a b"), (EntryTarget::Address, "nobody")] {
            assert!(target.canonicalize(typed).is_err(), "{typed}");
        }
    }
}
