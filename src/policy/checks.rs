//! Checks a comment before it is scored: lists, role, kind, links, hidden text, form and post.

mod addresses;
mod hosts;
mod links;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use super::entries::ListContext;
use super::findings::{Findings, Omission};
use super::rules::Policy;
use super::vote::{Force, Vote};
use super::wording::quoted;
use crate::classify::Label;
use crate::comment::{Comment, CommentKind, HiddenContent};
use crate::verdict::{Decision, Reason};

/// Minimum number of hidden letters that count as evidence. Editors leave fewer by accident.
const MIN_HIDDEN_LETTERS: usize = 12;

impl Policy {
    /// Checks a comment against the rules that need no score, without the parts that `without` names.
    pub fn check(&self, comment: &Comment, listed: ListContext<'_>, without: Omission) -> Findings {
        let mut findings = Findings::for_author(comment.author_is_authenticated(), comment.author_is_distinguishable());
        addresses::check(self, comment, listed, &mut findings);
        check_role(self, comment, &mut findings);
        check_kind(self, comment, &mut findings);
        words::check(self, comment, listed, &mut findings);
        links::check(self, comment, listed, without, &mut findings);
        check_hidden(self, comment, without, &mut findings);
        check_form(self, comment, &mut findings);
        check_post(self, comment, &mut findings);
        findings
    }
}

/// Allows an author whose role the site trusts. Blocks and rate limits still apply.
fn check_role(policy: &Policy, comment: &Comment, findings: &mut Findings) {
    let role = comment.author_role().trim().to_lowercase();
    if findings.allowed.is_none() && !role.is_empty() && policy.trusted_roles.contains(&role) {
        let reason = Reason::new("TRUSTED_ROLE", format!("the author has the role {} on this site", quoted(&role)));
        findings.allowed = Some(reason.with_rule("authors.trusted_roles"));
    }
}

/// Adds the vote on the kind of the comment, regardless of its content.
fn check_kind(policy: &Policy, comment: &Comment, findings: &mut Findings) {
    let kind = comment.kind();
    let decision =
        CommentKind::ALL.iter().zip(policy.kind_decisions).find(|(known, _)| **known == kind).map(|(_, decision)| decision);
    if let Some(decision) = decision.filter(|decision| *decision > Decision::Approve) {
        let name = kind.as_str();
        let message = match decision {
            Decision::Hold => format!("it is a {name}, which is held unless its spam score is below {}", policy.kinds_max_spam),
            _ => format!("it is a {name}, which this site does not accept"),
        };
        let reason = Reason::new("KIND", message.replace('_', " ")).with_rule(format!("kinds.{name}"));
        findings.votes.push(Vote::new(decision, reason).hold_force(Force::UnlessSpamUnlikely));
    }
}

/// Adds evidence for text and links that a browser hides, although a host may show them.
fn check_hidden(policy: &Policy, comment: &Comment, without: Omission, findings: &mut Findings) {
    let HiddenContent { letters, links } = comment.text().hidden();
    let links = if without.links { 0 } else { links };
    let message = match (letters >= MIN_HIDDEN_LETTERS, links > 0) {
        (_, true) => "it has a link that readers cannot see",
        (true, false) => "it has text that readers cannot see",
        (false, false) => return,
    };
    if policy.evidence.hidden_text > 0.0 {
        let reason = Reason::new("HIDDEN_TEXT", message).with_label(Label::Spam.as_str(), policy.evidence.hidden_text);
        findings.evidence.push(reason.with_rule("evidence.hidden_text"));
        findings.has_corroboration |= links > 0;
    }
}

fn check_form(policy: &Policy, comment: &Comment, findings: &mut Findings) {
    let form = &policy.form;
    if !comment.honeypot().is_empty() && form.honeypot > 0.0 {
        let reason = Reason::new("HONEYPOT", "a form field that people cannot see was filled in");
        findings.evidence.push(reason.with_label(Label::Spam.as_str(), form.honeypot).with_rule("form.honeypot"));
        findings.has_corroboration = true;
    }
    if let Some(seconds) = comment.fill_seconds().filter(|seconds| *seconds < form.fast_seconds && form.fast > 0.0) {
        let reason = Reason::new("FAST_FORM", format!("sent {seconds:.1} s after the form was shown"));
        findings.evidence.push(reason.with_label(Label::Spam.as_str(), form.fast).with_rule("form.fast_seconds"));
        findings.has_corroboration = true;
    }
}

fn check_post(policy: &Policy, comment: &Comment, findings: &mut Findings) {
    let days = policy.hold_after_days;
    let age = comment.published_at().and_then(|published| comment.submitted_at().duration_since(published).ok());
    if days > 0 && age.is_some_and(|age| age > Duration::from_secs(u64::from(days) * 86_400)) {
        let reason = Reason::new("OLD_POST", format!("the post is older than {days} days"));
        findings.votes.push(Vote::new(Decision::Hold, reason.with_rule("posts.hold_after_days")));
    }
}
