//! Checks the links of a comment and the hosts that it names.

use std::collections::HashSet;
use std::ops::Range;

use super::hosts::{is_same_or_subdomain, is_well_known};
use crate::comment::Comment;
use crate::policy::entries::ListContext;
use crate::policy::findings::{Findings, MAX_REASONS_PER_KIND, Omission};
use crate::policy::rules::Policy;
use crate::policy::vote::Vote;
use crate::policy::wording::{quoted, readable_host};
use crate::reading::host;
use crate::reading::link::{self, Link};
use crate::verdict::{Decision, Reason, Span};

/// How a place in what was read is pointed at in the body.
type SpanMapper = fn(&Comment, Range<usize>) -> Option<Span>;

/// Checks the links of the body, the author's web address and whatever else names a host, and counts links.
pub fn check(policy: &Policy, comment: &Comment, listed: ListContext<'_>, without: Omission, findings: &mut Findings) {
    let domains = DomainLists { policy, listed, comment };
    let blocked = count(&domains, without, findings);
    for (rule, host, at) in blocked.into_iter().take(MAX_REASONS_PER_KIND) {
        let reason = Reason::new("BLOCKED_DOMAIN", format!("links to the blocked domain {}", quoted(&readable_host(host))));
        let reason = reason.with_span(at.and_then(|at| comment.span(at))).with_rule(rule);
        findings.votes.push(Vote::binding(policy.blocked_decision, reason));
    }
    check_named_hosts(&domains, findings);
    check_count(policy, findings);
}

/// The lists of domains that apply to a comment.
struct DomainLists<'a> {
    policy: &'a Policy,
    listed: ListContext<'a>,
    comment: &'a Comment,
}

impl DomainLists<'_> {
    /// Returns whether any domain is blocked.
    fn block_any(&self) -> bool {
        !(self.policy.blocked.domains.is_empty() && self.listed.entries.blocked.domains.is_empty())
    }

    /// Returns the rule by which a host is blocked.
    fn blocks(&self, host: &str) -> Option<String> {
        let entries = &self.listed.entries.blocked;
        let own = self.policy.blocked.domains.find(host).map(|place| format!("blocked.domains[{place}]"));
        own.or_else(|| Some(format!("list.block.domain:{}", entries.domain_values.get(entries.domains.find(host)?)?)))
    }

    /// Returns whether a link to a host does not count: it is the site's own or allowed.
    fn exempt(&self, host: &str) -> bool {
        // What no browser opens, others may read otherwise.
        if host::canonical_domain(host).is_none_or(|opened| opened != host) {
            return false;
        }
        let of_site = self.comment.site_hosts().any(|own| is_same_or_subdomain(host, own));
        let entries = &self.listed.entries.allowed.domains;
        of_site || self.policy.allowed.domains.find(host).is_some() || entries.find(host).is_some()
    }
}

/// Counts the links that count and takes note of those that do not. Returns the blocked ones: the rule, the host and the place
/// in the body.
fn count<'a>(
    domains: &DomainLists<'a>,
    without: Omission,
    findings: &mut Findings,
) -> Vec<(String, &'a str, Option<Range<usize>>)> {
    let comment = domains.comment;
    let mut blocked = Vec::new();
    for Link { host, span: at, is_certain: certain } in comment.links() {
        let rule = domains.blocks(host);
        if rule.is_none() && (without.links || !certain || domains.exempt(host)) {
            findings.exempt_ranges.extend(Some(at.clone()).filter(|_| *certain));
        } else {
            findings.link_count += 1;
            findings.has_uncommon_link |= !is_well_known(host);
        }
        blocked.extend(rule.map(|rule| (rule, host.as_str(), Some(at.clone()))));
    }
    findings.exempt_ranges.sort_by_key(|range| range.start);
    let host = comment.author_host().unwrap_or_default();
    findings.author_url_is_exempt = comment.author_url().trim().is_empty() || without.author_url || domains.exempt(host);
    blocked.extend(domains.blocks(host).map(|rule| (rule, host, None)));
    blocked
}

/// Checks for blocked domains wherever they are named, be it a link or not.
fn check_named_hosts(domains: &DomainLists<'_>, findings: &mut Findings) {
    if !domains.block_any() {
        return;
    }
    let mut known: HashSet<String> = findings
        .votes
        .iter()
        .filter(|vote| vote.reason.code == "BLOCKED_DOMAIN")
        .map(|vote| vote.reason.rule_id.to_string())
        .collect();
    let comment = domains.comment;
    let text = comment.text();
    let places: [(&str, SpanMapper); 4] = [
        (text.as_str(), |comment, at| comment.span(at)),
        (text.joined_words(), |comment, at| comment.span_of_joined(at)),
        (comment.author_name(), |_, _| None),
        (comment.author_url(), |_, _| None),
    ];
    for (text, span) in places {
        for (host, at) in link::find_host_names(text) {
            let Some(rule) = domains.blocks(&host).filter(|rule| !known.contains(rule)) else { continue };
            if known.len() >= MAX_REASONS_PER_KIND {
                return;
            }
            let reason = Reason::new("BLOCKED_DOMAIN", format!("names the blocked domain {}", quoted(&readable_host(&host))));
            let reason = reason.with_span(span(comment, at)).with_rule(rule.clone());
            findings.votes.push(Vote::binding(domains.policy.blocked_decision, reason));
            known.insert(rule);
        }
    }
}

fn check_count(policy: &Policy, findings: &mut Findings) {
    if policy.links_hold > 0 && findings.link_count >= policy.links_hold {
        let message = format!("holds {} links; {} or more are held", findings.link_count, policy.links_hold);
        findings.votes.push(Vote::new(Decision::Hold, Reason::new("TOO_MANY_LINKS", message).with_rule("links.hold")));
    }
}
