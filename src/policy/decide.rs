//! From findings, scores and facts to a decision with its reasons. Pure and total.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use super::entries::Listed;
use super::{Campaign, Evidence, Policy, Unscored, Without};
use crate::classify::{self, Label, Manner, NameIs, Scores};
use crate::comment::{Comment, CommentKind, Hidden};
use crate::facts::{Alike, Facts, Flood, History, LimitState, Similar};
use crate::limit::Scope;
use crate::reading::host;
use crate::reading::link::{self, Link};
use crate::reading::word::{Word, readings};
use crate::verdict::{Decision, Reason, Span};

/// How many places of one kind become reasons: more say no more, and a body of nothing but blocked words must not become
/// a verdict of many times its length.
const MOST_PLACES: usize = 20;

/// So many different authors of one address are a crowd: a school, an office, a carrier's network.
const CROWD: u32 = 4;
/// How many times a limit's burst may be held of a crowd within an hour. Of one sender once.
const PER_CROWD: u32 = 10;

/// Fewer hidden letters are a slip of an editor.
const MIN_HIDDEN_LETTERS: usize = 12;
/// The most that an author's approved comments speak against spam, in logits,
const MOST_KNOWN: f64 = 3.0;
/// and how many of them one that was rejected outweighs.
const KNOWN_PER_REJECTED: u32 = 5;

/// By how much, in logits, a comment may look worse than one that was approved and still be taken for the same.
const WORSE: f64 = 1.0;

/// What the policy sees in a comment before anything is scored or asked of the store.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    votes: Vec<Vote>,
    /// Evidence for spam from outside the words, in logits, with the reason for each.
    evidence: Vec<Reason>,
    /// Something that is neither words nor links speaks for spam.
    witness: bool,
    /// What is said of the language, and what becomes of the comment for it.
    of_language: Vec<(Unscored, Reason)>,
    /// How many links count.
    links: u32,
    /// One of them leads somewhere that is not known to everybody.
    obscure_link: bool,
    /// The spam logit of the words alone, without links and author. `None`: it was not asked for, and the words count as much
    /// as the whole comment.
    words_alone: Option<f64>,
    /// It is certain who the author is: what was decided of the author before counts.
    certain_author: bool,
    /// The author is told apart from others who type the same: what was approved before may end the wait of new authors.
    distinct_author: bool,
    /// The author's address is on the allowed list.
    allowed: Option<Reason>,
    /// The parts of the text that must not count against the comment.
    exempt: Vec<Range<usize>>,
    /// The author's web address is no evidence: it is the site's own or allowed, or there is none.
    url_exempt: bool,
}

/// A rule that asks for a decision at least this strict.
#[derive(Debug, Clone)]
struct Vote {
    decision: Decision,
    reason: Reason,
    /// Whether it stands although the author's address is allowed.
    binding: bool,
}

/// How a place in what was read is pointed at in the body.
type Pointing = fn(&Comment, Range<usize>) -> Option<Span>;

/// What a policy decided, and why.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// What becomes of the comment.
    pub decision: Decision,
    /// Why, strictest rule first; never empty.
    pub reasons: Vec<Reason>,
    /// The labels whose scores had a say: the model can explain them.
    pub explain: Vec<Label>,
    /// Label to probability, form evidence included.
    pub scores: Vec<(Label, f64)>,
}

impl Findings {
    /// The text with what must not count blanked out: same bytes, same places.
    pub fn counted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.exempt.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut counted = text.to_owned();
        for range in &self.exempt {
            counted.replace_range(range.clone(), &" ".repeat(range.len()));
        }
        Cow::Owned(counted)
    }

    fn block_author(&mut self, decision: Decision, code: &'static str, rule: String) {
        let message = if code == "BLOCKED_AUTHOR" { "the author is blocked" } else { "the author's address is blocked" };
        self.votes.push(Vote::binding(decision, Reason::new(code, message).rule(rule)));
    }

    /// Whether a second witness speaks for spam besides the score: the form, something hidden, or a link beside words that reach
    /// the bound by themselves. The link that made a score cannot confirm it.
    pub fn is_corroborated(&self, bound: f64) -> bool {
        let by_words = self.words_alone.is_none_or(|logit| sigmoid(logit) >= bound);
        self.witness || self.obscure_link && by_words
    }

    /// Whether it depends on the words alone whether a link confirms the score.
    pub fn asks_for_words_alone(&self) -> bool {
        !self.witness && self.obscure_link
    }

    /// Takes note of the spam logit of the words alone.
    pub fn set_words_alone(&mut self, logit: f64) {
        self.words_alone = Some(logit);
    }

    /// Whether the comment has links that count.
    pub fn has_links(&self) -> bool {
        self.links > 0
    }

    /// Whether the author's web address is evidence.
    pub fn has_author_url(&self) -> bool {
        !self.url_exempt
    }

    /// The evidence for spam from outside the words, in logits.
    pub fn evidence(&self) -> f64 {
        self.evidence.iter().map(|reason| reason.weight).sum()
    }

    /// Whether the author's address is on the allowed list: then scores have no say.
    pub fn is_allowed(&self) -> bool {
        self.allowed.is_some()
    }
}

impl Policy {
    /// What lists, links, form and post say, before the comment is scored.
    pub fn before(&self, comment: &Comment, listed: Listed<'_>, without: Without) -> Findings {
        let mut findings = Findings {
            certain_author: comment.author_is_certain(),
            distinct_author: comment.author_is_told_apart(),
            ..Findings::default()
        };
        self.check_addresses(comment, listed, &mut findings);
        self.check_role(comment, &mut findings);
        self.check_kind(comment, &mut findings);
        self.check_words(comment, listed, &mut findings);
        self.check_links(comment, listed, without, &mut findings);
        self.check_hidden(comment, without, &mut findings);
        self.check_form(comment, &mut findings);
        self.check_post(comment, &mut findings);
        findings
    }

    /// What the model, which knows these labels, saw besides its scores, and whether it could score at all.
    /// `corrected`: for which labels what the site has learned speaks in its place.
    pub fn heed(&self, comment: &Comment, labels: &[Label], scores: &Scores, corrected: &[Label], findings: &mut Findings) {
        let Manner { generic_praise, of_post, name } = scores.manner();
        let mut speaks = |key: &'static str, code: &'static str, logits: f64, message: String| {
            if logits != 0.0 {
                let reason = Reason::new(code, message).label(Label::Spam.as_str(), logits);
                findings.evidence.push(reason.rule(format!("evidence.{key}")));
            }
        };
        let Evidence { generic_praise: praise, generic_praise_prior: prior, author_name, author_url, of_post: ours, .. } =
            self.evidence;
        if generic_praise && let Some(logit) = scores.logit(Label::Spam) {
            let lift = ((prior / (1.0 - prior)).ln() - f64::from(logit)).max(0.0);
            speaks("generic_praise", "GENERIC_PRAISE", praise + lift, "praise that would fit any post".to_owned());
        }
        if of_post && scores.logit(Label::Spam).is_some() {
            speaks("of_post", "OF_POST", -ours, "it speaks of the post in the post's own words".to_owned());
        }
        if let Some(name) = name {
            let is = match name {
                NameIs::Address => "is a web address",
                NameIs::Advertisement => "advertises",
            };
            let message = format!("the author's name {} {is}", quoted(comment.author_name()));
            speaks("author_name", "AUTHOR_NAME", author_name, message);
        }
        if !findings.url_exempt {
            let host = comment.author_host().map_or_else(|| comment.author_url().trim().to_owned(), shown);
            speaks("author_url", "AUTHOR_URL", author_url, format!("the author's web address is {}", quoted(&host)));
        }
        self.heed_language(labels, scores, corrected, findings);
    }

    /// Says where no score speaks of abuse, and where the language is not the site's: then the policy decides.
    fn heed_language(&self, labels: &[Label], scores: &Scores, corrected: &[Label], findings: &mut Findings) {
        let language = scores.language();
        let asked = [Label::Spam, Label::Toxicity].into_iter().filter(|label| labels.contains(label));
        let lacking: Vec<Label> = asked.filter(|label| scores.get(*label).is_none() && !corrected.contains(label)).collect();
        if !lacking.is_empty() {
            let names: Vec<&str> = lacking.iter().map(|label| label.as_str()).collect();
            let message =
                format!("the text seems to be {language}, in which the model has no score for {}", names.join(" or "));
            let reason = Reason::new("LANGUAGE_UNSCORED", message).rule("language.unscored");
            let becomes = if lacking.contains(&Label::Toxicity) { self.unscored } else { Unscored::Approve };
            findings.of_language.push((becomes, reason));
        }
        let is_of_site = |tag: &String| classify::parse_language(tag) == classify::parse_language(scores.language_tag());
        if !self.of_site.is_empty() && !self.of_site.iter().any(is_of_site) {
            let message = format!("the text seems to be {language}, and the site is in {}", self.of_site.join(", "));
            findings.of_language.push((self.others, Reason::new("LANGUAGE_OTHER", message).rule("language.others")));
        }
    }

    /// The decision on a comment. `logits` holds the model's calibrated logit per trained label.
    pub fn decide(&self, findings: &Findings, logits: &[(Label, f64)], facts: &Facts) -> Ruling {
        let mut votes = findings.votes.clone();
        let is_new = facts.author.filter(|_| findings.distinct_author).is_none_or(|author| author.approved == 0);
        let holds = |becomes: Unscored| becomes == Unscored::Hold || becomes == Unscored::HoldNew && is_new;
        let of_language = findings.of_language.iter().filter(|(becomes, _)| holds(*becomes));
        votes.extend(of_language.map(|(_, reason)| Vote::new(Decision::Hold, reason.clone())));
        let mut explain = Vec::new();
        let mut evidence = findings.evidence();
        let spam = logits.iter().find(|(label, _)| *label == Label::Spam).map(|(_, logit)| logit + evidence);
        let hold = self.thresholds[Label::Spam.lane()].hold.map(|hold| (hold / (1.0 - hold)).ln());
        // A score that would not hold needs nobody to speak against it.
        let holds = spam.zip(hold).is_some_and(|(logit, hold)| logit >= hold);
        let known = self.known_author(findings, facts).filter(|_| holds);
        evidence += known.as_ref().map_or(0.0, |reason| reason.weight);
        let scores: Vec<(Label, f64)> = logits
            .iter()
            .map(|&(label, logit)| (label, sigmoid(if label == Label::Spam { logit + evidence } else { logit })))
            .collect();

        let campaign = self.of_campaign(facts);
        for &(label, score) in &scores {
            if let Some(vote) = self.weigh(label, score, findings, campaign.is_some()) {
                votes.push(vote);
                explain.push(label);
            }
        }
        votes.extend(facts.limits.iter().filter(|limit| limit.refused()).filter_map(|limit| self.over(limit, facts.flood)));
        votes.extend(campaign);
        votes.extend(self.untrusted(facts.author.filter(|_| findings.distinct_author)));
        votes.extend(self.often_rejected(facts).filter(|_| findings.certain_author));
        let template = self.heed_alike(facts, findings, logits, &mut votes);
        votes.extend(edited_after_rejection(facts));
        if scores.iter().any(|&(label, score)| label == Label::Spam && score < self.kinds_low) {
            votes.retain(|vote| vote.decision != Decision::Hold || vote.reason.code != "KIND");
        }

        if findings.allowed.is_some() {
            votes.retain(|vote| vote.binding);
            explain.clear();
        }
        // Stable: rules of equal weight stay in the order above. Labels by score.
        votes.sort_by_key(|vote| std::cmp::Reverse(vote.decision));
        let decision = votes.first().map_or(Decision::Approve, |vote| vote.decision);
        let mut reasons: Vec<Reason> = votes.into_iter().map(|vote| vote.reason).collect();
        if reasons.is_empty() {
            reasons.push(findings.allowed.clone().or(template).unwrap_or_else(|| self.clean(&scores)));
        } else {
            reasons.extend(template);
        }
        reasons.extend(findings.evidence.iter().cloned());
        reasons.extend(known);
        explain.sort_by(|a, b| score_of(&scores, *b).total_cmp(&score_of(&scores, *a)));
        Ruling { decision, reasons, explain, scores }
    }

    fn check_addresses(&self, comment: &Comment, listed: Listed<'_>, findings: &mut Findings) {
        let (blocked, allowed) = (&listed.entries.blocked, &listed.entries.allowed);
        if comment.has_odd_ip() {
            // Not what was sent: an address is nobody's business but the host's.
            let message = "client.ip is no address: the client counts for no limit, and no list knows it";
            findings.evidence.push(Reason::new("ADDRESS_NOT_UNDERSTOOD", message));
        }
        if let Some(place) = self.blocked_addresses.find_any(comment.email(), comment.ip()) {
            findings.block_author(self.blocked, "BLOCKED_ADDRESS", format!("blocked.addresses[{place}]"));
        }
        if let Some(place) = blocked.addresses.find_any(comment.email(), comment.ip()) {
            let value = blocked.address_values.get(place).map_or("", String::as_str);
            findings.block_author(self.blocked, "BLOCKED_ADDRESS", format!("list.block.address:{value}"));
        }
        if listed.senders.all().any(|person| blocked.persons.contains(person)) {
            findings.block_author(self.blocked, "BLOCKED_ADDRESS", "list.block.address".to_owned());
        }
        if blocked.authors.contains(comment.user_id()) {
            findings.block_author(self.blocked, "BLOCKED_AUTHOR", format!("list.block.author:{}", comment.user_id()));
        }
        // What somebody typed as an e-mail address blocks, which harms nobody else, but does not allow.
        let email = if comment.email_is_verified() { comment.email() } else { "" };
        let mut allow = |code, what: &str, rule: String| {
            let reason = Reason::new(code, format!("the author{what} is allowed"));
            findings.allowed = Some(reason.rule(rule));
        };
        if let Some(place) = self.allowed_addresses.find(email, comment.ip()) {
            allow("ALLOWED_ADDRESS", "'s address", format!("allowed.addresses[{place}]"));
        } else if let Some(place) = allowed.addresses.find(email, comment.ip()) {
            let value = allowed.address_values.get(place).map_or("", String::as_str);
            allow("ALLOWED_ADDRESS", "'s address", format!("list.allow.address:{value}"));
        } else if listed.senders.certain.iter().any(|person| allowed.persons.contains(person)) {
            allow("ALLOWED_ADDRESS", "'s address", "list.allow.address".to_owned());
        } else if allowed.authors.contains(comment.user_id()) {
            allow("ALLOWED_AUTHOR", "", format!("list.allow.author:{}", comment.user_id()));
        } else if self.allowed_addresses.find(comment.email(), None).is_some()
            || allowed.addresses.find(comment.email(), None).is_some()
            || listed.senders.claimed.iter().any(|person| allowed.persons.contains(person))
        {
            let message = "the author's address is allowed, but only typed: the host says of one that it has verified \
                           `author.email_verified`";
            findings.evidence.push(Reason::new("ADDRESS_UNVERIFIED", message));
        }
    }

    fn check_words(&self, comment: &Comment, listed: Listed<'_>, findings: &mut Findings) {
        let text = comment.text().as_str();
        let (blocked, allowed) = (&listed.entries.blocked, &listed.entries.allowed);
        let lists = [&self.allowed_words, &self.blocked_words, &allowed.words, &blocked.words];
        if lists.iter().all(|words| words.is_empty()) {
            return;
        }
        let read = readings(text);
        let exempt = self.allowed_words.find(&read).into_iter().chain(allowed.words.find(&read));
        findings.exempt = exempt.map(|(_, range)| range).collect();
        findings.exempt.sort_by_key(|range| range.start);
        let exempt = furthest(&findings.exempt);
        let counts = |range: &Range<usize>| {
            // Of those that begin before it the one that reaches furthest: there may be as many as there are words.
            let before = findings.exempt.partition_point(|exempt| exempt.start <= range.start);
            before.checked_sub(1).and_then(|last| exempt.get(last)).is_none_or(|end| *end < range.end)
        };
        let find = |read: &[Vec<Word>]| {
            let entry = |place: usize| format!("list.block.word:{}", blocked.word_values.get(place).map_or("", String::as_str));
            let entries = blocked.words.find(read).into_iter().map(move |(place, range)| (entry(place), range));
            let own = self.blocked_words.find(read).into_iter();
            own.map(|(place, range)| (format!("blocked.words[{place}]"), range)).chain(entries).collect::<Vec<_>>()
        };
        for (rule, range) in find(&read).into_iter().filter(|(_, range)| counts(range)).take(MOST_PLACES) {
            let message = format!("holds the blocked {}", quoted(&text[range.clone()]));
            let reason = Reason::new("BLOCKED_WORD", message).at(comment.span(range)).rule(rule);
            findings.votes.push(Vote::binding(self.blocked, reason));
        }
        let torn = comment.text().torn();
        for (rule, range) in find(&readings(torn)).into_iter().take(MOST_PLACES) {
            if findings.votes.iter().any(|vote| vote.reason.rule_id == rule) {
                continue;
            }
            let message = format!("without its tags it holds the blocked {}", quoted(&torn[range.clone()]));
            let reason = Reason::new("BLOCKED_WORD", message).at(comment.span_of_torn(range)).rule(rule);
            findings.votes.push(Vote::binding(self.blocked, reason));
        }
        for (rule, _) in find(&readings(comment.author_name())).into_iter().take(MOST_PLACES) {
            let message = format!("the author's name {} holds a blocked word", quoted(comment.author_name()));
            findings.votes.push(Vote::binding(self.blocked, Reason::new("BLOCKED_WORD", message).rule(rule)));
        }
    }

    /// A role that the site trusts, unless something is blocked or over a limit.
    fn check_role(&self, comment: &Comment, findings: &mut Findings) {
        let role = comment.author_role().trim().to_lowercase();
        if findings.allowed.is_none() && !role.is_empty() && self.trusted_roles.contains(&role) {
            let reason = Reason::new("TRUSTED_ROLE", format!("the author is {} of this site", quoted(&role)));
            findings.allowed = Some(reason.rule("authors.trusted_roles"));
        }
    }

    /// What becomes of the kind of comment, whatever it says.
    fn check_kind(&self, comment: &Comment, findings: &mut Findings) {
        let kind = comment.kind();
        let decision = CommentKind::ALL.iter().zip(self.kinds).find(|(known, _)| **known == kind).map(|(_, decision)| decision);
        if let Some(decision) = decision.filter(|decision| *decision > Decision::Approve) {
            let name = kind.as_str();
            let message = match decision {
                Decision::Hold => format!("it is a {name}, which is held unless its spam score is below {}", self.kinds_low),
                _ => format!("it is a {name}, which this site does not accept"),
            };
            let reason = Reason::new("KIND", message.replace('_', " ")).rule(format!("kinds.{name}"));
            findings.votes.push(Vote::new(decision, reason));
        }
    }

    fn check_links(&self, comment: &Comment, listed: Listed<'_>, without: Without, findings: &mut Findings) {
        let allowed = &listed.entries.allowed.domains;
        let rule = |host: &str| self.blocked_domain(listed, host);
        let exempt = |host: &str| {
            // What no browser opens, others may read otherwise.
            if host::domain(host).is_none_or(|opened| opened != host) {
                return false;
            }
            let of_site = comment.own_hosts().any(|own| is_of(host, own));
            of_site || self.allowed_domains.find(host).is_some() || allowed.find(host).is_some()
        };
        let mut blocked = Vec::new();
        for Link { host, at, certain } in comment.links() {
            let rule = rule(host);
            if rule.is_none() && (without.links || !certain || exempt(host)) {
                findings.exempt.extend(Some(at.clone()).filter(|_| *certain));
            } else {
                findings.links += 1;
                findings.obscure_link |= !is_well_known(host);
            }
            blocked.extend(rule.map(|rule| (rule, host.as_str(), Some(at.clone()))));
        }
        findings.exempt.sort_by_key(|range| range.start);
        let host = comment.author_host().unwrap_or_default();
        findings.url_exempt = comment.author_url().trim().is_empty() || without.author_url || exempt(host);
        blocked.extend(rule(host).map(|rule| (rule, host, None)));
        for (rule, host, at) in blocked.into_iter().take(MOST_PLACES) {
            let reason = Reason::new("BLOCKED_DOMAIN", format!("links to the blocked domain {}", quoted(&shown(host))));
            let reason = reason.at(at.and_then(|at| comment.span(at))).rule(rule);
            findings.votes.push(Vote::binding(self.blocked, reason));
        }
        self.check_named_hosts(comment, listed, findings);
        self.check_links_hold(findings);
    }

    /// Blocked domains wherever they are named, be it a link or not.
    fn check_named_hosts(&self, comment: &Comment, listed: Listed<'_>, findings: &mut Findings) {
        let entries = &listed.entries.blocked;
        if self.blocked_domains.is_empty() && entries.domains.is_empty() {
            return;
        }
        let mut known: HashSet<String> = findings
            .votes
            .iter()
            .filter(|vote| vote.reason.code == "BLOCKED_DOMAIN")
            .map(|vote| vote.reason.rule_id.to_string())
            .collect();
        let text = comment.text();
        let places: [(&str, Pointing); 4] = [
            (text.as_str(), |comment, at| comment.span(at)),
            (text.torn(), |comment, at| comment.span_of_torn(at)),
            (comment.author_name(), |_, _| None),
            (comment.author_url(), |_, _| None),
        ];
        for (text, span) in places {
            for (host, at) in link::hosts_named(text) {
                let Some(rule) = self.blocked_domain(listed, &host).filter(|rule| !known.contains(rule)) else { continue };
                if known.len() >= MOST_PLACES {
                    return;
                }
                let reason = Reason::new("BLOCKED_DOMAIN", format!("names the blocked domain {}", quoted(&shown(&host))));
                findings.votes.push(Vote::binding(self.blocked, reason.at(span(comment, at)).rule(rule.clone())));
                known.insert(rule);
            }
        }
    }

    /// Returns the rule by which a host is blocked.
    fn blocked_domain(&self, listed: Listed<'_>, host: &str) -> Option<String> {
        let entries = &listed.entries.blocked;
        let own = self.blocked_domains.find(host).map(|place| format!("blocked.domains[{place}]"));
        own.or_else(|| Some(format!("list.block.domain:{}", entries.domain_values.get(entries.domains.find(host)?)?)))
    }

    fn check_links_hold(&self, findings: &mut Findings) {
        if self.links_hold > 0 && findings.links >= self.links_hold {
            let message = format!("holds {} links; {} or more are held", findings.links, self.links_hold);
            findings.votes.push(Vote::new(Decision::Hold, Reason::new("TOO_MANY_LINKS", message).rule("links.hold")));
        }
    }

    /// What a browser does not show of a comment, though a host may.
    fn check_hidden(&self, comment: &Comment, without: Without, findings: &mut Findings) {
        let Hidden { letters, links } = comment.text().hidden();
        let links = if without.links { 0 } else { links };
        let message = match (letters >= MIN_HIDDEN_LETTERS, links > 0) {
            (_, true) => "it has a link that readers cannot see",
            (true, false) => "it has text that readers cannot see",
            (false, false) => return,
        };
        if self.evidence.hidden_text > 0.0 {
            let reason = Reason::new("HIDDEN_TEXT", message).label(Label::Spam.as_str(), self.evidence.hidden_text);
            findings.evidence.push(reason.rule("evidence.hidden_text"));
            findings.witness |= links > 0;
        }
    }

    /// What was approved before of the same author, as evidence against spam.
    fn known_author(&self, findings: &Findings, facts: &Facts) -> Option<Reason> {
        let History { approved, rejected, .. } = facts.author.filter(|_| findings.certain_author && self.knows_authors())?;
        if approved == 0 || rejected.saturating_mul(KNOWN_PER_REJECTED) > approved {
            return None;
        }
        let doublings = f64::from(approved).log2() + 1.0;
        let logits = (self.evidence.known_author * doublings).min(MOST_KNOWN);
        let message = format!("{approved} comments of this author stand approved here");
        Some(Reason::new("KNOWN_AUTHOR", message).label(Label::Spam.as_str(), -logits).rule("evidence.known_author"))
    }

    fn check_form(&self, comment: &Comment, findings: &mut Findings) {
        let form = &self.form;
        if !comment.honeypot().is_empty() && form.honeypot > 0.0 {
            let reason = Reason::new("HONEYPOT", "a form field that people cannot see was filled in");
            findings.evidence.push(reason.label(Label::Spam.as_str(), form.honeypot).rule("form.honeypot"));
            findings.witness = true;
        }
        if let Some(seconds) = comment.fill_seconds().filter(|seconds| *seconds < form.fast_seconds && form.fast > 0.0) {
            let reason = Reason::new("FAST_FORM", format!("sent {seconds:.1} s after the form was shown"));
            findings.evidence.push(reason.label(Label::Spam.as_str(), form.fast).rule("form.fast_seconds"));
            findings.witness = true;
        }
    }

    fn check_post(&self, comment: &Comment, findings: &mut Findings) {
        let days = self.hold_after_days;
        let age = comment.published_at().and_then(|published| comment.submitted_at().duration_since(published).ok());
        if days > 0 && age.is_some_and(|age| age > Duration::from_secs(u64::from(days) * 86_400)) {
            let reason = Reason::new("OLD_POST", format!("the post is older than {days} days"));
            findings.votes.push(Vote::new(Decision::Hold, reason.rule("posts.hold_after_days")));
        }
    }

    /// What the score of one label asks for.
    fn weigh(&self, label: Label, score: f64, findings: &Findings, campaign: bool) -> Option<Vote> {
        let threshold = self.thresholds[label.lane()];
        let corroborated = campaign || threshold.reject.is_some_and(|bound| findings.is_corroborated(bound));
        let name = label.as_str();
        // A score that is not a number must not be published unseen.
        let reached = |bound: Option<f64>| bound.filter(|bound| score >= *bound || score.is_nan());
        if let Some(bound) = reached(threshold.reject).filter(|_| corroborated || !threshold.corroborate) {
            let message = format!("{name} {score:.2} is at or above {bound}, which rejects");
            let reason = Reason::new("SCORE_REJECT", message).label(name, 0.0).rule(format!("thresholds.{name}.reject"));
            return Some(Vote::new(Decision::Reject, reason));
        }
        let bound = reached(threshold.hold)?;
        let message = format!("{name} {score:.2} is at or above {bound}, which holds");
        let reason = Reason::new("SCORE_HOLD", message).label(name, 0.0).rule(format!("thresholds.{name}.hold"));
        Some(Vote::new(Decision::Hold, reason))
    }

    /// What a limit that refused asks for.
    fn over(&self, state: &LimitState, flood: Flood) -> Option<Vote> {
        let limit = self.limits.iter().find(|(scope, _)| *scope == state.scope)?.1.as_ref()?;
        let crowd = state.scope == Scope::Client && flood.authors >= CROWD;
        let mut over = if crowd { limit.crowd } else { limit.over };
        // The queue is for people to read: what one sender puts into it beyond a limit is bounded too.
        let most = state.limit.saturating_mul(if crowd { PER_CROWD } else { 1 });
        let too_many = over == Decision::Hold && state.scope != Scope::Site && flood.waiting >= most;
        if too_many {
            over = Decision::Reject;
        }
        let who = match state.scope {
            Scope::Author => "this author has",
            Scope::Client => "this client has",
            Scope::Site => "this site has",
        };
        let wait = state.retry_after.as_secs_f64();
        let mut message =
            format!("{who} sent more than the limit of {} at once; the next is admitted in {wait:.1} s", state.limit);
        if too_many {
            message.push_str(&format!("; {} beyond the limit wait for a moderator already", flood.waiting));
        } else if crowd {
            message += "; many authors share its address";
        }
        let reason = Reason::new("RATE_LIMIT", message).rule(format!("limits.{}", state.scope.as_str()));
        (over > Decision::Approve).then(|| Vote::binding(over, reason))
    }

    /// Whether nearly the same comment came too often.
    fn of_campaign(&self, facts: &Facts) -> Option<Vote> {
        let Campaign { here, elsewhere, decision } = self.campaign;
        let Similar { here: seen, elsewhere: seen_elsewhere } = facts.similar;
        let (rule, message) = if here > 0 && seen >= here {
            ("campaign.here", format!("{seen} comments came here of late that are nearly the same"))
        } else if elsewhere > 0 && seen_elsewhere >= elsewhere {
            ("campaign.elsewhere", format!("{seen_elsewhere} comments came to other sites of late that are nearly the same"))
        } else {
            return None;
        };
        Some(Vote::new(decision, Reason::new("CAMPAIGN", message).rule(rule)))
    }

    fn untrusted(&self, author: Option<History>) -> Option<Vote> {
        let needed = self.approved_before_trust;
        let approved = author.map_or(0, |author| author.approved);
        (approved < needed).then(|| {
            let message = format!("{approved} comments of this author were approved so far; {needed} are needed");
            Vote::new(Decision::Hold, Reason::new("FIRST_COMMENT", message).rule("authors.approved_before_trust"))
        })
    }

    /// Whether most of what the author wrote was rejected.
    fn often_rejected(&self, facts: &Facts) -> Option<Vote> {
        let History { approved, rejected, .. } = facts.author.filter(|_| self.rejected_hold > 0)?;
        (rejected >= self.rejected_hold && rejected >= approved).then(|| {
            let message = format!("{rejected} comments of this author were rejected, and {approved} approved");
            Vote::new(Decision::Hold, Reason::new("AUTHOR_REJECTED", message).rule("authors.rejected_hold"))
        })
    }

    /// What was decided within the hour on a comment that is nearly the same. One like an approved one is not held for what
    /// its words are like; returns why. Where its links lead makes no difference to what is nearly the same, so that it must
    /// have none.
    fn heed_alike(&self, facts: &Facts, findings: &Findings, logits: &[(Label, f64)], votes: &mut Vec<Vote>) -> Option<Reason> {
        let Alike { comment_id, by, rejected, base } = facts.alike.as_ref()?;
        let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
        if *rejected {
            let reason = Reason::new("LIKE_REJECTED", format!("like {comment_id}, rejected{by}"));
            let vote = Vote::new(self.learning.alike_rejected, reason.rule("learning.alike_rejected"));
            votes.extend(Some(vote).filter(|vote| vote.decision > Decision::Approve));
            return None;
        }
        // Nearly the same text with something worse put in is not what was approved.
        let worse = logits.iter().any(|(label, logit)| {
            let approved = match label {
                Label::Spam => base[0],
                Label::Toxicity => base[1],
                _ => return false,
            };
            approved.is_none_or(|approved| *logit > f64::from(approved) + WORSE)
        });
        let lets_pass = self.learning.alike_approved && findings.links == 0 && !findings.witness && !worse;
        lets_pass.then(|| {
            let of_words = ["SCORE_HOLD", "CAMPAIGN", "LANGUAGE_UNSCORED"];
            votes.retain(|vote| vote.decision != Decision::Hold || !of_words.contains(&&*vote.reason.code));
            Reason::new("LIKE_APPROVED", format!("like {comment_id}, approved{by}")).rule("learning.alike_approved")
        })
    }

    fn clean(&self, scores: &[(Label, f64)]) -> Reason {
        let highest = scores.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        Reason::new(
            "CLEAN",
            match highest {
                Some((label, score)) => format!("no rule applies and every score is low; the highest is {label} {score:.2}"),
                None => "no rule applies".to_owned(),
            },
        )
    }
}

/// Sites of which everybody posts links: that a comment has one says nothing of who wrote it.
const WELL_KNOWN: [&str; 60] = [
    "github.com",
    "github.io",
    "gitlab.com",
    "bitbucket.org",
    "stackoverflow.com",
    "stackexchange.com",
    "npmjs.com",
    "pypi.org",
    "crates.io",
    "docs.rs",
    "sourceforge.net",
    "mozilla.org",
    "w3.org",
    "ietf.org",
    "wikipedia.org",
    "wikimedia.org",
    "archive.org",
    "youtube.com",
    "youtu.be",
    "vimeo.com",
    "flickr.com",
    "imgur.com",
    "instagram.com",
    "facebook.com",
    "twitter.com",
    "x.com",
    "bsky.app",
    "mastodon.social",
    "reddit.com",
    "linkedin.com",
    "pinterest.com",
    "etsy.com",
    "google.com",
    "goo.gl",
    "microsoft.com",
    "apple.com",
    "amazon.com",
    "imdb.com",
    "goodreads.com",
    "spotify.com",
    "soundcloud.com",
    "bandcamp.com",
    "medium.com",
    "substack.com",
    "wordpress.com",
    "wordpress.org",
    "blogspot.com",
    "mailchi.mp",
    "eepurl.com",
    "eventbrite.com",
    "meetup.com",
    "change.org",
    "justgiving.com",
    "gofundme.com",
    "kickstarter.com",
    "patreon.com",
    "bbc.co.uk",
    "nytimes.com",
    "theguardian.com",
    "nih.gov",
];

/// Whether everybody posts links to a host.
fn is_well_known(host: &str) -> bool {
    WELL_KNOWN.iter().any(|known| is_of(host, known))
}

/// A host as people read it.
fn shown(host: &str) -> String {
    host::readable(host.strip_prefix("www.").unwrap_or(host))
}

/// Whether a host is another one, or below it.
fn is_of(host: &str, other: &str) -> bool {
    host.strip_suffix(other).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

impl Vote {
    fn new(decision: Decision, reason: Reason) -> Self {
        Self { decision, reason, binding: false }
    }

    fn binding(decision: Decision, reason: Reason) -> Self {
        Self { decision, reason, binding: true }
    }
}

/// The machine never overrides a person: an edit of what a moderator rejected is for a moderator to see.
fn edited_after_rejection(facts: &Facts) -> Option<Vote> {
    let previous = facts.previous?;
    (previous.by_moderator && previous.decision == Decision::Reject).then(|| {
        let reason = Reason::new("EDITED_AFTER_REJECTION", "a moderator rejected an earlier text of this comment");
        Vote::binding(Decision::Hold, reason)
    })
}

fn score_of(scores: &[(Label, f64)], label: Label) -> f64 {
    scores.iter().find(|(of, _)| *of == label).map_or(0.0, |(_, score)| *score)
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// For each range how far it and those before it reach.
fn furthest(ranges: &[Range<usize>]) -> Vec<usize> {
    let reach = ranges.iter().scan(0, |furthest: &mut usize, range| {
        *furthest = range.end.max(*furthest);
        Some(*furthest)
    });
    reach.collect()
}

/// A few words in quotation marks, cut to a length that fits a line.
fn quoted(words: &str) -> String {
    const MOST: usize = 60;
    match words.char_indices().nth(MOST) {
        Some((end, _)) => format!("“{}…”", &words[..end]),
        None => format!("“{words}”"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::facts::Previous;
    use crate::pb;
    use crate::policy::Policies;

    fn policy(text: &str) -> Policy {
        let policies = Policies::read([("test.toml", text)]).unwrap();
        (**policies.of(&crate::comment::Site::parse("", "blog").unwrap())).clone()
    }

    fn comment(body: &str) -> Comment {
        let message = pb::Comment { site: "blog".into(), comment_id: "1".into(), body: body.into(), ..Default::default() };
        Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
    }

    fn logit(probability: f64) -> f64 {
        (probability / (1.0 - probability)).ln()
    }

    #[track_caller]
    fn check(policy: &Policy, comment: &Comment, spam: f64, facts: &Facts, expected: Decision, codes: &[&str]) {
        let ruling =
            policy.decide(&policy.before(comment, Listed::none(), Without::default()), &[(Label::Spam, logit(spam))], facts);
        let found: Vec<&str> = ruling.reasons.iter().map(|reason| reason.code.as_ref()).collect();
        assert_eq!((ruling.decision, found.as_slice()), (expected, codes));
    }

    const SPAM: &str = "[thresholds.spam]\nhold = 0.5\nreject = 0.9\ncorroborate = true\n";

    #[test]
    fn a_score_equal_to_a_threshold_takes_the_stricter_side() {
        let policy = policy("[thresholds.spam]\nhold = 0.5\nreject = \"never\"\n");
        let facts = policy.uneventful();
        check(&policy, &comment("hello"), 0.5, &facts, Decision::Hold, &["SCORE_HOLD"]);
        check(&policy, &comment("hello"), 0.499, &facts, Decision::Approve, &["CLEAN"]);
        check(&policy, &comment("hello"), 1.0, &facts, Decision::Hold, &["SCORE_HOLD"]);
        check(&policy, &comment("hello"), f64::NAN, &facts, Decision::Hold, &["SCORE_HOLD"]);
    }

    #[test]
    fn a_score_rejects_only_together_with_something_besides_the_words() {
        let policy = policy(SPAM);
        let facts = policy.uneventful();
        check(&policy, &comment("casino"), 0.95, &facts, Decision::Hold, &["SCORE_HOLD"]);
        check(&policy, &comment("casino http://x.example/y"), 0.95, &facts, Decision::Reject, &["SCORE_REJECT"]);
    }

    #[test]
    fn a_filled_honeypot_is_evidence_with_stated_weight() {
        let policy = policy(SPAM);
        let mut message = comment("nice post").kept().clone();
        message.form = Some(pb::Form { honeypot: "x".into(), fill_seconds: None });
        let comment = Comment::parse(message, SystemTime::now()).unwrap();
        check(&policy, &comment, 0.1, &policy.uneventful(), Decision::Hold, &["SCORE_HOLD", "HONEYPOT"]);
    }

    #[test]
    fn a_blocked_word_rejects_whole_words_only_and_names_its_rule_and_place() {
        let policy = policy("[blocked]\nwords = [\"foo\", \"viagra\"]\n");
        check(&policy, &comment("food"), 0.1, &policy.uneventful(), Decision::Approve, &["CLEAN"]);
        let findings = policy.before(&comment("é Viagra!"), Listed::none(), Without::default());
        let ruling = policy.decide(&findings, &[], &policy.uneventful());
        assert_eq!(ruling.decision, Decision::Reject);
        assert_eq!(ruling.reasons[0].rule_id, "blocked.words[1]");
        assert_eq!(ruling.reasons[0].span, crate::verdict::Span::new(2, 8));
    }

    #[test]
    fn a_body_of_nothing_but_blocked_words_has_few_reasons() {
        let policy = policy("[blocked]\nwords = [\"a\", \"b\"]\ndomains = [\"x.example\"]\n[allowed]\nwords = [\"b c\"]\n");
        let comment = comment(&format!("{}{}", "b c ".repeat(1_000), "a http://x.example ".repeat(1_000)));
        let ruling = policy.decide(&policy.before(&comment, Listed::none(), Without::default()), &[], &policy.uneventful());
        assert_eq!(ruling.decision, Decision::Reject);
        // And one more: that there are so many links.
        assert_eq!(ruling.reasons.len(), 2 * MOST_PLACES + 1);
        assert_eq!(ruling.reasons[0].rule_id, "blocked.words[0]", "what is allowed is no place");
    }

    #[test]
    fn allowed_words_are_left_out_of_the_text_that_is_scored() {
        let policy = policy("[blocked]\nwords = [\"gun\"]\n[allowed]\nwords = [\"gun control\"]\n");
        let comment = comment("gun control now");
        let findings = policy.before(&comment, Listed::none(), Without::default());
        assert_eq!(findings.counted(comment.text().as_str()), "            now");
        check(&policy, &comment, 0.1, &policy.uneventful(), Decision::Approve, &["CLEAN"]);
    }

    #[test]
    fn an_allowed_address_is_published_whatever_its_score_but_not_what_is_blocked() {
        let policy = policy("[blocked]\nwords = [\"foo\"]\n[allowed]\naddresses = [\"@friend.example\"]\n");
        let friend = |body: &str, verified: bool| {
            let mut message = comment(body).kept().clone();
            let email_verified = Some(verified);
            message.author = Some(pb::Author { email: "A@Friend.Example".into(), email_verified, ..Default::default() });
            Comment::parse(message, SystemTime::now()).unwrap()
        };
        check(&policy, &friend("hello", true), 0.99, &policy.uneventful(), Decision::Approve, &["ALLOWED_ADDRESS"]);
        check(
            &policy,
            &friend("hello", false),
            0.99,
            &policy.uneventful(),
            Decision::Hold,
            &["SCORE_HOLD", "ADDRESS_UNVERIFIED"],
        );
        check(&policy, &friend("foo", true), 0.99, &policy.uneventful(), Decision::Reject, &["BLOCKED_WORD"]);
    }

    #[test]
    fn links_to_allowed_domains_are_not_counted() {
        let policy = policy("[links]\nhold = 2\n[allowed]\ndomains = [\"wiki.example\"]\n");
        let facts = policy.uneventful();
        let two = comment("see http://a.example/x and http://b.example/y");
        check(&policy, &two, 0.1, &facts, Decision::Hold, &["TOO_MANY_LINKS"]);
        let one = comment("see http://a.example/x and http://en.wiki.example/y");
        check(&policy, &one, 0.1, &facts, Decision::Approve, &["CLEAN"]);
    }

    #[test]
    fn a_blocked_domain_is_found_wherever_it_is_named() {
        let policy = policy("[blocked]\ndomains = [\"pills.example\", \"casino.se\", \"evil.shopping\", \"192.0.2.7\"]\n");
        let comment = |format: pb::BodyFormat, body: &str, name: &str| {
            let author = Some(pb::Author { name: name.into(), ..Default::default() });
            let message = pb::Comment { body_format: format.into(), author, ..comment(body).kept().clone() };
            Comment::parse(message, SystemTime::now()).unwrap()
        };
        let is_blocked = |comment: &Comment| {
            let findings = policy.before(comment, Listed::none(), Without::default());
            findings.votes.iter().any(|vote| vote.reason.code == "BLOCKED_DOMAIN")
        };
        for body in [
            "casino.se",
            "evil.shopping/x",
            "evil.shopping:443",
            "-pills.example",
            "a…pills.example",
            "pills[.]example",
            "hxxps[:]//pills[.]example",
            "http://ok.test,http://pills.example",
            "http://[::ffff:192.0.2.7]/",
            "http://[64:ff9b::192.0.2.7]/",
            "192.0.2.7/x",
        ] {
            assert!(is_blocked(&comment(pb::BodyFormat::Plain, body, "")), "{body}");
        }
        for body in ["http://pil<br>ls.example/", "casino<p>.se", "casino.<br>se/x"] {
            assert!(is_blocked(&comment(pb::BodyFormat::Html, body, "")), "{body}");
        }
        assert!(is_blocked(&comment(pb::BodyFormat::Plain, "hello", "Ada of casino.se")));
        for body in ["a casino. Se det", "pills.examples", "xpills.example", "192.0.2.70", "x@casino.se"] {
            assert!(!is_blocked(&comment(pb::BodyFormat::Plain, body, "")), "{body}");
        }
        let html = comment(pb::BodyFormat::Html, "I like my casino.<br>Se det", "");
        assert!(!is_blocked(&html));
    }

    #[test]
    fn words_that_a_host_makes_by_stripping_tags_are_blocked_and_nothing_else_is_made_of_them() {
        let policy = policy("[blocked]\nwords = [\"viagra\"]\n");
        for body in ["via<br>gra", "<p>via</p><p>gra", "v<hr>i<hr>a<hr>g<hr>r<hr>a", "x <img alt=via>gra", "via<img alt=gra>"] {
            let mut message = comment(body).kept().clone();
            message.body_format = pb::BodyFormat::Html.into();
            let comment = Comment::parse(message, SystemTime::now()).unwrap();
            assert!(!comment.text().as_str().contains("viagra"), "{body}");
            check(&policy, &comment, 0.1, &policy.uneventful(), Decision::Reject, &["BLOCKED_WORD"]);
        }
    }

    #[test]
    fn a_word_that_is_shown_from_right_to_left_is_read_so() {
        let policy = policy("[blocked]\nwords = [\"viagra\"]\n");
        for body in ["so <bdo dir=rtl>argaiv</bdo> ok", "so &#x202E;argaiv&#x202C; ok"] {
            let mut message = comment(body).kept().clone();
            message.body_format = pb::BodyFormat::Html.into();
            let comment = Comment::parse(message, SystemTime::now()).unwrap();
            check(&policy, &comment, 0.1, &policy.uneventful(), Decision::Reject, &["BLOCKED_WORD"]);
        }
    }

    #[test]
    fn an_address_that_no_browser_opens_is_not_allowed() {
        let policy = policy("[links]\nhold = 1\n[allowed]\ndomains = [\"allowed.example\"]\n");
        let facts = policy.uneventful();
        check(&policy, &comment("see http://x.allowed.example/"), 0.1, &facts, Decision::Approve, &["CLEAN"]);
        let odd = comment("see http://evil.example%2f.allowed.example/");
        check(&policy, &odd, 0.1, &facts, Decision::Hold, &["TOO_MANY_LINKS"]);
    }

    #[test]
    fn over_a_limit_is_a_decision_of_policy() {
        let policy = policy("[limits]\nclient = { count = 1, period = \"1s\", over = \"reject\" }\n");
        let refused = |scope| Facts {
            limits: vec![LimitState { scope, limit: 1, remaining: 0, retry_after: Duration::from_secs(1) }],
            ..policy.uneventful()
        };
        check(&policy, &comment("hello"), 0.1, &refused(Scope::Client), Decision::Reject, &["RATE_LIMIT"]);
        check(&policy, &comment("hello"), 0.1, &refused(Scope::Author), Decision::Hold, &["RATE_LIMIT"]);
        // Many who share an address wait; of one who floods no more wait than the limit says.
        let of = |scope, authors, waiting| Facts { flood: Flood { authors, waiting }, ..refused(scope) };
        check(&policy, &comment("hello"), 0.1, &of(Scope::Client, CROWD, 0), Decision::Hold, &["RATE_LIMIT"]);
        check(&policy, &comment("hello"), 0.1, &of(Scope::Client, CROWD, PER_CROWD), Decision::Reject, &["RATE_LIMIT"]);
        check(&policy, &comment("hello"), 0.1, &of(Scope::Author, 1, 1), Decision::Reject, &["RATE_LIMIT"]);
        check(&policy, &comment("hello"), 0.1, &of(Scope::Site, CROWD, 1_000), Decision::Hold, &["RATE_LIMIT"]);
    }

    #[test]
    fn new_authors_wait_until_enough_of_theirs_were_approved() {
        let policy = policy("[authors]\napproved_before_trust = 2\n");
        let author = |approved| Facts { author: Some(History { approved, ..Default::default() }), ..Facts::default() };
        let known = Comment::parse(
            pb::Comment {
                author: Some(pb::Author { user_id: "ada".into(), ..Default::default() }),
                ..comment("hello").kept().clone()
            },
            SystemTime::now(),
        )
        .unwrap();
        check(&policy, &known, 0.1, &author(1), Decision::Hold, &["FIRST_COMMENT"]);
        check(&policy, &known, 0.1, &author(2), Decision::Approve, &["CLEAN"]);
        check(&policy, &known, 0.1, &Facts::default(), Decision::Hold, &["FIRST_COMMENT"]);
        // Nobody in particular.
        check(&policy, &comment("hello"), 0.1, &author(2), Decision::Hold, &["FIRST_COMMENT"]);
    }

    #[test]
    fn comments_on_old_posts_are_held_when_the_policy_says_so() {
        let policy = policy("[posts]\nhold_after_days = 30\n");
        let on_post = |days: i64| {
            let now = 1_800_000_000;
            let mut message = comment("hello").kept().clone();
            let published_at = Some(prost_types::Timestamp { seconds: now - days * 86_400, nanos: 0 });
            message.post = Some(pb::Post { published_at, ..Default::default() });
            Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(now.unsigned_abs())).unwrap()
        };
        check(&policy, &on_post(31), 0.1, &policy.uneventful(), Decision::Hold, &["OLD_POST"]);
        check(&policy, &on_post(29), 0.1, &policy.uneventful(), Decision::Approve, &["CLEAN"]);
    }

    #[test]
    fn an_edit_of_what_a_moderator_rejected_is_held() {
        let policy = policy("");
        let previous = Some(Previous { decision: Decision::Reject, by_moderator: true });
        let facts = Facts { previous, ..policy.uneventful() };
        check(&policy, &comment("hello"), 0.1, &facts, Decision::Hold, &["EDITED_AFTER_REJECTION"]);
    }

    /// How a body is written, as the wire has it.
    fn written(format: pb::BodyFormat, body: &str) -> Comment {
        let mut message = comment("x").kept().clone();
        (message.body, message.body_format) = (body.to_owned(), format as i32);
        Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
    }

    fn by(url: &str, body: &str) -> Comment {
        let mut message = comment(body).kept().clone();
        message.author = Some(pb::Author { url: Some(url.to_owned()), ..Default::default() });
        message.post = Some(pb::Post { url: "https://www.Blog.Example./post".to_owned(), ..Default::default() });
        Comment::parse(message, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap()
    }

    #[test]
    fn a_blocked_domain_is_blocked_however_the_address_is_written() {
        let policy =
            policy("[blocked]\ndomains = [\"pills.example\", \"Müller.example\"]\n[allowed]\ndomains = [\"wikipedia.org\"]\n");
        let facts = policy.uneventful();
        for address in [
            "http://pills.example/",
            "http://en.wikipedia.org:x@pills.example/",
            "http://pills.example./",
            "http://%70ills.example/",
            "http://ｐｉｌｌｓ.example/",
            "http://pills。example/",
            "http://www.PILLS.example:8080/",
            "http:///pills.example/",
            "http:\\\\pills.example/",
            "http://müller.example/",
            "http://shop.xn--mller-kva.example/",
        ] {
            let link = format!("<a href=\"{address}\">see</a>");
            let bodies = [
                comment(&format!("see {address} there")),
                written(pb::BodyFormat::Html, &link),
                written(pb::BodyFormat::Markdown, &format!("[see](<{}>)", address.replace('\\', "\\\\"))),
                by(address, "see"),
            ];
            for comment in bodies {
                check(&policy, &comment, 0.1, &facts, Decision::Reject, &["BLOCKED_DOMAIN"]);
            }
        }
        for bare in ["pills.example", "Pills．Example", "pills。example", "pi\u{200B}lls.example", "buy:pills.example"] {
            check(&policy, &comment(bare), 0.1, &facts, Decision::Reject, &["BLOCKED_DOMAIN"]);
        }
        for other in
            ["http://notpills.example/", "http://pills.example.org/", "http://pills.example@b.example/", "mypills。example"]
        {
            check(&policy, &comment(other), 0.1, &facts, Decision::Approve, &["CLEAN"]);
        }
    }

    #[test]
    fn only_links_that_lead_to_the_site_or_an_allowed_domain_do_not_count() {
        let policy = policy("[links]\nhold = 1\n[allowed]\ndomains = [\"wiki.example\"]\n");
        let facts = policy.uneventful();
        for own in ["http://blog.example/x", "https://www.blog.example./x", "http://BLOG。example/", "http://a@wiki.example/x"]
        {
            check(&policy, &by(own, own), 0.1, &facts, Decision::Approve, &["CLEAN"]);
        }
        for other in [
            "http://blog.example@pills.example/x",
            "http://wiki.example:x@pills.example/",
            "http://wiki.example.pills.example/",
        ] {
            check(&policy, &by("", other), 0.1, &facts, Decision::Hold, &["TOO_MANY_LINKS"]);
            assert!(policy.before(&by(other, "x"), Listed::none(), Without::default()).has_author_url(), "{other}");
        }
    }

    #[test]
    fn a_blocked_word_is_found_through_markup_and_disguise_and_pointed_at() {
        let policy = policy("[blocked]\nwords = [\"viagra\"]\n");
        for (format, body, part) in [
            (pb::BodyFormat::Plain, "é vi\u{200B}ag\u{AD}ra!", "vi\u{200B}ag\u{AD}ra"),
            (pb::BodyFormat::Plain, "é vіаgrа!", "vіаgrа"),
            (pb::BodyFormat::Html, "é <p>via<tt>gra</tt>!", "via<tt>gra"),
            (pb::BodyFormat::Html, "é via<wbr>gra!", "via<wbr>gra"),
            (pb::BodyFormat::Html, "é vi&shy;agra!", "vi&shy;agra"),
            (pb::BodyFormat::Html, "é v&#x131;&amp;agra vi<!-- x -->agra", "vi<!-- x -->agra"),
            (pb::BodyFormat::Markdown, "é via**gra**!", "via**gra"),
        ] {
            let findings = policy.before(&written(format, body), Listed::none(), Without::default());
            let ruling = policy.decide(&findings, &[], &policy.uneventful());
            assert_eq!((ruling.decision, ruling.reasons.len()), (Decision::Reject, 1), "{body}");
            let begin = body[..body.find(part).unwrap()].chars().count();
            let end = begin + part.chars().count();
            assert_eq!(ruling.reasons[0].span, crate::verdict::Span::new(begin as u32, end as u32), "{body}");
        }
    }
}
