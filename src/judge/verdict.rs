//! Decides on an evaluated comment and builds the verdict.

use std::time::SystemTime;

use super::evaluation::Evaluation;
use super::unrecorded::mark_unrecorded;
use crate::facts::Facts;
use crate::policy::{LinkStripping, PolicyDecision};
use crate::verdict::{Decision, MACHINE, RateLimit, Reason, RemovablePart, Verdict};

/// Maximum number of labels of a verdict that are explained.
const EXPLAIN_LABELS: usize = 2;

impl Evaluation<'_> {
    /// Decides on the comment and returns the verdict with this id and revision; `now` is the time of the decision.
    pub fn verdict(&self, facts: &Facts, now: SystemTime, id: String, revision: u32) -> Verdict {
        let mut decided = self.decide(facts);
        let publish_without = self.publishable_without(decided.decision, facts);
        if !publish_without.is_empty() && self.policy.link_stripping() == LinkStripping::Approve {
            approve_without(&mut decided, &publish_without);
        }
        let mut reasons = decided.reasons;
        let labels = &decided.labels_to_explain[..decided.labels_to_explain.len().min(EXPLAIN_LABELS)];
        reasons.extend(self.explain_corrections(labels));
        if decided.decision > Decision::Approve {
            reasons.extend(self.explain(labels));
        }
        Verdict {
            id,
            site: self.comment.site().as_str().to_owned(),
            comment_id: self.comment.id().as_str().to_owned(),
            decision: decided.decision,
            scores: decided.scores.into_iter().map(|(label, score)| (label.as_str().into(), score)).collect(),
            reasons,
            rate_limit: facts.tightest().map(|state| RateLimit {
                limit: state.limit,
                remaining: state.remaining,
                retry_after: state.retry_after,
                local: false,
                scope: state.scope.as_str().into(),
            }),
            model_version: self.scorer.model().version().to_owned().into(),
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

    /// Decides by what this process knows, without the store; the verdict is not recorded. `local` says whether the limits
    /// are this process's own. Returns `None` if the policy wants no verdict then.
    pub fn verdict_unrecorded(&self, facts: &Facts, now: SystemTime, local: bool) -> Option<Verdict> {
        let mut verdict = self.verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1);
        if let Some(limit) = &mut verdict.rate_limit {
            limit.local = local;
        }
        mark_unrecorded(self.policy, verdict)
    }
}

/// Approves a held comment, to be published without some of its parts.
fn approve_without(decided: &mut PolicyDecision, parts: &[RemovablePart]) {
    let names: Vec<&str> = parts.iter().map(|part| part.as_words()).collect();
    let message = format!("published without {}; otherwise the comment would be held", names.join(" and "));
    decided.decision = Decision::Approve;
    decided.reasons.insert(0, Reason::new("LINKS_STRIPPED", message).with_rule("links.strip"));
}
