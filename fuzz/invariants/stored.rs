//! What a neighbour may have written where we keep ours: read or refused, never worse.

use gatepost::pb;
use gatepost::verdict::Verdict;
use prost::Message;

/// Bytes of protobuf as they stand in a store.
pub fn stored(data: &[u8]) {
    if let Ok(wire) = pb::Verdict::decode(data)
        && let Ok(verdict) = Verdict::try_from(wire)
    {
        let wire = pb::Verdict::from(verdict.clone());
        let back = Verdict::try_from(wire).expect("a verdict that was read can be written and read again");
        // Not a number is unequal to itself.
        assert_eq!(format!("{back:?}"), format!("{verdict:?}"));
        assert!(verdict.highest_score().is_none_or(|(label, _)| verdict.scores.iter().any(|(known, _)| known == label)));
    }
    // None of these may do harm by being read and written.
    let _ = pb::AuditEvent::decode(data).map(|event| event.encode_to_vec());
    let _ = pb::Comment::decode(data).map(|comment| comment.encode_to_vec());
}
