//! The audit log of a site: who did what, in a hash chain that reveals gaps and edits.
//!
//! The hash of a record is the SHA-256 of the previous hash and of the SHA-256 digest of the record's bytes. A record can
//! therefore be erased together with the person that it is about: its digest stays, and the chain remains verifiable. An
//! attacker who can write to the store can also rewrite the whole chain; comparing it with a previously noted end of the
//! chain reveals that (B. Schneier and J. Kelsey, "Secure Audit Logs to Support Computer Forensics", 1999).
//!
//! Comments that the machine approves at revision 1 are not recorded, because there are too many of them.

use std::fmt::Write as _;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::pb;

/// A position in a hash chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChainPosition {
    /// Number of records up to and including this one.
    pub number: u64,
    /// Hash of the chain up to this record; all zeros before the first record.
    pub hash: [u8; 32],
}

/// An audit record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Number of the record, and hash of the chain up to it.
    pub position: ChainPosition,
    /// SHA-256 of the record as it was originally written.
    pub digest: [u8; 32],
    /// The encoded `AuditEvent`; empty if it was erased.
    pub record: Vec<u8>,
}

/// A page of audit records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// Records in the requested order.
    pub records: Vec<AuditRecord>,
    /// Position of the newest record that is no longer kept.
    pub forgotten: ChainPosition,
    /// Position of the newest record.
    pub newest: ChainPosition,
    /// Whether there are no more records in the requested direction.
    pub end: bool,
    /// Record number to continue from, or `None` if nothing was read.
    pub next: Option<u64>,
}

impl AuditPage {
    /// Creates a page from the records of an engine that returns every existing record. `count` is the number requested.
    pub(super) fn new(records: Vec<AuditRecord>, count: usize, forgotten: ChainPosition, newest: ChainPosition) -> Self {
        let (end, next) = (records.len() < count, records.last().map(|last| last.position.number));
        Self { records, forgotten, newest, end, next }
    }
}

impl ChainPosition {
    /// Returns the position after appending a record with this digest.
    pub(super) fn next(&self, digest: &[u8; 32]) -> Self {
        let hash = Sha256::new().chain_update(self.hash).chain_update(digest).finalize().into();
        Self { number: self.number + 1, hash }
    }

    /// Formats the position as Redis stores it: the number, and the hash in hexadecimal.
    pub(super) fn to_text(self) -> String {
        let mut text = format!("{} ", self.number);
        for byte in self.hash {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Parses the format of [`to_text`](Self::to_text). Returns `None` if the text is malformed.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let (number, hex) = text.split_once(' ')?;
        let mut hash = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self { number: number.parse().ok()?, hash })
    }
}

impl AuditRecord {
    /// Creates the record that follows the position `newest`.
    pub(super) fn following(newest: &ChainPosition, record: Vec<u8>) -> Self {
        let digest = Sha256::digest(&record).into();
        Self { position: newest.next(&digest), digest, record }
    }

    /// Returns the bytes that Redis stores: hash, digest and record.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.position.hash[..], &self.digest, &self.record].concat()
    }

    /// Reads the format of [`to_bytes`](Self::to_bytes). Returns `None` if the bytes are too short.
    pub(super) fn from_bytes(number: u64, bytes: &[u8]) -> Option<Self> {
        let (hash, rest) = bytes.split_first_chunk::<32>()?;
        let (digest, record) = rest.split_first_chunk::<32>()?;
        Some(Self { position: ChainPosition { number, hash: *hash }, digest: *digest, record: record.to_vec() })
    }

    fn is_damaged(&self) -> bool {
        !self.record.is_empty() && <[u8; 32]>::from(Sha256::digest(&self.record)) != self.digest
    }

    /// Returns the event with its position. An erased or unreadable record yields only the position and the digest.
    pub fn event(&self) -> pb::AuditEvent {
        let event = pb::AuditEvent::decode(&*self.record).unwrap_or_default();
        pb::AuditEvent {
            number: self.position.number,
            hash: self.position.hash.to_vec(),
            record: self.record.clone(),
            // The digest of an intact record can be computed from the record.
            erased_digest: if self.is_damaged() || self.record.is_empty() { self.digest.to_vec() } else { Vec::new() },
            ..event
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_what_it_is_said_to_be() {
        // printf %064d 0 | xxd -r -p > z; printf a | openssl dgst -sha256 -binary | cat z - | openssl dgst -sha256
        let first = AuditRecord::following(&ChainPosition::default(), b"a".to_vec());
        assert_eq!(first.position.number, 1);
        assert_eq!(first.position.to_text(), "1 8c374a53782642f7514d087d26a3e733f1b806009a03e04a43b288ef2fa9f9c0");
    }

    #[test]
    fn a_link_and_a_record_come_back_as_they_were() {
        let logged = AuditRecord::following(&ChainPosition { number: 6, hash: [9; 32] }, b"record".to_vec());
        assert_eq!(ChainPosition::from_text(&logged.position.to_text()), Some(logged.position));
        assert_eq!(AuditRecord::from_bytes(7, &logged.to_bytes()), Some(logged));
        for text in ["", "1", "1 ", "x 00", "1 zz"] {
            assert_eq!(ChainPosition::from_text(text), None, "{text:?}");
        }
        assert_eq!(AuditRecord::from_bytes(1, &[0; 63]), None);
    }
}
