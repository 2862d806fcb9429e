//! What the tests of this room share.

use std::time::{Duration, SystemTime};

use super::{Findings, ListContext, Omission, Policies, Policy};
use crate::classify::Label;
use crate::comment::{Comment, Site};
use crate::facts::Facts;
use crate::pb;
use crate::verdict::Decision;

/// Reads a policy for all sites on top of the default.
pub fn policy(text: &str) -> Policy {
    let policies = Policies::read([("test.toml", text)]).unwrap();
    (**policies.for_site(&Site::parse("", "blog").unwrap())).clone()
}

/// A comment of plain text, without an author.
pub fn comment(body: &str) -> Comment {
    let message = pb::Comment { site: "blog".into(), comment_id: "1".into(), body: body.into(), ..Default::default() };
    Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
}

/// The logit of a probability.
pub fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// Checks the decision on a comment with this probability of spam, and the codes of its reasons.
#[track_caller]
pub fn check(policy: &Policy, comment: &Comment, spam: f64, facts: &Facts, expected: Decision, codes: &[&str]) {
    let ruling = policy.decide(&before(policy, comment), &[(Label::Spam, logit(spam))], facts);
    let found: Vec<&str> = ruling.reasons.iter().map(|reason| reason.code.as_ref()).collect();
    assert_eq!((ruling.decision, found.as_slice()), (expected, codes));
}

/// What a policy finds in a comment, with no entries of moderators.
pub fn before(policy: &Policy, comment: &Comment) -> Findings {
    policy.check(comment, ListContext::empty(), Omission::default())
}
