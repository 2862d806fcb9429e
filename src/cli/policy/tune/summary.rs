//! What a proposal means, in sentences.

use super::args::TuneArgs;
use crate::classify::Label;
use crate::cli::labelled::SkippedRows;
use crate::policy::Policy;
use crate::policy::tune::{self, ClassMix, CommentClass, Feasibility, Goal, Proposal, RejectFinding, Thresholds};
use crate::verdict::Decision;

/// Everything that is printed.
pub struct TuneReport<'a> {
    pub args: &'a TuneArgs,
    pub model: &'a str,
    pub policy: &'a Policy,
    /// Safe to show, as the model's.
    pub policy_version: &'a str,
    pub rows: usize,
    /// Rows that are neither ham, spam nor toxic.
    pub unlabelled: u64,
    pub left_out: SkippedRows,
    pub mix: &'a ClassMix,
    pub goal: &'a Goal,
    pub proposal: &'a Proposal,
}

impl TuneReport<'_> {
    /// Returns how many comments a day a share of them is.
    pub fn per_day(&self, share: f64) -> f64 {
        share * f64::from(self.args.comments_per_day)
    }

    /// Returns the thresholds of the present policy.
    pub fn present(&self) -> Thresholds {
        Label::ALL.map(|label| self.policy.threshold(label))
    }

    /// Returns the proposal as a part of a policy file; empty if it changes nothing.
    pub fn fragment(&self) -> String {
        tune::fragment(&self.proposal.labels, &self.present(), &self.proposal.thresholds)
    }

    /// Whether the goals can be met, and what it costs that they cannot.
    pub fn summary(&self) -> String {
        let proposed = &self.proposal.proposed;
        let (missed, queue) = (percent(self.goal.max_missed), self.args.queue_per_day);
        let held = self.per_day(proposed.held_share(self.mix));
        let misses: Vec<String> = CommentClass::BAD
            .into_iter()
            .filter(|kind| proposed.rows(*kind) > 0)
            .map(|kind| format!("{} of the {}", percent(proposed.share(kind, Decision::Approve)), class_name(kind)))
            .collect();
        let misses = misses.join(" and ");
        match self.proposal.feasibility {
            Feasibility::Both => format!("Both goals can be met: {held:.0} comments held per day, {misses} approved."),
            Feasibility::QueueOnly(needed) => format!(
                "Both goals cannot be met: to approve at most {missed} of the bad comments, {:.0} would be held per day. \
                 The proposal keeps to a queue of {queue} per day ({held:.0} held), at the price of approving {misses}.",
                self.per_day(needed)
            ),
            Feasibility::MissesOutOfReach => format!(
                "No thresholds approve as little as {missed} of the bad comments: the model does not see them, or an address \
                 is allowed. The proposal keeps to a queue of {queue} per day ({held:.0} held) and approves {misses}."
            ),
            Feasibility::QueueOutOfReach => format!(
                "Rules other than scores alone hold more than {queue} per day. The proposal holds {held:.0} per day and \
                 approves {misses}."
            ),
        }
    }

    /// What the rows can and cannot show on rejecting.
    pub fn describe_rejection(&self, found: &RejectFinding) -> String {
        let RejectFinding {
            label,
            proposed,
            ham,
            ham_rejected: hit,
            allowed,
            upper_bound: at_most,
            is_proven: shown,
            rows_needed,
        } = *found;
        let most = percent(allowed);
        let claim =
            format!("of {ham} harmless rows {hit} would be rejected, which at 95 % shows no more than ≤ {}", percent(at_most));
        match (proposed, shown) {
            (Some(bound), true) => format!("{label} rejects from {bound}: {claim}."),
            (Some(bound), false) => format!(
                "{label} goes on rejecting from {bound}: {claim}; for ≤ {most} it takes {rows_needed} harmless rows, none rejected."
            ),
            (None, _) if ham < rows_needed => format!(
                "{label} should not reject: for ≤ {most} it takes {rows_needed} harmless rows, none rejected, and there are {ham}."
            ),
            (None, _) => format!("{label} should not reject: no threshold is seen to reject ≤ {most} of the harmless rows."),
        }
    }

    /// What the reader should know before believing any of it.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let present = self.present();
        let gone =
            |label: &&Label| present[label.lane()].hold.is_some() && self.proposal.thresholds[label.lane()].hold.is_none();
        let gone: Vec<&str> = self.proposal.labels.iter().filter(gone).map(|label| label.as_str()).collect();
        if !gone.is_empty() {
            caveats.push(format!("To keep to the queue, nothing would be held any more by: {}.", gone.join(", ")));
        }
        if self.args.spam_share.is_none() && self.args.toxic_share.is_none() {
            caveats.push(format!(
                "Per day is meant for a site whose comments are {} spam and {} toxic, as in the files; say how it is on yours \
                 with --spam-share and --toxic-share.",
                percent(self.mix.share(CommentClass::Spam)),
                percent(self.mix.share(CommentClass::Toxic))
            ));
        }
        for kind in CommentClass::ALL {
            let rows = self.proposal.present.rows(kind);
            let said = class_name(kind);
            match rows {
                0 => caveats.push(format!("There are no {said} in the files: nothing is known of them.")),
                // Two rows are then a whole per cent.
                1..200 => caveats.push(format!("There are only {rows} {said} in the files: their shares are rough.")),
                _ => {}
            }
        }
        caveats
    }
}

/// The kind in a sentence.
fn class_name(kind: CommentClass) -> &'static str {
    match kind {
        CommentClass::Ham => "harmless comments",
        CommentClass::Spam => "spam comments",
        CommentClass::Toxic => "toxic comments",
    }
}

/// A share in per cent; small ones keep their digits.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.2} %") } else { format!("{percent:.1} %") }
}
