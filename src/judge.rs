//! From a comment and the facts about it to a verdict: policy, model and explanation, without clock and I/O.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::classify::site::fold::Learned;
use crate::classify::site::lesson::Source;
use crate::classify::site::sentinel::Sentinels;
use crate::classify::site::{self, Outcome, Sketch};
use crate::classify::{Author, Input, Label, Model, Scores};
use crate::comment::{Comment, Site};
use crate::facts::Facts;
use crate::policy::tune::{Kind, Sample};
use crate::policy::{Away, Findings, Listed, Policies, Policy, Ruling, Strip, Without};
use crate::verdict::{Decision, MACHINE, Part, RateLimit, Reason, Verdict};

/// How many parts of an explanation a verdict carries per label.
const EXPLAIN_PARTS: usize = 5;
/// How many labels of a verdict are explained.
const EXPLAIN_LABELS: usize = 2;

/// The model and the policies of all sites.
pub struct Judge {
    model: Arc<Model>,
    policies: Policies,
    sentinels: OnceLock<Sentinels>,
}

/// A judge that may be replaced while others ask it.
pub type SharedJudge = ArcSwap<Judge>;

/// A comment that was looked at and scored, ready to be decided on whatever facts come.
pub struct Case<'a> {
    judge: &'a Judge,
    /// The site's policy.
    pub policy: &'a Policy,
    comment: &'a Comment,
    listed: Listed<'a>,
    findings: Findings,
    counted: Cow<'a, str>,
    scores: Scores,
    logits: Vec<(Label, f64)>,
    learned: Option<&'a Learned>,
    corrected: Vec<Corrected>,
}

/// What a site's correction made of a label's logit.
#[derive(Debug, Clone, Copy)]
struct Corrected {
    label: Label,
    /// `None`: the base does not speak the language.
    from: Option<f64>,
    to: f64,
}

impl Judge {
    /// Joins a model and policies.
    pub fn new(model: Arc<Model>, policies: Policies) -> Self {
        Self { model, policies, sentinels: OnceLock::new() }
    }

    /// Returns the bundled comments that no correction may decide much worse than the model; scored when first asked for.
    pub fn sentinels(&self) -> &Sentinels {
        self.sentinels.get_or_init(|| Sentinels::of(&self.model))
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The policies' versions by site; the default's under the empty name.
    pub fn versions(&self) -> Vec<(String, String)> {
        let each = |(sites, policy): (Vec<&Site>, &Policy)| {
            let names: Vec<String> = match sites.is_empty() {
                true => vec![String::new()],
                false => sites.into_iter().map(|site| site.as_str().to_owned()).collect(),
            };
            names.into_iter().map(|name| (name, policy.version().to_owned())).collect::<Vec<_>>()
        };
        self.policies.all().into_iter().flat_map(each).collect()
    }

    /// The policy of a site.
    pub fn policy(&self, site: &Site) -> &Policy {
        self.policies.of(site)
    }

    /// What learning needs of a comment. Without the text of its post, where the store no longer has that.
    pub fn sketch(&self, comment: &Comment) -> (Sketch, Outcome) {
        let (policy, text) = (self.policies.of(comment.site()), comment.text().as_str());
        let findings = policy.before(comment, Listed::none(), Without::default());
        let counted = findings.counted(text);
        let input = input(comment, &counted, &findings, policy);
        let scores = self.model.score(&input);
        // How far beyond where the policy holds, in logits.
        let beyond = |label: Label| {
            let hold = policy.threshold(label).hold.unwrap_or(0.5).clamp(0.001, 0.999);
            scores.logit(label).map_or(f64::NEG_INFINITY, |logit| f64::from(logit) - (hold / (1.0 - hold)).ln())
        };
        let abuse = Label::ALL.into_iter().filter(|label| *label != Label::Spam).map(beyond);
        let toxic = abuse.fold(f64::NEG_INFINITY, f64::max) > beyond(Label::Spam);
        (self.model.sketch_scored(&input, &scores), if toxic { Outcome::Toxic } else { Outcome::Spam })
    }

    /// The policy of the sites that have none of their own.
    pub fn default_policy(&self) -> &Policy {
        self.policies.default()
    }

    /// Looks at a comment and scores it, corrected by what its site has learned.
    pub fn hear<'a>(&'a self, comment: &'a Comment, listed: Listed<'a>, learned: Option<&'a Learned>) -> Case<'a> {
        let mut case = self.hear_without(comment, listed, learned, Without::default());
        case.ask_for_words_alone();
        case
    }

    /// The same as if the comment did not have some of its parts.
    fn hear_without<'a>(
        &'a self,
        comment: &'a Comment,
        listed: Listed<'a>,
        learned: Option<&'a Learned>,
        without: Without,
    ) -> Case<'a> {
        let policy = self.policies.of(comment.site());
        let mut findings = policy.before(comment, listed, without);
        let counted = findings.counted(comment.text().as_str());
        let learned = learned.filter(|learned| policy.corrects() && learned.correction().is_some());
        let input = input(comment, &counted, &findings, policy);
        let scores = self.model.score_for(&input, learned.and_then(Learned::correction));
        let mut logits: Vec<(Label, f64)> =
            self.model.labels().iter().filter_map(|&label| Some((label, f64::from(scores.logit(label)?)))).collect();
        let corrected =
            learned.map(|learned| self.correct(&mut logits, &scores, learned, (policy, &input))).unwrap_or_default();
        let speaks: Vec<Label> = corrected.iter().map(|corrected| corrected.label).collect();
        policy.heed(comment, self.model.labels(), &scores, &speaks, &mut findings);
        Case { judge: self, policy, comment, listed, findings, counted, scores, logits, learned, corrected }
    }

    /// Puts what a site's correction says in the place of what the base says, for the labels for which it serves.
    fn correct(
        &self,
        logits: &mut Vec<(Label, f64)>,
        scores: &Scores,
        learned: &Learned,
        (policy, input): (&Policy, &Input<'_>),
    ) -> Vec<Corrected> {
        let terms = policy.terms();
        // A comment does not wait for it.
        let Some(serving) = learned.serving_now(&terms, || self.sentinels()) else { return Vec::new() };
        let mut all = Vec::new();
        for kind in site::Kind::ALL {
            let Some(corrected) = scores.corrected(kind) else { continue };
            let label = kind.label();
            let Some(base) = scores.logit(label) else {
                if serving.unspoken[kind as usize].serves && serving.limits.may_score_alone(kind, scores.spoken()) {
                    let to = f64::from(corrected);
                    logits.push((label, to));
                    all.push(Corrected { label, from: None, to });
                }
                continue;
            };
            let mut to = if serving.all[kind as usize].serves { serving.limits.apply(kind, base, corrected) } else { base };
            // What the limits keep from being said may be said of comments like those that were decided.
            let asks = serving.alike[kind as usize] && terms.holds(kind, to) != terms.holds(kind, corrected);
            if asks && learned.resembles(&self.model.sketch_scored(input, scores), kind) == Some(corrected > base) {
                to = corrected;
            } else if !serving.all[kind as usize].serves {
                continue;
            }
            let (from, to) = (f64::from(base), f64::from(to));
            logits.iter_mut().filter(|(known, _)| *known == label).for_each(|(_, logit)| *logit = to);
            all.push(Corrected { label, from: Some(from), to });
            // What the site lets pass as abuse, it lets pass under any of its names; what it does not, it has not named.
            if kind == site::Kind::Toxicity && to < from {
                for (label, logit) in logits.iter_mut().filter(|(other, _)| ![Label::Spam, label].contains(other)) {
                    all.push(Corrected { label: *label, from: Some(*logit), to: *logit + to - from });
                    *logit += to - from;
                }
            }
        }
        all
    }

    /// Returns the sites that have a policy of their own.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.policies.sites()
    }

    /// Whether a site's policy would rather have no answer than one that is not recorded.
    pub fn any_needs_store(&self) -> bool {
        self.policies.any(|policy| policy.away() == Away::Unavailable)
    }

    /// The whole way without a store: for trying a comment, and for dry runs.
    pub fn judge(&self, comment: &Comment, facts: &Facts, now: SystemTime) -> Verdict {
        self.hear(comment, Listed::none(), None).verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1)
    }
}

impl Case<'_> {
    /// Finds out what the words alone say, where it depends on them whether a link confirms a score that would reject.
    fn ask_for_words_alone(&mut self) {
        let threshold = self.policy.threshold(Label::Spam);
        let spam = self.logits.iter().find(|(label, _)| *label == Label::Spam).map(|(_, logit)| *logit);
        let rejects = spam.zip(threshold.reject).is_some_and(|(logit, bound)| {
            threshold.corroborate && logit + self.findings.evidence() >= (bound / (1.0 - bound)).ln()
        });
        if !rejects || !self.findings.asks_for_words_alone() {
            return;
        }
        let without = Without { links: true, author_url: true };
        let findings = self.policy.before(self.comment, self.listed, without);
        let counted = findings.counted(self.comment.text().as_str());
        let words = Input { author: None, ..input(self.comment, &counted, &findings, self.policy) };
        if let Some(logit) = self.judge.model.score(&words).logit(Label::Spam) {
            self.findings.set_words_alone(f64::from(logit));
        }
    }

    /// The fewest parts without which the comment would be approved. Empty if it is not held, or would be held anyhow.
    fn publishable_without(&self, decision: Decision, facts: &Facts) -> Vec<Part> {
        if decision != Decision::Hold || self.policy.strip() == Strip::Off {
            return Vec::new();
        }
        let (has_url, has_links) = (self.findings.has_author_url(), self.findings.has_links());
        let choices = [(true, false), (false, true), (true, true)];
        let possible = choices.into_iter().filter(|(url, links)| (has_url || !url) && (has_links || !links));
        let approved = possible.map(|(author_url, links)| Without { author_url, links }).find(|without| {
            let case = self.judge.hear_without(self.comment, self.listed, self.learned, *without);
            case.ruling(facts).decision == Decision::Approve
        });
        let Some(Without { author_url, links }) = approved else { return Vec::new() };
        let parts = [(author_url, Part::AuthorUrl), (links, Part::Links)];
        parts.into_iter().filter_map(|(left_out, part)| left_out.then_some(part)).collect()
    }

    /// Decides, without explaining it or putting a verdict together: for measuring.
    pub fn ruling(&self, facts: &Facts) -> Ruling {
        self.policy.decide(&self.findings, &self.logits, facts)
    }

    /// What thresholds are tuned by, for a comment that is known to be of this kind.
    pub fn sample(self, kind: Kind) -> Sample {
        Sample::new(self.policy, kind, self.findings, self.logits)
    }

    /// Decides. `id` and `revision` name the verdict; `now` is when.
    pub fn verdict(&self, facts: &Facts, now: SystemTime, id: String, revision: u32) -> Verdict {
        let mut ruling = self.policy.decide(&self.findings, &self.logits, facts);
        let publish_without = self.publishable_without(ruling.decision, facts);
        if !publish_without.is_empty() && self.policy.strip() == Strip::Approve {
            let names: Vec<&str> = publish_without.iter().map(|part| part.as_words()).collect();
            let message = format!("published without {}: with it the comment would be held", names.join(" and "));
            ruling.decision = Decision::Approve;
            ruling.reasons.insert(0, Reason::new("LINKS_STRIPPED", message).rule("links.strip"));
        }
        let mut reasons = ruling.reasons;
        let labels = &ruling.explain[..ruling.explain.len().min(EXPLAIN_LABELS)];
        // Under one name what changed, if nothing is to be explained.
        let taught = self.corrected.iter().filter_map(|corrected| self.taught(corrected, labels));
        reasons.extend(taught.take(labels.len().max(1)));
        if ruling.decision > Decision::Approve {
            reasons.extend(self.explain(labels));
        }
        Verdict {
            id,
            site: self.comment.site().as_str().to_owned(),
            comment_id: self.comment.id().as_str().to_owned(),
            decision: ruling.decision,
            scores: ruling.scores.into_iter().map(|(label, score)| (label.as_str().into(), score)).collect(),
            reasons,
            rate_limit: facts.tightest().map(|state| RateLimit {
                limit: state.limit,
                remaining: state.remaining,
                retry_after: state.retry_after,
                local: false,
                scope: state.scope.as_str().into(),
            }),
            model_version: self.judge.model.version().to_owned().into(),
            policy_version: self.policy.version().to_owned().into(),
            decided_at: now,
            decided_by: MACHINE.into(),
            revision,
            author_message: String::new(),
            not_recorded: false,
            publish_without,
            language: self.scores.language_tag().into(),
        }
    }

    /// Decides while the store is away: by what this process knows of the comment, and nothing is written down. `local`:
    /// the limits are this process's own. `None`: it has no verdict.
    pub fn verdict_unrecorded(&self, facts: &Facts, now: SystemTime, local: bool) -> Option<Verdict> {
        let mut verdict = self.verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1);
        if let Some(limit) = &mut verdict.rate_limit {
            limit.local = local;
        }
        unrecorded(self.policy, verdict)
    }

    fn input(&self) -> Input<'_> {
        input(self.comment, &self.counted, &self.findings, self.policy)
    }

    /// What the site's outcomes had to say, where it explains a decision or changed what a score does.
    fn taught(&self, corrected: &Corrected, explained: &[Label]) -> Option<Reason> {
        let &Corrected { label, from, to } = corrected;
        let hold = self.policy.threshold(label).hold.map(|hold| (hold / (1.0 - hold)).ln());
        let holds = |logit: f64| hold.is_some_and(|hold| logit >= hold);
        let changed = from.is_none_or(|from| holds(from) != holds(to));
        if !changed && !explained.contains(&label) {
            return None;
        }
        let learned = self.learned?;
        // Hosts and archives tell of their own.
        let by_moderators = learned.counts().sources[Source::Moderator as usize] > 0;
        let who = if by_moderators { "this site's moderators" } else { "the blog's own moderators" };
        let (ham, bad) = learned.alike(&self.judge.model.sketch_scored(&self.input(), &self.scores));
        let weight = to - from.unwrap_or_default();
        let message = match (weight > 0.0, ham, bad) {
            (true, _, 1..) => format!("{who} rejected {bad} like it"),
            (false, 1.., _) => format!("{who} approved {ham} like it"),
            (true, ..) => format!("what {who} rejected speaks for it"),
            (false, ..) => format!("what {who} approved speaks against it"),
        };
        Some(Reason::new("SITE_LEARNED", message).label(label.as_str(), weight).rule("learning.correct"))
    }

    /// What in the comment speaks for each label, strongest first; a label's last reason is all the rest, so that the
    /// weights (with the evidence of the form, for spam) add up to the logit of the score.
    fn explain(&self, labels: &[Label]) -> Vec<Reason> {
        if labels.is_empty() {
            return Vec::new();
        }
        let explanations = self.judge.model.explain(&self.input(), &self.scores, labels, EXPLAIN_PARTS);
        let reasons = explanations.into_iter().flat_map(|explanation| {
            let name = explanation.label.as_str();
            let rest = Reason::new("TEXT_REST", "everything else in the text, and how common this is at all");
            let parts = explanation.contributions.into_iter().map(move |part| {
                let span = part.span.and_then(|span| self.comment.span(span));
                let (code, what) = match part.of_name {
                    true => ("AUTHOR_NAME", format!("in the author's name: {}", part.what)),
                    false => ("TEXT", part.what),
                };
                Reason::new(code, what).label(name, part.weight.into()).at(span)
            });
            parts.chain([rest.label(name, explanation.rest.into())])
        });
        reasons.collect()
    }
}

/// Marks a verdict as not recorded. A comment that would be held needs a queue to be held in; what becomes of it the
/// policy says. `None`: it has no verdict.
pub fn unrecorded(policy: &Policy, mut verdict: Verdict) -> Option<Verdict> {
    let mut message = "the store is away, so that this is not written down for good: send the comment again later";
    if verdict.decision == Decision::Hold {
        match policy.away() {
            Away::Hold => {}
            Away::Unavailable => return None,
            Away::Approve => {
                verdict.decision = Decision::Approve;
                message = "it would be held, but the store is away, and the policy approves such comments then";
            }
        }
    }
    verdict.reasons.push(Reason::new("NOT_RECORDED", message).rule("store.away"));
    verdict.not_recorded = true;
    Some(verdict)
}

/// What the classifier sees of a comment: an address that is no evidence is as if it had not been sent.
fn input<'a>(comment: &'a Comment, text: &'a str, findings: &Findings, policy: &'a Policy) -> Input<'a> {
    let url = |url: &'a str| Some(url).filter(|url| url.trim().is_empty() || findings.has_author_url());
    Input {
        text,
        author: comment.kept().author.as_ref().map(|author| Author {
            name: &author.name,
            url: author.url.as_ref().and_then(|_| url(comment.author_address())),
            email: comment.email(),
        }),
        quoted: comment.text().quoted(),
        post_title: comment.post_title(),
        post_text: comment.post_text(),
        parent_text: comment.parent_text(),
        language: if comment.language().is_empty() {
            policy.of_site().first().map_or("", String::as_str)
        } else {
            comment.language()
        },
    }
}
