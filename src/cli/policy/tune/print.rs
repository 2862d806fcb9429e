//! A proposal for people, for programs, and for a policy file.

use serde_json::{Map, Value, json};

use super::TuneArgs;
use crate::classify::Label;
use crate::cli::failure::Failure;
use crate::cli::json::inert;
use crate::cli::labelled::LeftOut;
use crate::cli::term::{Screen, Tone};
use crate::policy::Policy;
use crate::policy::tune::{self, Fit, Goal, Kind, Mix, Outcome, Proposal, RejectFinding, Thresholds};
use crate::verdict::Decision;

/// Everything that is printed.
pub struct Tuned<'a> {
    pub args: &'a TuneArgs,
    pub model: &'a str,
    pub policy: &'a Policy,
    /// Safe to show, as the model's.
    pub policy_version: &'a str,
    pub rows: usize,
    /// Rows that are neither ham, spam nor toxic.
    pub unlabelled: u64,
    pub left_out: LeftOut,
    pub mix: &'a Mix,
    pub goal: &'a Goal,
    pub proposal: &'a Proposal,
}

impl Tuned<'_> {
    fn per_day(&self, share: f64) -> f64 {
        share * f64::from(self.args.comments_per_day)
    }

    fn present(&self) -> Thresholds {
        Label::ALL.map(|label| self.policy.threshold(label))
    }

    fn fragment(&self) -> String {
        tune::fragment(&self.proposal.labels, &self.present(), &self.proposal.thresholds)
    }

    /// Whether the goals can be met, and what it costs that they cannot.
    fn in_short(&self) -> String {
        let proposed = &self.proposal.proposed;
        let (missed, queue) = (percent(self.goal.max_missed), self.args.queue_per_day);
        let held = self.per_day(proposed.held(self.mix));
        let misses: Vec<String> = Kind::BAD
            .into_iter()
            .filter(|kind| proposed.rows(*kind) > 0)
            .map(|kind| format!("{} of the {}", percent(proposed.share(kind, Decision::Approve)), named(kind)))
            .collect();
        let misses = misses.join(" and ");
        match self.proposal.fit {
            Fit::Both => format!("Both goals can be met: {held:.0} comments held per day, {misses} approved."),
            Fit::QueueOnly(needed) => format!(
                "Both goals cannot be met: to approve at most {missed} of the bad comments, {:.0} would be held per day. \
                 The proposal keeps to a queue of {queue} per day ({held:.0} held), at the price of approving {misses}.",
                self.per_day(needed)
            ),
            Fit::MissesOutOfReach => format!(
                "No thresholds approve as little as {missed} of the bad comments: the model does not see them, or an address \
                 is allowed. The proposal keeps to a queue of {queue} per day ({held:.0} held) and approves {misses}."
            ),
            Fit::QueueOutOfReach => format!(
                "Rules other than scores alone hold more than {queue} per day. The proposal holds {held:.0} per day and \
                 approves {misses}."
            ),
        }
    }

    /// What the rows can and cannot show on rejecting.
    fn on_rejecting(&self, found: &RejectFinding) -> String {
        let RejectFinding { label, proposed, ham, hit, allowed, at_most, shown, rows_needed } = *found;
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
    fn caveats(&self) -> Vec<String> {
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
                percent(self.mix.share(Kind::Spam)),
                percent(self.mix.share(Kind::Toxic))
            ));
        }
        for kind in Kind::ALL {
            let rows = self.proposal.present.rows(kind);
            let said = named(kind);
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
fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::Ham => "harmless comments",
        Kind::Spam => "spam comments",
        Kind::Toxic => "toxic comments",
    }
}

/// For people.
pub fn table(screen: &mut Screen, tuned: &Tuned<'_>) -> Result<(), Failure> {
    let proposal = tuned.proposal;
    let rows = Kind::ALL.map(|kind| format!("{} {}", proposal.present.rows(kind), kind.as_str())).join(", ");
    screen.line(&format!("model    {}\npolicy   {}\nrows     {}: {rows}", tuned.model, tuned.policy_version, tuned.rows))?;
    let out = &tuned.left_out;
    let others = [
        (out.not_asked_for, "not asked for"),
        (out.ambiguous, "ambiguous"),
        (out.unreadable, "unreadable"),
        (tuned.unlabelled, "neither ham, spam nor toxic"),
    ];
    let others: Vec<String> =
        others.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    if !others.is_empty() {
        screen.line(&format!("left out {}", others.join(", ")))?;
    }

    heading(screen, "What can be had")?;
    let numbers = ["held %", "held per day", "ham held %", "ham rejected %", "spam approved %", "toxic approved %"];
    let mut table = screen.new_table(&[&["thresholds"], &numbers[..]].concat(), &numbers);
    let mut row = |tone, name: String, outcome: &Outcome| {
        let held = outcome.held(tuned.mix);
        let cells = [
            bare(held),
            format!("{:.0}", tuned.per_day(held)),
            bare(outcome.share(Kind::Ham, Decision::Hold)),
            bare(outcome.share(Kind::Ham, Decision::Reject)),
            bare(outcome.share(Kind::Spam, Decision::Approve)),
            bare(outcome.share(Kind::Toxic, Decision::Approve)),
        ];
        let cells = cells.into_iter().map(|cell| (tone, cell));
        table.add_row(screen.row(std::iter::once((tone, name)).chain(cells).collect()));
    };
    for level in &proposal.levels {
        row(Tone::Plain, in_brief(&proposal.labels, &level.thresholds), &level.outcome);
    }
    row(Tone::Strong, "present policy".to_owned(), &proposal.present);
    row(Tone::Strong, "proposal".to_owned(), &proposal.proposed);
    screen.table(&table)?;

    heading(screen, "Proposal")?;
    screen.line(&tuned.in_short())?;
    for found in &proposal.rejects {
        screen.line(&tuned.on_rejecting(found))?;
    }
    for caveat in tuned.caveats() {
        screen.line(&caveat)?;
    }
    let present = tuned.present();
    let columns = ["hold now", "hold", "reject now", "reject"];
    let mut table = screen.new_table(&[&["label"], &columns[..]].concat(), &columns);
    for label in &proposal.labels {
        let (before, after) = (present[label.lane()], proposal.thresholds[label.lane()]);
        let changed = |changed: bool| if changed { Tone::Strong } else { Tone::Plain };
        table.add_row(screen.row(vec![
            (Tone::Plain, label.to_string()),
            (Tone::Faint, bound(before.hold)),
            (changed(before.hold != after.hold), bound(after.hold)),
            (Tone::Faint, bound(before.reject)),
            (changed(before.reject != after.reject), bound(after.reject)),
        ]));
    }
    screen.line("")?;
    screen.table(&table)?;
    heading(screen, "For the policy file")?;
    let fragment = tuned.fragment();
    screen.write(if fragment.is_empty() { b"# nothing to change\n" } else { fragment.as_bytes() })
}

/// For a policy file.
pub fn toml(tuned: &Tuned<'_>) -> String {
    let mut toml = String::new();
    let found = tuned.proposal.rejects.iter().map(|found| tuned.on_rejecting(found));
    let source = format!(
        "Proposed from {} labelled comments, with the model {}, for a policy that starts from {}.",
        tuned.rows, tuned.model, tuned.policy_version
    );
    for line in [source, tuned.in_short()].into_iter().chain(found).chain(tuned.caveats()) {
        // Names in it may hold anything but must not end the comment.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        toml.push_str(&format!("# {line}\n"));
    }
    let fragment = tuned.fragment();
    toml.push('\n');
    toml.push_str(if fragment.is_empty() { "# nothing to change\n" } else { &fragment });
    toml
}

/// For programs.
pub fn json(screen: &mut Screen, tuned: &Tuned<'_>) -> Result<(), Failure> {
    let proposal = tuned.proposal;
    let thresholds = |thresholds: &Thresholds| {
        let each = proposal.labels.iter().map(|label| {
            let one = thresholds[label.lane()];
            let bounds = json!({"hold": one.hold, "reject": one.reject, "corroborate": one.corroborate});
            (label.as_str().to_owned(), bounds)
        });
        Value::Object(each.collect::<Map<_, _>>())
    };
    let outcome = |outcome: &Outcome| {
        let held = outcome.held(tuned.mix);
        let mut all =
            Map::from_iter([("held".to_owned(), json!(held)), ("held_per_day".to_owned(), json!(tuned.per_day(held)))]);
        for kind in Kind::ALL {
            let share = |decision| outcome.share(kind, decision);
            let shares = json!({
                "rows": outcome.rows(kind),
                "approved": share(Decision::Approve),
                "held": share(Decision::Hold),
                "rejected": share(Decision::Reject),
            });
            all.insert(kind.as_str().to_owned(), shares);
        }
        Value::Object(all)
    };
    let (fit, needed) = match proposal.fit {
        Fit::Both => ("both", None),
        Fit::QueueOnly(needed) => ("queue_only", Some(tuned.per_day(needed))),
        Fit::MissesOutOfReach => ("misses_out_of_reach", None),
        Fit::QueueOutOfReach => ("queue_out_of_reach", None),
    };
    let rejects: Vec<Value> = proposal
        .rejects
        .iter()
        .map(|found| {
            json!({
                "label": found.label.as_str(),
                "proposed": found.proposed,
                "allowed": found.allowed,
                "ham_rows": found.ham,
                "ham_rejected": found.hit,
                "at_most": found.at_most,
                "shown": found.shown,
                "rows_needed": found.rows_needed,
            })
        })
        .collect();
    let level =
        |thresholds_of: &Thresholds, of: &Outcome| json!({"thresholds": thresholds(thresholds_of), "outcome": outcome(of)});
    let document = json!({
        "model": tuned.model,
        "policy": tuned.policy_version,
        "rows": tuned.rows,
        "unlabelled": tuned.unlabelled,
        "left_out": tuned.left_out,
        "mix": {"ham": tuned.mix.share(Kind::Ham), "spam": tuned.mix.share(Kind::Spam), "toxic": tuned.mix.share(Kind::Toxic)},
        "goal": {
            "max_missed": tuned.goal.max_missed,
            "max_false_reject": tuned.goal.max_false_reject,
            "queue_per_day": tuned.args.queue_per_day,
            "comments_per_day": tuned.args.comments_per_day,
        },
        "fit": fit,
        "held_per_day_needed": needed,
        "summary": tuned.in_short(),
        "caveats": tuned.caveats(),
        "present": level(&tuned.present(), &proposal.present),
        "proposal": level(&proposal.thresholds, &proposal.proposed),
        "rejects": rejects,
        "levels": proposal.levels.iter().map(|one| level(&one.thresholds, &one.outcome)).collect::<Vec<_>>(),
        "toml": tuned.fragment(),
    });
    let text = serde_json::to_string_pretty(&document);
    screen.line(&inert(text.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?))
}

fn heading(screen: &mut Screen, words: &str) -> Result<(), Failure> {
    let heading = screen.paint(Tone::Strong, &format!("\n{words}"));
    screen.line(&heading)
}

/// The hold thresholds that are not the usual "never", shortly: `spam .40 toxicity .70`.
fn in_brief(labels: &[Label], thresholds: &Thresholds) -> String {
    let each: Vec<String> =
        labels.iter().filter_map(|label| Some(format!("{label} {}", thresholds[label.lane()].hold?))).collect();
    if each.is_empty() { "nothing held by scores".to_owned() } else { each.join(", ") }
}

fn bound(bound: Option<f64>) -> String {
    bound.map_or_else(|| "never".to_owned(), |bound| bound.to_string())
}

/// A share in per cent without the sign, or a dash for what cannot be said.
fn bare(share: f64) -> String {
    if share.is_nan() { "-".to_owned() } else { format!("{:.1}", share * 100.0) }
}

/// A share in per cent; small ones keep their digits.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { format!("{percent:.2} %") } else { format!("{percent:.1} %") }
}
