//! Reads policies from TOML.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::lists::{AddressList, DomainList, PolicyLists, WordList};
use super::policies::Policies;
use super::rules::{
    CampaignRule, EvidenceWeights, FormWeights, LearningRules, LimitRule, LinkStripping, Policy, StoreOutageAction, Threshold,
    Thresholds, UnscoredAction,
};
use crate::classify::Label;
use crate::comment::{CommentKind, Site};
use crate::limit::{Gcra, MAX_BURST, Scope};
use crate::retention::Retention;
use crate::settings::{self, Section, SettingsError, SettingsErrors, set_if_some};
use crate::verdict::Decision;

/// The compiled-in default policy, with every key explained.
pub const DEFAULT_POLICY: &str = include_str!("default.toml");

impl Policies {
    /// Reads policy files, given as name and text. A file without `sites` changes the default policy. The others build on the
    /// default, whatever their order.
    ///
    /// # Errors
    /// Returns every mistake in every file.
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, SettingsErrors> {
        let mut mistakes = Vec::new();
        let mut own_default = None;
        let mut for_sites = Vec::new();
        for (file, text) in files {
            // The sites of a file must be known before the rest can be read on top of the right policy.
            match settings::read(file, text, |top| (read_sites(top), read_policy(top, Policy::empty(), file, text)).0) {
                Ok(None) => match own_default {
                    None => own_default = Some((file, text)),
                    Some((first, _)) => mistakes.push(SettingsError {
                        file: file.to_owned(),
                        line: 0,
                        message: format!("has no `sites`, so it would be the default policy, but {first} already is"),
                    }),
                },
                Ok(Some(sites)) => for_sites.push((file, text, sites)),
                Err(SettingsErrors(more)) => mistakes.extend(more),
            }
        }
        let mut default = parse_file("default", DEFAULT_POLICY, Policy::empty())?;
        if let Some((file, text)) = own_default {
            default = parse_file(file, text, default)?;
        }
        let mut by_site = HashMap::new();
        for (file, text, sites) in for_sites {
            let policy = match parse_file(file, text, default.clone()) {
                Ok(policy) => Arc::new(policy),
                Err(SettingsErrors(more)) => {
                    mistakes.extend(more);
                    continue;
                }
            };
            for site in sites {
                if by_site.insert(site.clone(), policy.clone()).is_some() {
                    let problem = format!("names site {:?}, which another file already names", site.as_str());
                    mistakes.push(SettingsError { file: file.to_owned(), line: 0, message: problem });
                }
            }
        }
        if mistakes.is_empty() {
            Ok(Self { default: Arc::new(default), sites: by_site })
        } else {
            Err(SettingsErrors(mistakes))
        }
    }
}

fn parse_file(file: &str, text: &str, start: Policy) -> Result<Policy, SettingsErrors> {
    settings::read(file, text, |top| {
        read_sites(top);
        read_policy(top, start, file, text)
    })
}

/// Returns the sites that a file names, or `None` if it is the default policy.
fn read_sites(top: &Section<'_>) -> Option<Vec<Site>> {
    top.list("sites", |site| Site::parse("", site).map_err(|violation| violation.problem))
}

/// Reads one file on top of `policy`.
fn read_policy(top: &Section<'_>, mut policy: Policy, file: &str, text: &str) -> Policy {
    policy.version = policy_version(file, text);
    top.section("thresholds", |section| read_thresholds(section, &mut policy.thresholds));
    top.section("limits", |section| {
        for (scope, limit) in &mut policy.limits {
            section.section(scope.as_str(), |section| *limit = read_limit(section, *scope));
        }
    });
    top.section("blocked", |section| {
        set_if_some(&mut policy.blocked_decision, read_decision(section, "decision", &[Decision::Hold, Decision::Reject]));
        read_lists(section, &mut policy.blocked);
    });
    top.section("allowed", |section| read_lists(section, &mut policy.allowed));
    top.section("links", |section| read_links(section, &mut policy));
    top.section("kinds", |section| read_kinds(section, &mut policy));
    top.section("authors", |section| read_authors(section, &mut policy));
    top.section("posts", |section| set_if_some(&mut policy.hold_after_days, section.integer("hold_after_days", 0..=36_500)));
    top.section("form", |section| read_form(section, &mut policy.form));
    top.section("evidence", |section| read_evidence(section, &mut policy.evidence));
    top.section("language", |section| read_language(section, &mut policy));
    top.section("campaign", |section| read_campaign(section, &mut policy.campaign));
    top.section("learning", |section| read_learning(section, &mut policy.learning));
    top.section("store", |section| set_if_some(&mut policy.store_outage_action, read_store_outage_action(section)));
    top.section("review", |section| {
        set_if_some(&mut policy.reason_required, section.bool("reason_required"));
        set_if_some(&mut policy.spot_checks, section.share("spot_checks"));
    });
    top.section("keep", |section| read_retention(section, &mut policy.retention));
    policy
}

fn read_thresholds(section: &Section<'_>, thresholds: &mut Thresholds) {
    for label in Label::ALL {
        let threshold = &mut thresholds[label.lane()];
        section.section(label.as_str(), |section| read_threshold(section, threshold));
    }
}

fn read_lists(section: &Section<'_>, lists: &mut PolicyLists) {
    set_if_some(&mut lists.words, section.list("words", WordList::parse).map(WordList::new));
    set_if_some(&mut lists.domains, section.list("domains", DomainList::parse).map(DomainList::new));
    set_if_some(&mut lists.addresses, section.list("addresses", AddressList::parse).map(AddressList::new));
}

fn read_links(section: &Section<'_>, policy: &mut Policy) {
    set_if_some(&mut policy.links_hold, section.integer("hold", 0..=10_000));
    let strip = section.value("strip", "\"off\", \"advise\" or \"approve\"", |value| match value.as_str()? {
        "off" => Some(LinkStripping::Off),
        "advise" => Some(LinkStripping::Advise),
        "approve" => Some(LinkStripping::Approve),
        _ => None,
    });
    set_if_some(&mut policy.link_stripping, strip);
}

fn read_kinds(section: &Section<'_>, policy: &mut Policy) {
    for (kind, place) in CommentKind::ALL.into_iter().zip(&mut policy.kind_decisions) {
        set_if_some(place, read_decision(section, kind.as_str(), &Decision::ALL));
    }
    set_if_some(&mut policy.kinds_max_spam, section.float("low", 0.0..=1.0));
}

fn read_authors(section: &Section<'_>, policy: &mut Policy) {
    set_if_some(&mut policy.approved_before_trust, section.integer("approved_before_trust", 0..=1_000));
    set_if_some(&mut policy.rejected_hold, section.integer("rejected_hold", 0..=1_000));
    set_if_some(&mut policy.trusted_roles, section.list("trusted_roles", parse_role));
}

fn read_form(section: &Section<'_>, form: &mut FormWeights) {
    set_if_some(&mut form.honeypot, section.float("honeypot", 0.0..=20.0));
    set_if_some(&mut form.fast_seconds, section.float("fast_seconds", 0.0..=3_600.0));
    set_if_some(&mut form.fast, section.float("fast", 0.0..=20.0));
}

fn read_evidence(section: &Section<'_>, evidence: &mut EvidenceWeights) {
    set_if_some(&mut evidence.generic_praise, section.float("generic_praise", 0.0..=20.0));
    set_if_some(&mut evidence.generic_praise_prior, section.float("generic_praise_prior", 0.0..=0.99));
    set_if_some(&mut evidence.author_name, section.float("author_name", 0.0..=20.0));
    set_if_some(&mut evidence.author_url, section.float("author_url", 0.0..=20.0));
    set_if_some(&mut evidence.quotes_post, section.float("of_post", 0.0..=20.0));
    set_if_some(&mut evidence.hidden_text, section.float("hidden_text", 0.0..=20.0));
    set_if_some(&mut evidence.known_author, section.float("known_author", 0.0..=5.0));
}

fn read_language(section: &Section<'_>, policy: &mut Policy) {
    set_if_some(&mut policy.unscored_action, read_unscored_action(section, "unscored"));
    set_if_some(&mut policy.other_language_action, read_unscored_action(section, "others"));
    set_if_some(&mut policy.site_languages, section.list("of_site", parse_language_tag));
}

fn read_campaign(section: &Section<'_>, campaign: &mut CampaignRule) {
    set_if_some(&mut campaign.here, section.integer("here", 0..=1_000_000));
    set_if_some(&mut campaign.elsewhere, section.integer("elsewhere", 0..=1_000_000));
    set_if_some(&mut campaign.decision, read_decision(section, "decision", &Decision::ALL));
}

fn read_learning(section: &Section<'_>, learning: &mut LearningRules) {
    set_if_some(&mut learning.apply_corrections, section.bool("correct"));
    set_if_some(&mut learning.on_rejected_duplicate, read_decision(section, "alike_rejected", &Decision::ALL));
    set_if_some(&mut learning.trust_approved_duplicate, section.bool("alike_approved"));
}

fn read_retention(section: &Section<'_>, retention: &mut Retention) {
    let days = |key| section.integer(key, 1..=36_500).map(Retention::duration_from_days);
    set_if_some(&mut retention.approved, days("approved_days"));
    set_if_some(&mut retention.rejected, days("rejected_days"));
    set_if_some(&mut retention.authors, days("authors_days"));
    set_if_some(&mut retention.changes, days("changes_days"));
    set_if_some(&mut retention.audit, days("audit_days"));
    set_if_some(&mut retention.outcomes, days("outcomes_days"));
}

fn read_store_outage_action(section: &Section<'_>) -> Option<StoreOutageAction> {
    section.value("away", "\"hold\", \"unavailable\" or \"approve\"", |value| match value.as_str()? {
        "hold" => Some(StoreOutageAction::Hold),
        "unavailable" => Some(StoreOutageAction::Unavailable),
        "approve" => Some(StoreOutageAction::Approve),
        _ => None,
    })
}

/// Parses the name of a role.
fn parse_role(name: &str) -> Result<String, String> {
    let name = name.trim().to_lowercase();
    if name.is_empty() { Err("is empty; name a role such as \"administrator\"".to_owned()) } else { Ok(name) }
}

fn read_threshold(section: &Section<'_>, threshold: &mut Threshold) {
    let bound = |key| {
        section.value(key, "a probability from 0 to 1, or \"never\"", |value| match value.as_str() {
            Some("never") => Some(None),
            Some(_) => None,
            None => settings::parse_number(value).filter(|bound| (0.0..=1.0).contains(bound)).map(Some),
        })
    };
    set_if_some(&mut threshold.hold, bound("hold"));
    set_if_some(&mut threshold.reject, bound("reject"));
    set_if_some(&mut threshold.corroborate, section.bool("corroborate"));
    if let (Some(hold), Some(reject)) = (threshold.hold, threshold.reject)
        && hold > reject
    {
        section.report("hold", format_args!("is {hold}, above the reject threshold {reject}, so nothing would be held"));
    }
}

/// Reads a limit, which replaces the inherited one as a whole. `count = 0` turns it off.
fn read_limit(section: &Section<'_>, scope: Scope) -> Option<LimitRule> {
    let count = section.integer("count", 0..=MAX_BURST);
    let period = section.duration("period");
    let burst = section.integer("burst", 1..=MAX_BURST);
    let over = read_decision(section, "over", &Decision::ALL).unwrap_or(Decision::Hold);
    // Only a client's address can be shared by many authors.
    let crowd = (scope == Scope::Client).then(|| read_decision(section, "crowd", &Decision::ALL)).flatten();
    let crowd = crowd.unwrap_or(Decision::Hold).min(over);
    let (Some(count), Some(period)) = (count, period) else {
        if count != Some(0) {
            section.report("count", "and period are both needed, e.g. { count = 20, period = \"10m\", burst = 10 }");
        }
        return None;
    };
    if count == 0 {
        return None;
    }
    let gcra = Gcra::new(count, period, burst.unwrap_or(count));
    if gcra.is_none() {
        section.report("period", "must be at least 1us per comment, and a whole burst must recover within 70 years");
    }
    gcra.map(|gcra| LimitRule { gcra, over, crowd })
}

fn read_decision(section: &Section<'_>, key: &'static str, among: &[Decision]) -> Option<Decision> {
    let words: Vec<String> = among.iter().map(|decision| format!("{:?}", decision.as_str())).collect();
    section
        .value(key, &words.join(" or "), |value| Decision::parse(value.as_str()?).filter(|decision| among.contains(decision)))
}

/// Checks a BCP 47 tag.
fn parse_language_tag(tag: &str) -> Result<String, String> {
    let problem = || format!("{tag:?} is not the tag of a language, such as \"en\" or \"pt-BR\"");
    crate::classify::parse_language(tag).map(|_| tag.to_owned()).ok_or_else(problem)
}

fn read_unscored_action(section: &Section<'_>, key: &'static str) -> Option<UnscoredAction> {
    section.value(key, "\"hold\", \"hold_new\" or \"approve\"", |value| UnscoredAction::parse(value.as_str()?))
}

/// Returns the file's name without folder and extension, and the first eight hex digits of its SHA-256.
fn policy_version(file: &str, text: &str) -> String {
    let name = std::path::Path::new(file).file_stem().map_or(file.into(), |stem| stem.to_string_lossy());
    let digest = Sha256::digest(text.as_bytes());
    let digits: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}@{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_policy_reads_without_a_mistake() {
        let policies = Policies::read([]).unwrap();
        assert!(policies.default.version().starts_with("default@"));
        assert_eq!(policies.default.limits().count(), 3);
    }

    #[test]
    fn a_site_starts_from_the_default_and_names_only_what_differs() {
        let own = "[links]\nhold = 1\n";
        let blog = "sites = [\"blog.example\"]\n[limits]\nauthor = { count = 0 }\n";
        let policies = Policies::read([("blog.toml", blog), ("own.toml", own)]).unwrap();
        let blog = policies.for_site(&Site::parse("", "blog.example").unwrap());
        assert_eq!((blog.links_hold, blog.limits().count()), (1, 2));
        let other = policies.for_site(&Site::parse("", "other.example").unwrap());
        assert_eq!((other.links_hold, other.limits().count()), (1, 3));
    }

    #[test]
    fn every_mistake_of_every_file_is_named_with_its_line() {
        let a = "[thresholds.spam]\nhold = 0.9\nreject = 0.5\n[thresholds.rudeness]\nhold = 1\n";
        let b = "sites = [\"bad site\"]\n[blocked]\naddresses = [\n \"10.0.0.0/99\",\n]\n";
        let SettingsErrors(mistakes) = Policies::read([("a.toml", a), ("b.toml", b)]).unwrap_err();
        let places: Vec<_> = mistakes.iter().map(|mistake| (mistake.file.as_str(), mistake.line)).collect();
        assert_eq!(places, [("a.toml", 2), ("a.toml", 4), ("b.toml", 1), ("b.toml", 4)], "{mistakes:?}");
    }

    #[test]
    fn two_files_for_one_site_are_a_mistake() {
        let blog = "sites = [\"blog.example\"]\n";
        let SettingsErrors(mistakes) = Policies::read([("a.toml", blog), ("b.toml", blog)]).unwrap_err();
        assert!(mistakes[0].message.contains("another file"), "{mistakes:?}");
    }
}
