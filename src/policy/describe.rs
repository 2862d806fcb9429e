//! A policy in words, for whoever wrote it to see that it means what they meant.

use std::time::Duration;

use super::{Away, Policies, Policy, Strip, Threshold};
use crate::classify::Label;
use crate::comment::{CommentKind, Site};
use crate::limit::Scope;
use crate::verdict::Decision;

impl Policies {
    /// Every policy with the sites it is for, in the order of the sites; the default, for every other site, last.
    pub fn all(&self) -> Vec<(Vec<&Site>, &Policy)> {
        let mut sites: Vec<&Site> = self.sites.keys().collect();
        sites.sort_by_key(|site| site.as_str());
        let mut all: Vec<(Vec<&Site>, &Policy)> = Vec::new();
        for site in sites {
            let policy: &Policy = self.of(site);
            match all.iter_mut().find(|(_, known)| std::ptr::eq(*known, policy)) {
                Some((sites, _)) => sites.push(site),
                None => all.push((vec![site], policy)),
            }
        }
        all.push((Vec::new(), &self.default));
        all
    }
}

impl Policy {
    /// What it does, a rule a line. What is off is not named, except labels.
    pub fn describe(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            Label::ALL.into_iter().map(|label| format!("{label}: {}", in_words(self.threshold(label)))).collect();
        for (scope, limit) in &self.limits {
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
        let blocked = [
            (self.blocked_words.count(), "words"),
            (self.blocked_domains.count(), "domains"),
            (self.blocked_addresses.count(), "addresses"),
        ];
        let allowed = [
            (self.allowed_words.count(), "words"),
            (self.allowed_domains.count(), "domains"),
            (self.allowed_addresses.count(), "addresses"),
        ];
        let becomes = if self.blocked == Decision::Reject { "rejected" } else { "held" };
        lines.extend(listed(&blocked).map(|lists| format!("blocked: {lists}; what matches one is {becomes}")));
        lines.extend(listed(&allowed).map(|lists| format!("allowed: {lists}; they never count against a comment")));
        if self.links_hold > 0 {
            lines.push(format!("holds comments with {} links or more", self.links_hold));
        }
        match self.strip {
            Strip::Off => {}
            Strip::Advise => lines.push("says of held comments whether they would be approved without their links".to_owned()),
            Strip::Approve => lines.push("approves comments without their links if they would be held with them".to_owned()),
        }
        if !self.trusted_roles.is_empty() {
            lines.push(format!("approves what authors with these roles write: {}", self.trusted_roles.join(", ")));
        }
        for (kind, decision) in CommentKind::ALL.into_iter().zip(self.kinds) {
            let name = kind.as_str().replace('_', " ");
            match decision {
                Decision::Approve => {}
                Decision::Hold => lines.push(format!("holds every {name} whose spam score is not below {}", self.kinds_low)),
                Decision::Reject => lines.push(format!("rejects every {name}")),
            }
        }
        if self.approved_before_trust > 0 {
            lines.push(format!("holds an author's comments until {} were approved", self.approved_before_trust));
        }
        if self.rejected_hold > 0 {
            let count = self.rejected_hold;
            lines.push(format!("holds an author's comments once {count} were rejected, and no more approved than rejected"));
        }
        if self.learning.correct {
            lines.push("corrects scores by what was decided here, as long as that proves better".to_owned());
        }
        match self.learning.alike_rejected {
            Decision::Approve => {}
            becomes => lines.push(format!(
                "what is nearly the same as a comment rejected within the hour: {}",
                if becomes == Decision::Hold { "held" } else { "rejected" }
            )),
        }
        if self.learning.alike_approved {
            lines.push(
                "what is nearly the same as a comment approved within the hour, without links: its scores do not hold it"
                    .to_owned(),
            );
        }
        if self.hold_after_days > 0 {
            lines.push(format!("holds comments on posts older than {} days", self.hold_after_days));
        }
        if self.form.honeypot > 0.0 {
            lines.push(format!("a filled honeypot makes spam {} times as likely", times(self.form.honeypot)));
        }
        if self.form.fast > 0.0 && self.form.fast_seconds > 0.0 {
            let (seconds, times) = (self.form.fast_seconds, times(self.form.fast));
            lines.push(format!("a form sent within {seconds} s makes spam {times} times as likely"));
        }
        let evidence = [
            (self.evidence.generic_praise, "praise that would fit any post"),
            (self.evidence.author_name, "a name that advertises"),
            (self.evidence.author_url, "an author's web address"),
            (-self.evidence.of_post, "speaking of the post in its own words"),
            (self.evidence.hidden_text, "text or a link that readers cannot see"),
            (-self.evidence.known_author, "an approved comment of the same author"),
        ];
        for (logits, what) in evidence.into_iter().filter(|(logits, _)| *logits != 0.0) {
            lines.push(format!("{what} makes spam {} times as likely", times(logits)));
        }
        lines.push(format!("in a language in which no score speaks of abuse: {}", self.unscored.describe()));
        if !self.of_site.is_empty() {
            lines.push(format!("in another language than {}: {}", self.of_site.join(", "), self.others.describe()));
        }
        for (count, place) in [(self.campaign.here, "this site"), (self.campaign.elsewhere, "other sites of the server")] {
            if count > 0 {
                let becomes = self.campaign.decision.as_str();
                lines.push(format!("from {count} nearly the same comments on {place} within hours on: {becomes}"));
            }
        }
        lines.push(match self.away {
            Away::Hold => "held while the store is away: held by the host, which sends it again".to_owned(),
            Away::Unavailable => "held while the store is away: no verdict, the host tries again".to_owned(),
            Away::Approve => "held while the store is away: published".to_owned(),
        });
        if self.spot_checks > 0.0 {
            lines.push(format!(
                "spot checks: {} % of what the machine approves is also put before a moderator",
                self.spot_checks * 100.0
            ));
        }
        if self.reason_required {
            lines.push("moderators must say why they reject a comment".to_owned());
        }
        let kept = self.retention;
        let [approved, rejected, authors, changes, audit, outcomes] =
            [kept.approved, kept.rejected, kept.authors, kept.changes, kept.audit, kept.outcomes]
                .map(humantime::format_duration);
        lines.push(format!(
            "forgotten after so long without change: approved comments {approved}, rejected ones {rejected}, authors' \
             histories {authors}, changes of verdicts {changes}, the audit {audit}, outcomes {outcomes}"
        ));
        lines
    }
}

/// What a label's thresholds do.
fn in_words(Threshold { hold, reject, corroborate }: Threshold) -> String {
    let besides = if corroborate { ", if a second witness confirms it" } else { "" };
    match (hold, reject) {
        (None, None) => "its score does nothing".to_owned(),
        (Some(hold), None) => format!("held from {hold}, never rejected"),
        (None, Some(reject)) => format!("never held, rejected from {reject}{besides}"),
        (Some(hold), Some(reject)) => format!("held from {hold}, rejected from {reject}{besides}"),
    }
}

/// The lists that hold something.
fn listed(lists: &[(usize, &str)]) -> Option<String> {
    let some: Vec<String> =
        lists.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    (!some.is_empty()).then(|| some.join(", "))
}

/// Odds for so many logits.
fn times(logits: f64) -> String {
    let times = logits.exp();
    if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_what_it_does() {
        let own = "sites = [\"b.example\", \"a.example\"]\n[blocked]\nwords = [\"one\", \"two\"]\ndecision = \"hold\"\n\
                   [thresholds.spam]\nhold = \"never\"\n[limits]\nclient = { count = 0 }\n";
        let policies = Policies::read([("own.toml", own)]).unwrap();
        let all = policies.all();
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
