//! Helpers for the tests of policies.

use std::time::{Duration, SystemTime};

use super::{Findings, ListContext, Omission, Policies, Policy};
use crate::classify::{Label, log_odds};
use crate::comment::{Comment, Site};
use crate::facts::Facts;
use crate::pb;
use crate::verdict::Decision;

/// Reads a policy for all sites on top of the default.
pub fn policy(text: &str) -> Policy {
    let policies = Policies::read([("test.toml", text)]).unwrap();
    (**policies.for_site(&Site::parse("", "blog").unwrap())).clone()
}

/// Returns a plain-text comment without an author.
pub fn comment(body: &str) -> Comment {
    let message = pb::Comment { site: "blog".into(), comment_id: "1".into(), body: body.into(), ..Default::default() };
    Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
}

/// Checks the decision on a comment with this probability of spam, and the codes of its reasons.
#[track_caller]
pub fn check(policy: &Policy, comment: &Comment, spam: f64, facts: &Facts, expected: Decision, codes: &[&str]) {
    let ruling = policy.decide(&findings_of(policy, comment), &[(Label::Spam, log_odds(spam))], facts);
    let found: Vec<&str> = ruling.reasons.iter().map(|reason| reason.code.as_ref()).collect();
    assert_eq!((ruling.decision, found.as_slice()), (expected, codes));
}

/// Returns what a policy finds in a comment, without entries of moderators.
pub fn findings_of(policy: &Policy, comment: &Comment) -> Findings {
    policy.check(comment, ListContext::empty(), Omission::default())
}
