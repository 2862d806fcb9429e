//! What may be asked of thresholds, and what is proposed.

use super::outcome::DecisionCounts;
use super::reject::RejectFinding;
use crate::classify::Label;
use crate::policy::rules::Thresholds;

/// What may be asked of thresholds.
#[derive(Debug, Clone)]
pub struct Goal {
    /// Share of the spam, and of the toxic comments, that may be approved.
    pub max_missed: f64,
    /// Share of the harmless comments that may be rejected; each label that may reject gets an equal part of it.
    pub max_false_reject: f64,
    /// Share of all comments that may be held.
    pub max_held: f64,
    /// The labels whose scores may reject.
    pub reject: Vec<Label>,
}

/// Whether the goals can be met together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Feasibility {
    /// Yes.
    Both,
    /// No: few enough misses would need this share of comments held. The proposal keeps to the queue.
    QueueOnly(f64),
    /// No thresholds miss few enough. The proposal keeps to the queue.
    MissesOutOfReach,
    /// Rules other than scores hold more than the queue takes. The proposal holds nothing by scores but what is free.
    QueueOutOfReach,
}

/// A way to set the thresholds, of those between holding little and holding much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdAlternative {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// What they come to.
    pub outcome: DecisionCounts,
}

/// What is proposed, and what it comes to.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Whether the goals can be met.
    pub feasibility: Feasibility,
    /// The labels that the model scores.
    pub labels: Vec<Label>,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// What the present policy decides on the samples.
    pub present: DecisionCounts,
    /// What the policy would decide with the thresholds.
    pub proposed: DecisionCounts,
    /// What was found on rejecting, per label that may.
    pub rejects: Vec<RejectFinding>,
    /// What else could be had, from little held to much.
    pub alternatives: Vec<ThresholdAlternative>,
}
