//! Signals of the model besides its scores: style, the author's name and web address, and the language.

use super::findings::Findings;
use super::rules::{EvidenceWeights, Policy, UnscoredAction};
use super::vote::{Force, Vote};
use super::wording::{quoted, readable_host};
use crate::classify::{self, Label, Scores, StyleSignals, SuspiciousName, log_odds};
use crate::comment::Comment;
use crate::verdict::{Decision, Reason};

impl Policy {
    /// Adds the model's signals besides its scores as evidence, and votes on the comment's language.
    ///
    /// `labels` are the labels that the model knows; `corrected` are those whose scores come from what the site has learned.
    pub fn apply_signals(
        &self,
        comment: &Comment,
        labels: &[Label],
        scores: &Scores,
        corrected: &[Label],
        findings: &mut Findings,
    ) {
        let style = style_evidence(&self.evidence, scores);
        let author = author_evidence(&self.evidence, comment, scores.style().name, findings.has_author_url());
        findings.evidence.extend(style.into_iter().chain(author).flatten());
        findings.language_votes.extend(unscored_vote(self, labels, scores, corrected));
        findings.language_votes.extend(other_language_vote(self, scores));
    }
}

/// Returns a reason with evidence for spam, or `None` if the policy gives it no weight.
fn evidence(key: &'static str, code: &'static str, logits: f64, message: String) -> Option<Reason> {
    let reason = Reason::new(code, message).with_label(Label::Spam.as_str(), logits);
    (logits != 0.0).then(|| reason.with_rule(format!("evidence.{key}")))
}

/// Returns the evidence for or against spam in the style of a text.
fn style_evidence(weights: &EvidenceWeights, scores: &Scores) -> [Option<Reason>; 2] {
    let StyleSignals { is_generic_praise: generic_praise, is_about_post: of_post, .. } = scores.style();
    let spam = scores.logit(Label::Spam);
    let praise = spam.filter(|_| generic_praise).and_then(|logit| {
        let prior = weights.generic_praise_prior;
        let lift = (log_odds(prior) - f64::from(logit)).max(0.0);
        let message = "praise that would fit any post".to_owned();
        evidence("generic_praise", "GENERIC_PRAISE", weights.generic_praise + lift, message)
    });
    let of_post = spam
        .filter(|_| of_post)
        .and_then(|_| evidence("of_post", "OF_POST", -weights.quotes_post, "the comment uses the post's own words".to_owned()));
    [praise, of_post]
}

/// Returns the evidence for spam in the author's name and web address.
fn author_evidence(
    weights: &EvidenceWeights,
    comment: &Comment,
    name: Option<SuspiciousName>,
    has_url: bool,
) -> [Option<Reason>; 2] {
    let name = name.and_then(|name| {
        let is = match name {
            SuspiciousName::Address => "is a web address",
            SuspiciousName::Advertisement => "advertises",
        };
        let message = format!("the author's name {} {is}", quoted(comment.author_name()));
        evidence("author_name", "AUTHOR_NAME", weights.author_name, message)
    });
    let url = has_url.then(|| comment.author_host().map_or_else(|| comment.author_url().trim().to_owned(), readable_host));
    let url = url.and_then(|host| {
        let message = format!("the author's web address is {}", quoted(&host));
        evidence("author_url", "AUTHOR_URL", weights.author_url, message)
    });
    [name, url]
}

/// Returns the vote on a text in a language without a score for abuse or for spam, with the action that says when it is cast.
/// Returns `None` if the text has both scores.
fn unscored_vote(policy: &Policy, labels: &[Label], scores: &Scores, corrected: &[Label]) -> Option<(UnscoredAction, Vote)> {
    let required = [Label::Spam, Label::Toxicity].into_iter().filter(|label| labels.contains(label));
    let missing: Vec<Label> = required.filter(|label| scores.get(*label).is_none() && !corrected.contains(label)).collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|label| label.as_str()).collect();
    let language = scores.language_name();
    let message = format!("the text seems to be {language}, in which the model has no score for {}", names.join(" or "));
    let reason = Reason::new("LANGUAGE_UNSCORED", message).with_rule("language.unscored");
    let action = if missing.contains(&Label::Toxicity) { policy.unscored_action } else { UnscoredAction::Approve };
    Some((action, Vote::new(Decision::Hold, reason).hold_force(Force::UnlessDuplicateApproved)))
}

/// Returns the vote on a text in another language than the site's, with the action that says when it is cast. Returns `None` if
/// the language is the site's.
fn other_language_vote(policy: &Policy, scores: &Scores) -> Option<(UnscoredAction, Vote)> {
    let is_of_site = |tag: &String| classify::parse_language(tag) == classify::parse_language(scores.language_tag());
    if policy.site_languages.is_empty() || policy.site_languages.iter().any(is_of_site) {
        return None;
    }
    let message =
        format!("the text seems to be {}, and the site is in {}", scores.language_name(), policy.site_languages.join(", "));
    let reason = Reason::new("LANGUAGE_OTHER", message).with_rule("language.others");
    Some((policy.other_language_action, Vote::new(Decision::Hold, reason)))
}
