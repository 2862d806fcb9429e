//! Invariants of records that another program may have written to the store: they are read or refused.

use gatepost::pb;
use gatepost::verdict::Verdict;
use prost::Message;

/// Reads protobuf messages as a store keeps them.
pub fn stored(data: &[u8]) {
    if let Ok(wire) = pb::Verdict::decode(data)
        && let Ok(verdict) = Verdict::try_from(wire)
    {
        let wire = pb::Verdict::from(verdict.clone());
        let back = Verdict::try_from(wire).expect("a verdict that was read can be written and read again");
        // Compared as text, since NaN is unequal to itself.
        assert_eq!(format!("{back:?}"), format!("{verdict:?}"));
        assert!(verdict.highest_score().is_none_or(|(label, _)| verdict.scores.iter().any(|(known, _)| known == label)));
    }
    // Decoding and encoding these must not panic.
    let _ = pb::AuditEvent::decode(data).map(|event| event.encode_to_vec());
    let _ = pb::Comment::decode(data).map(|comment| comment.encode_to_vec());
}
