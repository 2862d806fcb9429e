//! The audit: who did what on a site, in a chain of hashes in which a gap or an edit shows.
//!
//! Each record's hash is SHA-256 of the hash before it and the SHA-256 of the record's bytes, so that a record can be erased
//! with the person it was about: its digest stays, and the chain goes on over it. Whoever may write to the store may also
//! write the whole chain anew; that shows to whoever has noted an earlier end of it (B. Schneier and J. Kelsey, "Secure
//! Audit Logs to Support Computer Forensics", 1999).
//!
//! What the machine approves at once is no act on anybody, and is not recorded: there are too many of those.

use std::collections::HashSet;
use std::fmt::Write as _;

use prost::Message;
use sha2::{Digest, Sha256};

use super::person::{Identity, Person, Persons};
use super::record::machine_event;
use super::{Engine, Store};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::pb;
use crate::verdict::{Decision, Verdict};

/// Records read at once.
const CHUNK: usize = 512;
/// The field `before` of an event, as it begins on the wire: number 6, a varint.
const BEFORE: u8 = 6 << 3;

/// Where a chain has got to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    /// How many records there have been.
    pub number: u64,
    /// The hash of the chain up to here; zeros before the first.
    pub hash: [u8; 32],
}

/// One record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its number, and the chain's hash with it.
    pub link: Link,
    /// SHA-256 of the record as it was written.
    pub digest: [u8; 32],
    /// The record: an AuditEvent. Empty: it was erased.
    pub record: Vec<u8>,
}

/// A run of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The records, in the order asked for.
    pub records: Vec<Logged>,
    /// The newest that is not kept any more.
    pub forgotten: Link,
    /// The newest of all.
    pub newest: Link,
    /// There are no more in this direction.
    pub end: bool,
    /// From where to go on; `None`: nothing was read.
    pub next: Option<u64>,
}

impl AuditPage {
    /// A page of an engine that leaves out no record but those that are missing, of so many asked for.
    pub(super) fn of(records: Vec<Logged>, count: usize, forgotten: Link, newest: Link) -> Self {
        let (end, next) = (records.len() < count, records.last().map(|last| last.link.number));
        Self { records, forgotten, newest, end, next }
    }
}

impl Link {
    /// Where the chain is after one more record.
    pub(super) fn next(&self, digest: &[u8; 32]) -> Self {
        let hash = Sha256::new().chain_update(self.hash).chain_update(digest).finalize().into();
        Self { number: self.number + 1, hash }
    }

    /// As Redis keeps it: the number and the hash in hexadecimal.
    pub(super) fn to_text(self) -> String {
        let mut text = format!("{} ", self.number);
        for byte in self.hash {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Reads back what [`to_text`](Self::to_text) wrote.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let (number, hex) = text.split_once(' ')?;
        let mut hash = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).ok()?;
        }
        Some(Self { number: number.parse().ok()?, hash })
    }
}

impl Logged {
    /// The next record of a chain.
    pub(super) fn after(newest: &Link, record: Vec<u8>) -> Self {
        let digest = Sha256::digest(&record).into();
        Self { link: newest.next(&digest), digest, record }
    }

    /// As Redis keeps it: hash, digest and record.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.link.hash[..], &self.digest, &self.record].concat()
    }

    /// Reads back what [`to_bytes`](Self::to_bytes) gave.
    pub(super) fn from_bytes(number: u64, bytes: &[u8]) -> Option<Self> {
        let (hash, rest) = bytes.split_first_chunk::<32>()?;
        let (digest, record) = rest.split_first_chunk::<32>()?;
        Some(Self { link: Link { number, hash: *hash }, digest: *digest, record: record.to_vec() })
    }

    fn is_damaged(&self) -> bool {
        !self.record.is_empty() && <[u8; 32]>::from(Sha256::digest(&self.record)) != self.digest
    }

    /// What is told of it. A record that cannot be read says nothing but where it stands.
    pub fn event(&self) -> pb::AuditEvent {
        let event = pb::AuditEvent::decode(&*self.record).unwrap_or_default();
        pb::AuditEvent {
            number: self.link.number,
            hash: self.link.hash.to_vec(),
            record: self.record.clone(),
            // Beside a record it is told only where it is not the record's.
            erased_digest: if self.is_damaged() || self.record.is_empty() { self.digest.to_vec() } else { Vec::new() },
            ..event
        }
    }
}

/// The record of what the machine, or an import, decided, but for the decision before. `None`: it is no act on anybody.
pub(super) fn of_machine(verdict: &Verdict, persons: &Persons) -> Option<Vec<u8>> {
    let worth = verdict.decision != Decision::Approve || verdict.revision > 1;
    let persons = || persons.all().flat_map(|person| *person.as_bytes()).collect();
    worth.then(|| pb::AuditEvent { persons: persons(), ..machine_event(verdict, 0) }.encode_to_vec())
}

/// Adds the decision before to a record. Of a field that is there twice the last counts.
pub(super) fn with_before(mut record: Vec<u8>, before: i32) -> Vec<u8> {
    if before != 0 {
        record.extend([BEFORE, u8::try_from(before).unwrap_or_default()]);
        record.extend(edit());
    }
    record
}

/// What makes a record that of an edit, put behind it.
pub(super) fn edit() -> Vec<u8> {
    pb::AuditEvent { act: "EDITED".to_owned(), ..Default::default() }.encode_to_vec()
}

impl Store {
    /// Records an act that is not on a comment.
    pub async fn log(&self, site: &Site, event: &pb::AuditEvent) -> Result<(), Error> {
        let record = event.encode_to_vec();
        match &self.engine {
            Engine::Memory(engine) => engine.log(site, record),
            Engine::Embedded(engine) => engine.log(site, record).await,
            Engine::Redis(engine) => engine.log(site, record).await,
        }
    }

    /// So many records, at most, with numbers above `from`; or below it, newest first, when `backwards`.
    pub async fn audit(&self, site: &Site, from: u64, count: usize, backwards: bool) -> Result<AuditPage, Error> {
        match &self.engine {
            Engine::Memory(engine) => engine.audit(site, from, count, backwards),
            Engine::Embedded(engine) => engine.audit(site, from, count, backwards).await,
            Engine::Redis(engine) => engine.audit(site, from, count, backwards).await,
        }
    }

    /// Erases what the audit says of a person: of these comments, of all others that it knows to be the person's, and of
    /// entries for the person. A walk over all of it. Returns how many records.
    pub(super) async fn blank(&self, site: &Site, person: &Person, ids: &[CommentId]) -> Result<u64, Error> {
        let mut ids: HashSet<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let (secrets, hash) = (self.secrets(site).await?, format!("#{person}"));
        let (mut from, mut blanked) = (0, 0);
        loop {
            let page = self.audit(site, from, CHUNK, false).await?;
            let mut numbers = Vec::new();
            for event in page.records.iter().map(Logged::event) {
                if person.is_in(&event.persons) && !event.comment_id.is_empty() {
                    // Also of a comment that is not kept any more: what was done to it later is found by its id.
                    ids.insert(event.comment_id.clone());
                }
                let listed = event.act == "LISTED" || event.act == "UNLISTED";
                let user = event.subject.split_once(" author ").map(|(_, user)| secrets.known_by(Identity::User(user)));
                let entry = event.subject.ends_with(&hash) || user.is_some_and(|known| known.contains(person));
                if ids.contains(&event.comment_id) || listed && entry {
                    numbers.push(event.number);
                }
            }
            if !numbers.is_empty() {
                blanked += u64::try_from(numbers.len()).unwrap_or(u64::MAX);
                match &self.engine {
                    Engine::Memory(engine) => engine.blank(site, &numbers)?,
                    Engine::Embedded(engine) => engine.blank(site, &numbers).await?,
                    Engine::Redis(engine) => engine.blank(site, &numbers).await?,
                }
            }
            match page.next.filter(|_| !page.end) {
                Some(next) => from = next,
                None => return Ok(blanked),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_what_it_is_said_to_be() {
        // printf %064d 0 | xxd -r -p > z; printf a | openssl dgst -sha256 -binary | cat z - | openssl dgst -sha256
        let first = Logged::after(&Link::default(), b"a".to_vec());
        assert_eq!(first.link.number, 1);
        assert_eq!(first.link.to_text(), "1 8c374a53782642f7514d087d26a3e733f1b806009a03e04a43b288ef2fa9f9c0");
    }

    #[test]
    fn a_link_and_a_record_come_back_as_they_were() {
        let logged = Logged::after(&Link { number: 6, hash: [9; 32] }, b"record".to_vec());
        assert_eq!(Link::from_text(&logged.link.to_text()), Some(logged.link));
        assert_eq!(Logged::from_bytes(7, &logged.to_bytes()), Some(logged));
        for text in ["", "1", "1 ", "x 00", "1 zz"] {
            assert_eq!(Link::from_text(text), None, "{text:?}");
        }
        assert_eq!(Logged::from_bytes(1, &[0; 63]), None);
    }

    #[test]
    fn a_record_of_an_edit_tells_what_stood_before() {
        let record = pb::AuditEvent { act: "CHECKED".into(), comment_id: "c".into(), ..Default::default() }.encode_to_vec();
        let event = pb::AuditEvent::decode(&*with_before(record.clone(), 2)).unwrap();
        assert_eq!((event.act.as_str(), event.before, event.comment_id.as_str()), ("EDITED", 2, "c"));
        assert_eq!(with_before(record.clone(), 0), record);
    }
}
