//! From findings, scores and facts to a decision with its reasons. Pure and total.

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

/// What a policy decided, and why.
#[derive(Debug, Clone)]
pub struct PolicyDecision {
    /// What becomes of the comment.
    pub decision: Decision,
    /// Why, strictest rule first; never empty.
    pub reasons: Vec<Reason>,
    /// The labels whose scores had a say: the model can explain them.
    pub labels_to_explain: Vec<Label>,
    /// Label to probability, form evidence included.
    pub scores: Vec<(Label, f64)>,
}

impl Policy {
    /// The decision on a comment. `logits` holds the model's calibrated logit per trained label.
    pub fn decide(&self, findings: &Findings, logits: &[(Label, f64)], facts: &Facts) -> PolicyDecision {
        let known_author = history::known_author_evidence(self, findings, logits, facts);
        let evidence = findings.evidence_logits() + known_author.as_ref().map_or(0.0, |reason| reason.weight);
        let scores = scores::probabilities(logits, evidence);
        let campaign = duplicates::campaign_vote(self, facts);
        let like_approved = duplicates::approved_duplicate_reason(self, findings, logits, facts);
        let (mut explain, by_scores): (Vec<Label>, Vec<Vote>) =
            scores::votes(self, &scores, findings, campaign.is_some()).into_iter().unzip();

        let overrides = Overrides {
            allowed_author: findings.is_allowed(),
            spam_unlikely: scores.iter().any(|&(label, score)| label == Label::Spam && score < self.kinds_max_spam),
            duplicate_approved: like_approved.is_some(),
        };
        let votes = findings.votes.iter().cloned();
        let votes = votes
            .chain(language_votes(findings, facts))
            .chain(by_scores)
            .chain(limits::votes(self, facts))
            .chain(campaign)
            .chain(history::new_author_vote(self, findings, facts))
            .chain(history::rejected_author_vote(self, findings, facts))
            .chain(duplicates::rejected_duplicate_vote(self, facts))
            .chain(history::edit_after_rejection_vote(facts));
        let mut votes: Vec<Vote> = votes.filter(|vote| !overrides.overrule(vote)).collect();
        // Stable: rules of equal weight stay in the order above. Labels by score.
        votes.sort_by_key(|vote| std::cmp::Reverse(vote.decision));
        if overrides.allowed_author {
            explain.clear();
        }
        explain.sort_by(|a, b| scores::score_of(&scores, *b).total_cmp(&scores::score_of(&scores, *a)));

        let decision = votes.first().map_or(Decision::Approve, |vote| vote.decision);
        let mut reasons: Vec<Reason> = votes.into_iter().map(|vote| vote.reason).collect();
        if reasons.is_empty() {
            reasons.push(findings.allowed.clone().or(like_approved).unwrap_or_else(|| scores::clean_reason(&scores)));
        } else {
            reasons.extend(like_approved);
        }
        reasons.extend(findings.evidence.iter().cloned());
        reasons.extend(known_author);
        PolicyDecision { decision, reasons, labels_to_explain: explain, scores }
    }
}

/// Returns the votes for the comment's language that are cast, given what is known of the author.
fn language_votes<'a>(findings: &'a Findings, facts: &Facts) -> impl Iterator<Item = Vote> + use<'a> {
    let is_new = facts.author.filter(|_| findings.author_is_distinct).is_none_or(|author| author.approved == 0);
    let holds = move |becomes: UnscoredAction| becomes == UnscoredAction::Hold || becomes == UnscoredAction::HoldNew && is_new;
    findings.language_votes.iter().filter(move |(becomes, _)| holds(*becomes)).map(|(_, vote)| vote.clone())
}
