//! The audit records that the store makes itself, in the step that they are about: of what the machine decided, and of edits.

use prost::Message;

use super::person::Persons;
use crate::pb;
use crate::verdict::{Decision, Verdict};

/// The field `before` of an event, as it begins on the wire: number 6, a varint.
const BEFORE_FIELD_TAG: u8 = 6 << 3;

/// What the machine did when it gave this verdict.
pub(super) fn machine_event(verdict: &Verdict, before: i32) -> pb::AuditEvent {
    let act = if before == i32::from(pb::Decision::Unspecified) { "CHECKED" } else { "EDITED" };
    pb::AuditEvent {
        at: Some(verdict.decided_at.into()),
        // Not always the machine: what an archive decided is recorded the same way.
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

/// The record of what the machine, or an import, decided, but for the decision before. `None`: it is no act on anybody.
pub(super) fn machine_record(verdict: &Verdict, persons: &Persons) -> Option<Vec<u8>> {
    let worth = verdict.decision != Decision::Approve || verdict.revision > 1;
    let persons = || persons.all().flat_map(|person| *person.as_bytes()).collect();
    worth.then(|| pb::AuditEvent { persons: persons(), ..machine_event(verdict, 0) }.encode_to_vec())
}

/// Adds the decision before to a record. Of a field that is there twice the last counts.
pub(super) fn with_before(mut record: Vec<u8>, before: i32) -> Vec<u8> {
    if before != 0 {
        record.extend([BEFORE_FIELD_TAG, u8::try_from(before).unwrap_or_default()]);
        record.extend(edit_marker());
    }
    record
}

/// What makes a record that of an edit, put behind it.
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
