//! Decodes the stored bytes of comments into the types that callers see.

use prost::Message;

use super::act::machine_event;
use super::clock::from_micros;
use super::entry::{PastVerdict, StoredComment};
use super::person::Person;
use crate::error::Error;
use crate::pb;
use crate::verdict::Verdict;

/// A comment as an engine reads it.
#[derive(Debug)]
pub(super) struct Row {
    pub comment: Vec<u8>,
    pub received_at: i64,
    pub author: Option<Person>,
    /// Concatenated hashes of the senders. Empty in lists.
    pub persons: Vec<u8>,
    pub current: Revision,
    /// Past verdicts, oldest first.
    pub trail: Vec<Revision>,
}

/// A current or past verdict as an engine reads it.
#[derive(Debug)]
pub(super) struct Revision {
    pub verdict: Vec<u8>,
    /// Encoded audit event. Empty for verdicts of the machine, whose event is derived from the verdict and `before`.
    pub event: Vec<u8>,
    /// Previous decision as on the wire; 0 if there was none.
    pub before: i32,
}

impl Row {
    /// Decodes the row.
    ///
    /// # Errors
    /// Returns an error if stored bytes are malformed.
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

/// Decodes a verdict.
///
/// # Errors
/// Returns an error if the bytes are malformed.
pub(super) fn decode_verdict(bytes: &[u8]) -> Result<Verdict, Error> {
    Verdict::try_from(pb::Verdict::decode(bytes).map_err(Error::store)?).map_err(Error::store)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::Decision;

    proptest! {
        // Other programs may write to the same store.
        #[test]
        fn any_record_is_read_or_refused(
            comment in prop::collection::vec(any::<u8>(), 0..40),
            verdict in prop::collection::vec(any::<u8>(), 0..80),
            event in prop::collection::vec(any::<u8>(), 0..40),
            (received_at, before) in any::<(i64, i32)>(),
        ) {
            let valid = Revision { verdict: b"\x20\x02\x52\x02\x08\x01".to_vec(), event: Vec::new(), before };
            let random = Revision { verdict, event, before };
            let comment = comment.clone();
            let row = |current, trail| Row { comment, received_at, author: None, persons: Vec::new(), current, trail };
            // Malformed bytes may only lead to an error, never to a panic.
            let _ = row(valid, vec![random]).into_stored();
        }
    }

    #[test]
    fn the_least_record_is_read() {
        let current = Revision { verdict: b"\x20\x02\x52\x02\x08\x01".to_vec(), event: Vec::new(), before: 0 };
        let row = Row { comment: Vec::new(), received_at: 1, author: None, persons: Vec::new(), current, trail: Vec::new() };
        assert_eq!(row.into_stored().unwrap().verdict.decision, Decision::Hold);
    }
}
