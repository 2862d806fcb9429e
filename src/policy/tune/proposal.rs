//! The goals for thresholds, and the proposal that results.

use super::outcome::DecisionCounts;
use super::reject::RejectFinding;
use crate::classify::Label;
use crate::policy::rules::Thresholds;

/// The goals that thresholds should meet.
#[derive(Debug, Clone)]
pub struct Goal {
    /// Maximum share of the spam, and of the toxic comments, that may be approved.
    pub max_missed: f64,
    /// Maximum share of the harmless comments that may be rejected, divided equally among the labels that may reject.
    pub max_false_reject: f64,
    /// Maximum share of all comments that may be held.
    pub max_held: f64,
    /// The labels whose scores may reject.
    pub reject: Vec<Label>,
}

/// Whether the goals can be met together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Feasibility {
    /// Both goals can be met.
    Both,
    /// Only the goal for the queue can be met: the goal for misses needs this share of comments held. The proposal keeps to the
    /// queue.
    QueueOnly(f64),
    /// No thresholds meet the goal for misses. The proposal keeps to the queue.
    MissesOutOfReach,
    /// Rules other than scores hold more than the queue allows. The proposal holds nothing by scores.
    QueueOutOfReach,
}

/// One of several settings of the thresholds, from few comments held to many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdAlternative {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// The decisions under these thresholds.
    pub outcome: DecisionCounts,
}

/// The proposed thresholds and their outcome.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Whether the goals can be met.
    pub feasibility: Feasibility,
    /// The labels that the model scores.
    pub labels: Vec<Label>,
    /// The proposed thresholds.
    pub thresholds: Thresholds,
    /// Decisions of the present policy on the samples.
    pub present: DecisionCounts,
    /// Decisions of the policy with the proposed thresholds.
    pub proposed: DecisionCounts,
    /// Findings on the reject threshold of each label that may reject.
    pub rejects: Vec<RejectFinding>,
    /// Other settings, from few comments held to many.
    pub alternatives: Vec<ThresholdAlternative>,
}
