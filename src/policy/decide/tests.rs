//! Tests of the decision.

use std::time::{Duration, SystemTime};

use super::limits::{CROWD_HOLD_FACTOR, MIN_CROWD_AUTHORS};
use crate::comment::Comment;
use crate::facts::{AuthorCounts, DecidedDuplicate, DuplicateCounts, Facts, FloodCounts, LimitState, PreviousDecision};
use crate::limit::Scope;
use crate::pb;
use crate::policy::testing::{check, comment, policy};
use crate::verdict::Decision;

const SPAM: &str = "[thresholds.spam]\nhold = 0.5\nreject = 0.9\ncorroborate = true\n";

#[test]
fn a_score_equal_to_a_threshold_takes_the_stricter_side() {
    let policy = policy("[thresholds.spam]\nhold = 0.5\nreject = \"never\"\n");
    let facts = policy.neutral_facts();
    check(&policy, &comment("hello"), 0.5, &facts, Decision::Hold, &["SCORE_HOLD"]);
    check(&policy, &comment("hello"), 0.499, &facts, Decision::Approve, &["CLEAN"]);
    check(&policy, &comment("hello"), 1.0, &facts, Decision::Hold, &["SCORE_HOLD"]);
    check(&policy, &comment("hello"), f64::NAN, &facts, Decision::Hold, &["SCORE_HOLD"]);
}

#[test]
fn a_score_rejects_only_together_with_something_besides_the_words() {
    let policy = policy(SPAM);
    let facts = policy.neutral_facts();
    check(&policy, &comment("casino"), 0.95, &facts, Decision::Hold, &["SCORE_HOLD"]);
    check(&policy, &comment("casino http://x.example/y"), 0.95, &facts, Decision::Reject, &["SCORE_REJECT"]);
}

#[test]
fn over_a_limit_is_a_decision_of_policy() {
    let policy = policy("[limits]\nclient = { count = 1, period = \"1s\", over = \"reject\" }\n");
    let refused = |scope| Facts {
        limits: vec![LimitState { scope, limit: 1, remaining: 0, retry_after: Duration::from_secs(1) }],
        ..policy.neutral_facts()
    };
    check(&policy, &comment("hello"), 0.1, &refused(Scope::Client), Decision::Reject, &["RATE_LIMIT"]);
    check(&policy, &comment("hello"), 0.1, &refused(Scope::Author), Decision::Hold, &["RATE_LIMIT"]);
    // Comments from a shared address are held. Of a single flooding sender, no more are held than the limit allows.
    let of = |scope, authors, waiting| Facts { flood: FloodCounts { authors, held: waiting }, ..refused(scope) };
    check(&policy, &comment("hello"), 0.1, &of(Scope::Client, MIN_CROWD_AUTHORS, 0), Decision::Hold, &["RATE_LIMIT"]);
    check(
        &policy,
        &comment("hello"),
        0.1,
        &of(Scope::Client, MIN_CROWD_AUTHORS, CROWD_HOLD_FACTOR),
        Decision::Reject,
        &["RATE_LIMIT"],
    );
    check(&policy, &comment("hello"), 0.1, &of(Scope::Author, 1, 1), Decision::Reject, &["RATE_LIMIT"]);
    check(&policy, &comment("hello"), 0.1, &of(Scope::Site, MIN_CROWD_AUTHORS, 1_000), Decision::Hold, &["RATE_LIMIT"]);
}

#[test]
fn new_authors_wait_until_enough_of_theirs_were_approved() {
    let policy = policy("[authors]\napproved_before_trust = 2\n");
    let author = |approved| Facts { author: Some(AuthorCounts { approved, ..Default::default() }), ..Facts::default() };
    let known = Comment::parse(
        pb::Comment {
            author: Some(pb::Author { user_id: "ada".into(), ..Default::default() }),
            ..comment("hello").stored_message().clone()
        },
        SystemTime::now(),
    )
    .unwrap();
    check(&policy, &known, 0.1, &author(1), Decision::Hold, &["FIRST_COMMENT"]);
    check(&policy, &known, 0.1, &author(2), Decision::Approve, &["CLEAN"]);
    check(&policy, &known, 0.1, &Facts::default(), Decision::Hold, &["FIRST_COMMENT"]);
    // An author who cannot be distinguished from others.
    check(&policy, &comment("hello"), 0.1, &author(2), Decision::Hold, &["FIRST_COMMENT"]);
}

#[test]
fn an_edit_of_what_a_moderator_rejected_is_held() {
    let policy = policy("");
    let previous = Some(PreviousDecision { decision: Decision::Reject, by_moderator: true });
    let facts = Facts { previous, ..policy.neutral_facts() };
    check(&policy, &comment("hello"), 0.1, &facts, Decision::Hold, &["EDITED_AFTER_REJECTION"]);
}

#[test]
fn an_approved_near_duplicate_overrides_holds_for_words_and_nothing_else() {
    let approved = DecidedDuplicate {
        comment_id: "7".to_owned(),
        decided_by: String::new(),
        rejected: false,
        base_logits: [Some(2.0), None],
    };
    let text = "[thresholds.spam]\nhold = 0.5\n[campaign]\nhere = 2\n[learning]\nalike_approved = true\n";
    let policy = policy(text);
    let duplicates = DuplicateCounts { here: 2, elsewhere: 0 };
    let facts = Facts { decided_duplicate: Some(approved), duplicates, ..policy.neutral_facts() };
    check(&policy, &comment("hello"), 0.8, &facts, Decision::Approve, &["LIKE_APPROVED"]);
    let edited = Facts { previous: Some(PreviousDecision { decision: Decision::Reject, by_moderator: true }), ..facts.clone() };
    check(&policy, &comment("hello"), 0.8, &edited, Decision::Hold, &["EDITED_AFTER_REJECTION", "LIKE_APPROVED"]);
    let without = Facts { decided_duplicate: None, ..facts };
    check(&policy, &comment("hello"), 0.8, &without, Decision::Hold, &["SCORE_HOLD", "CAMPAIGN"]);
}

#[test]
fn a_low_spam_score_overrides_the_hold_of_a_kind_and_no_rejection() {
    let pingback = |decision: &str, spam: f64, expected: Decision, codes: &[&str]| {
        let policy = policy(&format!("[thresholds.spam]\nhold = \"never\"\n[kinds]\npingback = \"{decision}\"\nlow = 0.3\n"));
        let message = pb::Comment { kind: pb::CommentKind::Pingback.into(), ..comment("hello").stored_message().clone() };
        let pingback = Comment::parse(message, SystemTime::now()).unwrap();
        check(&policy, &pingback, spam, &policy.neutral_facts(), expected, codes);
    };
    pingback("hold", 0.2, Decision::Approve, &["CLEAN"]);
    pingback("hold", 0.3, Decision::Hold, &["KIND"]);
    pingback("reject", 0.2, Decision::Reject, &["KIND"]);
}
