//! Tests of the statements of an archive about the status of a comment.

use serde_json::json;

use super::*;
use crate::cli::import::merged::MergedJson;

fn claims(line: &str) -> StatusClaims {
    let MergedJson(Value::Object(mut fields)) = serde_json::from_str(line).unwrap() else { panic!("no object") };
    let mut claims = StatusClaims::default();
    claims.extract(&mut fields);
    claims
}

fn status(line: &str) -> Option<ImportedStatus> {
    claims(line).status()
}

#[test]
fn anything_but_no_means_deleted_whatever_the_field_is_called() {
    for value in [
        r#""2021-03-04T05:06:07Z""#,
        "true",
        r#""true ""#,
        "2",
        r#""t""#,
        r#""Y""#,
        r#""on""#,
        "[1]",
        r#"{"by":"x"}"#,
        "1.0",
        "0.5",
        r#""maybe""#,
        "1614902400",
        r#""2021-05-05""#,
        "-1",
    ] {
        for name in ["deleted", "isDeleted", "DELETED_AT", "deletedAt", "trashed", "removed-by", "userDeleted", "soft_deleted"]
        {
            assert_eq!(status(&format!("{{\"{name}\":{value}}}")), Some(ImportedStatus::Deleted), "{name}: {value}");
        }
    }
    for value in [
        "false",
        "null",
        "0",
        "0.0",
        r#""""#,
        "[]",
        "{}",
        r#"" False""#,
        r#""no""#,
        r#""0""#,
        r#""0000-00-00 00:00:00""#,
        r#""0001-01-01T00:00:00Z""#,
        r#""00000000-0000-0000-0000-000000000000""#,
    ] {
        assert_eq!(status(&format!("{{\"deleted_at\":{value}}}")), None, "{value}");
    }
}

#[test]
fn fields_of_each_family_hold_reject_or_approve() {
    for (line, expected) in [
        (r#"{"approved":false}"#, ImportedStatus::HELD),
        (r#"{"is_approved":0}"#, ImportedStatus::HELD),
        (r#"{"isApproved":"False"}"#, ImportedStatus::HELD),
        (r#"{"published":false}"#, ImportedStatus::HELD),
        (r#"{"visible":null}"#, ImportedStatus::HELD),
        (r#"{"approved_at":null}"#, ImportedStatus::HELD),
        (r#"{"pending":true}"#, ImportedStatus::HELD),
        (r#"{"isPending":1}"#, ImportedStatus::HELD),
        (r#"{"hidden":"by mia"}"#, ImportedStatus::HELD),
        (r#"{"flagged":3}"#, ImportedStatus::HELD),
        (r#"{"state":"deleted"}"#, ImportedStatus::Deleted),
        (r#"{"state":"Pending"}"#, ImportedStatus::HELD),
        (r#"{"comment_approved":"trash"}"#, ImportedStatus::Deleted),
        (r#"{"comment_approved":"0"}"#, ImportedStatus::HELD),
        (r#"{"comment_approved":"spam"}"#, ImportedStatus::REJECTED),
        (r#"{"comment_approved":"1"}"#, ImportedStatus::APPROVED),
        (r#"{"mode":4}"#, ImportedStatus::Deleted),
        (r#"{"mode":2}"#, ImportedStatus::HELD),
        (r#"{"mode":1}"#, ImportedStatus::APPROVED),
        (r#"{"spam":"on"}"#, ImportedStatus::REJECTED),
        (r#"{"rejectedAt":"2021-03-04"}"#, ImportedStatus::REJECTED),
        (r#"{"status":1}"#, ImportedStatus::APPROVED),
        (r#"{"status":"DECISION_REJECT"}"#, ImportedStatus::REJECTED),
        (r#"{"status":"post-trashed"}"#, ImportedStatus::Deleted),
        (r#"{"status":"removed_by_moderator"}"#, ImportedStatus::Deleted),
        (r#"{"moderation":{"deleted":true}}"#, ImportedStatus::Deleted),
        (r#"{"meta":{"flags":["x","spam"]}}"#, ImportedStatus::REJECTED),
        (r#"{"author":{"blocked":true}}"#, ImportedStatus::HELD),
        (r#"{"post":{"status":"trash"}}"#, ImportedStatus::PostDeleted),
        (r#"{"post_status":"trash"}"#, ImportedStatus::PostDeleted),
    ] {
        let claims = claims(line);
        assert_eq!(claims.status(), Some(expected), "{line}");
        assert_eq!(claims.doubts(), [""; 0], "{line}");
    }
}

#[test]
fn what_says_nothing_of_a_comment_is_no_claim() {
    for line in [
        r#"{"status":null,"body":"deleted","spam":false,"pending":0,"hidden":""}"#,
        r#"{"published_at":"2021-03-04T05:06:07Z","visible":true,"visibility":"public","live":1}"#,
        r#"{"approved_by":null,"deleted_count":3,"spam_score":0.5,"reports":2,"verdict":{}}"#,
        r#"{"author":{"deleted":true,"private":true},"post":{"status":"draft","visible":false},"parent":{"deleted":true}}"#,
    ] {
        let claims = claims(line);
        assert_eq!((claims.status(), claims.doubts()), (None, vec![]), "{line}");
    }
}

#[test]
fn what_is_not_understood_is_held_and_named() {
    for (line, doubt) in [
        (r#"{"status":"perhaps"}"#, "status \"perhaps\""),
        (r#"{"status":""}"#, "status \"\""),
        (r#"{"status":true}"#, "status \"true\""),
        (r#"{"approved":"sort of"}"#, "approved \"sort of\""),
        (r#"{"is_public":{"a":1}}"#, "is_public with fields"),
        (r#"{"spam":0.93}"#, "spam \"0.93\""),
        (r#"{"mode":3}"#, "mode \"3\""),
        (r#"{"verdict":{"score":1}}"#, "verdict without a decision"),
    ] {
        let claims = claims(line);
        assert_eq!(claims.status(), Some(ImportedStatus::HELD), "{line}");
        assert_eq!(claims.doubts(), [doubt], "{line}");
    }
    let long = json!({ "approved": "x".repeat(100_000) }).to_string();
    assert!(claims(&long).doubts()[0].len() < 200);
    let many = json!({ "status": vec!["approved"; 1_000] }).to_string();
    assert_eq!(status(&many), Some(ImportedStatus::HELD));
}

#[test]
fn the_strictest_counts_in_any_order_and_however_often_a_field_stands_there() {
    for (line, expected) in [
        (r#"{"status":"deleted","decision":"approved"}"#, ImportedStatus::Deleted),
        (r#"{"status":"held","decision":"approved"}"#, ImportedStatus::HELD),
        (r#"{"decision":"approved","status":"spam"}"#, ImportedStatus::REJECTED),
        (r#"{"spam":true,"status":"approved"}"#, ImportedStatus::REJECTED),
        (r#"{"spam":true,"status":"approved","deleted":1}"#, ImportedStatus::Deleted),
        (r#"{"status":"perhaps","decision":"approved"}"#, ImportedStatus::HELD),
        (r#"{"deleted":true,"deleted":false}"#, ImportedStatus::Deleted),
        (r#"{"deleted":false,"deleted":true,"deleted":false}"#, ImportedStatus::Deleted),
        (r#"{"status":"spam","status":"approved"}"#, ImportedStatus::REJECTED),
        (r#"{"Status":"spam","status":"approved"}"#, ImportedStatus::REJECTED),
        (r#"{"approved":false,"approved":true}"#, ImportedStatus::HELD),
        (r#"{"verdict":{"decision":"held"},"verdict":{"decision":"approved"}}"#, ImportedStatus::HELD),
        (r#"{"verdict":{"decision":"held","decision":"approved"}}"#, ImportedStatus::HELD),
        (r#"{"meta":{"deleted":1},"meta":"x"}"#, ImportedStatus::Deleted),
    ] {
        assert_eq!(status(line), Some(expected), "{line}");
    }
    assert_eq!(status(r#"{"deleted":false,"deleted":null}"#), None);
}

#[test]
fn elements_say_the_same_under_any_prefix() {
    let status_of = |name: &str, text: &str| {
        let mut claims = StatusClaims::default();
        claims.add_element(name, text);
        claims.status()
    };
    assert_eq!(status_of("x:isDeleted", " True "), Some(ImportedStatus::Deleted));
    assert_eq!(status_of("isApproved", "0"), Some(ImportedStatus::HELD));
    assert_eq!(status_of("ns0:status", "SOFT_TRASHED"), Some(ImportedStatus::Deleted));
    assert_eq!(status_of("message", "deleted"), None);
}
