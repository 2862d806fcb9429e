//! Decides on an evaluated comment and puts the verdict together.

use std::time::SystemTime;

use super::evaluation::Evaluation;
use super::unrecorded::mark_unrecorded;
use crate::facts::Facts;
use crate::policy::{LinkStripping, PolicyDecision};
use crate::verdict::{Decision, MACHINE, RateLimit, Reason, RemovablePart, Verdict};

/// How many labels of a verdict are explained.
const EXPLAIN_LABELS: usize = 2;

impl Evaluation<'_> {
    /// Decides. `id` and `revision` name the verdict; `now` is when.
    pub fn verdict(&self, facts: &Facts, now: SystemTime, id: String, revision: u32) -> Verdict {
        let mut ruling = self.decide(facts);
        let publish_without = self.publishable_without(ruling.decision, facts);
        if !publish_without.is_empty() && self.policy.strip() == LinkStripping::Approve {
            approve_without(&mut ruling, &publish_without);
        }
        let mut reasons = ruling.reasons;
        let labels = &ruling.labels_to_explain[..ruling.labels_to_explain.len().min(EXPLAIN_LABELS)];
        reasons.extend(self.explain_corrections(labels));
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

    /// Decides while the store is away: by what this process knows of the comment, and nothing is written down. `local`:
    /// the limits are this process's own. `None`: it has no verdict.
    pub fn verdict_unrecorded(&self, facts: &Facts, now: SystemTime, local: bool) -> Option<Verdict> {
        let mut verdict = self.verdict(facts, now, uuid::Uuid::now_v7().to_string(), 1);
        if let Some(limit) = &mut verdict.rate_limit {
            limit.local = local;
        }
        mark_unrecorded(self.policy, verdict)
    }
}

/// Approves a held comment that is published without some of its parts.
fn approve_without(ruling: &mut PolicyDecision, parts: &[RemovablePart]) {
    let names: Vec<&str> = parts.iter().map(|part| part.as_words()).collect();
    let message = format!("published without {}: with it the comment would be held", names.join(" and "));
    ruling.decision = Decision::Approve;
    ruling.reasons.insert(0, Reason::new("LINKS_STRIPPED", message).with_rule("links.strip"));
}
