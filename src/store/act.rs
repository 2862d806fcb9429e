//! Audit records that the store itself creates, in the same atomic step as the change that they describe: machine decisions
//! and edits.

use prost::Message;

use super::person::Persons;
use crate::pb;
use crate::verdict::{Decision, Verdict};

/// The Protobuf tag of the field `before` of an `AuditEvent`: number 6, a varint.
const BEFORE_FIELD_TAG: u8 = 6 << 3;

/// Returns the audit event for a verdict of the machine. `before` is the previous decision as on the wire, or 0 if there
/// was none.
pub(super) fn machine_event(verdict: &Verdict, before: i32) -> pb::AuditEvent {
    let act = if before == i32::from(pb::Decision::Unspecified) { "CHECKED" } else { "EDITED" };
    pb::AuditEvent {
        at: Some(verdict.decided_at.into()),
        // Not always the machine: an imported decision is recorded the same way.
        by: verdict.decided_by.clone().into_owned(),
        act: act.to_owned(),
        comment_id: verdict.comment_id.clone(),
        revision: verdict.revision,
        before,
        after: verdict.decision.to_wire().into(),
        reason_code: verdict.reasons.first().map(|reason| reason.code.clone().into_owned()).unwrap_or_default(),
        label: verdict.highest_score().map(|(label, _)| label.to_owned()).unwrap_or_default(),
        score: verdict.highest_score().map_or(0.0, |(_, score)| score),
        source: verdict.policy_version.clone().into_owned(),
        ..Default::default()
    }
}

/// Returns the encoded audit record for a verdict of the machine or of an import, without the previous decision. Returns
/// `None` for an approval at revision 1, which the audit does not record.
pub(super) fn machine_record(verdict: &Verdict, persons: &Persons) -> Option<Vec<u8>> {
    let is_audited = verdict.decision != Decision::Approve || verdict.revision > 1;
    let persons = || persons.all().flat_map(|person| *person.as_bytes()).collect();
    is_audited.then(|| pb::AuditEvent { persons: persons(), ..machine_event(verdict, 0) }.encode_to_vec())
}

/// Adds the previous decision to a record and marks the record as an edit. Returns the record unchanged if `before` is 0.
/// Of a Protobuf field that occurs twice, the last occurrence counts.
pub(super) fn with_before(mut record: Vec<u8>, before: i32) -> Vec<u8> {
    if before != 0 {
        record.extend([BEFORE_FIELD_TAG, u8::try_from(before).unwrap_or_default()]);
        record.extend(edit_marker());
    }
    record
}

/// Returns the bytes that turn an encoded record into that of an edit when they are appended to it.
pub(super) fn edit_marker() -> Vec<u8> {
    pb::AuditEvent { act: "EDITED".to_owned(), ..Default::default() }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_an_edit_tells_what_stood_before() {
        let record = pb::AuditEvent { act: "CHECKED".into(), comment_id: "c".into(), ..Default::default() }.encode_to_vec();
        let event = pb::AuditEvent::decode(&*with_before(record.clone(), 2)).unwrap();
        assert_eq!((event.act.as_str(), event.before, event.comment_id.as_str()), ("EDITED", 2, "c"));
        assert_eq!(with_before(record.clone(), 0), record);
    }
}
