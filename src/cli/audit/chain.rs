//! Verification of the hash chain of a site's audit events.

use std::str::FromStr;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::cli::text;
use crate::pb;

/// The number of an event and the hash of the chain up to it, as an earlier run printed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedEnd {
    number: u64,
    hash: String,
}

impl FromStr for NotedEnd {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let error = "must be a number, a colon and 64 hexadecimal digits, as `gatepost audit verify` prints them";
        let (number, hash) = typed.trim().split_once(':').ok_or(error)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.parse().ok().filter(|_| is_hash).ok_or(error)?;
        Ok(Self { number, hash: hash.to_lowercase() })
    }
}

/// A verifier that checks a hash chain event by event.
#[derive(Default)]
pub struct ChainVerifier {
    /// Number of the first event.
    pub first: u64,
    /// Count of events so far.
    pub events: u64,
    /// Count of erased events.
    pub erased: u64,
    /// Count of moderators' decisions.
    pub decisions: u64,
    /// Number of the last event.
    pub number: u64,
    /// Hash of the chain up to the last event.
    pub hash: Vec<u8>,
    /// Noted ends that have not been reached yet.
    ends: Vec<NotedEnd>,
    /// Descriptions of the problems found.
    pub problems: Vec<String>,
    /// Whether to accept the hash of the next event unchecked, because the hash before it is unknown.
    trust_first: bool,
}

impl ChainVerifier {
    /// Returns a verifier that has seen no event and requires the chain to contain `ends`.
    pub fn new(ends: Vec<NotedEnd>) -> Self {
        Self { ends, ..Self::default() }
    }

    /// Starts after the events that have expired: `forgotten` is the number of the last one, `hash` the chain's hash there.
    pub fn start_after(&mut self, forgotten: u64, hash: &[u8]) {
        self.number = forgotten;
        self.hash = if hash.is_empty() { vec![0; 32] } else { hash.to_vec() };
        for end in std::mem::take(&mut self.ends) {
            if end.number > forgotten || end.number == forgotten && end.hash == hex(&self.hash) {
                self.ends.extend(Some(end).filter(|end| end.number > forgotten));
            } else if end.number == forgotten {
                self.problems.push(format!("{forgotten}: the chain up to here differs from the one noted"));
            } else {
                self.problems.push(format!("{}: has expired and can no longer be checked", end.number));
            }
        }
    }

    /// Starts at the first event of an export. Earlier events may have expired; the hash before the first one is then unknown.
    pub fn start_at(&mut self, first: &pb::AuditEvent) {
        if first.number > 1 {
            self.trust_first = true;
            self.number = first.number - 1;
        }
    }

    /// Checks the next event.
    pub fn push(&mut self, event: &pb::AuditEvent) {
        if self.hash.is_empty() {
            self.hash = vec![0; 32];
        }
        if self.events == 0 {
            self.first = event.number;
        }
        self.events += 1;
        self.check_number(event);
        self.check_record(event);
        self.erased += u64::from(event.record.is_empty());
        self.decisions += u64::from(event.act == "DECIDED");
        // Continue from the stored hash, so that one changed record is reported once.
        (self.number, self.hash) = (event.number, event.hash.clone());
        self.check_end();
    }

    /// Checks that an event follows the previous one without a gap.
    fn check_number(&mut self, event: &pb::AuditEvent) {
        let next = self.number + 1;
        match event.number.saturating_sub(next) {
            _ if event.number <= self.number => self.problems.push(format!("{}: found in the place of {next}", event.number)),
            0 => {}
            1 => self.problems.push(format!("{next}: missing")),
            _ => self.problems.push(format!("{next} to {}: missing", event.number - 1)),
        }
    }

    /// Checks that an event's hash follows from its record and the chain, and that its fields match its record.
    fn check_record(&mut self, event: &pb::AuditEvent) {
        let digest: Vec<u8> =
            if event.record.is_empty() { event.erased_digest.clone() } else { Sha256::digest(&event.record).to_vec() };
        let hash = Sha256::new().chain_update(&self.hash).chain_update(&digest).finalize().to_vec();
        let gap = event.number != self.number + 1;
        // After a gap the preceding hash is unknown; the gap itself has been reported.
        let problem = if hash != event.hash && !gap && !std::mem::take(&mut self.trust_first) {
            "was changed"
        } else if !event.record.is_empty() && !event.erased_digest.is_empty() {
            "the digest stored with it was changed"
        } else if !event.record.is_empty() && !matches_record(event) {
            "its fields differ from its record"
        } else {
            return;
        };
        let about = [&event.act, &event.comment_id, &event.subject].map(|part| text::escape_line(part, 80));
        let about = about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        self.problems.push(format!("{}: {problem} ({about})", event.number));
    }

    /// Compares the chain with the end noted for the current event, if there is one.
    fn check_end(&mut self) {
        if let Some(at) = self.ends.iter().position(|end| end.number == self.number) {
            let end = self.ends.remove(at);
            if end.hash != hex(&self.hash) {
                self.problems.push(format!("{}: the chain up to here differs from the one noted", end.number));
            }
        }
    }

    /// Ends the chain and reports the noted ends that were not reached.
    pub fn finish(&mut self) {
        for end in std::mem::take(&mut self.ends) {
            self.problems.push(format!("{}: the chain reached this event once and no longer does", end.number));
        }
    }
}

/// Returns whether the fields of an event match its record.
fn matches_record(event: &pb::AuditEvent) -> bool {
    let fields = pb::AuditEvent { number: 0, hash: Vec::new(), record: Vec::new(), erased_digest: Vec::new(), ..event.clone() };
    pb::AuditEvent::decode(&*event.record).is_ok_and(|recorded| recorded == fields)
}

/// Formats bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a chain of three events.
    fn events() -> Vec<pb::AuditEvent> {
        let mut hash = vec![0; 32];
        (1..=3)
            .map(|number| {
                let plain = pb::AuditEvent { act: "DECIDED".into(), comment_id: format!("c{number}"), ..Default::default() };
                let record = plain.encode_to_vec();
                hash = Sha256::new().chain_update(&hash).chain_update(Sha256::digest(&record)).finalize().to_vec();
                pb::AuditEvent { number, hash: hash.clone(), record, ..plain }
            })
            .collect()
    }

    fn wrong(events: &[pb::AuditEvent]) -> Vec<String> {
        let mut chain = ChainVerifier::default();
        chain.start_after(0, &[]);
        events.iter().for_each(|event| chain.push(event));
        chain.problems
    }

    #[test]
    fn a_whole_chain_is_whole() {
        assert!(wrong(&events()).is_empty());
    }

    #[test]
    fn every_changed_byte_of_a_record_names_that_record_alone() {
        for at in 0..events()[1].record.len() {
            let mut events = events();
            events[1].record[at] ^= 1;
            let wrong = wrong(&events);
            assert!(wrong.len() == 1 && wrong[0].starts_with("2: was changed"), "{wrong:?}");
        }
    }

    #[test]
    fn a_missing_a_moved_and_an_embellished_record_are_named() {
        let mut some = events();
        some.remove(1);
        assert_eq!(wrong(&some), ["2: missing"]);
        let mut swapped = events();
        swapped.swap(1, 2);
        assert!(wrong(&swapped)[0].starts_with("2: missing"), "{:?}", wrong(&swapped));
        let mut altered = events();
        altered[1].by = "somebody else".into();
        assert!(wrong(&altered)[0].starts_with("2: its fields differ"));
    }

    #[test]
    fn an_erased_record_leaves_the_chain_whole() {
        let mut some = events();
        some[1].erased_digest = Sha256::digest(&some[1].record).to_vec();
        some[1].record.clear();
        assert!(wrong(&some).is_empty());
    }

    #[test]
    fn an_end_that_was_noted_must_still_be_there() {
        let noted = |end: &str| {
            let mut chain = ChainVerifier::new(vec![end.parse().unwrap()]);
            chain.start_after(0, &[]);
            events().iter().for_each(|event| chain.push(event));
            (chain.problems.len(), chain.ends.len())
        };
        assert_eq!(noted(&format!("2:{}", hex(&events()[1].hash))), (0, 0));
        assert_eq!(noted(&format!("2:{}", "0".repeat(64))), (1, 0));
        assert_eq!(noted(&format!("9:{}", "0".repeat(64))), (0, 1), "it is reported at the end");
    }
}
