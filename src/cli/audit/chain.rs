//! The chain of hashes that the acts of a site are in, checked event by event.

use std::str::FromStr;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::cli::text;
use crate::pb;

/// A place in the chain and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedEnd {
    number: u64,
    hash: String,
}

impl FromStr for NotedEnd {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let wrong = "must be a number, a colon and 64 hexadecimal digits, as `gatepost audit verify` prints them";
        let (number, hash) = typed.trim().split_once(':').ok_or(wrong)?;
        let whole = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.parse().ok().filter(|_| whole).ok_or(wrong)?;
        Ok(Self { number, hash: hash.to_lowercase() })
    }
}

/// The chain as far as it was gone over.
#[derive(Default)]
pub struct ChainVerifier {
    /// The number of the first event.
    pub first: u64,
    /// How many events there were.
    pub events: u64,
    /// How many of them were erased.
    pub erased: u64,
    /// How many of them were decisions of moderators.
    pub decisions: u64,
    /// The number of the last event.
    pub number: u64,
    /// The hash of the chain up to the last event.
    pub hash: Vec<u8>,
    /// Ends that were noted earlier and have not come yet.
    ends: Vec<NotedEnd>,
    /// What is wrong, in words.
    pub problems: Vec<String>,
    /// The next record's own hash is believed: what it goes on from is not known.
    trust_first: bool,
}

impl ChainVerifier {
    /// Returns a chain of which nothing was seen yet, and which must reach these ends.
    pub fn new(ends: Vec<NotedEnd>) -> Self {
        Self { ends, ..Self::default() }
    }

    /// Begins behind what was forgotten in time: at that number, with the hash that the chain had there.
    pub fn start_after(&mut self, forgotten: u64, hash: &[u8]) {
        self.number = forgotten;
        self.hash = if hash.is_empty() { vec![0; 32] } else { hash.to_vec() };
        for end in std::mem::take(&mut self.ends) {
            if end.number > forgotten || end.number == forgotten && end.hash == hex(&self.hash) {
                self.ends.extend(Some(end).filter(|end| end.number > forgotten));
            } else if end.number == forgotten {
                self.problems.push(format!("{forgotten}: the chain up to here is another than the one noted"));
            } else {
                self.problems.push(format!("{}: lies before what is still kept, and cannot be checked", end.number));
            }
        }
    }

    /// Begins with whatever event comes first: the beginning may have been forgotten in time, and what the first goes on from
    /// cannot be known.
    pub fn start_at(&mut self, first: &pb::AuditEvent) {
        if first.number > 1 {
            self.trust_first = true;
            self.number = first.number - 1;
        }
    }

    /// Goes over the next event.
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
        // Only one record is wrong where one was changed.
        (self.number, self.hash) = (event.number, event.hash.clone());
        self.check_end();
    }

    /// Checks that an event comes right behind the one before.
    fn check_number(&mut self, event: &pb::AuditEvent) {
        let next = self.number + 1;
        match event.number.saturating_sub(next) {
            _ if event.number <= self.number => self.problems.push(format!("{}: stands where {next} should", event.number)),
            0 => {}
            1 => self.problems.push(format!("{next}: missing")),
            _ => self.problems.push(format!("{next} to {}: missing", event.number - 1)),
        }
    }

    /// Checks that an event has the hash that its record and the events before give, and says what its record says.
    fn check_record(&mut self, event: &pb::AuditEvent) {
        let digest: Vec<u8> =
            if event.record.is_empty() { event.erased_digest.clone() } else { Sha256::digest(&event.record).to_vec() };
        let hash = Sha256::new().chain_update(&self.hash).chain_update(&digest).finalize().to_vec();
        let gap = event.number != self.number + 1;
        // After a gap what it goes on from is not known; what is wrong was said.
        let problem = if hash != event.hash && !gap && !std::mem::take(&mut self.trust_first) {
            "was changed"
        } else if !event.record.is_empty() && !event.erased_digest.is_empty() {
            "the hash kept beside it was changed"
        } else if !event.record.is_empty() && !matches_record(event) {
            "is told otherwise than it was recorded"
        } else {
            return;
        };
        let about = [&event.act, &event.comment_id, &event.subject].map(|part| text::escape_line(part, 80));
        let about = about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        self.problems.push(format!("{}: {problem} ({about})", event.number));
    }

    /// Checks the chain against an end that was noted earlier, if one was noted here.
    fn check_end(&mut self) {
        if let Some(at) = self.ends.iter().position(|end| end.number == self.number) {
            let end = self.ends.remove(at);
            if end.hash != hex(&self.hash) {
                self.problems.push(format!("{}: the chain up to here is another than the one noted", end.number));
            }
        }
    }

    /// Ends the chain: what was noted and did not come is missing.
    pub fn finish(&mut self) {
        for end in std::mem::take(&mut self.ends) {
            self.problems.push(format!("{}: the chain does not reach there any more, and once did", end.number));
        }
    }
}

/// Whether what is told of an event is what its record says.
fn matches_record(event: &pb::AuditEvent) -> bool {
    let told = pb::AuditEvent { number: 0, hash: Vec::new(), record: Vec::new(), erased_digest: Vec::new(), ..event.clone() };
    pb::AuditEvent::decode(&*event.record).is_ok_and(|recorded| recorded == told)
}

/// Returns bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three acts in a chain.
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
        let mut told = events();
        told[1].by = "somebody else".into();
        assert!(wrong(&told)[0].starts_with("2: is told otherwise"));
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
        assert_eq!(noted(&format!("9:{}", "0".repeat(64))), (0, 1), "it is told of at the end");
    }
}
