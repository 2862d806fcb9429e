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

/// A function that maps a byte range of the checked text to a span of the body.
type SpanMapper = fn(&Comment, Range<usize>) -> Option<Span>;

/// Checks the links of the body, the author's web address and all text that names a host, and counts the links.
pub fn check(policy: &Policy, comment: &Comment, listed: ListContext<'_>, without: Omission, findings: &mut Findings) {
    let domains = DomainLists { policy, listed, comment };
    let blocked = count_links(&domains, without, findings);
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

    /// Returns the rule that blocks a host, or `None` if none does.
    fn blocks(&self, host: &str) -> Option<String> {
        let entries = &self.listed.entries.blocked;
        let own = self.policy.blocked.domains.find(host).map(|place| format!("blocked.domains[{place}]"));
        own.or_else(|| Some(format!("list.block.domain:{}", entries.domain_values.get(entries.domains.find(host)?)?)))
    }

    /// Returns whether links to a host do not count, because the host belongs to the site or is allowed.
    fn exempt(&self, host: &str) -> bool {
        // Software other than browsers may read a host differently if it is not in canonical form.
        if host::canonical_domain(host).is_none_or(|opened| opened != host) {
            return false;
        }
        let is_site_host = self.comment.site_hosts().any(|own| is_same_or_subdomain(host, own));
        let entries = &self.listed.entries.allowed.domains;
        is_site_host || self.policy.allowed.domains.find(host).is_some() || entries.find(host).is_some()
    }
}

/// Counts links, except exempt ones, whose byte ranges it records. Returns the blocked links: the rule, the host and the byte
/// range in the text, which is `None` for the author's web address.
fn count_links<'a>(
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

/// Checks for blocked domains in all text that names a host, even where it is not a link.
fn check_named_hosts(domains: &DomainLists<'_>, findings: &mut Findings) {
    if !domains.block_any() {
        return;
    }
    let mut reported: HashSet<String> = findings
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
            let Some(rule) = domains.blocks(&host).filter(|rule| !reported.contains(rule)) else { continue };
            if reported.len() >= MAX_REASONS_PER_KIND {
                return;
            }
            let reason = Reason::new("BLOCKED_DOMAIN", format!("names the blocked domain {}", quoted(&readable_host(&host))));
            let reason = reason.with_span(span(comment, at)).with_rule(rule.clone());
            findings.votes.push(Vote::binding(domains.policy.blocked_decision, reason));
            reported.insert(rule);
        }
    }
}

fn check_count(policy: &Policy, findings: &mut Findings) {
    if policy.links_hold > 0 && findings.link_count >= policy.links_hold {
        let message = format!("contains {} links; comments with {} or more are held", findings.link_count, policy.links_hold);
        findings.votes.push(Vote::new(Decision::Hold, Reason::new("TOO_MANY_LINKS", message).with_rule("links.hold")));
    }
}
