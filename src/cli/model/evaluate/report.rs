//! The evaluation report, which is printed, drawn, and written as JSON.

use serde::Serialize;

use crate::classify::evaluate::{self, ClassifierMetrics};
use crate::cli::labelled::SkippedRows;
use crate::verdict::Decision;

/// An evaluation report.
#[derive(Serialize)]
pub struct EvaluationReport {
    /// The model's version.
    pub model: String,
    /// The policy's version.
    pub policy: String,
    /// Number of scored rows.
    pub rows: usize,
    /// Number of skipped rows by reason.
    pub left_out: SkippedRows,
    /// Metrics by head.
    pub heads: Vec<HeadReport>,
    /// Decisions of policy and model: on all rows first, then by source and by each value given by `--by`.
    pub decisions: Vec<SetDecisions>,
    /// Means over the values of the fields given by `--by`, such as blogs.
    pub means: Vec<MeansByField>,
}

/// Means over the values of a field. Each value counts the same, however many rows it has.
#[derive(Serialize)]
pub struct MeansByField {
    /// Name of the field.
    pub by: String,
    /// Share of the harmless rows that are held.
    pub ham_held: MeanShare,
    /// Share of the harmless rows that are rejected.
    pub ham_rejected: MeanShare,
    /// Share of the bad rows that are approved.
    pub bad_approved: MeanShare,
}

/// A mean over the values that have enough rows.
#[derive(Serialize)]
pub struct MeanShare {
    /// Number of values that count.
    pub values: usize,
    /// The mean; `null` if no value counts.
    pub mean: f64,
    /// The highest share of any value.
    pub worst: f64,
}

impl MeanShare {
    /// Returns the mean of shares.
    pub fn of(shares: impl Iterator<Item = f64>) -> Self {
        let shares: Vec<f64> = shares.collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        Self { values: shares.len(), mean, worst: shares.into_iter().fold(f64::NAN, f64::max) }
    }
}

/// The metrics of one head.
#[derive(Serialize)]
pub struct HeadReport {
    /// Name of the head.
    pub head: &'static str,
    /// Metrics of all rows first, then by source, language and fields given by `--by`.
    pub sets: Vec<SetMetrics>,
}

/// The metrics of a head on a set of rows. Shares are from 0 to 1; an undefined value is `null`.
#[derive(Serialize)]
pub struct SetMetrics {
    /// `all`, or the name of the field that defines the set.
    pub by: String,
    /// Value of the field.
    pub name: String,
    pub rows: usize,
    pub positives: usize,
    /// Rows with a truth but without a score.
    pub abstained: usize,
    pub auc: f64,
    pub accuracy: f64,
    pub recall_at_half_percent_fpr: f64,
    pub fpr_at_95_percent_recall: f64,
    pub ece: f64,
    pub negatives_at_half: f64,
}

/// The decisions on a set of rows.
#[derive(Serialize)]
pub struct SetDecisions {
    /// `all`, `source`, or the name of a field given by `--by`.
    pub by: String,
    /// Value of the field.
    pub name: String,
    /// Decisions by label.
    pub labels: Vec<LabelDecisions>,
    /// Decisions on harmless rows.
    pub ham: LabelDecisions,
    /// Decisions on spam and toxic rows together.
    pub bad: LabelDecisions,
}

/// Counts of decisions on rows with one label.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelDecisions {
    pub label: String,
    pub comments: u64,
    pub approve: u64,
    pub hold: u64,
    pub reject: u64,
    /// Share of approved rows. This and the other shares are `null` without comments.
    pub approved: f64,
    pub held: f64,
    pub rejected: f64,
}

/// A point of the trade-off between held and missed comments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tradeoff {
    /// Share of all rows that are not approved.
    pub kept_back: f64,
    /// Share of the bad rows that are approved.
    pub bad_approved: f64,
    /// Whether this is the point of the present thresholds.
    pub present: bool,
}

impl SetMetrics {
    /// Creates the metrics of rows from their scores and truths.
    pub fn new(by: &str, name: &str, scored: &[(f32, bool)], abstained: usize) -> Self {
        let ClassifierMetrics { rows, positives, auc, accuracy, recall, false_positives_at_recall, ece, false_positives } =
            evaluate::classifier_metrics(scored);
        Self {
            by: by.to_owned(),
            name: name.to_owned(),
            rows,
            positives,
            abstained,
            auc,
            accuracy,
            recall_at_half_percent_fpr: recall,
            fpr_at_95_percent_recall: false_positives_at_recall,
            ece,
            negatives_at_half: false_positives,
        }
    }
}

impl LabelDecisions {
    /// Creates zero counts for a label.
    pub fn named(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// Counts a decision.
    pub fn add(&mut self, decision: Decision) {
        self.comments += 1;
        match decision {
            Decision::Approve => self.approve += 1,
            Decision::Hold => self.hold += 1,
            Decision::Reject => self.reject += 1,
        }
    }

    /// Returns these counts with the shares computed.
    pub fn with_shares(mut self) -> Self {
        let share = |count: u64| count as f64 / self.comments as f64;
        (self.approved, self.held, self.rejected) = (share(self.approve), share(self.hold), share(self.reject));
        self
    }
}
