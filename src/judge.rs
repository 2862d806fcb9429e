//! From a comment and the facts about it to a verdict: policy, model and explanation, without clock and I/O.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::classify::{Input, Label, Model, Scores};
use crate::comment::{Comment, Site};
use crate::facts::Facts;
use crate::policy::tune::{Kind, Sample};
use crate::policy::{Away, Findings, Listed, Policies, Policy, Ruling};
use crate::verdict::{Decision, MACHINE, RateLimit, Reason, Verdict};

/// How many parts of an explanation a verdict carries per label.
const EXPLAIN_PARTS: usize = 5;
/// How many labels of a verdict are explained.
const EXPLAIN_LABELS: usize = 2;

/// The model and the policies of all sites.
pub struct Judge {
    model: Arc<Model>,
    policies: Policies,
}

/// A judge that may be replaced while others ask it.
pub type SharedJudge = ArcSwap<Judge>;

/// A comment that was looked at and scored, ready to be decided on whatever facts come.
pub struct Case<'a> {
    model: &'a Model,
    /// The site's policy.
    pub policy: &'a Policy,
    comment: &'a Comment,
    findings: Findings,
    counted: Cow<'a, str>,
    scores: Scores,
    logits: Vec<(Label, f64)>,
}

impl Judge {
    /// Joins a model and policies.
    pub fn new(model: Arc<Model>, policies: Policies) -> Self {
        Self { model, policies }
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

    /// Looks at a comment and scores it.
    pub fn hear<'a>(&'a self, comment: &'a Comment, listed: Listed<'_>) -> Case<'a> {
        let policy = self.policies.of(comment.site());
        let mut findings = policy.before(comment, listed);
        let counted = findings.counted(comment.text().as_str());
        let scores = self.model.score(&input(comment, &counted));
        policy.heed(comment, self.model.labels(), &scores, &mut findings);
        let logits = self.model.labels().iter().filter_map(|&label| Some((label, f64::from(scores.logit(label)?)))).collect();
        Case { model: &self.model, policy, comment, findings, counted, scores, logits }
    }

    /// Whether a site's policy would rather have no answer than one that is not recorded.
    pub fn any_needs_store(&self) -> bool {
        self.policies.any(|policy| policy.away() == Away::Unavailable)
    }

    /// The whole way without a store: for trying a comment, and for dry runs.
    pub fn judge(&self, comment: &Comment, facts: &Facts, now: SystemTime) -> Verdict {
        self.hear(comment, Listed::none()).verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1)
    }
}

impl Case<'_> {
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
        let ruling = self.policy.decide(&self.findings, &self.logits, facts);
        let mut reasons = ruling.reasons;
        if ruling.decision > Decision::Approve {
            let labels = &ruling.explain[..ruling.explain.len().min(EXPLAIN_LABELS)];
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
            model_version: self.model.version().to_owned().into(),
            policy_version: self.policy.version().to_owned().into(),
            decided_at: now,
            decided_by: MACHINE.into(),
            revision,
            author_message: String::new(),
            not_recorded: false,
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

    /// What in the comment speaks for each label, strongest first; a label's last reason is all the rest, so that the
    /// weights (with the evidence of the form, for spam) add up to the logit of the score.
    fn explain(&self, labels: &[Label]) -> Vec<Reason> {
        if labels.is_empty() {
            return Vec::new();
        }
        let explanations = self.model.explain(&input(self.comment, &self.counted), &self.scores, labels, EXPLAIN_PARTS);
        let reasons = explanations.into_iter().flat_map(|explanation| {
            let name = explanation.label.as_str();
            let rest = Reason::new("TEXT_REST", "everything else in the text, and how common this is at all");
            let parts = explanation.contributions.into_iter().map(move |part| {
                let span = part.span.and_then(|span| self.comment.span(span));
                Reason::new("TEXT", part.what).label(name, part.weight.into()).at(span)
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

fn input<'a>(comment: &'a Comment, text: &'a str) -> Input<'a> {
    Input {
        text,
        author_name: comment.author_name(),
        author_url: comment.author_url(),
        post_title: comment.post_title(),
        post_text: comment.post_text(),
        parent_text: comment.parent_text(),
        language: comment.language(),
    }
}
