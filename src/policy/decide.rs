//! Decides on a comment from findings, scores and facts, and gives the reasons. Pure and total.

mod duplicates;
mod history;
mod limits;
mod scores;
#[cfg(test)]
mod tests;

use super::findings::Findings;
use super::rules::{Policy, UnscoredAction};
use super::vote::{Overrides, Vote};
use crate::classify::Label;
use crate::facts::Facts;
use crate::verdict::{Decision, Reason};

/// A policy's decision on a comment, with the reasons.
#[derive(Debug, Clone)]
pub struct PolicyDecision {
    /// The decision.
    pub decision: Decision,
    /// The reasons, those of the strictest decision first; never empty.
    pub reasons: Vec<Reason>,
    /// Labels whose scores reached a threshold, highest score first; empty if the author is allowed.
    pub labels_to_explain: Vec<Label>,
    /// Probability of each label, with the evidence for spam included.
    pub scores: Vec<(Label, f64)>,
}

impl Policy {
    /// Decides on a comment. `logits` holds the model's calibrated logit of each label that it scores.
    pub fn decide(&self, findings: &Findings, logits: &[(Label, f64)], facts: &Facts) -> PolicyDecision {
        let known_author = history::known_author_evidence(self, findings, logits, facts);
        let evidence = findings.evidence_logits() + known_author.as_ref().map_or(0.0, |reason| reason.weight);
        let scores = scores::probabilities(logits, evidence);
        let campaign = duplicates::campaign_vote(self, facts);
        let approved_duplicate = duplicates::approved_duplicate_reason(self, findings, logits, facts);
        let (mut explain, score_votes): (Vec<Label>, Vec<Vote>) =
            scores::votes(self, &scores, findings, campaign.is_some()).into_iter().unzip();

        let overrides = Overrides {
            allowed_author: findings.is_allowed(),
            spam_unlikely: scores.iter().any(|&(label, score)| label == Label::Spam && score < self.kinds_max_spam),
            duplicate_approved: approved_duplicate.is_some(),
        };
        let votes = findings.votes.iter().cloned();
        let votes = votes
            .chain(language_votes(findings, facts))
            .chain(score_votes)
            .chain(limits::votes(self, facts))
            .chain(campaign)
            .chain(history::new_author_vote(self, findings, facts))
            .chain(history::rejected_author_vote(self, findings, facts))
            .chain(duplicates::rejected_duplicate_vote(self, facts))
            .chain(history::edit_after_rejection_vote(facts));
        let mut votes: Vec<Vote> = votes.filter(|vote| !overrides.overrule(vote)).collect();
        // The sort is stable: votes for the same decision stay in the order above.
        votes.sort_by_key(|vote| std::cmp::Reverse(vote.decision));
        if overrides.allowed_author {
            explain.clear();
        }
        explain.sort_by(|a, b| scores::score_of(&scores, *b).total_cmp(&scores::score_of(&scores, *a)));

        let decision = votes.first().map_or(Decision::Approve, |vote| vote.decision);
        let mut reasons: Vec<Reason> = votes.into_iter().map(|vote| vote.reason).collect();
        if reasons.is_empty() {
            reasons.push(findings.allowed.clone().or(approved_duplicate).unwrap_or_else(|| scores::clean_reason(&scores)));
        } else {
            reasons.extend(approved_duplicate);
        }
        reasons.extend(findings.evidence.iter().cloned());
        reasons.extend(known_author);
        PolicyDecision { decision, reasons, labels_to_explain: explain, scores }
    }
}

/// Returns the votes on the comment's language that apply to its author.
fn language_votes<'a>(findings: &'a Findings, facts: &Facts) -> impl Iterator<Item = Vote> + use<'a> {
    let is_new = facts.author.filter(|_| findings.author_is_distinct).is_none_or(|author| author.approved == 0);
    let holds = move |action: UnscoredAction| action == UnscoredAction::Hold || action == UnscoredAction::HoldNew && is_new;
    findings.language_votes.iter().filter(move |(action, _)| holds(*action)).map(|(_, vote)| vote.clone())
}
