//! Describes a proposal in sentences.

use super::args::TuneArgs;
use crate::classify::Label;
use crate::cli::labelled::SkippedRows;
use crate::policy::Policy;
use crate::policy::tune::{self, ClassMix, CommentClass, Feasibility, Goal, Proposal, RejectFinding, Thresholds};
use crate::verdict::Decision;

/// A proposal with everything that is printed about it.
pub struct TuneReport<'a> {
    pub args: &'a TuneArgs,
    pub model: &'a str,
    pub policy: &'a Policy,
    /// Version of the policy, safe to print, like that of the model.
    pub policy_version: &'a str,
    pub rows: usize,
    /// Number of rows that are neither ham, spam nor toxic.
    pub unlabelled: u64,
    pub left_out: SkippedRows,
    pub mix: &'a ClassMix,
    pub goal: &'a Goal,
    pub proposal: &'a Proposal,
}

impl TuneReport<'_> {
    /// Converts a share of the comments to comments per day.
    pub fn per_day(&self, share: f64) -> f64 {
        share * f64::from(self.args.comments_per_day)
    }

    /// Returns the thresholds of the present policy.
    pub fn present(&self) -> Thresholds {
        Label::ALL.map(|label| self.policy.threshold(label))
    }

    /// Returns the proposal as a part of a policy file. Empty if it changes nothing.
    pub fn fragment(&self) -> String {
        tune::fragment(&self.proposal.labels, &self.present(), &self.proposal.thresholds)
    }

    /// Returns whether the goals can be met, and the consequences if not.
    pub fn summary(&self) -> String {
        let proposed = &self.proposal.proposed;
        let (missed, queue) = (percent(self.goal.max_missed), self.args.queue_per_day);
        let held = self.per_day(proposed.held_share(self.mix));
        let misses: Vec<String> = CommentClass::BAD
            .into_iter()
            .filter(|class| proposed.rows(*class) > 0)
            .map(|class| format!("{} of the {}", percent(proposed.share(class, Decision::Approve)), class_name(class)))
            .collect();
        let misses = misses.join(" and ");
        match self.proposal.feasibility {
            Feasibility::Both => format!("Both goals can be met: {held:.0} comments held per day, {misses} approved."),
            Feasibility::QueueOnly(needed) => format!(
                "The goals cannot both be met: to approve at most {missed} of the bad comments, {:.0} must be held per day. \
                 The proposal keeps to a queue of {queue} per day ({held:.0} held) and approves {misses}.",
                self.per_day(needed)
            ),
            Feasibility::MissesOutOfReach => format!(
                "No thresholds approve at most {missed} of the bad comments: the model does not recognize them, or their \
                 authors are allowed. The proposal keeps to a queue of {queue} per day ({held:.0} held) and approves {misses}."
            ),
            Feasibility::QueueOutOfReach => format!(
                "Rules other than scores alone hold more than {queue} per day. The proposal holds {held:.0} per day and \
                 approves {misses}."
            ),
        }
    }

    /// Describes what the rows prove about rejecting by a label.
    pub fn describe_rejection(&self, found: &RejectFinding) -> String {
        let RejectFinding { label, proposed, ham, ham_rejected, allowed, upper_bound, is_proven, rows_needed } = *found;
        let allowed = percent(allowed);
        let claim = format!(
            "it would reject {ham_rejected} of {ham} harmless rows, which proves a share of at most {} at 95 % confidence",
            percent(upper_bound)
        );
        match (proposed, is_proven) {
            (Some(bound), true) => format!("{label} rejects from {bound}: {claim}."),
            (Some(bound), false) => format!(
                "{label} keeps rejecting from {bound}: {claim}; to prove at most {allowed}, {rows_needed} harmless rows are \
                 needed, none of them rejected."
            ),
            (None, _) if ham < rows_needed => format!(
                "{label} should not reject: to prove at most {allowed}, {rows_needed} harmless rows are needed, none of them \
                 rejected, and there are {ham}."
            ),
            (None, _) => {
                format!("{label} should not reject: no threshold provably rejects at most {allowed} of the harmless rows.")
            }
        }
    }

    /// Returns the limitations of the proposal.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let present = self.present();
        let disabled =
            |label: &&Label| present[label.lane()].hold.is_some() && self.proposal.thresholds[label.lane()].hold.is_none();
        let disabled: Vec<&str> = self.proposal.labels.iter().filter(disabled).map(|label| label.as_str()).collect();
        if !disabled.is_empty() {
            caveats.push(format!("To keep to the queue, these labels would no longer hold comments: {}.", disabled.join(", ")));
        }
        if self.args.spam_share.is_none() && self.args.toxic_share.is_none() {
            caveats.push(format!(
                "The numbers per day are for a site whose comments are {} spam and {} toxic, as in the files; give the \
                 shares of your site with --spam-share and --toxic-share.",
                percent(self.mix.share(CommentClass::Spam)),
                percent(self.mix.share(CommentClass::Toxic))
            ));
        }
        for class in CommentClass::ALL {
            let rows = self.proposal.present.rows(class);
            let name = class_name(class);
            match rows {
                0 => caveats.push(format!("There are no {name} in the files, so nothing is known about them.")),
                // With fewer than 200 rows, two rows are more than 1 %.
                1..200 => caveats.push(format!("There are only {rows} {name} in the files, so their shares are rough.")),
                _ => {}
            }
        }
        caveats
    }
}

/// Returns the name of a class in a sentence.
fn class_name(class: CommentClass) -> &'static str {
    match class {
        CommentClass::Ham => "harmless comments",
        CommentClass::Spam => "spam comments",
        CommentClass::Toxic => "toxic comments",
    }
}

/// Returns a share in per cent, with more digits below 1 %.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.2} %") } else { format!("{percent:.1} %") }
}
