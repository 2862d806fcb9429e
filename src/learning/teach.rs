//! What an act teaches: which outcome a decision is, and the record of it for the site's log.

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

/// Reason codes that say what kind of bad a rejected comment is,
const SPAM_CODES: [&str; 8] = ["spam", "ad", "ads", "advertising", "advertisement", "scam", "phishing", "promotion"];
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
/// and those that say that it is neither: of its words nothing is to be learned.
const NEUTRAL_CODES: [&str; 6] = ["irrelevant", "off_topic", "off-topic", "misinformation", "illegal", "duplicate"];
/// Of an archive's decisions so many are learned: they are old, and a site's own moderators will say more.
const MAX_IMPORTED: u32 = 500;

/// Whose word an outcome is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionMaker {
    /// A moderator's, who decides in Gatepost.
    Moderator,
    /// The host's, for its own moderators, who say which it is.
    Host(Outcome),
}

/// An outcome that somebody tells of.
pub struct OutcomeReport<'a> {
    /// The comment.
    pub comment: &'a Comment,
    /// Who sent it.
    pub persons: &'a [Person],
    /// What it turned out to be. `None`: nobody says, and what was said before counts no more.
    pub outcome: Option<Outcome>,
    /// Whether it was rejected.
    pub rejected: bool,
    /// Whose word that is.
    pub source: OutcomeSource,
    /// The name of whoever says so.
    pub by: &'a str,
    /// How many approved comments it stands for, if a moderator has decided a spot check.
    pub spot_check: Option<f32>,
}

impl Learning {
    /// What a decision teaches: also one that says nothing of the words takes the place of what was said of them before.
    pub fn decision_record(
        &self,
        comment: &pb::Comment,
        persons: &[Person],
        (decision, reason_code): (Decision, &str),
        voice: DecisionMaker,
        (by, revision): (&str, u32),
        spot_check: Option<f32>,
    ) -> Option<(String, Vec<u8>)> {
        // It was parsed when it came; the text of its post is not kept.
        let comment = Comment::parse(comment.clone(), SystemTime::now()).ok()?;
        let (outcome, source) = match voice {
            DecisionMaker::Host(outcome) => (Some(outcome), OutcomeSource::Host),
            DecisionMaker::Moderator => (self.outcome_of(&comment, decision, reason_code), OutcomeSource::Moderator),
        };
        let rejected = decision == Decision::Reject;
        // A host may have told of it for any reason: only a moderator was asked at random.
        let spot_check = spot_check.filter(|_| source == OutcomeSource::Moderator);
        let report = OutcomeReport { comment: &comment, persons, outcome, rejected, source, by, spot_check };
        Some(self.example_record(&report, decision_name(comment.id().as_str(), revision)))
    }

    /// What it teaches that a decision, told by its revision, is taken back.
    pub fn undo_teaching(comment_id: &str, revision: u32) -> OutcomeUpdate {
        OutcomeUpdate { removed: Some(decision_name(comment_id, revision)), added: None }
    }

    /// Puts an outcome into the log that is no decision in Gatepost, in the place of what the host said of the comment before,
    /// and `act` into the audit in the same step.
    ///
    /// # Errors
    /// The store being away.
    pub async fn report(&self, site: &Site, report: &OutcomeReport<'_>, act: &pb::AuditEvent) -> Result<(), Error> {
        let added = Some(self.example_record(report, report_name(report.comment.id().as_str())));
        self.0.store.update_outcomes(site, &OutcomeUpdate { removed: None, added }, Some(act)).await
    }

    /// Whether the host has said just that of a comment already, by a report or by deciding it at this revision.
    ///
    /// # Errors
    /// The store being away.
    pub async fn is_reported(&self, site: &Site, comment_id: &str, revision: u32, outcome: Outcome) -> Result<bool, Error> {
        for name in [report_name(comment_id), decision_name(comment_id, revision)] {
            let lesson = self.0.store.outcome_named(site, &name).await?.as_deref().and_then(TrainingExample::from_bytes);
            if let Some(lesson) = lesson.filter(|lesson| lesson.source == OutcomeSource::Host) {
                return Ok(lesson.outcome == Some(outcome));
            }
        }
        Ok(false)
    }

    /// Puts what an archive decided into the log, as long as few such outcomes are there. One that the store does not take is
    /// not taught: the comment itself is kept.
    pub async fn teach_imported(&self, admission: &Admission<'_>, decision: Decision) {
        let (comment, site) = (admission.comment, admission.comment.site());
        let enough = self.current(site).await.counts().sources[OutcomeSource::Import as usize] >= MAX_IMPORTED;
        let Some(outcome) = self.outcome_of(comment, decision, "").filter(|_| !enough) else { return };
        let rejected = decision == Decision::Reject;
        let persons: Vec<Person> = admission.persons.all().collect();
        let (outcome, source) = (Some(outcome), OutcomeSource::Import);
        let report = OutcomeReport { comment, persons: &persons, outcome, rejected, source, by: "", spot_check: None };
        let added = Some(self.example_record(&report, format!("i:{}", comment.id().as_str())));
        if let Err(error) = self.0.store.update_outcomes(site, &OutcomeUpdate { removed: None, added }, None).await {
            tracing::warn!(site = site.as_str(), %error, "an imported decision was not learned");
        }
    }

    /// Which outcome a decision is. `None`: it says nothing of what the comment is.
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

    fn example_record(&self, report: &OutcomeReport<'_>, name: String) -> (String, Vec<u8>) {
        let LearningInput { features: sketch, min_hash: likeness, .. } = (self.0.learning_input)(report.comment);
        let lesson = TrainingExample {
            name: name.clone(),
            comment_id: report.comment.id().as_str().to_owned(),
            outcome: report.outcome,
            rejected: report.rejected,
            text_hash: crc32fast::hash(report.comment.text().as_str().as_bytes()),
            source: report.source,
            by: report.by.to_owned(),
            decided_at: now_micros(),
            features: sketch,
            min_hash: likeness,
            digest: Some(text_digest(report.comment.text().as_str())),
            persons: report.persons.iter().flat_map(|person| person.to_bytes()).collect(),
            spot_check: report.spot_check,
        };
        (name, lesson.to_bytes())
    }
}

/// What a host's outcome is replaced by.
fn report_name(comment_id: &str) -> String {
    format!("h:{comment_id}")
}

/// What the outcome of a decision is taken back by.
fn decision_name(comment_id: &str, revision: u32) -> String {
    format!("d:{comment_id}:{revision}")
}
