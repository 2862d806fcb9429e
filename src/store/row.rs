//! The bytes that engines keep for a comment, turned into the types that callers see.

use prost::Message;

use super::act::machine_event;
use super::clock::from_micros;
use super::entry::{PastVerdict, StoredComment};
use super::person::Person;
use crate::error::Error;
use crate::pb;
use crate::verdict::Verdict;

/// A comment's row as an engine read it.
#[derive(Debug)]
pub(super) struct Row {
    pub comment: Vec<u8>,
    pub received_at: i64,
    pub author: Option<Person>,
    /// Who sent it, one hash behind the other. Empty in lists.
    pub persons: Vec<u8>,
    pub current: Revision,
    /// What stood before, oldest first.
    pub trail: Vec<Revision>,
}

/// A verdict that stands or stood, as an engine read it.
#[derive(Debug)]
pub(super) struct Revision {
    pub verdict: Vec<u8>,
    /// Empty for what the machine did: that follows from the verdict and what stood before.
    pub event: Vec<u8>,
    /// The decision that stood before, as on the wire. 0: none.
    pub before: i32,
}

impl Row {
    /// What callers see.
    pub fn into_stored(self) -> Result<StoredComment, Error> {
        let PastVerdict { verdict, event } = self.current.into_past()?;
        Ok(StoredComment {
            comment: pb::Comment::decode(&*self.comment).map_err(Error::store)?,
            verdict,
            received_at: from_micros(self.received_at)?,
            author: self.author,
            persons: self.persons.as_chunks::<16>().0.iter().copied().map(Person::from_bytes).collect(),
            event,
            trail: self.trail.into_iter().map(Revision::into_past).collect::<Result<_, _>>()?,
        })
    }
}

impl Revision {
    fn into_past(self) -> Result<PastVerdict, Error> {
        let verdict = decode_verdict(&self.verdict)?;
        let event = if self.event.is_empty() {
            machine_event(&verdict, self.before)
        } else {
            pb::AuditEvent::decode(&*self.event).map_err(Error::store)?
        };
        Ok(PastVerdict { verdict, event })
    }
}

/// Reads a verdict back.
pub(super) fn decode_verdict(bytes: &[u8]) -> Result<Verdict, Error> {
    Verdict::try_from(pb::Verdict::decode(bytes).map_err(Error::store)?).map_err(Error::store)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::Decision;

    proptest! {
        /// A neighbour may write where ours is kept.
        #[test]
        fn any_record_is_read_or_refused(
            comment in prop::collection::vec(any::<u8>(), 0..40),
            verdict in prop::collection::vec(any::<u8>(), 0..80),
            event in prop::collection::vec(any::<u8>(), 0..40),
            (received_at, before) in any::<(i64, i32)>(),
        ) {
            let ours = Revision { verdict: b"\x20\x02\x52\x02\x08\x01".to_vec(), event: Vec::new(), before };
            let theirs = Revision { verdict, event, before };
            let row = |standing, trail| Row { comment: comment.clone(), received_at, author: None, persons: Vec::new(), current: standing, trail };
            // That it returns is all that is promised.
            let _ = row(ours, vec![theirs]).into_stored();
        }
    }

    #[test]
    fn the_least_record_is_read() {
        let standing = Revision { verdict: b"\x20\x02\x52\x02\x08\x01".to_vec(), event: Vec::new(), before: 0 };
        let row = Row {
            comment: Vec::new(),
            received_at: 1,
            author: None,
            persons: Vec::new(),
            current: standing,
            trail: Vec::new(),
        };
        assert_eq!(row.into_stored().unwrap().verdict.decision, Decision::Hold);
    }
}
