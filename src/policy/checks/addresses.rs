//! Checks the author of a comment against the lists of addresses and authors.

use crate::comment::Comment;
use crate::policy::entries::ListContext;
use crate::policy::findings::Findings;
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::verdict::Reason;

/// Checks the author's e-mail address, IP address and user id.
pub fn check(policy: &Policy, comment: &Comment, listed: ListContext<'_>, findings: &mut Findings) {
    if comment.has_malformed_ip() {
        // The message does not repeat the address: only the host should see it.
        let message = "client.ip is not an IP address, so no rate limit and no list applies to the client";
        findings.evidence.push(Reason::new("ADDRESS_NOT_UNDERSTOOD", message));
    }
    let blocked = blocked(policy, comment, listed);
    findings.votes.extend(blocked.into_iter().map(|reason| Vote::binding(policy.blocked_decision, reason)));
    findings.allowed = allowed(policy, comment, listed);
    if findings.allowed.is_none() && is_allowed_by_claim(policy, comment, listed) {
        let message = "the author's address is on an allow list but not verified; a host that has verified it must set \
                       `author.email_verified`";
        findings.evidence.push(Reason::new("ADDRESS_UNVERIFIED", message));
    }
}

/// Returns one reason for each list that blocks the author.
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

/// Returns the reason why the author is allowed, or `None` if no list allows the author.
fn allowed(policy: &Policy, comment: &Comment, listed: ListContext<'_>) -> Option<Reason> {
    let entries = &listed.entries.allowed;
    // An unverified e-mail address can block its author but not allow anyone: it may be another person's.
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
