//! Describes a policy in words, so that its author can check what it does.

use std::time::Duration;

use super::lists::PolicyLists;
use super::rules::{LinkStripping, Policy, StoreOutageAction, Threshold};
use crate::classify::Label;
use crate::comment::CommentKind;
use crate::limit::Scope;
use crate::verdict::Decision;

impl Policy {
    /// Returns what the policy does, one rule per line. Rules that are off are left out, except the thresholds of labels.
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        describe_thresholds(self, &mut lines);
        describe_limits(self, &mut lines);
        describe_lists(self, &mut lines);
        describe_links(self, &mut lines);
        describe_kinds(self, &mut lines);
        describe_authors(self, &mut lines);
        describe_learning(self, &mut lines);
        describe_posts(self, &mut lines);
        describe_evidence(self, &mut lines);
        describe_languages(self, &mut lines);
        describe_campaigns(self, &mut lines);
        describe_outages(self, &mut lines);
        describe_review(self, &mut lines);
        describe_retention(self, &mut lines);
        lines
    }
}

fn describe_thresholds(policy: &Policy, lines: &mut Vec<String>) {
    lines.extend(Label::ALL.into_iter().map(|label| format!("{label}: {}", describe_threshold(policy.threshold(label)))));
}

fn describe_limits(policy: &Policy, lines: &mut Vec<String>) {
    for (scope, limit) in &policy.limits {
        let Some(limit) = limit else { continue };
        let whose = match scope {
            Scope::Author => "one author",
            Scope::Client => "one client",
            Scope::Site => "the whole site",
        };
        let interval = humantime::format_duration(Duration::from_micros(limit.gcra.interval()));
        let over = match limit.over {
            Decision::Approve => "the rest is only counted",
            Decision::Hold => "the rest is held",
            Decision::Reject => "the rest is rejected",
        };
        lines.push(format!("{whose}: {} comments at once, then one every {interval}; {over}", limit.gcra.burst()));
    }
}

fn describe_lists(policy: &Policy, lines: &mut Vec<String>) {
    let outcome = if policy.blocked_decision == Decision::Reject { "rejected" } else { "held" };
    lines.extend(describe_list_sizes(&policy.blocked).map(|lists| format!("blocked: {lists}; a match is {outcome}")));
    lines.extend(
        describe_list_sizes(&policy.allowed).map(|lists| format!("allowed: {lists}; they never count against a comment")),
    );
}

fn describe_links(policy: &Policy, lines: &mut Vec<String>) {
    if policy.links_hold > 0 {
        lines.push(format!("holds comments with {} links or more", policy.links_hold));
    }
    match policy.link_stripping {
        LinkStripping::Off => {}
        LinkStripping::Advise => {
            lines.push("states for held comments whether they would be approved without their links".to_owned())
        }
        LinkStripping::Approve => {
            lines.push("approves comments that are held only for their links, to be published without them".to_owned())
        }
    }
}

fn describe_kinds(policy: &Policy, lines: &mut Vec<String>) {
    if !policy.trusted_roles.is_empty() {
        lines.push(format!("approves comments by authors with these roles: {}", policy.trusted_roles.join(", ")));
    }
    for (kind, decision) in CommentKind::ALL.into_iter().zip(policy.kind_decisions) {
        let name = kind.as_str().replace('_', " ");
        match decision {
            Decision::Approve => {}
            Decision::Hold => lines.push(format!("holds every {name} with a spam score of {} or more", policy.kinds_max_spam)),
            Decision::Reject => lines.push(format!("rejects every {name}")),
        }
    }
}

fn describe_authors(policy: &Policy, lines: &mut Vec<String>) {
    if policy.approved_before_trust > 0 {
        lines.push(format!("holds an author's comments until {} have been approved", policy.approved_before_trust));
    }
    if policy.rejected_hold > 0 {
        let count = policy.rejected_hold;
        lines.push(format!(
            "holds an author's comments once {count} have been rejected, and at least as many rejected as approved"
        ));
    }
}

fn describe_learning(policy: &Policy, lines: &mut Vec<String>) {
    if policy.learning.apply_corrections {
        lines.push("corrects scores with what the site has learned, as long as the corrected scores do better".to_owned());
    }
    match policy.learning.on_rejected_duplicate {
        Decision::Approve => {}
        outcome => lines.push(format!(
            "near-duplicates of a comment rejected within the last hour: {}",
            if outcome == Decision::Hold { "held" } else { "rejected" }
        )),
    }
    if policy.learning.trust_approved_duplicate {
        lines.push(
            "comments without links and with the text of one approved within the last hour: not held for their scores"
                .to_owned(),
        );
    }
}

fn describe_posts(policy: &Policy, lines: &mut Vec<String>) {
    if policy.hold_after_days > 0 {
        lines.push(format!("holds comments on posts older than {} days", policy.hold_after_days));
    }
}

fn describe_evidence(policy: &Policy, lines: &mut Vec<String>) {
    if policy.form.honeypot > 0.0 {
        lines.push(format!("a filled honeypot makes spam {} times as likely", odds_factor(policy.form.honeypot)));
    }
    if policy.form.fast > 0.0 && policy.form.fast_seconds > 0.0 {
        let (seconds, times) = (policy.form.fast_seconds, odds_factor(policy.form.fast));
        lines.push(format!("a form sent within {seconds} s makes spam {times} times as likely"));
    }
    let evidence = [
        (policy.evidence.generic_praise, "praise that would fit any post"),
        (policy.evidence.author_name, "a name that advertises"),
        (policy.evidence.author_url, "an author's web address"),
        (-policy.evidence.quotes_post, "use of the post's own words"),
        (policy.evidence.hidden_text, "text or a link that readers cannot see"),
        (-policy.evidence.known_author, "an approved comment of the same author"),
    ];
    for (logits, what) in evidence.into_iter().filter(|(logits, _)| *logits != 0.0) {
        lines.push(format!("{what} makes spam {} times as likely", odds_factor(logits)));
    }
}

fn describe_languages(policy: &Policy, lines: &mut Vec<String>) {
    lines.push(format!("in a language without a score for abuse: {}", policy.unscored_action.describe()));
    if !policy.site_languages.is_empty() {
        lines.push(format!(
            "in a language other than {}: {}",
            policy.site_languages.join(", "),
            policy.other_language_action.describe()
        ));
    }
}

fn describe_campaigns(policy: &Policy, lines: &mut Vec<String>) {
    for (count, place) in [(policy.campaign.here, "this site"), (policy.campaign.elsewhere, "other sites of the server")] {
        if count > 0 {
            let outcome = policy.campaign.decision.as_str();
            lines.push(format!("{count} or more near-duplicates on {place} within hours: {outcome}"));
        }
    }
}

fn describe_outages(policy: &Policy, lines: &mut Vec<String>) {
    lines.push(match policy.store_outage_action {
        StoreOutageAction::Hold => {
            "a comment held while the store is unavailable: the host holds it and sends it again".to_owned()
        }
        StoreOutageAction::Unavailable => {
            "a comment held while the store is unavailable: no verdict, the host retries".to_owned()
        }
        StoreOutageAction::Approve => "a comment held while the store is unavailable: published".to_owned(),
    });
}

fn describe_review(policy: &Policy, lines: &mut Vec<String>) {
    if policy.spot_checks > 0.0 {
        lines.push(format!(
            "spot checks: moderators also review {} % of the comments that the machine approves",
            policy.spot_checks * 100.0
        ));
    }
    if policy.reason_required {
        lines.push("moderators must give a reason when they reject a comment".to_owned());
    }
}

fn describe_retention(policy: &Policy, lines: &mut Vec<String>) {
    let retention = policy.retention;
    let [approved, rejected, authors, changes, audit, outcomes] =
        [retention.approved, retention.rejected, retention.authors, retention.changes, retention.audit, retention.outcomes]
            .map(humantime::format_duration);
    lines.push(format!(
        "kept after the last change: approved comments {approved}, rejected comments {rejected}, authors' \
         histories {authors}, changes of verdicts {changes}, audit log {audit}, outcomes {outcomes}"
    ));
}

/// Returns what the thresholds of a label do.
fn describe_threshold(Threshold { hold, reject, corroborate }: Threshold) -> String {
    let condition = if corroborate { ", if corroborated" } else { "" };
    match (hold, reject) {
        (None, None) => "its score has no effect".to_owned(),
        (Some(hold), None) => format!("held from {hold}, never rejected"),
        (None, Some(reject)) => format!("never held, rejected from {reject}{condition}"),
        (Some(hold), Some(reject)) => format!("held from {hold}, rejected from {reject}{condition}"),
    }
}

/// Returns the sizes of the lists that are not empty, or `None` if all are empty.
fn describe_list_sizes(lists: &PolicyLists) -> Option<String> {
    let sizes = [(lists.words.count(), "words"), (lists.domains.count(), "domains"), (lists.addresses.count(), "addresses")];
    let some: Vec<String> =
        sizes.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!some.is_empty()).then(|| some.join(", "))
}

/// Returns the factor by which a weight in logits changes the odds, as text.
fn odds_factor(logits: f64) -> String {
    let times = logits.exp();
    if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") }
}

#[cfg(test)]
mod tests {
    use crate::policy::Policies;

    #[test]
    fn a_policy_says_what_it_does() {
        let own = "sites = [\"b.example\", \"a.example\"]\n[blocked]\nwords = [\"one\", \"two\"]\ndecision = \"hold\"\n\
                   [thresholds.spam]\nhold = \"never\"\n[limits]\nclient = { count = 0 }\n";
        let policies = Policies::read([("own.toml", own)]).unwrap();
        let all = policies.by_sites();
        let sites: Vec<Vec<&str>> = all.iter().map(|(sites, _)| sites.iter().map(|site| site.as_str()).collect()).collect();
        assert_eq!(sites, [vec!["a.example", "b.example"], vec![]]);
        let lines = all[0].1.describe();
        assert_eq!(lines[0], "spam: never held, rejected from 0.998, if corroborated");
        assert_eq!(lines[1], "toxicity: held from 0.75, never rejected");
        assert!(
            lines.contains(&"one author: 10 comments at once, then one every 30s; the rest is held".to_owned()),
            "{lines:?}"
        );
        assert!(lines.contains(&"blocked: 2 words; a match is held".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("client")), "{lines:?}");
    }
}
