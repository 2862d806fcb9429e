//! Records of outcomes: which outcome a decision has, and its record for the site's log.

use std::time::SystemTime;

use super::clock::now_micros;
use super::state::{Learning, LearningInput};
use crate::classify::site::Outcome;
use crate::classify::site::training_example::{OutcomeSource, TrainingExample};
use crate::classify::text_digest;
use crate::comment::{Comment, Site};
use crate::error::Error;
use crate::pb;
use crate::store::{Admission, OutcomeUpdate, Person};
use crate::verdict::Decision;

/// Reason codes of rejections that mean spam.
const SPAM_CODES: [&str; 8] = ["spam", "ad", "ads", "advertising", "advertisement", "scam", "phishing", "promotion"];
/// Reason codes of rejections that mean abuse.
const TOXIC_CODES: [&str; 11] = [
    "abusive",
    "abuse",
    "hate_speech",
    "hate",
    "harassment",
    "insult",
    "threat",
    "toxic",
    "toxicity",
    "obscene",
    "personal_attack",
];
/// Reason codes of rejections for reasons other than the comment's words, from which nothing is learned.
const NEUTRAL_CODES: [&str; 6] = ["irrelevant", "off_topic", "off-topic", "misinformation", "illegal", "duplicate"];
/// Maximum number of imported decisions that are learned. They are old, and the site's own moderators will decide more.
const MAX_IMPORTED: u32 = 500;

/// Who made a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionMaker {
    /// A moderator, in Gatepost.
    Moderator,
    /// The host, on behalf of its own moderators, who state the outcome.
    Host(Outcome),
}

/// An outcome to be recorded.
pub struct OutcomeReport<'a> {
    /// The comment.
    pub comment: &'a Comment,
    /// The author of the comment, as hashed persons.
    pub persons: &'a [Person],
    /// The outcome. `None` if there is none; earlier outcomes of the comment then no longer count.
    pub outcome: Option<Outcome>,
    /// Whether the comment was rejected.
    pub rejected: bool,
    /// Source of the outcome.
    pub source: OutcomeSource,
    /// Name of who reported it.
    pub by: &'a str,
    /// Number of approved comments that the outcome represents, if a moderator decided a spot check.
    pub spot_check: Option<f32>,
}

impl Learning {
    /// Returns the record of a decision for the site's log, with its name. A decision without an outcome is recorded too,
    /// because it replaces the comment's earlier outcome. Returns `None` if the comment cannot be parsed.
    pub fn decision_record(
        &self,
        comment: &pb::Comment,
        persons: &[Person],
        (decision, reason_code): (Decision, &str),
        decision_maker: DecisionMaker,
        (by, revision): (&str, u32),
        spot_check: Option<f32>,
    ) -> Option<(String, Vec<u8>)> {
        // The comment was valid when it was received. The text of its post is no longer available.
        let comment = Comment::parse(comment.clone(), SystemTime::now()).ok()?;
        let (outcome, source) = match decision_maker {
            DecisionMaker::Host(outcome) => (Some(outcome), OutcomeSource::Host),
            DecisionMaker::Moderator => (self.outcome_of(&comment, decision, reason_code), OutcomeSource::Moderator),
        };
        let rejected = decision == Decision::Reject;
        // Only moderators decide on random samples; a host may have chosen the comment for any reason.
        let spot_check = spot_check.filter(|_| source == OutcomeSource::Moderator);
        let report = OutcomeReport { comment: &comment, persons, outcome, rejected, source, by, spot_check };
        Some(self.example_record(&report, decision_name(comment.id().as_str(), revision)))
    }

    /// Returns the update that withdraws the outcome of a decision, which is identified by its revision.
    pub fn undo_teaching(comment_id: &str, revision: u32) -> OutcomeUpdate {
        OutcomeUpdate { removed: Some(decision_name(comment_id, revision)), added: None }
    }

    /// Records an outcome that is not a decision in Gatepost. It replaces an earlier report of the host about the comment.
    /// `act` is added to the audit log in the same step.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn report(&self, site: &Site, report: &OutcomeReport<'_>, act: &pb::AuditEvent) -> Result<(), Error> {
        let added = Some(self.example_record(report, report_name(report.comment.id().as_str())));
        self.0.store.update_outcomes(site, &OutcomeUpdate { removed: None, added }, Some(act)).await
    }

    /// Returns whether the host has already reported this outcome for a comment, by a report or by a decision at this
    /// revision.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn is_reported(&self, site: &Site, comment_id: &str, revision: u32, outcome: Outcome) -> Result<bool, Error> {
        for name in [report_name(comment_id), decision_name(comment_id, revision)] {
            let example = self.0.store.outcome_named(site, &name).await?.as_deref().and_then(TrainingExample::from_bytes);
            if let Some(example) = example.filter(|example| example.source == OutcomeSource::Host) {
                return Ok(example.outcome == Some(outcome));
            }
        }
        Ok(false)
    }

    /// Records the outcome of an archive's decision, up to `MAX_IMPORTED` per site. If the store fails, the outcome is
    /// skipped; the comment itself is already recorded.
    pub async fn teach_imported(&self, admission: &Admission<'_>, decision: Decision) {
        let (comment, site) = (admission.comment, admission.comment.site());
        let is_full = self.current(site).await.counts().sources[OutcomeSource::Import as usize] >= MAX_IMPORTED;
        let Some(outcome) = self.outcome_of(comment, decision, "").filter(|_| !is_full) else { return };
        let rejected = decision == Decision::Reject;
        let persons: Vec<Person> = admission.persons.all().collect();
        let (outcome, source) = (Some(outcome), OutcomeSource::Import);
        let report = OutcomeReport { comment, persons: &persons, outcome, rejected, source, by: "", spot_check: None };
        let added = Some(self.example_record(&report, format!("i:{}", comment.id().as_str())));
        if let Err(error) = self.0.store.update_outcomes(site, &OutcomeUpdate { removed: None, added }, None).await {
            tracing::warn!(site = site.as_str(), %error, "an imported decision was not learned");
        }
    }

    /// Returns the outcome of a decision. Returns `None` if the decision says nothing about the comment's words.
    fn outcome_of(&self, comment: &Comment, decision: Decision, reason_code: &str) -> Option<Outcome> {
        let code = reason_code.to_ascii_lowercase();
        match decision {
            Decision::Approve => Some(Outcome::Ham),
            Decision::Hold => None,
            Decision::Reject if SPAM_CODES.contains(&code.as_str()) => Some(Outcome::Spam),
            Decision::Reject if TOXIC_CODES.contains(&code.as_str()) => Some(Outcome::Toxic),
            Decision::Reject if NEUTRAL_CODES.contains(&code.as_str()) => None,
            Decision::Reject => Some((self.0.learning_input)(comment).likely_outcome),
        }
    }

    /// Returns the record of an outcome for the site's log, with its name.
    fn example_record(&self, report: &OutcomeReport<'_>, name: String) -> (String, Vec<u8>) {
        let LearningInput { features, min_hash, .. } = (self.0.learning_input)(report.comment);
        let example = TrainingExample {
            name: name.clone(),
            comment_id: report.comment.id().as_str().to_owned(),
            outcome: report.outcome,
            rejected: report.rejected,
            text_hash: crc32fast::hash(report.comment.text().as_str().as_bytes()),
            source: report.source,
            by: report.by.to_owned(),
            decided_at: now_micros(),
            features,
            min_hash,
            digest: Some(text_digest(report.comment.text().as_str())),
            persons: report.persons.iter().flat_map(|person| person.to_bytes()).collect(),
            spot_check: report.spot_check,
        };
        (name, example.to_bytes())
    }
}

/// Returns the name of a host's report. A later report replaces the one of the same name.
fn report_name(comment_id: &str) -> String {
    format!("h:{comment_id}")
}

/// Returns the name of a decision's outcome, by which it can be withdrawn.
fn decision_name(comment_id: &str, revision: u32) -> String {
    format!("d:{comment_id}:{revision}")
}
