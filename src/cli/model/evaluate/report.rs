//! What is said about a model: the figures as they are printed, drawn, and written as JSON.

use serde::Serialize;

use crate::classify::evaluate::{self, ClassifierMetrics};
use crate::cli::labelled::SkippedRows;
use crate::verdict::Decision;

/// Everything that is said about a model.
#[derive(Serialize)]
pub struct EvaluationReport {
    /// The model's version.
    pub model: String,
    /// The policy's version.
    pub policy: String,
    /// How many rows were scored.
    pub rows: usize,
    /// How many were not, and why.
    pub left_out: SkippedRows,
    /// Per head.
    pub heads: Vec<HeadReport>,
    /// What policy and model together decide: all rows first, then per source and per value of what was asked for.
    pub decisions: Vec<SetDecisions>,
    /// The means over the values of what was asked for, such as blogs.
    pub means: Vec<MeansByField>,
}

/// Means over the values of a field: each value counts the same, however many rows it has.
#[derive(Serialize)]
pub struct MeansByField {
    /// The field.
    pub by: String,
    /// Share of the harmless rows that is held.
    pub ham_held: MeanShare,
    /// Share of the harmless rows that is rejected.
    pub ham_rejected: MeanShare,
    /// Share of the bad rows that is approved.
    pub bad_approved: MeanShare,
}

/// A mean over the values that have enough rows.
#[derive(Serialize)]
pub struct MeanShare {
    /// How many values count.
    pub values: usize,
    /// The mean; `null` if none counts.
    pub mean: f64,
    /// The highest share of any value.
    pub worst: f64,
}

impl MeanShare {
    /// Returns the mean of these shares.
    pub fn of(shares: impl Iterator<Item = f64>) -> Self {
        let shares: Vec<f64> = shares.collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        Self { values: shares.len(), mean, worst: shares.into_iter().fold(f64::NAN, f64::max) }
    }
}

/// One head.
#[derive(Serialize)]
pub struct HeadReport {
    /// Its name.
    pub head: &'static str,
    /// All rows first, then by source, language and what was asked for.
    pub sets: Vec<SetMetrics>,
}

/// A head on a set of rows. Shares are from 0 to 1; what cannot be said is `null`.
#[derive(Serialize)]
pub struct SetMetrics {
    /// `all`, or the field that the rows have in common.
    pub by: String,
    /// The field's value.
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

/// What becomes of a set of rows.
#[derive(Serialize)]
pub struct SetDecisions {
    /// `all`, `source`, or the field that was asked for.
    pub by: String,
    /// The field's value.
    pub name: String,
    /// Per word for the rows.
    pub labels: Vec<LabelDecisions>,
    /// The harmless rows.
    pub ham: LabelDecisions,
    /// Spam and toxic rows together.
    pub bad: LabelDecisions,
}

/// How many rows are decided how.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LabelDecisions {
    pub label: String,
    pub comments: u64,
    pub approve: u64,
    pub hold: u64,
    pub reject: u64,
    /// Shares, `null` without comments.
    pub approved: f64,
    pub held: f64,
    pub rejected: f64,
}

/// How many rows wait or are turned away, and how many bad ones are let through for that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tradeoff {
    /// Share of all rows that is not approved.
    pub kept_back: f64,
    /// Share of the bad rows that is approved.
    pub bad_approved: f64,
    /// Whether the present thresholds are here.
    pub present: bool,
}

impl SetMetrics {
    /// Returns the figures of rows by their scores and truths.
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
    /// Returns counts of no rows.
    pub fn named(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    /// Counts a row.
    pub fn add(&mut self, decision: Decision) {
        self.comments += 1;
        match decision {
            Decision::Approve => self.approve += 1,
            Decision::Hold => self.hold += 1,
            Decision::Reject => self.reject += 1,
        }
    }

    /// Returns the same with shares.
    pub fn with_shares(mut self) -> Self {
        let share = |count: u64| count as f64 / self.comments as f64;
        (self.approved, self.held, self.rejected) = (share(self.approve), share(self.hold), share(self.reject));
        self
    }
}
