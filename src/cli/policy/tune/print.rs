//! Prints a proposal for people, for programs or for a policy file.

use serde_json::{Map, Value, json};

use super::summary::TuneReport;
use crate::classify::Label;
use crate::cli::failure::Failure;
use crate::cli::json::escape_unprintable;
use crate::cli::terminal::{TerminalOutput, Tone};
use crate::policy::tune::{CommentClass, DecisionCounts, Feasibility, RejectFinding, Thresholds};
use crate::verdict::Decision;

/// Prints a proposal as tables, for people.
pub fn table(screen: &mut TerminalOutput, tuned: &TuneReport<'_>) -> Result<(), Failure> {
    rows(screen, tuned)?;
    alternatives(screen, tuned)?;
    summary(screen, tuned)?;
    thresholds(screen, tuned)?;
    heading(screen, "For the policy file")?;
    let fragment = tuned.fragment();
    screen.write(if fragment.is_empty() { b"# nothing to change\n" } else { fragment.as_bytes() })
}

/// Prints how many rows were used and how many were left out.
fn rows(screen: &mut TerminalOutput, tuned: &TuneReport<'_>) -> Result<(), Failure> {
    let proposal = tuned.proposal;
    let rows = CommentClass::ALL.map(|class| format!("{} {}", proposal.present.rows(class), class.as_str())).join(", ");
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
    Ok(())
}

/// Prints the outcomes of alternative thresholds, of the present policy and of the proposal.
fn alternatives(screen: &mut TerminalOutput, tuned: &TuneReport<'_>) -> Result<(), Failure> {
    let proposal = tuned.proposal;
    heading(screen, "Alternatives")?;
    let numbers = ["held %", "held per day", "ham held %", "ham rejected %", "spam approved %", "toxic approved %"];
    let mut table = screen.new_table(&[&["thresholds"], &numbers[..]].concat(), &numbers);
    let mut row = |tone, name: String, outcome: &DecisionCounts| {
        let held = outcome.held_share(tuned.mix);
        let cells = [
            percent_number(held),
            format!("{:.0}", tuned.per_day(held)),
            percent_number(outcome.share(CommentClass::Ham, Decision::Hold)),
            percent_number(outcome.share(CommentClass::Ham, Decision::Reject)),
            percent_number(outcome.share(CommentClass::Spam, Decision::Approve)),
            percent_number(outcome.share(CommentClass::Toxic, Decision::Approve)),
        ];
        let cells = cells.into_iter().map(|cell| (tone, cell));
        table.add_row(screen.row(std::iter::once((tone, name)).chain(cells).collect()));
    };
    for alternative in &proposal.alternatives {
        row(Tone::Plain, format_hold_thresholds(&proposal.labels, &alternative.thresholds), &alternative.outcome);
    }
    row(Tone::Strong, "present policy".to_owned(), &proposal.present);
    row(Tone::Strong, "proposal".to_owned(), &proposal.proposed);
    screen.table(&table)
}

/// Prints the summary of the proposal, its findings on rejecting, and its limitations.
fn summary(screen: &mut TerminalOutput, tuned: &TuneReport<'_>) -> Result<(), Failure> {
    heading(screen, "Proposal")?;
    screen.line(&tuned.summary())?;
    for found in &tuned.proposal.rejects {
        screen.line(&tuned.describe_rejection(found))?;
    }
    for caveat in tuned.caveats() {
        screen.line(&caveat)?;
    }
    Ok(())
}

/// Prints the present and the proposed thresholds of each label.
fn thresholds(screen: &mut TerminalOutput, tuned: &TuneReport<'_>) -> Result<(), Failure> {
    let (present, proposal) = (tuned.present(), tuned.proposal);
    let columns = ["hold now", "hold", "reject now", "reject"];
    let mut table = screen.new_table(&[&["label"], &columns[..]].concat(), &columns);
    for label in &proposal.labels {
        let (before, after) = (present[label.lane()], proposal.thresholds[label.lane()]);
        let changed = |changed: bool| if changed { Tone::Strong } else { Tone::Plain };
        table.add_row(screen.row(vec![
            (Tone::Plain, label.to_string()),
            (Tone::Faint, format_bound(before.hold)),
            (changed(before.hold != after.hold), format_bound(after.hold)),
            (Tone::Faint, format_bound(before.reject)),
            (changed(before.reject != after.reject), format_bound(after.reject)),
        ]));
    }
    screen.line("")?;
    screen.table(&table)
}

/// Returns the proposal as a part of a policy file, with the summary in comments.
pub fn toml(tuned: &TuneReport<'_>) -> String {
    let mut toml = String::new();
    let found = tuned.proposal.rejects.iter().map(|found| tuned.describe_rejection(found));
    let source = format!(
        "Proposed from {} labelled comments, with the model {}, for a policy that starts from {}.",
        tuned.rows, tuned.model, tuned.policy_version
    );
    for line in [source, tuned.summary()].into_iter().chain(found).chain(tuned.caveats()) {
        // Names may contain line breaks, which must not end the comment.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        toml.push_str(&format!("# {line}\n"));
    }
    let fragment = tuned.fragment();
    toml.push('\n');
    toml.push_str(if fragment.is_empty() { "# nothing to change\n" } else { &fragment });
    toml
}

/// Prints the proposal as one JSON object, for programs.
pub fn json(screen: &mut TerminalOutput, tuned: &TuneReport<'_>) -> Result<(), Failure> {
    let proposal = tuned.proposal;
    let (fit, needed) = match proposal.feasibility {
        Feasibility::Both => ("both", None),
        Feasibility::QueueOnly(needed) => ("queue_only", Some(tuned.per_day(needed))),
        Feasibility::MissesOutOfReach => ("misses_out_of_reach", None),
        Feasibility::QueueOutOfReach => ("queue_out_of_reach", None),
    };
    let document = json!({
        "model": tuned.model,
        "policy": tuned.policy_version,
        "rows": tuned.rows,
        "unlabelled": tuned.unlabelled,
        "left_out": tuned.left_out,
        "mix": {"ham": tuned.mix.share(CommentClass::Ham), "spam": tuned.mix.share(CommentClass::Spam), "toxic": tuned.mix.share(CommentClass::Toxic)},
        "goal": {
            "max_missed": tuned.goal.max_missed,
            "max_false_reject": tuned.goal.max_false_reject,
            "queue_per_day": tuned.args.queue_per_day,
            "comments_per_day": tuned.args.comments_per_day,
        },
        "fit": fit,
        "held_per_day_needed": needed,
        "summary": tuned.summary(),
        "caveats": tuned.caveats(),
        "present": alternative_as_json(tuned, &tuned.present(), &proposal.present),
        "proposal": alternative_as_json(tuned, &proposal.thresholds, &proposal.proposed),
        "rejects": proposal.rejects.iter().map(reject_as_json).collect::<Vec<_>>(),
        "levels": proposal.alternatives.iter().map(|one| alternative_as_json(tuned, &one.thresholds, &one.outcome)).collect::<Vec<_>>(),
        "toml": tuned.fragment(),
    });
    let text = serde_json::to_string_pretty(&document);
    screen.line(&escape_unprintable(text.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?))
}

/// Returns thresholds and their outcome as JSON.
fn alternative_as_json(tuned: &TuneReport<'_>, thresholds: &Thresholds, outcome: &DecisionCounts) -> Value {
    let bounds = tuned.proposal.labels.iter().map(|label| {
        let one = thresholds[label.lane()];
        let bounds = json!({"hold": one.hold, "reject": one.reject, "corroborate": one.corroborate});
        (label.as_str().to_owned(), bounds)
    });
    json!({"thresholds": bounds.collect::<Map<_, _>>(), "outcome": outcome_as_json(tuned, outcome)})
}

fn outcome_as_json(tuned: &TuneReport<'_>, outcome: &DecisionCounts) -> Value {
    let held = outcome.held_share(tuned.mix);
    let mut all = Map::from_iter([("held".to_owned(), json!(held)), ("held_per_day".to_owned(), json!(tuned.per_day(held)))]);
    for class in CommentClass::ALL {
        let share = |decision| outcome.share(class, decision);
        let shares = json!({
            "rows": outcome.rows(class),
            "approved": share(Decision::Approve),
            "held": share(Decision::Hold),
            "rejected": share(Decision::Reject),
        });
        all.insert(class.as_str().to_owned(), shares);
    }
    Value::Object(all)
}

fn reject_as_json(found: &RejectFinding) -> Value {
    json!({
        "label": found.label.as_str(),
        "proposed": found.proposed,
        "allowed": found.allowed,
        "ham_rows": found.ham,
        "ham_rejected": found.ham_rejected,
        "at_most": found.upper_bound,
        "shown": found.is_proven,
        "rows_needed": found.rows_needed,
    })
}

fn heading(screen: &mut TerminalOutput, words: &str) -> Result<(), Failure> {
    let heading = screen.paint(Tone::Strong, &format!("\n{words}"));
    screen.line(&heading)
}

/// Returns the hold thresholds of the labels that hold at all, e.g. `spam 0.4, toxicity 0.7`.
fn format_hold_thresholds(labels: &[Label], thresholds: &Thresholds) -> String {
    let each: Vec<String> =
        labels.iter().filter_map(|label| Some(format!("{label} {}", thresholds[label.lane()].hold?))).collect();
    if each.is_empty() { "nothing held by scores".to_owned() } else { each.join(", ") }
}

fn format_bound(bound: Option<f64>) -> String {
    bound.map_or_else(|| "never".to_owned(), |bound| bound.to_string())
}

/// Returns a share in per cent without the sign, or a dash for NaN.
fn percent_number(share: f64) -> String {
    if share.is_nan() { "-".to_owned() } else { format!("{:.1}", share * 100.0) }
}
