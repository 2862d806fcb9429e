//! Checks who sent a comment against the lists of addresses and authors.

use crate::comment::Comment;
use crate::policy::entries::ListContext;
use crate::policy::findings::Findings;
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::verdict::Reason;

/// Checks the author's e-mail address, IP address and user id.
pub fn check(policy: &Policy, comment: &Comment, listed: ListContext<'_>, findings: &mut Findings) {
    if comment.has_malformed_ip() {
        // Not what was sent: an address is nobody's business but the host's.
        let message = "client.ip is no address: the client counts for no limit, and no list knows it";
        findings.evidence.push(Reason::new("ADDRESS_NOT_UNDERSTOOD", message));
    }
    let blocked = blocked(policy, comment, listed);
    findings.votes.extend(blocked.into_iter().map(|reason| Vote::binding(policy.blocked_decision, reason)));
    findings.allowed = allowed(policy, comment, listed);
    if findings.allowed.is_none() && is_allowed_by_claim(policy, comment, listed) {
        let message = "the author's address is allowed, but only typed: the host says of one that it has verified \
                       `author.email_verified`";
        findings.evidence.push(Reason::new("ADDRESS_UNVERIFIED", message));
    }
}

/// Returns why the author is blocked, one reason for each list that says so.
fn blocked(policy: &Policy, comment: &Comment, listed: ListContext<'_>) -> Vec<Reason> {
    let entries = &listed.entries.blocked;
    let address = |rule: String| Reason::new("BLOCKED_ADDRESS", "the author's address is blocked").with_rule(rule);
    let mut reasons = Vec::new();
    if let Some(place) = policy.blocked.addresses.find_any(comment.email(), comment.ip()) {
        reasons.push(address(format!("blocked.addresses[{place}]")));
    }
    if let Some(place) = entries.addresses.find_any(comment.email(), comment.ip()) {
        let value = entries.address_values.get(place).map_or("", String::as_str);
        reasons.push(address(format!("list.block.address:{value}")));
    }
    if listed.senders.all().any(|person| entries.person_hashes.contains(person)) {
        reasons.push(address("list.block.address".to_owned()));
    }
    if entries.user_ids.contains(comment.user_id()) {
        let rule = format!("list.block.author:{}", comment.user_id());
        reasons.push(Reason::new("BLOCKED_AUTHOR", "the author is blocked").with_rule(rule));
    }
    reasons
}

/// Returns why the author is allowed. Returns `None` if no list allows the author.
fn allowed(policy: &Policy, comment: &Comment, listed: ListContext<'_>) -> Option<Reason> {
    let entries = &listed.entries.allowed;
    // What somebody typed as an e-mail address blocks, which harms nobody else, but does not allow.
    let email = if comment.email_is_verified() { comment.email() } else { "" };
    let address = |rule: String| Some(Reason::new("ALLOWED_ADDRESS", "the author's address is allowed").with_rule(rule));
    if let Some(place) = policy.allowed.addresses.find(email, comment.ip()) {
        address(format!("allowed.addresses[{place}]"))
    } else if let Some(place) = entries.addresses.find(email, comment.ip()) {
        let value = entries.address_values.get(place).map_or("", String::as_str);
        address(format!("list.allow.address:{value}"))
    } else if listed.senders.verified.iter().any(|person| entries.person_hashes.contains(person)) {
        address("list.allow.address".to_owned())
    } else if entries.user_ids.contains(comment.user_id()) {
        let rule = format!("list.allow.author:{}", comment.user_id());
        Some(Reason::new("ALLOWED_AUTHOR", "the author is allowed").with_rule(rule))
    } else {
        None
    }
}

/// Returns whether the author would be allowed if the e-mail address were verified.
fn is_allowed_by_claim(policy: &Policy, comment: &Comment, listed: ListContext<'_>) -> bool {
    let entries = &listed.entries.allowed;
    policy.allowed.addresses.find(comment.email(), None).is_some()
        || entries.addresses.find(comment.email(), None).is_some()
        || listed.senders.unverified.iter().any(|person| entries.person_hashes.contains(person))
}
