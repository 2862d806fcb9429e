//! A policy in words, for whoever wrote it to see that it means what they meant.

use std::time::Duration;

use super::lists::PolicyLists;
use super::rules::{LinkStripping, Policy, StoreOutageAction, Threshold};
use crate::classify::Label;
use crate::comment::CommentKind;
use crate::limit::Scope;
use crate::verdict::Decision;

impl Policy {
    /// What it does, a rule a line. What is off is not named, except labels.
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
    let becomes = if policy.blocked_decision == Decision::Reject { "rejected" } else { "held" };
    lines.extend(describe_list_sizes(&policy.blocked).map(|lists| format!("blocked: {lists}; what matches one is {becomes}")));
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
            lines.push("says of held comments whether they would be approved without their links".to_owned())
        }
        LinkStripping::Approve => {
            lines.push("approves comments without their links if they would be held with them".to_owned())
        }
    }
}

fn describe_kinds(policy: &Policy, lines: &mut Vec<String>) {
    if !policy.trusted_roles.is_empty() {
        lines.push(format!("approves what authors with these roles write: {}", policy.trusted_roles.join(", ")));
    }
    for (kind, decision) in CommentKind::ALL.into_iter().zip(policy.kind_decisions) {
        let name = kind.as_str().replace('_', " ");
        match decision {
            Decision::Approve => {}
            Decision::Hold => lines.push(format!("holds every {name} whose spam score is not below {}", policy.kinds_max_spam)),
            Decision::Reject => lines.push(format!("rejects every {name}")),
        }
    }
}

fn describe_authors(policy: &Policy, lines: &mut Vec<String>) {
    if policy.approved_before_trust > 0 {
        lines.push(format!("holds an author's comments until {} were approved", policy.approved_before_trust));
    }
    if policy.rejected_hold > 0 {
        let count = policy.rejected_hold;
        lines.push(format!("holds an author's comments once {count} were rejected, and no more approved than rejected"));
    }
}

fn describe_learning(policy: &Policy, lines: &mut Vec<String>) {
    if policy.learning.apply_corrections {
        lines.push("corrects scores by what was decided here, as long as that proves better".to_owned());
    }
    match policy.learning.on_rejected_duplicate {
        Decision::Approve => {}
        becomes => lines.push(format!(
            "what is nearly the same as a comment rejected within the hour: {}",
            if becomes == Decision::Hold { "held" } else { "rejected" }
        )),
    }
    if policy.learning.trust_approved_duplicate {
        lines.push(
            "what is nearly the same as a comment approved within the hour, without links: its scores do not hold it"
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
        (-policy.evidence.quotes_post, "speaking of the post in its own words"),
        (policy.evidence.hidden_text, "text or a link that readers cannot see"),
        (-policy.evidence.known_author, "an approved comment of the same author"),
    ];
    for (logits, what) in evidence.into_iter().filter(|(logits, _)| *logits != 0.0) {
        lines.push(format!("{what} makes spam {} times as likely", odds_factor(logits)));
    }
}

fn describe_languages(policy: &Policy, lines: &mut Vec<String>) {
    lines.push(format!("in a language in which no score speaks of abuse: {}", policy.unscored_action.describe()));
    if !policy.site_languages.is_empty() {
        lines.push(format!(
            "in another language than {}: {}",
            policy.site_languages.join(", "),
            policy.other_language_action.describe()
        ));
    }
}

fn describe_campaigns(policy: &Policy, lines: &mut Vec<String>) {
    for (count, place) in [(policy.campaign.here, "this site"), (policy.campaign.elsewhere, "other sites of the server")] {
        if count > 0 {
            let becomes = policy.campaign.decision.as_str();
            lines.push(format!("from {count} nearly the same comments on {place} within hours on: {becomes}"));
        }
    }
}

fn describe_outages(policy: &Policy, lines: &mut Vec<String>) {
    lines.push(match policy.store_outage_action {
        StoreOutageAction::Hold => "held while the store is away: held by the host, which sends it again".to_owned(),
        StoreOutageAction::Unavailable => "held while the store is away: no verdict, the host tries again".to_owned(),
        StoreOutageAction::Approve => "held while the store is away: published".to_owned(),
    });
}

fn describe_review(policy: &Policy, lines: &mut Vec<String>) {
    if policy.spot_checks > 0.0 {
        lines.push(format!(
            "spot checks: {} % of what the machine approves is also put before a moderator",
            policy.spot_checks * 100.0
        ));
    }
    if policy.reason_required {
        lines.push("moderators must say why they reject a comment".to_owned());
    }
}

fn describe_retention(policy: &Policy, lines: &mut Vec<String>) {
    let kept = policy.retention;
    let [approved, rejected, authors, changes, audit, outcomes] =
        [kept.approved, kept.rejected, kept.authors, kept.changes, kept.audit, kept.outcomes].map(humantime::format_duration);
    lines.push(format!(
        "forgotten after so long without change: approved comments {approved}, rejected ones {rejected}, authors' \
         histories {authors}, changes of verdicts {changes}, the audit {audit}, outcomes {outcomes}"
    ));
}

/// What a label's thresholds do.
fn describe_threshold(Threshold { hold, reject, corroborate }: Threshold) -> String {
    let besides = if corroborate { ", if a second witness confirms it" } else { "" };
    match (hold, reject) {
        (None, None) => "its score does nothing".to_owned(),
        (Some(hold), None) => format!("held from {hold}, never rejected"),
        (None, Some(reject)) => format!("never held, rejected from {reject}{besides}"),
        (Some(hold), Some(reject)) => format!("held from {hold}, rejected from {reject}{besides}"),
    }
}

/// Returns how long lists are, without those that hold nothing. Returns `None` if all are empty.
fn describe_list_sizes(lists: &PolicyLists) -> Option<String> {
    let sizes = [(lists.words.count(), "words"), (lists.domains.count(), "domains"), (lists.addresses.count(), "addresses")];
    let some: Vec<String> =
        sizes.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!some.is_empty()).then(|| some.join(", "))
}

/// Odds for so many logits.
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
        assert_eq!(lines[0], "spam: never held, rejected from 0.998, if a second witness confirms it");
        assert_eq!(lines[1], "toxicity: held from 0.75, never rejected");
        assert!(
            lines.contains(&"one author: 10 comments at once, then one every 30s; the rest is held".to_owned()),
            "{lines:?}"
        );
        assert!(lines.contains(&"blocked: 2 words; what matches one is held".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("client")), "{lines:?}");
    }
}
