//! The audit: who did what on a site, in a chain of hashes in which a gap or an edit shows.
//!
//! Each record's hash is SHA-256 of the hash before it and the SHA-256 of the record's bytes, so that a record can be erased
//! with the person it was about: its digest stays, and the chain goes on over it. Whoever may write to the store may also
//! write the whole chain anew; that shows to whoever has noted an earlier end of it (B. Schneier and J. Kelsey, "Secure
//! Audit Logs to Support Computer Forensics", 1999).
//!
//! What the machine approves at once is no act on anybody, and is not recorded: there are too many of those.

use std::fmt::Write as _;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::pb;

/// Where a chain has got to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChainPosition {
    /// How many records there have been.
    pub number: u64,
    /// The hash of the chain up to here; zeros before the first.
    pub hash: [u8; 32],
}

/// One record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, and the chain's hash with it.
    pub position: ChainPosition,
    /// SHA-256 of the record as it was written.
    pub digest: [u8; 32],
    /// The record: an AuditEvent. Empty: it was erased.
    pub record: Vec<u8>,
}

/// A run of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The records, in the order asked for.
    pub records: Vec<AuditRecord>,
    /// The newest that is not kept any more.
    pub forgotten: ChainPosition,
    /// The newest of all.
    pub newest: ChainPosition,
    /// There are no more in this direction.
    pub end: bool,
    /// From where to go on; `None`: nothing was read.
    pub next: Option<u64>,
}

impl AuditPage {
    /// A page of an engine that leaves out no record but those that are missing, of so many asked for.
    pub(super) fn new(records: Vec<AuditRecord>, count: usize, forgotten: ChainPosition, newest: ChainPosition) -> Self {
        let (end, next) = (records.len() < count, records.last().map(|last| last.position.number));
        Self { records, forgotten, newest, end, next }
    }
}

impl ChainPosition {
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

impl AuditRecord {
    /// The next record of a chain.
    pub(super) fn following(newest: &ChainPosition, record: Vec<u8>) -> Self {
        let digest = Sha256::digest(&record).into();
        Self { position: newest.next(&digest), digest, record }
    }

    /// As Redis keeps it: hash, digest and record.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.position.hash[..], &self.digest, &self.record].concat()
    }

    /// Reads back what [`to_bytes`](Self::to_bytes) gave.
    pub(super) fn from_bytes(number: u64, bytes: &[u8]) -> Option<Self> {
        let (hash, rest) = bytes.split_first_chunk::<32>()?;
        let (digest, record) = rest.split_first_chunk::<32>()?;
        Some(Self { position: ChainPosition { number, hash: *hash }, digest: *digest, record: record.to_vec() })
    }

    fn is_damaged(&self) -> bool {
        !self.record.is_empty() && <[u8; 32]>::from(Sha256::digest(&self.record)) != self.digest
    }

    /// What is told of it. A record that cannot be read says nothing but where it stands.
    pub fn event(&self) -> pb::AuditEvent {
        let event = pb::AuditEvent::decode(&*self.record).unwrap_or_default();
        pb::AuditEvent {
            number: self.position.number,
            hash: self.position.hash.to_vec(),
            record: self.record.clone(),
            // Beside a record it is told only where it is not the record's.
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
